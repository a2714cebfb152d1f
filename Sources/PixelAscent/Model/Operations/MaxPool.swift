// SPDX-License-Identifier: MIT

/// The maximum of each window. In ceil mode a window may extend beyond the lower and right edges.
package struct MaxPool: Operation {
  package var window: Window
  package var ceilMode: Bool

  package init(_ window: Window, ceilMode: Bool = false) { (self.window, self.ceilMode) = (window, ceilMode) }

  package static let name = "maxPool"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) throws {
    self.init(try fields.window(), ceilMode: try fields.flag("ceil"))
  }

  package func write(to fields: inout LayerFieldWriter) throws {
    try fields.write(window)
    try fields.write(ceilMode, "ceil")
  }

  package func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    let shape = try window.output(of: inputs[0], ceilMode: ceilMode)
    for axis in [window.y, window.x] {
      // Then every window has a tap on the input.
      let reach = (axis.kernel - 1) * axis.dilation, padding = max(axis.before, axis.after)
      try checkShape(
        padding <= reach, "expected padding of at most (size − 1) · dilation = \(reach), found \(padding)")
    }
    guard inputs[0].height >= window.y.dilation, inputs[0].width >= window.x.dilation else {
      throw window.doesNotFit(inputs[0])
    }
    return shape
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] { [] }
  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { "max pool \(window.summary)\(ceilMode ? ", ceil" : "")" }
  package func makesVector(_ inputs: [Bool]) -> Bool { false }
  package func isIdentity(onVector: Bool) -> Bool { false }
}
