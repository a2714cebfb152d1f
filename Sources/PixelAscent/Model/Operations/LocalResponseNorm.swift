// SPDX-License-Identifier: MIT

/// Local response normalisation (Krizhevsky et al. 2012): x / (k + alpha/size · Σ x²)^beta over `size` channels.
package struct LocalResponseNorm: Operation {
  package var size: Int
  package var alpha, beta, k: Float

  package init(size: Int, alpha: Float, beta: Float, k: Float) {
    (self.size, self.alpha, self.beta, self.k) = (size, alpha, beta, k)
  }

  package static let name = "localResponseNorm"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) throws {
    self.init(
      size: try fields.integer("size"), alpha: try fields.number("alpha"), beta: try fields.number("beta"),
      k: try fields.number("k"))
  }

  package func write(to fields: inout LayerFieldWriter) throws {
    try fields.write(size, "size")
    try fields.write(alpha, "alpha")
    try fields.write(beta, "beta")
    try fields.write(k, "k")
  }

  package func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    try checkShape(
      (1...Window.limit).contains(size), "expected a size from 1 to \(Window.limit) channels, found \(size)")
    for (name, value) in [("alpha", alpha), ("beta", beta), ("k", k)] { try checkFinite(value, name) }
    return inputs[0]
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] { [] }
  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { "local response norm over \(size)" }
  package func makesVector(_ inputs: [Bool]) -> Bool { inputs[0] }
  package func isIdentity(onVector: Bool) -> Bool { false }
}
