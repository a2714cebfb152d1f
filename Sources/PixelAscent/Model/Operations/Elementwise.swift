// SPDX-License-Identifier: MIT

/// A function that is applied to each value by itself.
package struct Elementwise: Operation {
  package var function: ElementFunction

  package init(_ function: ElementFunction) { self.function = function }

  package static let name = "function"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) throws { self.init(try ElementFunction(from: fields)) }
  package func write(to fields: inout LayerFieldWriter) throws { try function.write(to: &fields) }

  package func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    for (name, value) in function.numbers { try checkFinite(value, name) }
    return inputs[0]
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] {
    function == .prelu ? [("weight", [[input.channels], [1]])] : []
  }

  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { function.summary }
  package func makesVector(_ inputs: [Bool]) -> Bool { inputs[0] }
  package func isIdentity(onVector: Bool) -> Bool { false }
}
