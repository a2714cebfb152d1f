// SPDX-License-Identifier: MIT

/// The maxima of rows × columns regions that together cover the input, as PyTorch's AdaptiveMaxPool2d. With one region
/// this is the maximum of each channel. The first of equal maxima gets the gradient.
package struct AdaptiveMax: Operation {
  package var rows, columns: Int

  package init(rows: Int, columns: Int) { (self.rows, self.columns) = (rows, columns) }

  package static let name = "adaptiveMax"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) throws {
    self.init(rows: try fields.integer("rows"), columns: try fields.integer("columns"))
  }

  package func write(to fields: inout LayerFieldWriter) throws {
    try fields.write(rows, "rows")
    try fields.write(columns, "columns")
  }

  package func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    ValueShape(channels: inputs[0].channels, height: rows, width: columns)
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] { [] }
  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { "adaptive max \(rows)×\(columns)" }
  package func makesVector(_ inputs: [Bool]) -> Bool { rows == 1 && columns == 1 }
  package func isIdentity(onVector: Bool) -> Bool { onVector && rows == 1 && columns == 1 }
}
