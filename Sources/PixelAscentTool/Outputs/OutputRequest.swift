// SPDX-License-Identifier: MIT

/// Where a command is told to write its results: a path for each kind of file, nil for a kind that is not asked for.
///
/// A path may be a file, or a folder: one that is there, or a path that ends in "/".
package struct OutputRequest: Sendable {
  /// The result's own picture; nil is a default name in the working directory.
  package var output: String?
  /// Several pictures side by side.
  package var figure: String?
  /// A saliency map over its photo.
  package var overlay: String?
  /// The numbers behind the picture.
  package var raw: String?
  /// A page about the result.
  package var report: String?

  package init(
    output: String?, figure: String? = nil, overlay: String? = nil, raw: String? = nil, report: String? = nil
  ) {
    (self.output, self.figure, self.overlay, self.raw, self.report) = (output, figure, overlay, raw, report)
  }
}
