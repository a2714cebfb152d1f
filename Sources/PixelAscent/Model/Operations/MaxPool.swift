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
    try window.pooled(inputs[0], ceilMode: ceilMode)
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] { [] }
  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { "max pool \(window.summary)\(ceilMode ? ", ceil" : "")" }
  package func makesVector(_ inputs: [Bool]) -> Bool { false }
  package func isIdentity(onVector: Bool) -> Bool { false }
}

extension Window {
  /// Returns the shape of a pool's output for an input of shape `x`.
  func pooled(_ x: ValueShape, ceilMode: Bool) throws(PixelAscentError) -> ValueShape {
    for axis in [y, self.x] {
      try checkShape(
        max(axis.before, axis.after) < axis.kernel,
        "a pool's padding must be smaller than its window of \(axis.kernel), found \(max(axis.before, axis.after))")
    }
    let shape = try output(of: x, ceilMode: ceilMode)
    guard x.height >= y.dilation, x.width >= self.x.dilation else { throw doesNotFit(x) }
    return shape
  }
}
