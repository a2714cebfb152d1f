// SPDX-License-Identifier: MIT

import CPixelKernels

/// A layer of SqueezeNet 1.1 with the sizes of its input and output, and how an evaluation calls its kernels.
struct Layer {
  enum Operation { case stem, convolution, maxPool, globalAverage }

  let name: String
  let operation: Operation
  let kernel, stride, padding: Int
  /// The numbers of input and output channels.
  let inputs, outputs: Int
  /// The height and width of the input and of the output.
  let inputSize, outputSize: Int
  /// The blocks of output channels that an ascent computes. In the last two layers this is only the block of its class.
  var blocks: Range<Int>
  /// Whether the input gradient is added to another layer's input gradient.
  var accumulates = false
  /// Whether the input gradient is masked by a ReLU.
  var masks = false

  var window: pxa_window { pxa_window(y: axis, x: axis) }
  private var axis: pxa_axis {
    pxa_axis(
      kernel: Int32(kernel), stride: Int32(stride), before: Int32(padding), after: Int32(padding), dilation: 1)
  }
  var inputBlocks: Int { (inputs + 15) / 16 }

  /// Returns the multiplications and additions of one pass, including those with zeros.
  ///
  /// - Parameter allClasses: Whether to count all output channels, or only those that an ascent computes.
  func flop(allClasses: Bool = false) -> Double {
    if operation == .maxPool || operation == .globalAverage { return 0 }
    let computed = allClasses ? outputs : min(outputs, 16 * blocks.upperBound) - 16 * blocks.lowerBound
    return 2 * Double(computed * inputs) * Double(kernel * kernel) * Double(outputSize * outputSize)
  }
}

/// Returns the layers of SqueezeNet 1.1 on an image of `size` × `size` pixels, in an ascent to class `index`.
func squeezeNet(size: Int, class index: Int = Layer.index) -> [Layer] {
  var layers: [Layer] = []
  var channels = 3, size = size, isRectified = false

  func add(_ name: String, _ operation: Layer.Operation, kernel: Int, stride: Int = 1, padding: Int = 0, outputs: Int) {
    var output = size
    switch operation {
    case .stem, .convolution:
      output = (size + 2 * padding - kernel) / stride + 1
    case .maxPool:
      let axis = pxa_axis(kernel: Int32(kernel), stride: Int32(stride), before: 0, after: 0, dilation: 1)
      output = Int(pxa_output_size(axis, Int32(size), true))
    case .globalAverage: output = 1
    }
    layers.append(
      Layer(
        name: name, operation: operation, kernel: kernel, stride: stride, padding: padding, inputs: channels,
        outputs: outputs, inputSize: size, outputSize: output, blocks: 0..<(outputs + 15) / 16, masks: isRectified))
  }
  /// Makes the output of the last layer the input of the next.
  func advance() {
    guard let last = layers.last else { return }
    (channels, size) = (last.outputs, last.outputSize)
    isRectified = true
  }
  func pool(_ name: String) {
    add(name, .maxPool, kernel: 3, stride: 2, outputs: channels)
    advance()
  }
  func fire(_ name: String, squeeze: Int, expand: Int) {
    add("\(name)/squeeze1x1", .convolution, kernel: 1, outputs: squeeze)
    advance()
    // The gradient reaches expand3x3 first. So expand1x1 accumulates and masks, and expand3x3 does neither.
    add("\(name)/expand1x1", .convolution, kernel: 1, outputs: expand)
    layers[layers.count - 1].accumulates = true
    isRectified = false
    add("\(name)/expand3x3", .convolution, kernel: 3, padding: 1, outputs: expand)
    (channels, isRectified) = (2 * expand, true)
  }

  add("conv1", .stem, kernel: 3, stride: 2, outputs: 64)
  advance()
  pool("pool1")
  fire("fire2", squeeze: 16, expand: 64)
  fire("fire3", squeeze: 16, expand: 64)
  pool("pool3")
  fire("fire4", squeeze: 32, expand: 128)
  fire("fire5", squeeze: 32, expand: 128)
  pool("pool5")
  fire("fire6", squeeze: 48, expand: 192)
  fire("fire7", squeeze: 48, expand: 192)
  fire("fire8", squeeze: 64, expand: 256)
  fire("fire9", squeeze: 64, expand: 256)
  add("conv10", .convolution, kernel: 1, outputs: 1000)
  advance()
  add("scores", .globalAverage, kernel: size, outputs: channels)
  for last in layers.count - 2..<layers.count { layers[last].blocks = index / 16..<index / 16 + 1 }
  return layers
}

extension Layer {
  /// The class of all ascents of the suite.
  static let index = 76
  /// The height and width of the image.
  static let imageSize = 224
}
