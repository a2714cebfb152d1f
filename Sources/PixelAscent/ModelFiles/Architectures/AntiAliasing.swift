// SPDX-License-Identifier: MIT

/// What halves the height and the width in place of a stride of 2.
enum AntiAliasing {
  /// The mean of 2×2 pixels.
  case average
  /// The binomial filter (1, 2, 1) / 4 in both directions, with zeros around the image (Zhang: "Making convolutional
  /// networks shift-invariant again", arXiv:1904.11486).
  case blur
  /// The binomial filter with a border in which the image is mirrored at its edges.
  case reflectedBlur
}

extension ArchitectureBuilder {
  /// Halves the height and the width, as networks that avoid aliasing do in place of a stride of 2.
  mutating func halved(_ name: String, _ x: Value, _ antiAliasing: AntiAliasing) -> Value {
    switch antiAliasing {
    case .average: return averagePool(name, x, kernel: 2, stride: 2)
    case .blur: return blur(name, x, padding: 1)
    case .reflectedBlur: return blur(name, border("\(name).border", x, width: 1, mode: .reflect), padding: 0)
    }
  }

  private mutating func blur(_ name: String, _ x: Value, padding: Int) -> Value {
    let row: [Float] = [0.25, 0.5, 0.25], kernel = row.flatMap { y in row.map { y * $0 } }
    let weights = Tensor(shape: [x.channels, 1, 3, 3], values: (0..<x.channels).flatMap { _ in kernel })
    return constantConvolution(name, x, weights, stride: 2, padding: padding, groups: x.channels)
  }
}
