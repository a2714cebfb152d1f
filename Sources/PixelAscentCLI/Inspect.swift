// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What a model file holds: layers, shapes, memory, preprocessing, and what is not supported.",
    discussion: """
      Shapes and memory are those of a square image of the network's size, or of --input-size.

      Examples:
        pixelascent inspect resnet18.pth
        pixelascent inspect net.onnx --json
      """)

  @Argument(help: ArgumentHelp("The model file.", valueName: "model"), completion: .file())
  var file: String

  @OptionGroup var modelOptions: ModelOptions

  @OptionGroup var consoleOptions: ConsoleOptions

  func run() throws {
    let console = consoleOptions.console
    let inspection = try ModelInspection(
      contentsOf: file, settings: try modelOptions.request.completeSettings(),
      options: ComputeOptions(instructionSet: .selected()))
    for note in inspection.notes { console.note("note: \(note)") }
    let record = InspectRecord(file, inspection)
    try console.listing(record) { record.lines }
    if !inspection.unsupported.isEmpty {
      let count = inspection.unsupported.count
      throw PixelAscentError(.invalidModel, "\(file): \(count) \(count == 1 ? "node is" : "nodes are") not supported")
    }
  }
}

struct InspectRecord: Encodable {
  struct Layer: Encodable {
    let name, operation: String
    let inputs: [String]
    let shape: [Int]
    let parameters, multiplications: Int
  }

  struct Unsupported: Encodable {
    let layer, `operator`, advice: String
  }

  let model, format, source, licence: String
  let layers: [Layer]
  let unsupported: [Unsupported]
  let preprocessing: Preprocessing?
  let classes, height, width, parameters, multiplications, forward_bytes, gradient_bytes: Int
  let notes: [String]

  init(_ file: String, _ inspection: ModelInspection) {
    model = file
    (format, source, licence) = (inspection.format, inspection.source, inspection.licence)
    layers = inspection.layers.map {
      Layer(
        name: $0.name, operation: $0.operation, inputs: $0.inputs, shape: $0.shape, parameters: $0.parameters,
        multiplications: $0.multiplications)
    }
    unsupported = inspection.unsupported.map {
      Unsupported(layer: $0.layer, operator: $0.operator, advice: $0.advice)
    }
    preprocessing = inspection.preprocessing
    (classes, height, width) = (inspection.classes, inspection.height, inspection.width)
    (parameters, multiplications) = (inspection.parameters, inspection.multiplications)
    (forward_bytes, gradient_bytes) = (inspection.forwardBytes, inspection.gradientBytes)
    notes = inspection.notes
  }

  /// For people: the layers as a table, then what is known of the whole.
  var lines: [String] {
    guard let preprocessing else {
      return ["\(model): \(format)"] + table(unsupported.map { [$0.layer, $0.operator, $0.advice] }, right: [])
    }
    let rows = layers.map { layer -> [String] in
      [
        layer.name, layer.operation, layer.shape.map(String.init).joined(separator: "×"), "\(layer.parameters)",
        "\(fixed(Double(layer.multiplications) / 1e6, 1)) M",
      ]
    }
    let head = ["layer", "operation", "output", "parameters", "multiplications"]
    func list(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: ", ") }
    return table([head] + rows, right: [3, 4]) + [
      "",
      "format:      \(format); \(source)",
      "input:       \(preprocessing.mean.count)×\(height)×\(width), mean \(list(preprocessing.mean)), "
        + "std \(list(preprocessing.std)), resize \(preprocessing.resize.rawValue)",
      "classes:     \(classes)",
      "parameters:  \(fixed(Double(parameters) / 1e6, 2)) million",
      "one pass:    \(fixed(Double(multiplications) / 1e6, 0)) million multiplications",
      "memory:      \(megabytes(forward_bytes)) for scores, \(megabytes(gradient_bytes)) with the gradient, beside the weights",
    ]
  }

  private func megabytes(_ bytes: Int) -> String { "\(fixed(Double(bytes) / 1048576, 1)) MB" }

  /// Rows in columns two spaces apart; the columns in `right` are flush right.
  private func table(_ rows: [[String]], right: Set<Int>) -> [String] {
    let widths = (0..<(rows.first?.count ?? 0)).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell -> String in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        if right.contains(column) { return space + cell }
        return column == row.count - 1 ? cell : cell + space
      }
      return cells.joined(separator: "  ")
    }
  }
}
