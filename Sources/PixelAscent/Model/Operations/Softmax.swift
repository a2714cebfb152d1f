// SPDX-License-Identifier: MIT

/// exp(x) / Σ exp(x), or the logarithm of that. Only the last layer may be a softmax. `Model.simplified` removes it,
/// because its inputs are the scores.
package struct Softmax: Operation {
  package var isLog: Bool

  package init(isLog: Bool = false) { self.isLog = isLog }

  package static let name = "softmax"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) throws { self.init(isLog: try fields.flag("log", else: false)) }
  package func write(to fields: inout LayerFieldWriter) throws { if isLog { try fields.write(true, "log") } }

  package func outputShape(_ inputs: [ValueShape]) -> ValueShape { inputs[0] }
  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] { [] }
  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { isLog ? "log-softmax" : "softmax" }
  package func makesVector(_ inputs: [Bool]) -> Bool { inputs[0] }
  package func isIdentity(onVector: Bool) -> Bool { false }
}
