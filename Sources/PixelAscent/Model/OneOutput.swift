// SPDX-License-Identifier: MIT

// A network with one output s tells two classes apart: the class that s speaks for, and its opposite. A last layer gives
// them the scores s and −s. With the sigmoid, their probabilities are σ(s) and σ(−s) = 1 − σ(s), the class with the
// greater score is the one with the greater probability, and the loss of each is its binary cross-entropy. If the output
// is a probability p itself, the two classes have p and 1 − p.
extension Model {
  private static let signs = Tensor(shape: [2, 1], values: [-1, 1])

  /// Adds a layer to a network with one output s, so that the network has two classes: class 0 with the score −s, and
  /// class 1 with the score s.
  ///
  /// - Parameter isProbability: whether the output is a probability; then class 0 has the score 1 − s
  mutating func addOpposite(ofProbability isProbability: Bool = false) {
    var name = "\(graph.output)/classes"
    while graph.layers.contains(where: { $0.name == name }) { name += "'" }
    graph.layers.append(GraphLayer(name: name, operation: Linear(outputs: 2), inputs: [graph.output]))
    parameters["\(name).weight"] = Parameter(Model.signs)
    parameters["\(name).bias"] = Parameter(Tensor(shape: [2], values: [isProbability ? 1 : 0, 0]))
    graph.output = name
  }

  /// Returns whether the network's last layer is one that ``addOpposite()`` has added.
  ///
  /// - Throws: `PixelAscentError` of kind `unreadableFile`.
  func hasOpposite() throws(PixelAscentError) -> Bool {
    guard let last = graph.layers.last, last.name == graph.output, last.operation.isEqual(to: Linear(outputs: 2)),
      let signs = parameters["\(last.name).weight"], signs.shape == Model.signs.shape,
      let zeros = parameters["\(last.name).bias"], zeros.shape == [2]
    else { return false }
    let (found, bias) = (try signs.tensor(), try zeros.tensor())
    return found == Model.signs && bias == Tensor(shape: [2], repeating: 0)
  }
}

extension Labels {
  /// The labels of two classes, "not X" and "X", for labels that name only the class X of a network with one output.
  ///
  /// - Precondition: the labels name one class.
  package var withOpposite: Labels {
    get throws(PixelAscentError) { try Labels(names: [names[0].map { "not \($0)" }, names[0]]) }
  }
}
