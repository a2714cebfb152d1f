// SPDX-License-Identifier: MIT

/// Finds the output of a graph that holds the scores.
struct ONNXOutputs {
  private let file: ONNXFile
  private let order: ONNXOrder

  /// The number of outputs among which a choice is made. Files have a handful.
  private static let most = 64

  init(_ file: ONNXFile, _ order: ONNXOrder) { (self.file, self.order) = (file, order) }

  /// Returns the output with this name or, without a name, the output that ends in the classifier.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if no output has the name, `invalidModel` if the graph has
  ///   no output.
  func scores(named name: String?) throws(PixelAscentError) -> String {
    guard let first = file.outputs.first else { throw file.source.fail("the graph has no output") }
    guard let name else { return likeliest ?? first.name }
    guard file.outputs.contains(where: { $0.name == name }) else {
      let known = file.outputs.count == 1 ? "its only output is" : "its outputs are"
      throw PixelAscentError(
        .invalidParameter, "no output is called \"\(name.oneLine)\"; \(known) \(list)", about: file.source.name)
    }
    return name
  }

  /// Returns all outputs. The one that holds the scores is found as ``scores(named:)`` finds it.
  func all(scores name: String?) throws(PixelAscentError) -> [ModelOutput] {
    let scores = try scores(named: name)
    return file.outputs.map { ModelOutput(name: $0.name, shape: $0.shape ?? [], isScores: $0.name == scores) }
  }

  /// The names of the outputs, separated by commas.
  var list: String {
    file.outputs.prefix(8).map(\.name.oneLine).joined(separator: ", ") + (file.outputs.count > 8 ? ", …" : "")
  }

  /// The output that most probably holds the scores; nil if no node makes any output.
  ///
  /// Scores are one float per class. An output on which such an output depends holds features. Of two classifiers, an
  /// auxiliary one has fewer layers before it.
  private var likeliest: String? {
    let outputs = file.outputs.prefix(Self.most).filter { order.producer(of: $0.name) != nil }
    if outputs.count < 2 { return outputs.first?.name }
    let vectors = outputs.filter { $0.mayBeScores && !["TopK", "ArgMax"].contains(order.producer(of: $0.name)?.type) }
    let candidates = vectors.isEmpty ? outputs : vectors
    let needed = candidates.map { (try? order.closure(of: $0.name)) ?? [] }
    let makers = candidates.map { order.producers[$0.name] }
    func rank(_ index: Int) -> [Int] {
      let feedsAnother = candidates.indices.contains { other in
        makers[other] != makers[index] && makers[index].map(needed[other].contains) ?? false
      }
      let name = candidates[index].name.lowercased()
      func has(_ parts: [String]) -> Int { parts.contains(where: name.contains) ? 1 : 0 }
      return [
        feedsAnother ? 0 : 1, endsInLinearLayer(candidates[index].name) ? 1 : 0,
        has(["logit", "prob", "score", "class", "pred", "softmax"]) - has(["feat", "embed", "hidden", "pool", "aux"]),
        needed[index].count, -index,
      ]
    }
    let ranks = candidates.indices.map(rank)
    return candidates.indices.max { ranks[$0].lexicographicallyPrecedes(ranks[$1]) }.map { candidates[$0].name }
  }

  /// Returns whether a linear layer makes a value, apart from operators that only finish or rearrange its result.
  private func endsInLinearLayer(_ value: String) -> Bool {
    var node = order.producer(of: value)
    for _ in 0..<16 {
      guard let last = node else { return false }
      if last.type == "Gemm" || last.type == "MatMul" { return true }
      guard Self.finishing.contains(last.type) else { return false }
      node = last.inputs.lazy.compactMap(order.producer).first
    }
    return false
  }

  private static let finishing: Set<String> = [
    "Softmax", "LogSoftmax", "Sigmoid", "Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Dropout",
    "Add", "Div", "Mul",
  ]
}

extension ONNXValueInfo {
  /// Whether the declared type and shape are those of one float per class. What is not declared may be so.
  fileprivate var mayBeScores: Bool {
    guard isTensor, type == 0 || ONNXElementType(rawValue: type)?.isFloat == true else { return false }
    guard let shape else { return true }
    return !shape.isEmpty && shape.dropFirst().filter { $0 != 1 }.count <= 1 && shape.count <= 4
  }
}
