// SPDX-License-Identifier: MIT

import PixelAscent

extension PhotoAscentWork<Dream> {
  /// The work of `dream`: changes a photo so that the network sees more of what it sees.
  ///
  /// - Parameters:
  ///   - objective: the text of what the dream raises; nil for the usual layer, which a note names
  ///   - dream: the parameters; the objective is set here
  package init(
    dreaming image: String, of objective: String?, _ dream: Dream, _ request: OutputRequest, _ source: NetworkSource
  ) throws {
    try self.init(image, suffix: "dream", request, source) { network in
      var dream = dream
      dream.objective = try ObjectiveText(objective ?? Dream.usualObjective(of: network), network).text
      return dream
    } notes: { [isChosen = objective == nil] dream, photo, size in
      let isSmaller = size != PixelSize(height: photo.height, width: photo.width)
      return (isSmaller ? ["the photo is made smaller, \(size) pixels; --longest-side chooses another size"] : [])
        + (isChosen ? ["the dream raises \(dream.objective)"] : [])
    }
  }
}
