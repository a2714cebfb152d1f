// SPDX-License-Identifier: MIT

import PixelAscent

/// The work of `convert` and `inspect`.
package enum ModelFileWork {
  /// Converts weights of any known format to a model file, and prints the notes about how they were read.
  ///
  /// - Throws: `UsageError` if the model file would replace an input of the command, or `PixelAscentError` as
  ///   ``ModelConverter/convert(contentsOf:settings:to:)`` does.
  package static func convert(
    _ weights: String, to output: String, _ request: ModelRequest, _ console: Console
  ) throws -> ConvertRecord {
    let settings = try request.completeSettings(), output = Outputs.path(output)
    try Outputs.refuseToReplace([weights, request.labels].compactMap(\.self), with: [output])
    let (classes, notes) = try ModelConverter.convert(contentsOf: weights, settings: settings, to: output)
    for note in notes { console.note("note: \(note.text)") }
    return ConvertRecord(weights: weights, output: output, classes: classes)
  }

  /// Inspects a model file, and prints the notes about it.
  ///
  /// - Throws: `PixelAscentError` as ``ModelInspection/init(contentsOf:settings:options:)`` does.
  package static func inspect(
    _ file: String, _ request: ModelRequest, _ console: Console
  ) throws -> InspectRecord {
    let inspection = try ModelInspection(
      contentsOf: file, settings: try request.completeSettings(),
      options: ComputeOptions(instructionSet: .selected()))
    for note in inspection.notes { console.note("note: \(note.text)") }
    return InspectRecord(file, inspection)
  }
}
