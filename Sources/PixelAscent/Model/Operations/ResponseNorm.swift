// SPDX-License-Identifier: MIT

/// The factors of a global response normalisation (Woo et al.: "ConvNeXt V2", arXiv:2301.00808).
///
/// The input x is a vector: the mean square of each channel. With rₖ = √xₖ, the output is 1 + weightₖ · rₖ / mean(r),
/// and 1 if all x are 0. The parameter `.weight` has the shape (channels).
package struct ResponseNorm: Operation {
  package init() {}

  package static let name = "responseNorm"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) {}
  package func write(to fields: inout LayerFieldWriter) {}

  package func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    try checkShape(inputs[0].isVector, "expected one value per channel, found \(inputs[0])")
    return inputs[0]
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] {
    [("weight", [[input.channels]])]
  }

  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { "response norm" }
  package func makesVector(_ inputs: [Bool]) -> Bool { inputs[0] }
  package func isIdentity(onVector: Bool) -> Bool { false }
}
