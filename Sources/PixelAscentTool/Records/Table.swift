// SPDX-License-Identifier: MIT

/// Rows of cells as lines of text, in columns two spaces apart.
///
/// - Parameters:
///   - rows: the cells of each row; every row has as many
///   - right: the numbers of the columns that are flush right
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
