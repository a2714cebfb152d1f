// SPDX-License-Identifier: MIT

extension Parameter {
  /// Returns the weights of a convolution with each output's weights shifted and scaled to mean 0 and variance 1
  /// (Qiao et al.: "Micro-batch training with batch-channel normalization and weight standardization", arXiv:1903.10520).
  func standardized() throws(PixelAscentError) -> Parameter {
    var weight = try tensor()
    let each = weight.values.count / max(shape[0], 1)
    for output in 0..<shape[0] {
      let range = output * each..<(output + 1) * each
      let mean = weight.values[range].reduce(0.0) { $0 + Double($1) } / Double(each)
      let variance = weight.values[range].reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(each)
      let scale = 1 / (variance + 1e-8).squareRoot()
      for index in range { weight.values[index] = Float((Double(weight.values[index]) - mean) * scale) }
    }
    return Parameter(weight)
  }
}
