// SPDX-License-Identifier: MIT

import PixelAscent

extension PhotoAscentWork<Inversion> {
  /// The work of `invert`: makes an image in which a layer sees what it sees in a photo.
  package init(inverting image: String, _ inversion: Inversion, _ request: OutputRequest, _ source: NetworkSource)
    throws
  {
    try self.init(image, suffix: "inverted", request, source) { network in
      var inversion = inversion
      // The layer's name in the file.
      inversion.layer = String(try ObjectiveText("layer:\(inversion.layer)", network).text.dropFirst("layer:".count))
      return inversion
    }
  }
}
