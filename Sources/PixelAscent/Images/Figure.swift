// SPDX-License-Identifier: MIT

/// Pictures in a grid on white, each with a caption above it.
///
/// ```swift
/// let figure = Figure([Figure.Panel(photo, caption: "goose 0.94"), Figure.Panel(map, caption: "saliency")])
/// try figure.image().write(to: "figure.png")
/// ```
///
/// Columns are as wide as their widest picture, and rows as high as their highest. Pictures lie at the top of their row and
/// in the middle of their column. The captions are black, centred, and of one size: the greatest at which all captions
/// fit the widths of their columns. Captions that do not even fit at the smallest size are shortened.
///
/// Equal figures give equal pixels on every machine.
public struct Figure: Hashable, Sendable {
  /// A picture and its caption.
  public struct Panel: Hashable, Sendable {
    /// The picture.
    public var picture: RGBImage
    /// The text above the picture; nil for none.
    public var caption: Caption?

    /// Creates a panel.
    public init(_ picture: RGBImage, caption: Caption? = nil) { (self.picture, self.caption) = (picture, caption) }
  }

  /// The text above a picture. A character that the figures' font does not have is drawn as a box.
  public struct Caption: Hashable, Sendable, ExpressibleByStringLiteral {
    /// The text before ``ending``.
    public var text: String
    /// The end of the caption, such as " 0.94". If the caption is too wide, ``text`` is shortened and the ending stays.
    public var ending: String

    /// Creates a caption.
    public init(_ text: String, ending: String = "") { (self.text, self.ending) = (text, ending) }

    /// Creates a caption without a separate ending.
    public init(stringLiteral text: String) { self.init(text) }
  }

  /// How a figure is laid out.
  ///
  /// In JSON a style is an object such as {"captions":true,"scale":2}, with the number of columns if that is given.
  public struct Style: Hashable, Sendable {
    /// Whether the captions are drawn.
    public var hasCaptions: Bool
    /// The number of columns, at least 1; nil for as many as fit into ``Figure/usualWidth``, and at least one.
    public var columns: Int?
    /// How many times its size everything has, from 1 to 16. A pixel of a picture becomes a square of equal pixels; texts
    /// are drawn at their final size, so they stay sharp.
    public var scale: Int

    /// One row without captions, as ``RGBImage/init(row:)`` makes it.
    public static let row = Style(hasCaptions: false, columns: .max)

    /// Creates a style.
    public init(hasCaptions: Bool = true, columns: Int? = nil, scale: Int = 1) {
      (self.hasCaptions, self.columns, self.scale) = (hasCaptions, columns, scale)
    }

    /// Checks the number of columns and the scale.
    ///
    /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if one of them is out of range.
    public func validate() throws(PixelAscentError) {
      guard columns ?? 1 >= 1 else {
        throw PixelAscentError(.invalidParameter, "a figure must have 1 column or more, found \(columns ?? 1)")
      }
      guard Self.scales.contains(scale) else {
        throw PixelAscentError(.invalidParameter, "\(advice: .scale) must be from 1 to 16, found \(scale)")
      }
    }

    private static let scales = 1...16
  }

  /// The width in pixels at a scale of 1 that a figure without a given number of columns does not exceed, unless a single
  /// picture is wider.
  public static let usualWidth = 1200

  /// The pictures, row by row.
  public var panels: [Panel]
  /// The layout.
  public var style: Style

  /// Creates a figure of at least one picture.
  public init(_ panels: [Panel], style: Style = Style()) { (self.panels, self.style) = (panels, style) }

  /// Returns the figure as a picture.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if there is no picture or the style is out of range, and
  ///   `sizeLimit` if memory runs out.
  public func image() throws(PixelAscentError) -> RGBImage {
    try image(pictureScale: style.scale)
  }

  /// Returns the figure as a picture. With a `pictureScale` of 1, the pictures already have their final size.
  package func image(pictureScale: Int) throws(PixelAscentError) -> RGBImage {
    try style.validate()
    if panels.isEmpty { throw PixelAscentError(.invalidParameter, "a figure must have 1 picture or more, found 0") }
    let layout = FigureLayout(self, pictureScale: pictureScale)
    guard let bytes = layout.byteCount else {
      throw PixelAscentError(.sizeLimit, "a figure of \(layout.width)×\(layout.height) pixels is too large")
    }
    if bytes >= 1 << 20 {
      try Files.checkMemory(bytes, "a figure of \(layout.width)×\(layout.height) pixels takes")
    }
    var pixels = [UInt8](repeating: 255, count: bytes)
    for (index, panel) in panels.enumerated() {
      let (left, top) = layout.place(index, width: pictureScale * panel.picture.width)
      panel.picture.draw(into: &pixels, width: layout.width, left: left, top: top, scale: pictureScale)
    }
    for text in layout.texts {
      text.coverage.draw(into: &pixels, width: layout.width, height: layout.height, left: text.left, top: text.baseline)
    }
    return RGBImage(width: layout.width, height: layout.height, pixels: pixels)
  }

