// SPDX-License-Identifier: MIT

/// A colour map: the colours that show a map's values, from the least to the greatest.
public enum Colormap: String, Codable, CaseIterable, Hashable, Sendable {
  /// Black, red, yellow, white, with Matplotlib's break points.
  case hot
  /// Dark violet, blue, green, yellow in steps that look equally large, also in grey and to colour-blind people
  /// (Nathaniel Smith and Stéfan van der Walt, 2015; CC0).
  case viridis
  /// Black to white.
  case grey

  /// Every fifth of viridis's 256 colours. The colours in between differ from a linear interpolation by at most 1/255.
  private static let viridisColors: [SIMD4<Float>] = {
    let colors: [UInt32] = [
      0x440154, 0x46085C, 0x471063, 0x481769, 0x481D6F, 0x482475, 0x472A7A, 0x46307E, 0x453781, 0x433D84, 0x414287,
      0x3F4889, 0x3D4E8A, 0x3A538B, 0x38598C, 0x355E8D, 0x33638D, 0x31688E, 0x2E6D8E, 0x2C718E, 0x2A768E, 0x297B8E,
      0x27808E, 0x25848E, 0x23898E, 0x218E8D, 0x20928C, 0x1F978B, 0x1E9C89, 0x1FA188, 0x21A585, 0x24AA83, 0x28AE80,
      0x2EB37C, 0x35B779, 0x3DBC74, 0x46C06F, 0x50C46A, 0x5AC864, 0x65CB5E, 0x70CF57, 0x7CD250, 0x89D548, 0x95D840,
      0xA2DA37, 0xB0DD2F, 0xBDDF26, 0xCAE11F, 0xD8E219, 0xE5E419, 0xF1E51D, 0xFDE725,
    ]
    return colors.map { (color: UInt32) -> SIMD4<Float> in
      SIMD4(Float(color >> 16), Float(color >> 8 & 0xFF), Float(color & 0xFF), 0)
    }
  }()

  private static func viridis(_ heat: Float) -> SIMD4<Float> {
    let position = heat * Float(viridisColors.count - 1), below = min(Int(position), viridisColors.count - 2)
    return viridisColors[below] + (viridisColors[below + 1] - viridisColors[below]) * (position - Float(below))
  }

  /// Returns red, green and blue, whole numbers from 0 to 255, for 16 values from 0 to 1.
  fileprivate func bytes(_ heat: SIMD16<Float>) -> (red: SIMD16<Float>, green: SIMD16<Float>, blue: SIMD16<Float>) {
    switch self {
    case .hot:
      // Red, green and blue rise one after another.
      let red: SIMD16<Float> = heat * (0.9584 / 0.365079) + 0.0416
      let green: SIMD16<Float> = (heat - 0.365079) / 0.380953
      let blue: SIMD16<Float> = (heat - 0.746032) / 0.253968
      return (rounded(inUnitRange(red) * 255), rounded(inUnitRange(green) * 255), rounded(inUnitRange(blue) * 255))
    case .viridis:
      var (red, green, blue) = (SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>())
      for lane in 0..<16 {
        let color = Self.viridis(heat[lane])
        (red[lane], green[lane], blue[lane]) = (color.x, color.y, color.z)
      }
      return (rounded(red), rounded(green), rounded(blue))
    case .grey:
      let grey = rounded(heat * 255)
      return (grey, grey, grey)
    }
  }
}

extension RGBImage {
  /// Creates a picture of a map of shape (H, W). The map's least value gets the first colour, and a percentile of its
  /// values gets the last colour, as do all values above the percentile. A map of equal values gets the first colour.
  ///
  /// `percentile` is above 0 and at most 100; 100 stands for the greatest value. Percentiles between two values are
  /// linearly interpolated.
  public init(map: Tensor, colormap: Colormap = .hot, percentile: Double = 100) {
    precondition(map.shape.count == 2)
    let (low, high) = map.values.range(percentile: percentile)
    // The reciprocal of a denormal range would be infinite.
    let scale: Float = high - low < 0x1p-100 ? 0x1p100 : 1
    // If the percentile is the least value, all greater values get the last colour.
    let gain = high > low ? 1 / ((high - low) * scale) : .greatestFiniteMagnitude
    var pixels = [UInt8](repeating: 0, count: 3 * map.values.count)
    for start in stride(from: 0, to: map.values.count, by: 16) {
      let heat = inUnitRange((map.values.block(start, padding: low) - low) * scale * gain)
      let bytes = colormap.bytes(heat)
      for lane in 0..<Swift.min(16, map.values.count - start) {
        let pixel = 3 * (start + lane)
        pixels[pixel] = UInt8(bytes.red[lane])
        pixels[pixel + 1] = UInt8(bytes.green[lane])
        pixels[pixel + 2] = UInt8(bytes.blue[lane])
      }
    }
    self.init(width: map.shape[1], height: map.shape[0], pixels: pixels)
  }
}

extension [Float] {
  /// Returns the least element and a percentile.
  fileprivate func range(percentile: Double) -> (low: Float, high: Float) {
    precondition(percentile > 0 && percentile <= 100, "a percentile can't be \(percentile)")
    return percentile == 100 ? range : (range.low, Float(sorted().percentile(percentile)))
  }
}

/// Returns the values clamped to [0, 1], with 0 for NaN.
private func inUnitRange(_ values: SIMD16<Float>) -> SIMD16<Float> {
  SIMD16<Float>.zero.replacing(with: values, where: values .> 0).replacing(with: 1, where: values .> 1)
}

/// Returns the nearest whole numbers, ties to even. A sum with 1.5 · 2²³ has no bits left for a fraction.
private func rounded(_ values: SIMD16<Float>) -> SIMD16<Float> { values + 12_582_912 - 12_582_912 }
