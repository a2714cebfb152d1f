// SPDX-License-Identifier: MIT

import PixelAscent

/// The record that `info` prints about the program, the machine and the model.
package struct InfoRecord: ResultRecord {
  package let version, simd: String
  package let selectable: [String]
  package let threads: Int
  package private(set) var model: String?
  package private(set) var classes: Int?
  package private(set) var activation: Activation?
  /// The model's source and licence; not part of the JSON.
  private var origin: [String] = []

  private enum CodingKeys: String, CodingKey { case version, simd, selectable, threads, model, classes, activation }

  /// Collects the facts. A missing default model is not an error.
  ///
  /// - Throws: `PixelAscentError` if the model can't be read, or if the environment asks for an instruction set that
  ///   this machine does not have.
  package init(_ source: NetworkSource) throws {
    let selected = try InstructionSet.selected()
    (version, simd, threads) = (Release.version, selected.name, source.run.threads)
    selectable = InstructionSet.selectable.map(\.name)
    guard let path = try ModelLocation.search(source.model) else { return }
    let network = try Network(
      contentsOf: path, settings: try source.request.completeSettings(), options: try source.run.computeOptions())
    (model, classes, activation) = (path, network.classCount, network.activation)
    origin = [network.source, network.licence]
  }

  package var lines: [String] {
    let isScalarOnly = selectable == ["scalar"]
    var about = ["none: \(ModelLocation.advice)"]
    if let model, let classes, let activation {
      about = [model, "\(classes) class\(classes == 1 ? "" : "es"), \(activation.words)"] + origin
    }
    return [
      "PixelAscent \(version)",
      "simd:       \(simd)\(isScalarOnly ? " (this CPU supports no faster one)" : "")",
      "selectable: \(selectable.joined(separator: ", "))",
      "threads:    \(threads)",
      "model:      \(about[0])",
    ] + about.dropFirst().map { "            \($0)" }
  }
}
