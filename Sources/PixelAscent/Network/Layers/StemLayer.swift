// SPDX-License-Identifier: MIT

/// Computes a convolution that reads the image in plain planes.
struct StemLayer: RunnableLayer {
  let weights: ConvolutionWeights

  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, image, weights) = (pass.kernels, pass.y, pass.evaluation.image, weights)
    return pass.parts(multipleOf: kernels.blocksPerTile(sparse: false)) {
      kernels.stemForward(y, image, weights, $0)
    }
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dy, gradient) = (pass.kernels, pass.dy, pass.evaluation.gradientPlanes)
    let (weights, packed) = (weights, weights.inputGradient(height: gradient.height, width: gradient.width))
    return Step(
      rows: gradient.height,
      body: Parallel.Body { kernels.stemInputGradient(gradient, dy, weights, packed, rows: $0.rows) })
  }

  var mayOverwriteInput: Bool { true }
  var partialOutput: PartialOutput { .impossible }
}

extension Graph {
  /// Whether the image's only reader is a convolution that can read plain planes.
  var hasStem: Bool {
    let readers = layers.filter { $0.inputs.contains(Graph.image) }
    guard readers.count == 1, let convolution = readers[0].operation as? Convolution, convolution.groups == 1 else {
      return false
    }
    let window = convolution.window
    return max(window.y.kernel, window.x.kernel) <= Window.widestStem && window.y.dilation == 1
      && window.x.dilation == 1
  }
}
