// SPDX-License-Identifier: MIT

/// What a layer computes, forward and backward, with its packed weights. Each has a file in Layers/.
protocol RunnableLayer: Sendable {
  /// The step that computes the layer's output.
  func forward(_ pass: ForwardPass) -> Step
  /// The step that gives the gradient to one of the layer's inputs.
  func backward(_ pass: BackwardPass) -> Step
  /// Whether the gradient of the input may be written over the input itself: `backward` reads an element of the input
  /// before it writes the same element of the gradient, or needs no more of it than the clamp's derivative.
  var mayOverwriteInput: Bool { get }
  /// What the layer needs to compute a few blocks of its output.
  var partialOutput: PartialOutput { get }
}

/// What a layer needs to compute some blocks of its output only.
enum PartialOutput {
  /// The blocks of the input at the same places.
  case fromSameBlocks
  /// The whole input.
  case fromWholeInput
  /// The layer can only compute its whole output.
  case impossible
}

/// An operation of a graph that networks run. The file in Layers/ that has the runnable layer has this too.
protocol RunnableOperation: Operation {
  /// Packed parameters; `Void` for an operation without any.
  associatedtype Weights: Sendable

  /// Reads a layer's parameters and packs them for the kernels. Several layers' are packed at once.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if a parameter holds a value that is not finite, `unreadableFile`.
  func weights(_ parameters: LayerParameters) throws(PixelAscentError) -> Weights
  /// Puts the layer into a plan: its runnable layers, if it needs any, and the value that goes by its name.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if this version can't run it.
  func append(_ node: PlanNode, _ weights: Weights, to plan: inout LayerPlan) throws(PixelAscentError)
}

/// A layer of the graph on its way into a plan.
struct PlanNode {
  let name: String
  /// The names of the inputs in the graph.
  let inputNames: [String]
  /// The plan's values that are the inputs.
  let inputs: [Int]
  /// The shape of the output, at the size for which the model is planned.
  let shape: ValueShape

  /// The only input, or the first.
  var input: Int { inputs[0] }

  /// The error for what this version can't run.
  static func unsupported(_ what: String) -> PixelAscentError {
    PixelAscentError(.invalidModel, "\(what) is not supported by this version")
  }
}

/// A layer of a plan: what it computes, from which values, into which value.
struct Layer: Sendable {
  /// The name of the layer of the graph.
  let name: String
  let operation: any RunnableLayer
  /// Indices into the network's values; none where it reads the image.
  let inputs: [Int]
  let output: Int
  /// How it gives the gradient to each of its inputs.
  var gradients: [GradientShare]
  /// Whether its input is marked where it is not zero, so that the rest can be left out.
  var usesInputMask = false
  /// Whether the gradient of its output is marked where it is not zero.
  var usesGradientMask = false
  /// Whether only the blocks of the wanted classes need be computed of its output.
  var isTail = false
  /// Whether it is the first layer that computes the wanted classes only: it needs all of its input.
  var isHead = false

  init(_ name: String, _ operation: any RunnableLayer, _ inputs: [Int], _ output: Int) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
    self.output = output
    gradients = inputs.map { _ in GradientShare() }
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

  func overlaps(_ other: Value) -> Bool { storage == other.storage && blocks.overlaps(other.blocks) }
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
