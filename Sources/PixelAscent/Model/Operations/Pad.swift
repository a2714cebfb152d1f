// SPDX-License-Identifier: MIT

/// A border of a constant value around every channel.
package struct Pad: Operation {
  package var top, left, bottom, right: Int
  package var value: Float

  package init(top: Int, left: Int, bottom: Int, right: Int, value: Float) {
    (self.top, self.left, self.bottom, self.right) = (top, left, bottom, right)
    self.value = value
  }

  package static let name = "pad"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) throws {
    let border = try fields.integers("padding", counts: [4])
    guard border.count == 4 else { throw fields.corrupted("padding", "not four") }
    self.init(
      top: border[0], left: border[1], bottom: border[2], right: border[3], value: try fields.number("value"))
  }

  package func write(to fields: inout LayerFieldWriter) throws {
    try fields.write([top, left, bottom, right], "padding")
    try fields.write(value, "value")
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
  package var summary: String { "pad \(top), \(left), \(bottom), \(right)" }
  package func makesVector(_ inputs: [Bool]) -> Bool { false }
  package func isIdentity(onVector: Bool) -> Bool { [top, left, bottom, right] == [0, 0, 0, 0] }
}
