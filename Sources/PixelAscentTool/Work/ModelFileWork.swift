// SPDX-License-Identifier: MIT

import PixelAscent

/// What `convert` and `inspect` do with a model file.
package enum ModelFileWork {
  /// Writes weights of any known kind as a model file, and prints the notes on how they were read.
  ///
  /// - Throws: `UsageError` if the model file would replace a file that is read, or `PixelAscentError` as
  ///   ``ModelConverter/convert(contentsOf:settings:to:)`` does.
  package static func convert(
    _ weights: String, to output: String, _ request: ModelRequest, _ console: Console
  ) throws -> ConvertRecord {
    let settings = try request.completeSettings()
    try Outputs.keep([weights, request.labels].compactMap(\.self), from: [output])
    let (classes, notes) = try ModelConverter.convert(contentsOf: weights, settings: settings, to: output)
    for note in notes { console.note("note: \(note.text)") }
    return ConvertRecord(weights: weights, output: output, classes: classes)
  }

  /// Looks into a model file, and prints the notes on it.
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
