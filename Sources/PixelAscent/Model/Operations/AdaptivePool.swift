// SPDX-License-Identifier: MIT

/// A pool over `rows` × `columns` regions that together cover the input, whatever its size, as PyTorch's adaptive pools:
/// one number for each region of each channel.
package protocol AdaptivePool: Operation {
  var rows: Int { get }
  var columns: Int { get }

  init(rows: Int, columns: Int)
}

extension AdaptivePool {
  package static var inputCount: Int? { 1 }

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

  /// Whether there is one region: the whole input.
  var isGlobal: Bool { rows == 1 && columns == 1 }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] { [] }
  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package func makesVector(_ inputs: [Bool]) -> Bool { isGlobal }
  package func isIdentity(onVector: Bool) -> Bool { isGlobal && onVector }
}

/// The means of regions that cover the input.
package struct AdaptiveAverage: AdaptivePool {
  package var rows, columns: Int

  package init(rows: Int, columns: Int) { (self.rows, self.columns) = (rows, columns) }

  package static let name = "adaptiveAverage"
  package var summary: String { "average to \(rows)×\(columns)" }
}

/// The maxima of regions that cover the input. The first of equal maxima gets the gradient.
package struct AdaptiveMax: AdaptivePool {
  package var rows, columns: Int

  package init(rows: Int, columns: Int) { (self.rows, self.columns) = (rows, columns) }

  package static let name = "adaptiveMax"
  package var summary: String { "adaptive max \(rows)×\(columns)" }
}