  /// The number of bytes that the figure's picture takes; nil if the figure has no picture or the number is too great.
  package var byteCount: Int? {
    panels.isEmpty ? nil : FigureLayout(self, pictureScale: style.scale).byteCount
  }

  /// Returns the size of a figure of `count` pictures of one size.
  ///
  /// - Precondition: the style is valid, and `count` pictures of this size fit into the memory.
  package static func size(_ count: Int, of picture: PixelSize, _ style: Style) -> PixelSize {
    let spaces = FigureSpaces(hasCaptions: style.hasCaptions), scale = style.scale
    let columns = min(style.columns ?? spaces.columns(of: picture.width), count)
    let rows = (count + columns - 1) / columns
    return PixelSize(
      height: scale * (2 * spaces.margin + rows * (spaces.caption + picture.height) + (rows - 1) * spaces.gap),
      width: scale * (2 * spaces.margin + columns * picture.width + (columns - 1) * spaces.gap))
  }
}

extension Figure.Style: Codable {
  private enum CodingKeys: String, CodingKey {
    case columns, scale
    case hasCaptions = "captions"
  }
}

// The techniques' codings use these two functions. The pictures of the first versions have one row without captions and
// do not say so.
extension KeyedDecodingContainer {
  func decode(_ type: Figure.Style.Type, forKey key: Key) throws -> Figure.Style {
    try decodeIfPresent(Figure.Style.self, forKey: key) ?? .row
  }
}

extension KeyedEncodingContainer {
  mutating func encode(_ style: Figure.Style, forKey key: Key) throws {
    if style != .row { try encodeIfPresent(style, forKey: key) }
  }
}

/// The spaces of a figure, in pixels at a scale of 1.
struct FigureSpaces {
  /// The space between two pictures, and around all of them.
  let gap, margin: Int
  /// The height of a caption and the space below it, and the part of this space that lies above the baseline.
  let caption, baseline: Int

  init(hasCaptions: Bool) {
    (gap, margin) = hasCaptions ? (10, 10) : (RGBImage.gap, 0)
    (caption, baseline) = hasCaptions ? (16, 10) : (0, 0)
  }

  /// The usual number of columns of pictures that are up to `width` pixels wide.
  func columns(of width: Int) -> Int { max(1, (Figure.usualWidth - 2 * margin + gap) / (width + gap)) }
}

/// The places of a figure's pictures and captions.
private struct FigureLayout {
  /// A caption and the place of its origin.
  struct Text {
    let coverage: TextCoverage
    let left, baseline: Int
  }

  /// The size of the figure in pixels.
  let width, height: Int
  private(set) var texts: [Text] = []
  private let lefts, widths, tops: [Int]

  /// The greatest and the smallest size of captions: the pixels of the em at a scale of 1.
  private static let textSizes = 9...13

  init(_ figure: Figure, pictureScale: Int) {
    let panels = figure.panels, scale = figure.style.scale
    let hasCaptions = figure.style.hasCaptions && panels.contains { $0.caption != nil }
    let spaces = FigureSpaces(hasCaptions: hasCaptions)
    let widest = panels.map { pictureScale * $0.picture.width }.max() ?? 1
    let columns = min(figure.style.columns ?? spaces.columns(of: (widest + scale - 1) / scale), panels.count)
    var widths = [Int](repeating: 0, count: columns), heights: [Int] = []
    for (index, panel) in panels.enumerated() {
      let (row, column) = index.quotientAndRemainder(dividingBy: columns)
      widths[column] = max(widths[column], pictureScale * panel.picture.width)
      if column == 0 { heights.append(0) }
      heights[row] = max(heights[row], pictureScale * panel.picture.height)
    }
    let gap = scale * spaces.gap, margin = scale * spaces.margin
    var left = margin, top = margin, lefts: [Int] = [], tops: [Int] = []
    for width in widths {
      lefts.append(left)
      left += width + gap
    }
    for height in heights {
      tops.append(top + scale * spaces.caption)
      top += scale * spaces.caption + height + gap
    }
    (self.lefts, self.widths, self.tops) = (lefts, widths, tops)
    (width, height) = (left - gap + margin, top - gap + margin)
    if hasCaptions { texts = texts(panels, scale: scale, baseline: scale * (spaces.baseline - spaces.caption)) }
  }

