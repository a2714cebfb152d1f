// SPDX-License-Identifier: MIT

import PixelAscent

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Curves over the iterations of an ascent, as SVG that stands in a page.
package struct Chart: Sendable {
  /// A value at an iteration.
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

    /// - Parameter frames: the iterations that a slider goes through, which get a dot each to be marked; without, all points
    ///   get one as long as they lie apart.
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

  // In units of a CSS pixel where the chart is as wide as a phone's screen.
  private static let width = 360.0, height = 220.0

  /// A chart of curves; the vertical axis has room for the values of `including` as well.
  package init(_ title: String, _ lines: [Line], including values: [Double] = []) {
    self.title = title
    self.lines = lines
    let points = lines.flatMap(\.points)
    x = Axis(over: [0] + points.map { Double($0.iteration) }, whole: true)
    y = Axis(over: values + points.map(\.value))
    let digits = y.labels.map(\.count).max() ?? 0
    plot = (left: 14 + 6.5 * Double(digits), right: Self.width - 14, top: 10, bottom: Self.height - 40)
  }

  /// Where a point lies, from the picture's upper left corner.
  package func place(_ point: Point) -> (x: Double, y: Double) { (across(Double(point.iteration)), down(point.value)) }

  private func across(_ value: Double) -> Double { plot.left + x.fraction(value) * (plot.right - plot.left) }

  private func down(_ value: Double) -> Double { plot.bottom - y.fraction(value) * (plot.bottom - plot.top) }

  /// The figure: the picture, and the names of its curves.
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
      let place = down(tick)
      return """
        <line x1="\(fixed(plot.left, 1))" x2="\(fixed(plot.right, 1))" y1="\(fixed(place, 1))" y2="\(fixed(place, 1))"/>\
        <text x="\(fixed(plot.left - 6, 1))" y="\(fixed(place + 4, 1))" text-anchor="end">\(label)</text>

        """
    }
  }

  private var columns: [HTML] {
    zip(x.ticks, x.labels).map { tick, label in
      """
      <text x="\(fixed(across(tick), 1))" y="\(fixed(plot.bottom + 17, 1))" text-anchor="middle">\(label)</text>

      """
    }
  }

  private func curve(_ index: Int) -> HTML {
    let places = lines[index].points.map(place)
    let path = places.map { "\(fixed($0.x, 1)),\(fixed($0.y, 1))" }.joined(separator: " ")
    return "<g class=\"line-\(index)\"><polyline points=\"\(path)\"/>\(dots(lines[index]))</g>\n"
  }

  private func dots(_ line: Line) -> [HTML] {
    let points = line.frames.map { frames in line.points.filter { frames.contains($0.iteration) } } ?? line.points
    let lieApart = points.count <= 40
    if line.frames == nil && !lieApart { return [] }
    return points.map { point in
      let (x, y) = place(point), quiet: HTML = lieApart ? "" : " class=\"quiet\""
      return """
        <circle\(quiet) data-iteration="\(point.iteration)" cx="\(fixed(x, 1))" cy="\(fixed(y, 1))" r="2.5"/>
        """
    }
  }
}

/// The numbers along a chart's side: round ones, at equal distances, from the first to the last.
package struct Axis: Hashable, Sendable {
  /// The numbers, at least two.
  package let ticks: [Double]
  /// The same as text.
  package let labels: [String]

  /// An axis for finite `values`, of about five numbers; those of a `whole` one are integers.
  package init(over values: [Double], whole: Bool = false) {
    var low = values.min() ?? 0, high = values.max() ?? 1
    if low == high {
      let room = max(1, abs(low) / 8)
      (low, high) = (whole ? low : low - room, high + room)
    }
    let step = max(whole ? 1 : 0, Self.roundStep((high - low) / 5))
    // A value that is a tick but for rounding needs no further one.
    let first = (low / step + 1e-9).rounded(.down), last = (high / step - 1e-9).rounded(.up)
    ticks = stride(from: first, through: last, by: 1).map { $0 * step }
    let place = Self.exponent(step), isPlain = place >= -4 && max(abs(low), abs(high)) < 1e7
    labels = ticks.map { isPlain ? fixed($0, max(0, -place)) : Self.scientific($0, lastPlace: place) }
  }

  /// Where a value lies between the first tick, 0, and the last, 1.
  package func fraction(_ value: Double) -> Double {
    (value - ticks[0]) / (ticks[ticks.count - 1] - ticks[0])
  }

  /// The least of 1, 2 and 5 times a power of ten that is no less than `step`.
  private static func roundStep(_ step: Double) -> Double {
    let power = pow(10, Double(exponent(step)))
    return ([1, 2, 5].first { $0 * power >= step * (1 - 1e-9) } ?? 10) * power
  }

  /// ⌊log₁₀ x⌋, where x may be a power of ten but for rounding.
  private static func exponent(_ value: Double) -> Int { Int((log10(value) + 1e-9).rounded(.down)) }

  private static func scientific(_ value: Double, lastPlace: Int) -> String {
    if value == 0 { return "0" }
    let exponent = exponent(abs(value))
    return "\(fixed(value / pow(10, Double(exponent)), max(0, exponent - lastPlace)))e\(exponent)"
  }
}
