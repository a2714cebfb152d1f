// SPDX-License-Identifier: MIT

/// Layer normalisation (Ba, Kiros, Hinton 2016): (x − mean) / √(variance + epsilon) · weight + bias. Mean and variance
/// are taken over the channels of each pixel. The parameters `.weight` and `.bias` have the shape (channels).
package struct LayerNorm: Operation {
  package var epsilon: Float

  package init(epsilon: Float) { self.epsilon = epsilon }

  package static let name = "layerNorm"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) throws { self.init(epsilon: try fields.number("epsilon")) }
  package func write(to fields: inout LayerFieldWriter) throws { try fields.write(epsilon, "epsilon") }

  package func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    try checkShape(epsilon >= 0 && epsilon.isFinite, "expected a finite epsilon of at least 0, found \(epsilon)")
    return inputs[0]
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] {
    [("weight", [[input.channels]]), ("bias", [[input.channels]])]
  }

  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { "layer norm" }
  package func makesVector(_ inputs: [Bool]) -> Bool { inputs[0] }
  package func isIdentity(onVector: Bool) -> Bool { false }
}
