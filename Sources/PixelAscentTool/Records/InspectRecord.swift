// SPDX-License-Identifier: MIT

import PixelAscent

/// The record that `inspect` prints about a model file.
package struct InspectRecord: ResultRecord {
  /// A layer of the network.
  package struct Layer: Encodable, Sendable {
    let name, operation: String
    let inputs: [String]
    let shape: [Int]
    let parameters, multiplications: Int
  }

  /// An output of the graph in an ONNX file.
  package struct Output: Encodable, Sendable {
    let name: String
    let shape: [Int?]
    let scores: Bool
  }

  /// A node of the file that is not supported, so that the model can't run.
  package struct Unsupported: Encodable, Sendable {
    let layer, `operator`, advice: String
  }

  package let model, format, source, licence: String
  package let layers: [Layer]
  package let unsupported: [Unsupported]
  package let outputs: [Output]
  package let preprocessing: Preprocessing?
  package let activation: Activation?
  package let classes, height, width, parameters, multiplications, forwardBytes, gradientBytes: Int
  package let winogradConvolutions, directConvolutions, directGradients, winogradBytes: Int
  package let notes: [String]

  private enum CodingKeys: String, CodingKey {
    case model, format, source, licence, layers, unsupported, outputs, preprocessing, activation
    case classes, height, width, parameters, multiplications, notes
    case forwardBytes = "forward_bytes"
    case gradientBytes = "gradient_bytes"
    case winogradConvolutions = "winograd_convolutions"
    case directConvolutions = "direct_convolutions"
    case directGradients = "direct_gradients"
    case winogradBytes = "winograd_bytes"
  }

  /// Makes the record of what `inspection` has found in the model file `file`.
  package init(_ file: String, _ inspection: ModelInspection) {
    model = file
    (format, source, licence) = (inspection.format, inspection.source, inspection.licence)
    layers = inspection.layers.map {
      Layer(
        name: $0.name, operation: $0.operation, inputs: $0.inputs, shape: $0.shape, parameters: $0.parameters,
        multiplications: $0.multiplications)
    }
    unsupported = inspection.unsupported.map {
      Unsupported(layer: $0.layer, operator: $0.operator, advice: $0.reason)
    }
    outputs = inspection.outputs.map { Output(name: $0.name, shape: $0.shape, scores: $0.isScores) }
    (preprocessing, activation) = (inspection.preprocessing, inspection.activation)
    (classes, height, width) = (inspection.classes, inspection.height, inspection.width)
    (parameters, multiplications) = (inspection.parameters, inspection.multiplications)
    (forwardBytes, gradientBytes) = (inspection.forwardBytes, inspection.gradientBytes)
    (winogradConvolutions, directConvolutions) = (inspection.winogradConvolutions, inspection.directConvolutions)
    (directGradients, winogradBytes) = (inspection.directGradients, inspection.winogradBytes)
    notes = inspection.notes.map(\.text)
  }

  /// The layers as a table, then facts about the whole model; for a model that can't run, the nodes that are not
  /// supported.
  package var lines: [String] {
    guard let preprocessing, let activation else {
      return ["\(model): \(format)"] + table(unsupported.map { [$0.layer, $0.operator, $0.advice] }, right: [])
        + outputLines
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
        + "std \(list(preprocessing.std)), resize \(preprocessing.resize.rawValue)"
        + (preprocessing.hasOwnSizeBeforeCrop ? " of \(preprocessing.sizeBeforeCrop)" : ""),
    ] + outputLines + [
      "classes:     \(classes), \(activation.words)",
      "parameters:  \(fixed(Double(parameters) / 1e6, 2)) million",
      "one pass:    \(fixed(Double(multiplications) / 1e6, 0)) million multiplications",
      "memory:      \(megabytes(forwardBytes)) for scores, \(megabytes(gradientBytes)) with the gradient, "
        + "plus the weights",
    ] + winogradLines
  }

  /// How many 3×3 convolutions Winograd's method computes; no line if it would be slower for all of them.
  private var winogradLines: [String] {
    let all = winogradConvolutions + directConvolutions
    if all == 0 { return [] }
    let which = directConvolutions == 0 ? "\(all)" : "\(winogradConvolutions) of \(all)"
    let line = "winograd:    \(which) convolutions, whose weights take \(megabytes(winogradBytes)) more"
    if directConvolutions + directGradients == 0 { return [line] }
    let rest = [(directConvolutions, "convolution"), (directGradients, "gradient")].filter { $0.0 > 0 }
    let counts = rest.map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }.joined(separator: " and ")
    return [line + "; for \(counts) there is too little memory"]
  }

  /// The outputs among which one is taken for the scores; no line if there is only one.
  private var outputLines: [String] {
    if outputs.count < 2 { return [] }
    let texts = outputs.map { output -> String in
      let shape = output.shape.map { $0.map { "\($0)" } ?? "?" }.joined(separator: "×")
      let details = [shape, output.scores ? "the scores" : ""].filter { !$0.isEmpty }.joined(separator: ", ")
      return details.isEmpty ? output.name : "\(output.name) (\(details))"
    }
    return ["outputs:     \(texts.joined(separator: ", "))"]
  }

  private func megabytes(_ bytes: Int) -> String { "\(fixed(Double(bytes) / 1048576, 1)) MB" }

  /// Checks that all nodes of the model are supported.
  ///
  /// - Throws: `PixelAscentError` that says how many are not.
  package func check() throws {
    if unsupported.isEmpty { return }
    let count = unsupported.count
    throw PixelAscentError(
      .invalidModel, "\(count) \(count == 1 ? "node is" : "nodes are") not supported", about: model)
  }
}

extension Activation {
  /// How scores become probabilities, in the words of `info` and `inspect`.
  var words: String { self == .none ? "probabilities not known" : "probabilities by \(rawValue)" }
}
