// SPDX-License-Identifier: MIT

/// The colours of a GIF, and the colour of each pixel among them.
///
/// Colours that are not in the palette are shown as patterns of 4 × 4 pixels (Thomas Knoll's pattern dithering, US patent
/// 6,606,166, expired in 2019). For this purpose similar colours, four values of each channel, are taken as one.
struct GIFPalette {
  /// The colours: 1 to 255 different ones.
  let colors: [RGBColor]
  private let choice: Choice

  private enum Choice {
    /// The indices of colours that are all in the palette.
    case exact([UInt32: UInt8])
    /// The indices of the 16 pixels of the pattern of each cell of colours, one cell after the other.
    case patterns([UInt8])
  }

  /// Chooses a palette for all `frames`.
  init(_ frames: [RGBImage]) {
    if let few = Self.fewColors(frames) {
      colors = few.map(RGBColor.init(packed:))
      choice = .exact(Dictionary(uniqueKeysWithValues: zip(few, 0...)))
    } else {
      let cells = Self.occupiedCells(frames)
      let packed = MedianCut.palette(of: cells.map { WeightedColor(color: $0.color, count: $0.count) }, most: 255)
      colors = packed.map(RGBColor.init(packed:))
      let dither = PatternDither(packed)
      var patterns = [UInt8](repeating: 0, count: 16 << 18)
      for cell in cells {
        patterns.replaceSubrange(16 * cell.index..<16 * cell.index + 16, with: dither.pattern(of: cell.color))
      }
      choice = .patterns(patterns)
    }
  }

  /// Returns the index of the colour of each pixel, row by row.
  func indices(of image: RGBImage) -> [UInt8] {
    var indices: [UInt8] = []
    indices.reserveCapacity(image.width * image.height)
    for pixel in 0..<image.width * image.height {
      let color = image.packedColor(pixel)
      switch choice {
      case .exact(let places): indices.append(places[color] ?? 0)
      case .patterns(let patterns):
        let row = pixel / image.width & 3, column = pixel % image.width & 3
        indices.append(patterns[16 * Self.cell(of: color) + 4 * row + column])
      }
    }
    return indices
  }

  /// Returns all colours of the frames in ascending order; nil if they are more than 255.
  private static func fewColors(_ frames: [RGBImage]) -> [UInt32]? {
    var colors: Set<UInt32> = [], last: UInt32?
    for frame in frames {
      for pixel in 0..<frame.width * frame.height {
        let color = frame.packedColor(pixel)
        if color == last { continue }
        last = color
        if colors.insert(color).inserted && colors.count > 255 { return nil }
      }
    }
    return colors.sorted()
  }

  /// Returns the number of the cell of a colour, which consists of the six high bits of the three channels.
  private static func cell(of color: UInt32) -> Int {
    let red = color.channel(0) >> 2, green = color.channel(1) >> 2, blue = color.channel(2) >> 2
    return red << 12 | green << 6 | blue
  }

  /// Returns the cells that have pixels in the frames: each cell's mean colour and number of pixels.
  private static func occupiedCells(_ frames: [RGBImage]) -> [(index: Int, color: UInt32, count: Int)] {
    var counts = [Int](repeating: 0, count: 1 << 18), sums = [Int](repeating: 0, count: 3 << 18)
    for frame in frames {
      for pixel in 0..<frame.width * frame.height {
        let color = frame.packedColor(pixel), index = cell(of: color)
        counts[index] += 1
        for channel in 0..<3 { sums[3 * index + channel] += color.channel(channel) }
      }
    }
    return counts.indices.filter { counts[$0] > 0 }.map { index in
      (index, MedianCut.mean(sums[3 * index..<3 * index + 3], counts[index]), counts[index])
    }
  }
}

/// Patterns of 4 × 4 pixels of a palette's colours, whose means are close to any colour.
private struct PatternDither {
  private let palette: [(red: Int, green: Int, blue: Int)]
  /// The order in which the pixels of a pattern become bright: Bayer's matrix.
  private static let order = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5]

  init(_ palette: [UInt32]) { self.palette = palette.map { ($0.channel(0), $0.channel(1), $0.channel(2)) } }

  /// Returns the indices of the pixels of the pattern for `color`, row by row.
  ///
  /// Each of 16 colours is the nearest to `color` plus a quarter of the errors of those before. Sorted by brightness, the
  /// 16 colours take the places of Bayer's matrix. With all of the errors, smooth pictures that are blurred to the size of
  /// a pattern have 1 dB less error, but noisy ones have 3 dB more, and single pixels 2 to 3 dB more.
  func pattern(of color: UInt32) -> [UInt8] {
    let (red, green, blue) = (color.channel(0), color.channel(1), color.channel(2))
    var error = (red: 0, green: 0, blue: 0), chosen: [Int] = []
    for _ in 0..<16 {
      let index = nearest(red + error.red / 4, green + error.green / 4, blue + error.blue / 4), found = palette[index]
      error.red += red - found.red
      error.green += green - found.green
      error.blue += blue - found.blue
      chosen.append(index)
    }
    let sorted = chosen.sorted { (brightness($0), $0) < (brightness($1), $1) }
    return Self.order.map { UInt8(sorted[$0]) }
  }

  private func nearest(_ red: Int, _ green: Int, _ blue: Int) -> Int {
    var best = (index: 0, distance: Int.max)
    for index in palette.indices {
      let color = palette[index]
      let (r, g, b) = (red - color.red, green - color.green, blue - color.blue)
      let distance = r * r + g * g + b * b
      if distance < best.distance { best = (index, distance) }
    }
    return best.index
  }

  private func brightness(_ index: Int) -> Int {
    299 * palette[index].red + 587 * palette[index].green + 114 * palette[index].blue
  }
}

extension RGBImage {
  /// Returns the colour of a pixel as 0xRRGGBB.
  fileprivate func packedColor(_ pixel: Int) -> UInt32 {
    let red = UInt32(pixels[3 * pixel]), green = UInt32(pixels[3 * pixel + 1]), blue = UInt32(pixels[3 * pixel + 2])
    return red << 16 | green << 8 | blue
  }
}

extension RGBColor {
  /// Creates the colour 0xRRGGBB.
  fileprivate init(packed: UInt32) {
    self.init(red: UInt8(packed.channel(0)), green: UInt8(packed.channel(1)), blue: UInt8(packed.channel(2)))
  }
}
