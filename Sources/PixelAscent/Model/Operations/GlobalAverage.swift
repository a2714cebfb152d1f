// SPDX-License-Identifier: MIT

/// The mean of every channel.
package struct GlobalAverage: Operation {
  package init() {}

  package static let name = "globalAverage"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) {}
  package func write(to fields: inout LayerFieldWriter) {}

  package func outputShape(_ inputs: [ValueShape]) -> ValueShape { ValueShape(channels: inputs[0].channels) }
  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] { [] }
  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { "global average" }
  package func makesVector(_ inputs: [Bool]) -> Bool { true }
  package func isIdentity(onVector: Bool) -> Bool { onVector }
}
