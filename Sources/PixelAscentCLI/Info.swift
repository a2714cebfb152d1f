// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Version, instruction sets, threads and model.",
    discussion: """
      PIXELASCENT_SIMD forces one of the selectable instruction sets.

      Example:
        PIXELASCENT_SIMD=scalar pixelascent info
      """)

  @OptionGroup var common: CommonOptions

  func run() throws {
    let selected = try InstructionSet.selected()
    var record = InfoRecord(
      version: PixelAscent.version, simd: selected.name, selectable: InstructionSet.selectable.map(\.name),
      threads: common.run.settings.threads)
    var model = ["none: \(ModelLocation.advice)"]
    if let path = try ModelLocation.search(common.model) {
      let network = try Network(
        contentsOf: path, settings: try common.modelOptions.request.completeSettings(),
        options: try common.run.settings.computeOptions())
      record.model = path
      record.classes = network.classCount
      model = [path, "\(network.classCount) classes", network.source, network.licence]
    }
    try common.console.listing(record) {
      let scalar = selected.name == "scalar" && InstructionSet.selectable.count == 1
      return [
        "PixelAscent \(record.version)",
        "simd:       \(record.simd)\(scalar ? " (this CPU runs none of the faster ones)" : "")",
        "selectable: \(record.selectable.joined(separator: ", "))",
        "threads:    \(record.threads)",
        "model:      \(model[0])",
      ] + model.dropFirst().map { "            \($0)" }
    }
  }
}
