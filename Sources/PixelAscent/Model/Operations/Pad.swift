// SPDX-License-Identifier: MIT

/// A border around every channel: of a constant value, or of values of the channel.
package struct Pad: Operation {
  /// What a border holds.
  package enum Mode: String, CaseIterable, Sendable {
    /// The pad's `value`.
    case constant
    /// The channel, mirrored at its edges. The edges themselves are not repeated.
    case reflect
    /// The nearest value of the channel.
    case edge
    /// The channel once more, from its other side.
    case wrap
  }

  package var top, left, bottom, right: Int
  package var value: Float
  package var mode: Mode

  package init(top: Int, left: Int, bottom: Int, right: Int, value: Float = 0, mode: Mode = .constant) {
    (self.top, self.left, self.bottom, self.right) = (top, left, bottom, right)
    (self.value, self.mode) = (value, mode)
  }

  package static let name = "pad"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) throws {
    let border = try fields.integers("padding", counts: [4])
    guard border.count == 4 else { throw fields.corrupted("padding", "not four") }
    let name = fields.container.contains("mode") ? try fields.text("mode") : Mode.constant.rawValue
    guard let mode = Mode(rawValue: name) else {
      throw fields.unknown("mode", name, known: Mode.allCases.map(\.rawValue))
    }
    self.init(
      top: border[0], left: border[1], bottom: border[2], right: border[3], value: try fields.number("value"),
      mode: mode)
  }

  package func write(to fields: inout LayerFieldWriter) throws {
    try fields.write([top, left, bottom, right], "padding")
    try fields.write(value, "value")
    if mode != .constant { try fields.write(mode.rawValue, "mode") }
  }

  package func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    let borders = [top, left, bottom, right]
    try checkShape(
      borders.allSatisfy((0...Window.limit).contains),
      "expected borders from 0 to \(Window.limit), found \(shapeText(borders))")
    try checkFinite(value, "value of the border")
    var shape = inputs[0]
    shape.height += top + bottom
    shape.width += left + right
    return shape
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] { [] }
  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String {
    "pad \(top), \(left), \(bottom), \(right)" + (mode == .constant ? "" : ", \(mode.rawValue)")
  }
  package func makesVector(_ inputs: [Bool]) -> Bool { false }
  package func isIdentity(onVector: Bool) -> Bool { [top, left, bottom, right] == [0, 0, 0, 0] }
}
