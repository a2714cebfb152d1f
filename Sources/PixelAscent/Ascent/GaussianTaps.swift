// SPDX-License-Identifier: MIT

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Blur weights exp(−½(k/σ)²) of k = −R … R, R = ⌊4σ + ½⌋, with sum 1, for an axis of `size` pixels.
///
/// Half-sample reflection has period 2·size, so where R is larger the weights are those of one period, summed.
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
