// SPDX-License-Identifier: MIT

/// All values as one vector, in the order channel, row, column.
package struct Flatten: Operation {
  package init() {}

  package static let name = "flatten"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) {}
  package func write(to fields: inout LayerFieldWriter) {}

  package func outputShape(_ inputs: [ValueShape]) -> ValueShape {
    // The product of two extents can't overflow, but the product of three can.
    let x = inputs[0], (count, overflow) = (x.height * x.width).multipliedReportingOverflow(by: x.channels)
    return ValueShape(channels: overflow ? .max : count)
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] { [] }
  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { "flatten" }
  package func makesVector(_ inputs: [Bool]) -> Bool { true }
  package func isIdentity(onVector: Bool) -> Bool { onVector }
}
