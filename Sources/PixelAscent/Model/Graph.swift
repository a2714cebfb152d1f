// SPDX-License-Identifier: MIT

/// A network's layers and how they are connected, without weights.
///
/// In a model file it is JSON; `GraphLayer` shows a layer's form. Readers of other formats make the same graph.
package struct Graph: Codable, Hashable, Sendable {
  package struct Input: Codable, Hashable, Sendable {
    package var channels: Int

    package init(channels: Int) { self.channels = channels }
  }

  /// The name by which layers refer to the network's input.
  package static let image = "image"

  package var input: Input
  /// The layers, each after those it takes its inputs from.
  package var layers: [GraphLayer]
  /// The name of the layer whose output are the scores.
  package var output: String

  package init(input: Input, layers: [GraphLayer], output: String) {
    self.input = input
    self.layers = layers
    self.output = output
  }
}

/// One layer, in JSON for example
/// `{"name":"conv1","op":"conv","inputs":["image"],"kernel":3,"stride":2,"padding":0,"channels":64,"relu":true}`.
///
/// Its parameters are the tensors `<name>.weight` and so on, as `Operation` lists them.
package struct GraphLayer: Hashable, Sendable {
  /// The layer's name, which its output goes by too.
  package var name: String
  package var operation: Operation
  /// The names of the layers whose outputs it takes; `Graph.image` is the network's input.
  package var inputs: [String]

  package init(name: String, operation: Operation, inputs: [String]) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
  }
}

/// One axis of a window: the kernel's size, the stride, the padding before and after, the distance of the taps.
package struct WindowAxis: Hashable, Sendable {
  package var kernel, stride, before, after, dilation: Int

  package init(kernel: Int, stride: Int = 1, before: Int = 0, after: Int = 0, dilation: Int = 1) {
    self.kernel = kernel
    self.stride = stride
    self.before = before
    self.after = after
    self.dilation = dilation
  }

  /// The same padding on both sides.
  package init(kernel: Int, stride: Int = 1, padding: Int, dilation: Int = 1) {
    self.init(kernel: kernel, stride: stride, before: padding, after: padding, dilation: dilation)
  }
}

/// The window of a convolution or a pool.
package struct Window: Hashable, Sendable {
  /// Along the rows, from top to bottom, and along the columns, from left to right.
  package var y, x: WindowAxis

  package init(y: WindowAxis, x: WindowAxis) {
    self.y = y
    self.x = x
  }

  /// A square one.
  package init(kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1) {
    let axis = WindowAxis(kernel: kernel, stride: stride, padding: padding, dilation: dilation)
    self.init(y: axis, x: axis)
  }
}

/// An interval to which values are clamped: ReLU's is [0, ∞), ReLU6's [0, 6]. The derivative is 1 inside, 0 at its ends.
package struct Clamp: Hashable, Sendable {
  package var low, high: Float

  package init(low: Float = -.infinity, high: Float = .infinity) {
    self.low = low
    self.high = high
  }

  package static let none = Clamp()
  package static let relu = Clamp(low: 0)
  package static let relu6 = Clamp(low: 0, high: 6)
}

/// A function of one value. σ is the logistic function.
package enum ElementFunction: Hashable, Sendable {
  case clamp(Clamp)
  case leakyReLU(slope: Float)
  /// Leaky ReLU with a slope a channel, the tensor `<name>.weight` of shape (channels) or (1).
  case prelu
  /// x if x > 0, else alpha · (exp(x) − 1).
  case elu(alpha: Float)
  case sigmoid
  /// min(1, max(0, alpha · x + beta)); PyTorch's alpha is 1/6, ONNX's default 0.2.
  case hardSigmoid(alpha: Float, beta: Float)
  case hardSwish
  case silu
  case tanh
  /// x · Φ(x), or its approximation by tanh.
  case gelu(tanh: Bool)
}

package enum Operation: Hashable, Sendable {
  /// A convolution: `.weight` of shape (out, in/groups, kernel rows, kernel columns), `.bias` of shape (out); then a clamp.
  case convolution(Window, groups: Int, outputChannels: Int, clamp: Clamp)
  /// A matrix on a vector (a value of 1×1 pixels): `.weight` of shape (out, in), `.bias` of shape (out); then a clamp.
  case linear(outputs: Int, clamp: Clamp)
  /// (x − mean) / √(variance + epsilon) · weight + bias: `.weight`, `.bias`, `.running_mean`, `.running_var`, each of shape
  /// (channels). Readers make it, `Model.simplified` turns it into something else.
  case batchNorm(epsilon: Double)
  /// weight · x + bias, a channel at a time, then a clamp: `.weight` and `.bias` of shape (channels).
  case affine(clamp: Clamp)
  case function(ElementFunction)
  /// The maximum of a window; in ceil mode a window may hang over the lower and right edges.
  case maxPool(Window, ceilMode: Bool)
  /// The mean of a window; `countPadding` is ONNX's and PyTorch's count_include_pad.
  case averagePool(Window, ceilMode: Bool, countPadding: Bool)
  /// The mean of each of rows × columns parts of a channel.
  case adaptiveAverage(rows: Int, columns: Int)
  /// The mean of every channel.
  case globalAverage
  /// The sum of two inputs of one size, then a clamp.
  case add(clamp: Clamp)
  /// The product of two inputs of one size, or of one and another with 1×1 pixels and as many channels.
  case multiply
  /// The inputs' channels one after another.
  case concatenate
  /// The channels from one on.
  case slice(first: Int, count: Int)
  /// Channel shuffle: channel g·n + j of n = channels/groups goes to j·groups + g (Zhang et al.: "ShuffleNet", 2018).
  case shuffle(groups: Int)
  /// All values as one vector, in the order channel, row, column.
  case flatten
  /// A border of a constant.
  case pad(top: Int, left: Int, bottom: Int, right: Int, value: Float)
  /// Local response normalisation (Krizhevsky et al. 2012): x / (k + alpha/size · Σ x²)^beta over `size` channels.
  case localResponseNorm(size: Int, alpha: Float, beta: Float, k: Float)
  /// What does nothing: dropout. Readers make it, `Model.simplified` takes it out.
  case identity
  /// exp(x) / Σ exp(x). As the last layer only, and `Model.simplified` takes it out: scores are what comes before.
  case softmax
}
