// SPDX-License-Identifier: MIT

/// The paths that the options of a command give for its results, one for each kind of file. Without a path, that kind
/// of file is not written; only `output` is written even then.
///
/// A path means a folder if a folder exists there or if the path ends in "/", else a file.
package struct OutputRequest: Sendable {
  /// The result's own picture. Without a path it gets a default name in the working directory.
  package var output: String?
  /// Several pictures side by side.
  package var figure: String?
  /// A saliency map over its photo.
  package var overlay: String?
  /// The steps of an ascent, one after the other.
  package var animation: String?
  /// The values behind the picture, as an array.
  package var raw: String?
  /// A page about the result.
  package var report: String?

  package init(
    output: String?, figure: String? = nil, overlay: String? = nil, animation: String? = nil, raw: String? = nil,
    report: String? = nil
  ) {
    (self.output, self.figure, self.overlay) = (output, figure, overlay)
    (self.animation, self.raw, self.report) = (animation, raw, report)
  }
}
