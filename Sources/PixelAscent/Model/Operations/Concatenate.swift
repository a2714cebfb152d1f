// SPDX-License-Identifier: MIT

/// The channels of all inputs, one input after another.
package struct Concatenate: Operation {
  package init() {}

  package static let name = "concatenate"
  package static let inputCount: Int? = nil

  package init(from fields: LayerFields) {}
  package func write(to fields: inout LayerFieldWriter) {}

  package func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    var shape = inputs[0]
    for other in inputs.dropFirst() {
      try checkShape(
        (other.height, other.width) == (shape.height, shape.width),
        "expected inputs of the same height and width, found \(inputs[0]) and \(other)")
      shape.channels += other.channels
    }
    return shape
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] { [] }
  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { "concatenate" }
  package func makesVector(_ inputs: [Bool]) -> Bool { inputs.allSatisfy(\.self) }
  package func isIdentity(onVector: Bool) -> Bool { true }
}
