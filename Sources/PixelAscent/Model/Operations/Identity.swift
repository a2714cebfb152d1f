// SPDX-License-Identifier: MIT

/// A layer that does nothing, such as dropout. Readers make identities; `Model.simplified` removes them.
package struct Identity: Operation {
  package init() {}

  package static let name = "identity"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) {}
  package func write(to fields: inout LayerFieldWriter) {}

  package func outputShape(_ inputs: [ValueShape]) -> ValueShape { inputs[0] }
  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] { [] }
  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { "identity" }
  package func makesVector(_ inputs: [Bool]) -> Bool { inputs[0] }
  package func isIdentity(onVector: Bool) -> Bool { true }
}
