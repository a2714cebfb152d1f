// SPDX-License-Identifier: MIT

/// Layer normalisation (Ba, Kiros, Hinton 2016): (x − mean) / √(variance + epsilon) · weight + bias. Mean and variance
/// are taken over the channels of each pixel, or over all channels and pixels. The parameters `.weight` and `.bias`
/// have the shape (channels).
package struct LayerNorm: Operation {
  package var epsilon: Float
  /// Whether mean and variance are taken over all channels, rows and columns, as in group normalisation with one group.
  package var isWhole: Bool

  package init(epsilon: Float, isWhole: Bool = false) { (self.epsilon, self.isWhole) = (epsilon, isWhole) }

  package static let name = "layerNorm"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) throws {
    self.init(epsilon: try fields.number("epsilon"), isWhole: try fields.flag("whole"))
  }

  package func write(to fields: inout LayerFieldWriter) throws {
    try fields.write(epsilon, "epsilon")
    try fields.write(isWhole, "whole")
  }

  package func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    try checkShape(epsilon >= 0 && epsilon.isFinite, "expected a finite epsilon of at least 0, found \(epsilon)")
    return inputs[0]
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] {
    [("weight", [[input.channels]]), ("bias", [[input.channels]])]
  }

  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { isWhole ? "layer norm over the image" : "layer norm" }
  package func makesVector(_ inputs: [Bool]) -> Bool { inputs[0] }
  package func isIdentity(onVector: Bool) -> Bool { false }
}
