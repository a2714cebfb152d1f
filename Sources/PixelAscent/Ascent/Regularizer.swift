// SPDX-License-Identifier: MIT

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A term that an ascent subtracts from its objective: a weight times a measure of the image X in normalised space, so
/// that the image stays smooth or small.
public enum Regularizer: Hashable, Sendable {
  /// The total variation Σ |X[y+1,x] − X[y,x]| + |X[y,x+1] − X[y,x]|, as `tf.image.total_variation` computes it.
  case totalVariation(weight: Double)
  /// Σ ((X[y+1,x] − X[y,x])² + (X[y,x+1] − X[y,x])²)^(β/2) over the pixels that have both neighbours (Mahendran, Vedaldi
  /// 2015). For β below 2, 10⁻⁸ is added under the root.
  case smoothness(weight: Double, exponent: Double)
  /// Σ |X|.
  case l1(weight: Double)
  /// Σ |X|^α (Mahendran, Vedaldi 2015, with α = 6).
  case alphaNorm(weight: Double, exponent: Double)

  /// The factor of the term.
  var weight: Double {
    switch self {
    case .totalVariation(let weight), .l1(let weight), .smoothness(let weight, _), .alphaNorm(let weight, _): weight
    }
  }

  /// Returns the weighted term of an image in normalised space, of shape (C, H, W).
  public func value(of image: Tensor) -> Double {
    let (height, width) = (image.shape[1], image.shape[2])
    func at(_ index: Int) -> Double { Double(image.values[index]) }
    var sum = 0.0
    for index in image.values.indices {
      let x = index % width, y = index / width % height
      let right = x + 1 < width ? at(index + 1) - at(index) : 0,
        below = y + 1 < height ? at(index + width) - at(index) : 0
      switch self {
      case .totalVariation: sum += abs(right) + abs(below)
      case .smoothness(_, let exponent):
        if x + 1 < width && y + 1 < height {
          sum += pow(right * right + below * below + Self.floor(exponent), exponent / 2)
        }
      case .l1: sum += abs(at(index))
      case .alphaNorm(_, let exponent): sum += pow(abs(at(index)), exponent)
      }
    }
    return weight * sum
  }

  private static func floor(_ exponent: Double) -> Double { exponent < 2 ? 1e-8 : 0 }

  /// Subtracts the gradient of the weighted term at the image X.
  func subtractGradient(from gradient: ImagePlanes, at image: ImagePlanes) {
    let x = image.tensor.values, (height, width) = (image.height, image.width), weight = Float(weight)
    var change = [Float](repeating: 0, count: x.count)
    func sign(_ value: Float) -> Float { value > 0 ? 1 : value < 0 ? -1 : 0 }
    switch self {
    case .totalVariation:
      for row in 0..<x.count / width {
        for index in row * width..<(row + 1) * width {
          if index + 1 < (row + 1) * width {
            let slope = weight * sign(x[index + 1] - x[index])
            change[index] += slope
            change[index + 1] -= slope
          }
          if (row + 1) % height != 0 {
            let slope = weight * sign(x[index + width] - x[index])
            change[index] += slope
            change[index + width] -= slope
          }
        }
      }
    case .smoothness(_, let exponent):
      for row in 0..<x.count / width where (row + 1) % height != 0 {
        for index in row * width..<(row + 1) * width - 1 {
          let right = x[index + 1] - x[index], below = x[index + width] - x[index]
          let square = Double(right * right + below * below) + Self.floor(exponent)
          if square == 0 { continue }
          let slope = weight * Float(exponent * pow(square, exponent / 2 - 1))
          change[index] += slope * (right + below)
          change[index + 1] -= slope * right
          change[index + width] -= slope * below
        }
      }
    case .l1: for index in x.indices { change[index] = -weight * sign(x[index]) }
    case .alphaNorm(_, let exponent):
      for index in x.indices {
        change[index] = -weight * Float(exponent * pow(Double(abs(x[index])), exponent - 1)) * sign(x[index])
      }
    }
    gradient.add(change)
  }
}
