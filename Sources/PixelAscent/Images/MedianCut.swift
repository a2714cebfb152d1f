// SPDX-License-Identifier: MIT

/// A colour as 0xRRGGBB, and the number of pixels that have the colour.
struct WeightedColor {
  let color: UInt32
  let count: Int
}

/// Chooses a few colours for many by median cut (Heckbert 1982, <https://doi.org/10.1145/965145.801294>).
enum MedianCut {
  /// Returns at most `most` different colours, as 0xRRGGBB, that are close to `colors`.
  ///
  /// The colours start as one group. Again and again, the group whose pixels differ most in one channel is cut in two at
  /// this channel's median. A group's mean is a colour of the palette.
  ///
  /// - Precondition: there is at least one colour.
  static func palette(of colors: [WeightedColor], most: Int) -> [UInt32] {
    var groups = [ColorGroup(colors)]
    while groups.count < most {
      guard let widest = groups.indices.max(by: { groups[$0].spread < groups[$1].spread }), groups[widest].spread > 0
      else { break }
      let (low, high) = groups[widest].cut()
      groups[widest] = low
      groups.append(high)
    }
    return groups.map(\.mean)
  }

  /// Returns the mean colour of `count` pixels, as 0xRRGGBB, from the sums of their red, green and blue values.
  static func mean(_ sums: ArraySlice<Int>, _ count: Int) -> UInt32 {
    sums.reduce(0) { $0 << 8 | UInt32(($1 + count / 2) / count) }
  }
}

private struct ColorGroup {
  let colors: [WeightedColor]
  /// The mean of the pixels' colours.
  let mean: UInt32
  /// The channel in which the pixels differ most: 0 red, 1 green, 2 blue.
  let channel: Int
  /// The sum of the squares of the differences from the mean in this channel; 0 if all pixels have one colour.
  let spread: Double

  init(_ colors: [WeightedColor]) {
    var count = 0, sums = [0, 0, 0], squares = [0, 0, 0]
    for entry in colors {
      count += entry.count
      for channel in 0..<3 {
        let value = entry.color.channel(channel)
        sums[channel] += entry.count * value
        squares[channel] += entry.count * value * value
      }
    }
    let spreads = (0..<3).map { Double(squares[$0]) - Double(sums[$0]) * Double(sums[$0]) / Double(count) }
    let channel = (0..<3).max { spreads[$0] < spreads[$1] } ?? 0
    self.colors = colors
    self.channel = channel
    mean = MedianCut.mean(sums[...], count)
    // Rounding may leave a little of nothing.
    spread = colors.count > 1 ? spreads[channel] : 0
  }

  /// Divides the group at the median of the channel in which its pixels differ most.
  func cut() -> (low: ColorGroup, high: ColorGroup) {
    var counts = [Int](repeating: 0, count: 256), total = 0
    for entry in colors {
      counts[entry.color.channel(channel)] += entry.count
      total += entry.count
    }
    let highest = counts.lastIndex { $0 > 0 } ?? 0
    var median = 0, below = counts[0]
    while 2 * below < total {
      median += 1
      below += counts[median]
    }
    // The colours with the median go to the low half, or to the high half if it would have none.
    let firstHigh = median == highest ? median : median + 1
    return (
      ColorGroup(colors.filter { $0.color.channel(channel) < firstHigh }),
      ColorGroup(colors.filter { $0.color.channel(channel) >= firstHigh })
    )
  }
}

extension UInt32 {
  /// Returns the value of red (0), green (1) or blue (2) in the colour 0xRRGGBB.
  func channel(_ index: Int) -> Int { Int(self >> (16 - 8 * UInt32(index)) & 255) }
}
