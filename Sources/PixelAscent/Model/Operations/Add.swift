// SPDX-License-Identifier: MIT

/// The sum of two inputs of the same shape, then a clamp.
package struct Add: ClampedOperation {
  package var clamp: Clamp

  package init(clamp: Clamp = .none) { self.clamp = clamp }

  package static let name = "add"
  package static let inputCount: Int? = 2

  package init(from fields: LayerFields) throws { self.init(clamp: try fields.clamp()) }
  package func write(to fields: inout LayerFieldWriter) throws { try fields.write(clamp) }

  package func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    try checkShape(
      inputs[1] == inputs[0], "expected two inputs of the same shape, found \(inputs[0]) and \(inputs[1])")
    return inputs[0]
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] { [] }
  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { "add\(clamp.summary)" }
  package func makesVector(_ inputs: [Bool]) -> Bool { inputs.allSatisfy(\.self) }
  package func isIdentity(onVector: Bool) -> Bool { false }
}
