// SPDX-License-Identifier: MIT

/// Returns rows of cells as lines of text, in columns two spaces apart.
///
/// - Parameters:
///   - rows: the cells of each row; all rows have the same number of cells
///   - right: the indices of the columns that are aligned on the right
package func table(_ rows: [[String]], right: Set<Int>) -> [String] {
  let widths = (0..<(rows.first?.count ?? 0)).map { column in rows.map { $0[column].count }.max() ?? 0 }
  return rows.map { row in
    let cells = row.enumerated().map { column, cell -> String in
      let space = String(repeating: " ", count: widths[column] - cell.count)
      if right.contains(column) { return space + cell }
      return column == row.count - 1 ? cell : cell + space
    }
    return cells.joined(separator: "  ")
  }
}
