// SPDX-License-Identifier: MIT

extension Parameter {
  /// Returns the matrix of the linear layer that computes a convolution of one dimension over the channels of a vector,
  /// such as the gates of ECA-Net (Wang et al.: "ECA-Net", arXiv:1910.03151). The convolution's weights, of shape
  /// (1, 1, taps), lie along its diagonals. The matrix is made each time it is read.
  ///
  /// - Parameters:
  ///   - inputs: the number of the vector's channels
  ///   - outputs: the number of the convolution's outputs
  ///   - before: the number of zeros before the first channel
  ///   - dilation: the distance between the channels that an output reads
  func channelMatrix(inputs: Int, outputs: Int, before: Int, dilation: Int = 1) -> Parameter {
    Parameter(shape: [outputs, inputs]) { values throws(PixelAscentError) in
      let taps = try tensor().values
      values.update(repeating: 0)
      for output in 0..<outputs {
        for (tap, value) in taps.enumerated() {
          let input = output - before + tap * dilation
          if (0..<inputs).contains(input) { values[output * inputs + input] = value }
        }
      }
    }
  }
}
