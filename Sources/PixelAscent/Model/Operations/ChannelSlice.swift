// SPDX-License-Identifier: MIT

/// A range of the input's channels: `count` channels from `first` on.
package struct ChannelSlice: Operation {
  package var first, count: Int

  package init(first: Int, count: Int) { (self.first, self.count) = (first, count) }

  package static let name = "slice"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) throws {
    self.init(first: try fields.integer("first"), count: try fields.integer("count"))
  }

  package func write(to fields: inout LayerFieldWriter) throws {
    try fields.write(first, "first")
    try fields.write(count, "count")
  }

  package func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    var shape = inputs[0]
    try checkShape(
      first >= 0 && count >= 1 && first < shape.channels && count <= shape.channels - first,
      "expected channels from 0 to \(shape.channels - 1), found count \(count), first \(first)")
    shape.channels = count
    return shape
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] { [] }
  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { "channels \(first) to \(first + count - 1)" }
  package func makesVector(_ inputs: [Bool]) -> Bool { inputs[0] }
  package func isIdentity(onVector: Bool) -> Bool { false }
}
