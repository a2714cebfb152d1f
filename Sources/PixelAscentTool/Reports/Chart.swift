// SPDX-License-Identifier: MIT

import PixelAscent

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A chart of curves over the iterations of an ascent, drawn as SVG inside a page.
package struct Chart: Sendable {
  /// The value of a curve at one iteration.
  package struct Point: Hashable, Sendable {
    package let iteration: Int
    package let value: Double

    package init(_ iteration: Int, _ value: some BinaryFloatingPoint) {
      (self.iteration, self.value) = (iteration, Double(value))
    }
  }

  /// One curve.
  package struct Line: Sendable {
    package let name: String
    package let points: [Point]
    fileprivate let frames: Set<Int>?

    /// - Parameter frames: the iterations that the page's slider moves through. The curve then has dots at these
    ///   iterations only, so that the slider can mark one. If this is nil, every point has a dot, unless there are too
    ///   many to tell apart.
    package init(_ name: String, _ points: [Point], frames: Set<Int>? = nil) {
      self.name = name
      self.points = points.filter(\.value.isFinite)
      self.frames = frames
    }
  }

  private let title: String
  private let lines: [Line]
  private let x, y: Axis
  private let plot: (left: Double, right: Double, top: Double, bottom: Double)

  // One unit is one CSS pixel if the chart is as wide as a phone's screen.
  private static let width = 360.0, height = 220.0

  /// Makes a chart of curves, whose vertical axis also covers the values of `including`.
  package init(_ title: String, _ lines: [Line], including values: [Double] = []) {
    self.title = title
    self.lines = lines
    let points = lines.flatMap(\.points)
    x = Axis(over: [0] + points.map { Double($0.iteration) }, whole: true)
    y = Axis(over: values + points.map(\.value))
    let digits = y.labels.map(\.count).max() ?? 0
    plot = (left: 14 + 6.5 * Double(digits), right: Self.width - 14, top: 10, bottom: Self.height - 40)
  }

  /// Returns the position of a point, measured from the picture's upper left corner.
  package func position(of point: Point) -> (x: Double, y: Double) {
    (xPosition(Double(point.iteration)), yPosition(point.value))
  }

  private func xPosition(_ value: Double) -> Double { plot.left + x.fraction(value) * (plot.right - plot.left) }

  private func yPosition(_ value: Double) -> Double { plot.bottom - y.fraction(value) * (plot.bottom - plot.top) }

  /// The chart as a figure: the picture, and the names of the curves.
  package var html: HTML {
    let key: [HTML] = lines.enumerated().map { index, line in
      "<span><i class=\"key line-\(index)\"></i><bdi>\(line.name)</bdi></span>"
    }
    return """
      <figure class="chart">
      <figcaption><span>\(title)</span>\(lines.count > 1 ? key : [])</figcaption>
      <svg viewBox="0 0 \(fixed(Self.width, 0)) \(fixed(Self.height, 0))" role="img" aria-label="\(summary)">
      \(gridLines)\(columns)<text x="\(fixed(plot.right, 1))" y="\(fixed(Self.height - 6, 1))" text-anchor="end">iteration</text>
      \(lines.indices.map(curve))</svg>
      </figure>

      """
  }

  private var summary: String {
    let ends = lines.map { line -> String in
      guard let first = line.points.first, let last = line.points.last else { return line.name }
      return "\(line.name) from \(fixed(first.value, 3)) at iteration \(first.iteration) "
        + "to \(fixed(last.value, 3)) at iteration \(last.iteration)"
    }
    return "\(title): \(ends.joined(separator: "; "))"
  }

  private var gridLines: [HTML] {
    zip(y.ticks, y.labels).map { tick, label in
      let position = yPosition(tick)
      return """
        <line x1="\(fixed(plot.left, 1))" x2="\(fixed(plot.right, 1))" y1="\(fixed(position, 1))" y2="\(fixed(position, 1))"/>\
        <text x="\(fixed(plot.left - 6, 1))" y="\(fixed(position + 4, 1))" text-anchor="end">\(label)</text>

        """
    }
  }

  private var columns: [HTML] {
    zip(x.ticks, x.labels).map { tick, label in
      """
      <text x="\(fixed(xPosition(tick), 1))" y="\(fixed(plot.bottom + 17, 1))" text-anchor="middle">\(label)</text>

      """
    }
  }

  private func curve(_ index: Int) -> HTML {
    let positions = lines[index].points.map(position(of:))
    let path = positions.map { "\(fixed($0.x, 1)),\(fixed($0.y, 1))" }.joined(separator: " ")
    return "<g class=\"line-\(index)\"><polyline points=\"\(path)\"/>\(dots(lines[index]))</g>\n"
  }

  private func dots(_ line: Line) -> [HTML] {
    let points = line.frames.map { frames in line.points.filter { frames.contains($0.iteration) } } ?? line.points
    let lieApart = points.count <= 40
    if line.frames == nil && !lieApart { return [] }
    return points.map { point in
      let (x, y) = position(of: point), quiet: HTML = lieApart ? "" : " class=\"quiet\""
      return """
        <circle\(quiet) data-iteration="\(point.iteration)" cx="\(fixed(x, 1))" cy="\(fixed(y, 1))" r="2.5"/>
        """
    }
  }
}

/// The numbers along one side of a chart: round numbers at equal distances.
package struct Axis: Hashable, Sendable {
  /// The numbers in ascending order, at least two.
  package let ticks: [Double]
  /// The numbers as text, with enough digits to tell them apart.
  package let labels: [String]

  /// Makes an axis of about five numbers that covers the finite numbers `values`. If `whole` is true, all its numbers
  /// are integers.
  package init(over values: [Double], whole: Bool = false) {
    var low = values.min() ?? 0, high = values.max() ?? 1
    if low == high {
      let margin = max(1, abs(low) / 8)
      (low, high) = (whole ? low : low - margin, high + margin)
    }
    let step = max(whole ? 1 : 0, Self.roundStep((high - low) / 5))
    // A value that differs from a tick only by a rounding error needs no further tick.
    let first = (low / step + 1e-9).rounded(.down), last = (high / step - 1e-9).rounded(.up)
    ticks = stride(from: first, through: last, by: 1).map { $0 * step }
    let exponent = Self.exponent(step), isPlain = exponent >= -4 && max(abs(low), abs(high)) < 1e7
    labels = ticks.map { isPlain ? fixed($0, max(0, -exponent)) : Self.scientific($0, lastDigit: exponent) }
  }

  /// Returns the position of a value on the axis: 0 at the first tick, 1 at the last.
  package func fraction(_ value: Double) -> Double {
    (value - ticks[0]) / (ticks[ticks.count - 1] - ticks[0])
  }

  /// Returns the smallest number that is at least `step` and is 1, 2 or 5 times a power of ten.
  private static func roundStep(_ step: Double) -> Double {
    let power = pow(10, Double(exponent(step)))
    return ([1, 2, 5].first { $0 * power >= step * (1 - 1e-9) } ?? 10) * power
  }

  /// Returns ⌊log₁₀ value⌋. A value that a rounding error has put just below a power of ten counts as that power of
  /// ten.
  private static func exponent(_ value: Double) -> Int { Int((log10(value) + 1e-9).rounded(.down)) }

  /// - Parameter lastDigit: the power of ten that the last digit stands for
  private static func scientific(_ value: Double, lastDigit: Int) -> String {
    if value == 0 { return "0" }
    let exponent = exponent(abs(value))
    return "\(fixed(value / pow(10, Double(exponent)), max(0, exponent - lastDigit)))e\(exponent)"
  }
}