  /// The number of values of the figure's pixels; nil if there are too many.
  var byteCount: Int? { elementCount([width, height, 3]) }

  /// Returns the place of a picture's upper left corner.
  func place(_ index: Int, width: Int) -> (left: Int, top: Int) {
    let (row, column) = index.quotientAndRemainder(dividingBy: widths.count)
    return (lefts[column] + (widths[column] - width) / 2, tops[row])
  }

  /// Returns the captions. Their size and what is left of them is decided at a scale of 1, so it does not depend on the
  /// scale.
  private func texts(_ panels: [Figure.Panel], scale: Int, baseline: Int) -> [Text] {
    let lines = panels.map { $0.caption.map(CaptionLine.init) }
    func space(_ index: Int) -> Int { widths[index % widths.count] / scale }
    let size = Self.textSizes.reversed().first { size in
      lines.indices.allSatisfy { lines[$0]?.width(size) ?? 0 <= space($0) }
    }
    return lines.enumerated().compactMap { (index: Int, line: CaptionLine?) -> Text? in
      guard let line else { return nil }
      let glyphs = size == nil ? line.shortened(to: space(index), Self.textSizes.lowerBound) : line.glyphs
      let pixels = scale * (size ?? Self.textSizes.lowerBound), width = CaptionFont.width(glyphs, size: pixels)
      if width == 0 { return nil }
      let place = place(index, width: width)
      return Text(
        coverage: CaptionFont.coverage(glyphs, size: pixels), left: place.left, baseline: place.top + baseline)
    }
  }
}

/// The glyphs of a caption.
private struct CaptionLine {
  private let text, ending: [CaptionFont.Glyph]

  init(_ caption: Figure.Caption) {
    (text, ending) = (CaptionFont.shared.glyphs(of: caption.text), CaptionFont.shared.glyphs(of: caption.ending))
  }

  var glyphs: [CaptionFont.Glyph] { text + ending }

  func width(_ size: Int) -> Int { CaptionFont.width(glyphs, size: size) }

  /// Returns the caption, with "…" for the end of its text, in at most `width` pixels. If the ending takes more than two
  /// thirds of the width, it is shortened too.
  func shortened(to width: Int, _ size: Int) -> [CaptionFont.Glyph] {
    if self.width(size) <= width { return glyphs }
    let dots = CaptionFont.shared["…"], keepsEnding = 3 * CaptionFont.width(ending, size: size) <= 2 * width
    let (start, end) = keepsEnding ? (text, [dots] + ending) : (glyphs, [dots])
    let most = width * CaptionFont.unitsPerEm / size
    var sum = end.reduce(0) { $0 + $1.advance }
    if sum > most { return [] }
    let kept = start.prefix {
      sum += $0.advance
      return sum <= most
    }
    return kept + end
  }
}

extension RGBImage {
  /// Draws the picture into the interleaved pixels of a wider one; each pixel becomes `scale` × `scale` pixels.
  fileprivate func draw(into pixels: inout [UInt8], width canvas: Int, left: Int, top: Int, scale: Int) {
    for row in 0..<height {
      let source = self.pixels[3 * row * width..<3 * (row + 1) * width]
      var line = Array(source)
      if scale > 1 {
        line.removeAll(keepingCapacity: true)
        for start in stride(from: source.startIndex, to: source.endIndex, by: 3) {
          for _ in 0..<scale { line += source[start..<start + 3] }
        }
      }
      for copy in 0..<scale {
        let start = 3 * ((top + row * scale + copy) * canvas + left)
        pixels.replaceSubrange(start..<start + line.count, with: line)
      }
    }
  }
}

extension TextCoverage {
  /// Draws the text in black into interleaved pixels. Parts outside the picture are left out.
  ///
  /// - Parameters:
  ///   - originLeft: the column of the text's origin
  ///   - baseline: the row of the text's origin
  fileprivate func draw(
    into pixels: inout [UInt8], width canvas: Int, height rows: Int, left originLeft: Int, top baseline: Int
  ) {
    for row in 0..<height where (0..<rows).contains(baseline + top + row) {
      for column in 0..<width where (0..<canvas).contains(originLeft + left + column) {
        let rest = 255 - Int(values[row * width + column])
        if rest == 255 { continue }
        let start = 3 * ((baseline + top + row) * canvas + originLeft + left + column)
        for index in start..<start + 3 { pixels[index] = UInt8((Int(pixels[index]) * rest + 127) / 255) }
      }
    }
  }
}
