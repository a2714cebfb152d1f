// SPDX-License-Identifier: MIT

/// A layer ready to run: what it computes, from which values, into which value.
struct Layer: Sendable {
  enum Operation: Sendable {
    /// The image in blocked planes.
    case imageToPlanes
    /// A convolution; of the form `stem` it reads the image itself.
    case convolution(Convolution)
    case linear(LinearWeights)
    case affine(scale: FloatBuffer, shift: FloatBuffer, Clamp)
    case function(ElementFunction, slopes: FloatBuffer?)
    case maxPool(Window)
    case averagePool(Window, countPadding: Bool)
    /// The size of the output says over what.
    case adaptiveAverage
    case add(Clamp)
    /// One of the inputs may be 1×1.
    case multiply
    /// Some channels, in places of the output that `map` gives; `inverse` leads back.
    case select(map: [Int32], inverse: [Int32])
    case flatten
    case pad(top: Int, left: Int, value: Float)
    /// What it divides by is kept in the value `scale`.
    case localResponseNorm(LocalResponseNorm, scale: Int)
  }

  /// The name of the layer of the graph.
  let name: String
  let operation: Operation
  /// Indices into the network's values; none where it reads the image.
  let inputs: [Int]
  let output: Int
  /// How it gives the gradient to each of its inputs.
  var gradients: [GradientShare]
  /// Whether its input is marked where it is not zero, so that the rest can be left out.
  var marksInput = false
  /// Whether the gradient of its output is.
  var marksGradient = false
  /// Whether only the blocks of the wanted classes need be computed of its output.
  var isTail = false
  /// Whether it is the first of those: all of its input is needed.
  var isHead = false

  init(_ name: String, _ operation: Operation, _ inputs: [Int], _ output: Int) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
    self.output = output
    gradients = inputs.map { _ in GradientShare() }
  }

  var isStem: Bool {
    if case .convolution(let convolution) = operation { convolution.form == .stem } else { false }
  }
}

/// A layer's part in the gradient of one of its inputs.
struct GradientShare: Sendable {
  /// Whether the sum is multiplied with the derivative of the clamp that made the input: by the last to add to it.
  var masks = false
  /// Whether another layer has contributed before.
  var accumulates = false
  /// Blocks of the input's storage that are to be zero before, since only others hold a contribution.
  var clears: [Int] = []
  /// Whether the gradient of the output lies where that of the input does, and is the same: a sum in place.
  var isShared = false
}

/// A layer's output: blocked planes, possibly a part of a storage.
struct Value: Sendable {
  /// The name in the graph of what has its shape.
  let shape: String
  let channels: Int
  /// What all of it is clamped to, if it is what a clamp made, or the maximum of such values.
  var clamp: Clamp?
  /// Whether a max pool has taken the clamp over from its input.
  var inheritsClamp = false
  /// Whether it is 1×1 and without a halo, so that its channels follow one another.
  var isVector = false
  /// The storage it lies in, and the first block there.
  var storage: Int
  var firstBlock = 0

  var blocks: Range<Int> { firstBlock..<firstBlock + (channels + 15) / 16 }
}

/// The memory of one or more values.
struct Storage: Sendable {
  var channels: Int
  /// Zeros around every plane, as wide as the layers that read it ask for.
  var halo = 0
  var gradientHalo = 0
  /// Whether the gradient replaces the activations it is masked with: they are not needed any more.
  var isReplacedByGradient = false

  var blocks: Int { (channels + 15) / 16 }
}
