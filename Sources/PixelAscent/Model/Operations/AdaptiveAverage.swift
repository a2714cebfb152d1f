// SPDX-License-Identifier: MIT

/// Adaptive average pooling: splits every channel into `rows` × `columns` parts and takes the mean of each part.
package struct AdaptiveAverage: Operation {
  package var rows, columns: Int

  package init(rows: Int, columns: Int) { (self.rows, self.columns) = (rows, columns) }

  package static let name = "adaptiveAverage"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) throws {
    self.init(rows: try fields.integer("rows"), columns: try fields.integer("columns"))
  }

  package func write(to fields: inout LayerFieldWriter) throws {
    try fields.write(rows, "rows")
    try fields.write(columns, "columns")
  }

  package func outputShape(_ inputs: [ValueShape]) -> ValueShape {
    ValueShape(channels: inputs[0].channels, height: rows, width: columns)
  }

  private var isGlobal: Bool { rows == 1 && columns == 1 }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] { [] }
  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { "average to \(rows)×\(columns)" }
  package func makesVector(_ inputs: [Bool]) -> Bool { isGlobal }
  package func isIdentity(onVector: Bool) -> Bool { isGlobal && onVector }
}
