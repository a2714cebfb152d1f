// SPDX-License-Identifier: MIT

/// The mean of each window. `countPadding` says whether the mean counts the zeros of the padding; ONNX and PyTorch call
/// it count_include_pad.
package struct AveragePool: Operation {
  package var window: Window
  package var ceilMode, countPadding: Bool

  package init(_ window: Window, ceilMode: Bool = false, countPadding: Bool) {
    (self.window, self.ceilMode, self.countPadding) = (window, ceilMode, countPadding)
  }

  package static let name = "averagePool"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) throws {
    self.init(
      try fields.window(), ceilMode: try fields.flag("ceil"), countPadding: try fields.flag("countPadding"))
  }

  package func write(to fields: inout LayerFieldWriter) throws {
    try fields.write(window)
    try fields.write(ceilMode, "ceil")
    try fields.write(countPadding, "countPadding")
  }

  package func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    try checkShape(
      window.y.dilation == 1 && window.x.dilation == 1,
      "expected an average pool without dilation, found \(window.y.dilation)×\(window.x.dilation)")
    return try window.averaged(inputs[0], ceilMode: ceilMode)
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] { [] }
  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { "average pool \(window.summary)\(ceilMode ? ", ceil" : "")" }
  package func makesVector(_ inputs: [Bool]) -> Bool { false }
  package func isIdentity(onVector: Bool) -> Bool { false }
}

extension Window {
  /// Returns the shape of an average pool's output for an input of shape `x`.
  fileprivate func averaged(_ x: ValueShape, ceilMode: Bool) throws(PixelAscentError) -> ValueShape {
    for axis in [y, self.x] {
      try checkShape(
        max(axis.before, axis.after) < axis.kernel,
        "a pool's padding must be smaller than its window of \(axis.kernel), found \(max(axis.before, axis.after))")
    }
    return try output(of: x, ceilMode: ceilMode)
  }
}
