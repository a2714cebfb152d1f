// SPDX-License-Identifier: MIT

/// (x − mean) / √(variance + epsilon) · weight + bias. The parameters `.weight`, `.bias`, `.running_mean` and
/// `.running_var` have the shape (channels). Readers make batch norms; `Model.simplified` folds them into other layers
/// or turns them into affine layers.
package struct BatchNorm: Operation {
  package var epsilon: Double

  package init(epsilon: Double) { self.epsilon = epsilon }

  package static let name = "batchNorm"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) throws { self.init(epsilon: try fields.double("epsilon")) }
  package func write(to fields: inout LayerFieldWriter) throws { try fields.write(epsilon, "epsilon") }

  package func outputShape(_ inputs: [ValueShape]) -> ValueShape { inputs[0] }
  // Folding checks the tensors. A network that runs has no batch norms.
  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] { [] }
  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { "batch norm" }
  package func makesVector(_ inputs: [Bool]) -> Bool { inputs[0] }
  package func isIdentity(onVector: Bool) -> Bool { false }
}
