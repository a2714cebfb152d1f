// SPDX-License-Identifier: MIT
//
// Access for the tests to the parts of an ascent, each alone.

/// Random transforms, on images as tensors of shape (C, H, W) in normalised space.
package struct TransformProbe {
  private let chain: TransformChain
  private let channels, height, width: Int
  private let size: (height: Int, width: Int)

  /// Draws the transforms of one evaluation.
  package init(
    _ transforms: [ImageTransform], _ network: Network, height: Int, width: Int, seed: UInt64 = 0,
    evaluation: UInt64 = 0, iterations: Int = 1, samples: Int = 1
  ) throws {
    (channels, self.height, self.width) = (network.channels, height, width)
    chain = try TransformChain(
      transforms, network, height: height, width: width, iterations: iterations, samples: samples,
      RandomSource(seed: seed), network.parallel)
    size = chain.draw(evaluation)
  }

  /// Returns what the transforms make of an image.
  package func apply(_ image: Tensor) -> Tensor {
    let y = ImagePlanes(channels: channels, height: size.height, width: size.width)
    chain.apply(y, ImagePlanes(image))
    return y.tensor
  }

  /// Returns the gradient of the image that belongs to a gradient of the transformed image.
  package func pullBack(_ gradient: Tensor) -> Tensor {
    let dx = ImagePlanes(channels: channels, height: height, width: width)
    chain.pullBack(dx, ImagePlanes(gradient), accumulate: false)
    return dx.tensor
  }
}

/// The Fourier parametrization. Coefficients are tensors of shape (2, C, H, ⌊W/2⌋ + 1): real and imaginary parts.
package struct FourierProbe {
  private let parameters: FourierParameters

  package init(_ network: Network, height: Int, width: Int) throws {
    parameters = try FourierParameters(network, height: height, width: width, network.parallel)
  }

  /// Returns the image in normalised space that coefficients make.
  package func image(_ coefficients: Tensor) -> Tensor {
    let (channels, height, columns) = (coefficients.shape[1], coefficients.shape[2], coefficients.shape[3])
    let half = channels * height * columns
    parameters.spectrum.fill { channel, row, column in
      let index = (channel * height + row) * columns + column
      return (coefficients.values[index], coefficients.values[half + index])
    }
    parameters.makeImage()
    return parameters.image.tensor
  }

  /// Returns the gradient of the last coefficients that belongs to a gradient of their image.
  package func pullBack(_ gradient: Tensor) -> Tensor {
    parameters.pullBack(ImagePlanes(gradient))
    return parameters.spectrumGradient.tensor
  }

  /// Returns the coefficients of an image in normalised space.
  package func coefficients(of image: Tensor) -> Tensor {
    parameters.fill(from: image)
    return parameters.spectrum.tensor
  }
}

/// The phase parametrization. Phases and magnitudes are tensors of shape (C, H, W/2 + 1).
package struct PhaseProbe {
  private let parameters: PhaseParameters
  private let shape: [Int]

  package init(_ network: Network, height: Int, width: Int, magnitude: Tensor) throws {
    shape = magnitude.shape
    parameters = try PhaseParameters(network, height: height, width: width, magnitude: magnitude, network.parallel)
  }

  /// Returns the image in normalised space that phases make.
  package func image(_ phases: Tensor) -> Tensor {
    parameters.set(phases.values)
    parameters.makeImage()
    return parameters.image.tensor
  }

  /// Returns the gradient of the last phases that belongs to a gradient of their image.
  package func pullBack(_ gradient: Tensor) -> Tensor {
    parameters.pullBack(ImagePlanes(gradient))
    return Tensor(shape: shape, values: parameters.phaseGradientValues)
  }
}

/// An optimizer with its moments.
package final class OptimizerProbe {
  private let state: OptimizerState
  private let parameters, gradient: FloatBuffer
  private let count: Int

  /// Starts from parameters.
  package init(_ optimizer: Optimizer, from start: [Float], threads: Int = 1) {
    count = start.count
    let padded = (count + 15) / 16 * 16
    state = OptimizerState(optimizer, count: padded, trueCount: count, Kernels(.best), Parallel(threads: threads))
    (parameters, gradient) = (FloatBuffer(count: padded), FloatBuffer(count: padded))
    parameters.replace(from: 0, with: start)
  }

  /// Makes a step along a gradient and returns the parameters.
  package func step(_ values: [Float], rate: Double) throws(PixelAscentError) -> [Float] {
    gradient.replace(from: 0, with: values)
    try state.step(parameters, gradient, rate: rate)
    return parameters.values(0..<count)
  }
}

extension Regularizer {
  /// Returns the gradient of the weighted term at an image.
  package func gradient(at image: Tensor) -> Tensor {
    func planes() -> ImagePlanes {
      ImagePlanes(channels: image.shape[0], height: image.shape[1], width: image.shape[2])
    }
    let x = planes(), gradient = planes()
    x.tensor = image
    subtractGradient(from: gradient, at: x)
    return Tensor(shape: image.shape, values: gradient.tensor.values.map { -$0 })
  }
}
