// SPDX-License-Identifier: MIT

/// The coverage of pixels by closed outlines, computed with whole numbers only, so that every machine gives the same bytes.
///
/// Coordinates are in 256ths of a pixel, with y downwards. For each pixel the raster adds up how much of its height the
/// outlines cross, and the area to the left of them within the pixel; the sum of the heights from the left edge, minus that
/// area, is the covered part. Outlines that turn the other way make holes.
package struct OutlineRaster {
  /// The side of a pixel.
  package static let one = 256

  private let width, height: Int
  /// For each pixel: the height that the outlines cross in it, downwards; and twice the area to the left of them.
  private var crossed, areas: [Int]

  package init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
    crossed = [Int](repeating: 0, count: width * height)
    areas = crossed
  }

  /// The covered part of each pixel, from 0 to 255, row by row.
  package var coverage: [UInt8] {
    var result = [UInt8](repeating: 0, count: crossed.count)
    for row in 0..<height {
      var sum = 0
      for index in row * width..<(row + 1) * width {
        sum += crossed[index]
        let whole = 2 * Self.one * Self.one, part = min(abs(2 * Self.one * sum - areas[index]), whole)
        result[index] = UInt8((255 * part + whole / 2) / whole)
      }
    }
    return result
  }

  /// Adds a closed outline of lines and quadratic curves. Between two points off the curve lies one on it, in their middle.
  ///
  /// - Parameter linesPerCurve: the number of lines that replace each curve
  package mutating func add(_ points: [CaptionFont.Point], linesPerCurve: Int) {
    guard let first = points.first, let last = points.last else { return }
    let begin = first.isOnCurve ? first : last.isOnCurve ? last : .middle(first, last)
    var from = begin, control: CaptionFont.Point?
    for point in points + [begin] {
      if let middle = control {
        let end = point.isOnCurve ? point : .middle(middle, point)
        addCurve(from, middle, end, lines: linesPerCurve)
        from = end
      } else if point.isOnCurve {
        addLine(from.x, from.y, point.x, point.y)
        from = point
      }
      control = point.isOnCurve ? nil : point
    }
  }

  private mutating func addCurve(
    _ from: CaptionFont.Point, _ control: CaptionFont.Point, _ to: CaptionFont.Point, lines: Int
  ) {
    var x = from.x, y = from.y
    for part in 1...lines {
      let rest = lines - part, half = lines * lines / 2
      let (a, b, c) = (rest * rest, 2 * rest * part, part * part)
      let nextX = (a * from.x + b * control.x + c * to.x + half) / (lines * lines)
      let nextY = (a * from.y + b * control.y + c * to.y + half) / (lines * lines)
      addLine(x, y, nextX, nextY)
      (x, y) = (nextX, nextY)
    }
  }

  private mutating func addLine(_ x0: Int, _ y0: Int, _ x1: Int, _ y1: Int) {
    if y0 == y1 { return }
    let isDown = y0 < y1, one = Self.one
    let (left, top, right, bottom) = isDown ? (x0, y0, x1, y1) : (x1, y1, x0, y0)
    func x(_ y: Int) -> Int { y == bottom ? right : left + (y - top) * (right - left) / (bottom - top) }
    for row in max(top, 0) / one..<max(min((bottom + one - 1) / one, height), max(top, 0) / one) {
      let upper = max(top, row * one), lower = min(bottom, (row + 1) * one)
      add(row, from: x(upper), to: x(lower), isDown ? lower - upper : upper - lower)
    }
  }

  /// Adds a line within a row.
  ///
  /// - Parameters:
  ///   - crossing: the height that the line crosses; negative if it goes upwards
  private mutating func add(_ row: Int, from start: Int, to end: Int, _ crossing: Int) {
    let one = Self.one, edge = width * one
    let left = min(max(min(start, end), 0), edge), right = min(max(max(start, end), 0), edge)
    // The part of the crossing from the left end of the line to x.
    func crossed(_ x: Int) -> Int { crossing * (x - left) / (right - left) }
    if left == right {
      if left < edge { add(row, left / one, crossing, 2 * (left % one)) }
      return
    }
    for column in left / one..<(right + one - 1) / one {
      let from = max(left, column * one), to = min(right, (column + 1) * one)
      add(row, column, crossed(to) - crossed(from), from + to - 2 * column * one)
    }
  }

  private mutating func add(_ row: Int, _ column: Int, _ crossing: Int, _ sides: Int) {
    crossed[row * width + column] += crossing
    areas[row * width + column] += crossing * sides
  }
}
