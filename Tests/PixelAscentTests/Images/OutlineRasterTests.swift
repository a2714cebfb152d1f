// SPDX-License-Identifier: MIT

import PixelAscent
import Testing

@Suite struct OutlineRasterTests {
  private typealias Point = CaptionFont.Point

  /// Returns the outline of a polygon with corners (x, y), in 256ths of a pixel.
  private static func polygon(_ corners: [(Int, Int)]) -> [Point] {
    corners.map { Point(x: $0.0, y: $0.1, isOnCurve: true) }
  }

  private static func rectangle(_ columns: ClosedRange<Int>, _ rows: ClosedRange<Int>) -> [Point] {
    let (left, right, top, bottom) = (columns.lowerBound, columns.upperBound, rows.lowerBound, rows.upperBound)
    return polygon([(left, top), (right, top), (right, bottom), (left, bottom)])
  }

  private static func coverage(_ width: Int, _ height: Int, _ outlines: [[Point]]) -> [UInt8] {
    var raster = OutlineRaster(width: width, height: height)
    for outline in outlines { raster.add(outline, linesPerCurve: 8) }
    return raster.coverage
  }

  @Test("A rectangle covers the exact part of every pixel, whichever way its outline turns")
  func rectangles() {
    let outline = Self.rectangle(64...640, 128...512)
    // 3/4, 1 and 1/2 of the columns; 1/2 and 1 of the rows.
    let expected: [UInt8] = [96, 128, 64, 0, 191, 255, 128, 0, 0, 0, 0, 0]
    #expect(Self.coverage(4, 3, [outline]) == expected)
    #expect(Self.coverage(4, 3, [outline.reversed()]) == expected)
  }

  @Test("An outline that turns the other way is a hole, and one that turns the same way changes nothing")
  func holes() {
    let outer = Self.rectangle(0...768, 0...768), inner = Self.rectangle(256...512, 256...512)
    #expect(Self.coverage(3, 3, [outer, inner.reversed()]) == [255, 255, 255, 255, 0, 255, 255, 255, 255])
    #expect(Self.coverage(3, 3, [outer, inner]) == [UInt8](repeating: 255, count: 9))
  }

  @Test("A diagonal covers half of the pixels that it crosses")
  func diagonal() {
    let triangle = Self.polygon([(0, 0), (768, 768), (0, 768)])
    #expect(Self.coverage(3, 3, [triangle]) == [128, 0, 0, 255, 128, 0, 255, 255, 128])
  }

  @Test("Parts outside the raster are left out, and cover nothing on the other side")
  func clipping() {
    let outline = Self.rectangle(-1000...128, -1000...128)
    #expect(Self.coverage(2, 2, [outline]) == [64, 0, 0, 0])
    #expect(Self.coverage(2, 2, [Self.rectangle(384...5000, 384...5000)]) == [0, 0, 0, 64])
    #expect(Self.coverage(2, 2, [Self.rectangle(600...700, 600...700)]) == [0, 0, 0, 0])
  }

  /// Twice the area of an outline of lines and quadratic curves: that of the polygon through the points on the curve,
  /// and two thirds of each triangle of a curve's ends and its control point, times two.
  private static func doubleArea(_ contour: [Point]) -> Double {
    var whole: [Point] = []
    for (index, point) in contour.enumerated() {
      let last = contour[(index + contour.count - 1) % contour.count]
      if !point.isOnCurve && !last.isOnCurve {
        whole.append(Point(x: (point.x + last.x) / 2, y: (point.y + last.y) / 2, isOnCurve: true))
      }
      whole.append(point)
    }
    func cross(_ one: Point, _ other: Point) -> Double { Double(one.x * other.y - other.x * one.y) }
    var sum = 0.0
    for (index, point) in whole.enumerated() {
      let next = whole[(index + 1) % whole.count], last = whole[(index + whole.count - 1) % whole.count]
      if point.isOnCurve {
        if next.isOnCurve { sum += cross(point, next) }
      } else {
        sum += cross(last, next) + (cross(last, point) + cross(point, next) + cross(next, last)) * 2 / 3
      }
    }
    return sum
  }

  @Test(
    "The coverage of a glyph adds up to the area that its outlines enclose", arguments: ["o", "&", "Å", "8", "÷", "λ"])
  func areas(_ character: String) {
    let glyph = CaptionFont.shared[Character(character)]
    // 16 font units are one pixel.
    let outlines = glyph.contours.map { $0.map { Point(x: 16 * $0.x, y: 16 * (2000 - $0.y), isOnCurve: $0.isOnCurve) } }
    let sum = Self.coverage(128, 128, outlines).reduce(0) { $0 + Int($1) }
    let area = abs(glyph.contours.map(Self.doubleArea).reduce(0, +)) / 2 / 256
    // Eight lines per curve lose less than 1/64 of the area between a curve and its chord, and rounding to 255 levels is
    // even on average.
    #expect(abs(Double(sum) / 255 - area) < 0.005 * area)
  }
}
