// SPDX-License-Identifier: MIT

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Returns the weights of a Gaussian blur along an axis of `size` pixels: exp(−½(k/σ)²) for k = −R … R, R = ⌊4σ + ½⌋,
/// scaled to the sum 1.
///
/// The blur reflects the image at its borders with the period 2 · size. If R is larger than `size`, the weights of all
/// periods are therefore added to the weights of one, k = −size … size.
func gaussianTaps(sigma: Double, size: Int) -> [Float] {
  let radius = Int(4 * sigma + 0.5)
  var weights = (-radius...radius).map { (k: Int) -> Double in
    let deviations = Double(k) / sigma
    return exp(-0.5 * deviations * deviations)
  }
  let total = weights.reduce(0, +)
  if radius > size {
    var folded = [Double](repeating: 0, count: 2 * size + 1)
    for (index, weight) in weights.enumerated() {
      let offset = (index - radius + size) % (2 * size)
      folded[offset < 0 ? offset + 2 * size : offset] += weight
    }
    weights = folded
  }
  return weights.map { Float($0 / total) }
}
