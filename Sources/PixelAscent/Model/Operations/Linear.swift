// SPDX-License-Identifier: MIT

/// A matrix times a vector (a value of 1×1 pixels) plus a bias, then a clamp. The parameter `.weight` has the shape
/// (outputs, inputs), `.bias` the shape (outputs).
package struct Linear: ClampedOperation {
  package var outputs: Int
  package var clamp: Clamp

  package init(outputs: Int, clamp: Clamp = .none) { (self.outputs, self.clamp) = (outputs, clamp) }

  package static let name = "linear"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) throws {
    self.init(outputs: try fields.integer("channels"), clamp: try fields.clamp())
  }

  package func write(to fields: inout LayerFieldWriter) throws {
    try fields.write(outputs, "channels")
    try fields.write(clamp)
  }

  package func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    try checkShape(inputs[0].isVector, "a linear layer takes a vector, found the shape \(inputs[0])")
    return ValueShape(channels: outputs)
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] {
    [("weight", [[outputs, input.channels]]), ("bias", [[outputs]])]
  }

  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { outputs * input.channels }
  package var summary: String { "linear\(clamp.summary)" }
  package func makesVector(_ inputs: [Bool]) -> Bool { true }
  package func isIdentity(onVector: Bool) -> Bool { false }
}
