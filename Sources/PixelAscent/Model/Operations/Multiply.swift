// SPDX-License-Identifier: MIT

/// The product of two inputs of the same shape, or of one input and another with 1×1 pixels and the same number of
/// channels.
package struct Multiply: Operation {
  package init() {}

  package static let name = "multiply"
  package static let inputCount: Int? = 2

  package init(from fields: LayerFields) {}
  package func write(to fields: inout LayerFieldWriter) {}

  package func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    let (x, factor) = (inputs[0], inputs[1]), isScaled = factor.isVector || x.isVector
    try checkShape(
      factor == x || isScaled && factor.channels == x.channels,
      "expected two inputs of the same shape, or one with 1×1 pixels, found \(x) and \(factor)")
    return x.isVector ? factor : x
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] { [] }
  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { "multiply" }
  package func makesVector(_ inputs: [Bool]) -> Bool { inputs.allSatisfy(\.self) }
  package func isIdentity(onVector: Bool) -> Bool { false }
}
