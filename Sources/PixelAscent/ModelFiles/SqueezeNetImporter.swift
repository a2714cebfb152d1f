// SPDX-License-Identifier: MIT

/// Makes SqueezeNet 1.1 from the original Caffe weights in a pickled dictionary of NumPy arrays.
///
/// The dictionary maps a layer's name to its kernel, of shape (height, width, in, out), and its bias, of shape (out).
/// Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters", arXiv:1602.07360.
package enum SqueezeNetImporter {
  /// Returns a model that takes RGB in normalised space, from weights that take BGR from 0 to 255 minus Caffe's means.
  ///
  /// Error lines call the file `name`.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if a layer is missing, is unknown or occurs twice, or if an
  ///   array has the wrong shape or holds a value that is not finite.
  package static func model(from pickle: PickleValue, name: String) throws(PixelAscentError) -> Model {
    func fail(_ message: String) -> PixelAscentError { PixelAscentError(.invalidModel, Message(message), about: name) }
    func fail(_ layer: String, _ message: String) -> PixelAscentError {
      PixelAscentError(.invalidModel, Message(message), about: name, "layer \(layer)")
    }

    guard case .dict(let entries) = pickle else { throw fail("expected a dictionary of SqueezeNet's layers") }
    var layers = [String: PickleValue]()
    for entry in entries {
      guard case .string(let key) = entry.key else { throw fail("expected layer names as keys") }
      guard layers.updateValue(entry.value, forKey: key) == nil else {
        throw fail("layer \(key.oneLine) occurs twice")
      }
    }
    let shapes = try graph.shapes(inputSize: Preprocessing.imageNet.inputSize)
    var tensors = [String: Tensor]()
    for layer in graph.layers {
      guard let convolution = layer.operation as? Convolution else { continue }
      let (window, outputs) = (convolution.window, convolution.outputs)
      guard let value = layers.removeValue(forKey: layer.name) else {
        throw fail("expected SqueezeNet 1.1's layer \(layer.name), found none")
      }
      let arrays =
        switch value {
        case .list(let arrays), .tuple(let arrays): arrays
        default: [PickleValue]()
        }
      guard arrays.count == 2, case .array(let kernel) = arrays[0], case .array(let bias) = arrays[1] else {
        throw fail(layer.name, "expected a kernel and a bias array")
      }
      func check(_ what: String, _ tensor: Tensor, _ shape: [Int]) throws(PixelAscentError) {
        guard tensor.shape == shape else {
          let shapes = "expected the shape \(shapeText(shape)), found \(shapeText(tensor.shape))"
          throw PixelAscentError(.invalidModel, Message(shapes), about: name, "layer \(layer.name), \(what)")
        }
        guard tensor.isFinite else { throw fail(layer.name, "the \(what) holds a value that is not finite") }
      }
      try check("kernel", kernel, [window.y.kernel, window.x.kernel, shapes[layer.inputs[0]]?.channels ?? 0, outputs])
      try check("bias", bias, [outputs])
      tensors["\(layer.name).weight"] = outputsFirst(kernel)
      tensors["\(layer.name).bias"] = bias
    }
    if let key = layers.keys.min() { throw fail("SqueezeNet 1.1 has no layer \(key.oneLine)") }

    if let weight = tensors["conv1.weight"], let bias = tensors["conv1.bias"] {
      (tensors["conv1.weight"], tensors["conv1.bias"]) = foldedCaffeInput(weight: weight, bias: bias)
    }
    if let key = tensors.filter({ !$0.value.isFinite }).keys.min() {
      throw fail("tensor \(key) holds a value that is not finite after the conversion")
    }
    return Model(
      graph: graph, parameters: tensors.mapValues(Parameter.init), preprocessing: .imageNet,
      labels: try ImageNetLabels.labels,
      source: "SqueezeNet 1.1 by DeepScale, the original Caffe weights; input converted to normalised RGB",
      licence: "BSD-2-Clause")
  }

  /// The layers of SqueezeNet 1.1, without dropout, which does nothing outside training.
  package static let graph: Graph = {
    var layers = [GraphLayer]()
    var last = Graph.image

    func add(_ name: String, _ operation: any Operation, _ inputs: [String]) {
      layers.append(GraphLayer(name: name, operation: operation, inputs: inputs))
      last = name
    }
    func convolution(
      _ name: String, kernel: Int, stride: Int = 1, padding: Int = 0, channels: Int, of input: String
    ) {
      let window = Window(kernel: kernel, stride: stride, padding: padding)
      let operation = Convolution(window, outputs: channels, clamp: .relu)
      add(name, operation, [input])
    }
    func pool(_ name: String) { add(name, MaxPool(Window(kernel: 3, stride: 2), ceilMode: true), [last]) }
    func fire(_ name: String, squeeze: Int, expand: Int) {
      convolution("\(name)/squeeze1x1", kernel: 1, channels: squeeze, of: last)
      convolution("\(name)/expand1x1", kernel: 1, channels: expand, of: "\(name)/squeeze1x1")
      convolution("\(name)/expand3x3", kernel: 3, padding: 1, channels: expand, of: "\(name)/squeeze1x1")
      add("\(name)/concat", Concatenate(), ["\(name)/expand1x1", "\(name)/expand3x3"])
    }

    convolution("conv1", kernel: 3, stride: 2, channels: 64, of: last)
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
    convolution("conv10", kernel: 1, channels: 1000, of: last)
    add("scores", GlobalAverage(), [last])
    return Graph(input: .init(channels: 3), layers: layers, output: "scores")
  }()

  /// Returns a kernel of shape (height, width, in, out) in the order (out, in, height, width).
  private static func outputsFirst(_ kernel: Tensor) -> Tensor {
    let (taps, inputs, outputs) = (kernel.shape[0] * kernel.shape[1], kernel.shape[2], kernel.shape[3])
    var values = [Float]()
    values.reserveCapacity(kernel.values.count)
    for output in 0..<outputs {
      for input in 0..<inputs {
        for tap in 0..<taps {
          values.append(kernel.values[(tap * inputs + input) * outputs + output])
        }
      }
    }
    return Tensor(shape: [outputs, inputs, kernel.shape[0], kernel.shape[1]], values: values)
  }

  /// Returns the first convolution for normalised RGB, given the one for Caffe's 255·(std·x + mean) − caffeMean in BGR.
  ///
  /// The result is exact at the border too, because this convolution has no padding. Each value is rounded once.
  private static func foldedCaffeInput(weight: Tensor, bias: Tensor) -> (weight: Tensor, bias: Tensor) {
    // The channels are in the order blue, green, red.
    let mean = [0.406, 0.456, 0.485]
    let std = [0.225, 0.224, 0.229]
    let caffeMean = [103.939, 116.779, 123.68]
    let taps = weight.shape[2] * weight.shape[3]
    var (weight, bias) = (weight, bias)
    let source = weight.values
    for output in 0..<bias.values.count {
      var sum = Double(bias.values[output])
      for channel in 0..<3 {
        for tap in 0..<taps {
          let value = Double(source[(output * 3 + channel) * taps + tap])
          sum += value * (255 * mean[channel] - caffeMean[channel])
          weight.values[(output * 3 + 2 - channel) * taps + tap] = Float(value * (255 * std[channel]))
        }
      }
      bias.values[output] = Float(sum)
    }
    return (weight, bias)
  }
}
