// SPDX-License-Identifier: MIT

/// weight · x + bias with a weight and a bias per channel, then a clamp. The parameters `.weight` and `.bias` have the
/// shape (channels).
package struct Affine: ClampedOperation {
  package var clamp: Clamp

  package init(clamp: Clamp = .none) { self.clamp = clamp }

  package static let name = "affine"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) throws { self.init(clamp: try fields.clamp()) }
  package func write(to fields: inout LayerFieldWriter) throws { try fields.write(clamp) }

  package func outputShape(_ inputs: [ValueShape]) -> ValueShape { inputs[0] }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] {
    [("weight", [[input.channels]]), ("bias", [[input.channels]])]
  }

  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { "affine\(clamp.summary)" }
  package func makesVector(_ inputs: [Bool]) -> Bool { inputs[0] }
  package func isIdentity(onVector: Bool) -> Bool { false }
}
