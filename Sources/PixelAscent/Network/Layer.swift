// SPDX-License-Identifier: MIT

/// A layer's computation, forward and backward, with its packed weights. Each kind of layer has a file in Layers/.
protocol RunnableLayer: Sendable {
  /// Returns the step that computes the layer's output.
  func forward(_ pass: ForwardPass) -> Step
  /// Returns the step that computes the gradient of one of the layer's inputs.
  func backward(_ pass: BackwardPass) -> Step
  /// Whether the gradient of the input may be written over the input itself: `backward` reads an element of the input
  /// before it writes the same element of the gradient, or reads the input only for the clamp's derivative.
  var mayOverwriteInput: Bool { get }
  /// The blocks of the input that the layer needs to compute some blocks of its output.
  var partialOutput: PartialOutput { get }
}

/// The blocks of its input that a layer needs to compute only some blocks of its output.
enum PartialOutput {
  /// The blocks of the input with the same indices.
  case fromSameBlocks
  /// The whole input.
  case fromWholeInput
  /// The layer can't compute less than its whole output.
  case impossible
}

/// An operation of a graph that a network can run. The conformance is in the same file in Layers/ as the runnable
/// layer.
protocol RunnableOperation: Operation {
  /// The packed parameters; `Void` for an operation without parameters.
  associatedtype Weights: Sendable

  /// Reads a layer's parameters and packs them for the kernels. Several threads call this method at the same time, each
  /// for another layer.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if a parameter holds a value that is not finite, of kind
  ///   `unreadableFile` if it can't be read, of kind `sizeLimit` if the process can't get the memory.
  func weights(_ parameters: LayerParameters) throws(PixelAscentError) -> Weights
  /// Adds the layer to a plan: the runnable layers it needs, if any, and the value that has the layer's name.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if this version can't run the layer.
  func append(_ node: PlanNode, _ weights: Weights, to plan: inout LayerPlan) throws(PixelAscentError)
}

/// A layer of the graph that is being added to a plan.
struct PlanNode {
  let name: String
  /// The names of the inputs in the graph.
  let inputNames: [String]
  /// The indices of the inputs among the plan's values.
  let inputs: [Int]
  /// The shape of the output for an image of the preprocessing's input size.
  let shape: ValueShape

  /// The first or only input.
  var input: Int { inputs[0] }

  /// Returns the error for an operation or a setting that this version can't run.
  static func unsupported(_ what: String) -> PixelAscentError {
    PixelAscentError(.invalidModel, "\(what) is not supported by this version")
  }
}

/// A layer of a plan: its computation, the values it reads and the value it writes.
struct Layer: Sendable {
  /// The name of the graph's layer that this layer belongs to.
  let name: String
  let operation: any RunnableLayer
  /// Indices into the plan's values; empty for a layer that reads the image.
  let inputs: [Int]
  /// An index into the plan's values.
  let output: Int
  /// How the layer writes the gradient of each of its inputs.
  var gradients: [GradientContribution]
  /// Whether the layer skips the zeros of its input with a nonzero mask.
  var usesInputMask = false
  /// Whether the layer skips the zeros of its output's gradient with a nonzero mask.
  var usesGradientMask = false
  /// Whether the objective depends on the layer's output, so that the backward pass runs the layer.
  var isOnTheWay = true
  /// Blocks of the output's gradient to clear before the backward pass runs the layer: the objective does not depend on
  /// them.
  var outputBlocksToClear: [Int] = []
  /// Whether the layer can compute the requested classes' blocks of its output alone.
  var isPartial = false
  /// Whether the layer is the first of the partial layers: the one that reads the whole of its input.
  var isFirstPartial = false

  init(_ name: String, _ operation: any RunnableLayer, _ inputs: [Int], _ output: Int) {
    self.name = name
    self.operation = operation
    self.inputs = inputs
    self.output = output
    gradients = inputs.map { _ in GradientContribution() }
  }
}

/// A layer whose activation the objective reads.
struct Seed: Sendable {
  let position: LayerPosition
  /// Blocks of the layer's gradient to clear before the seed is added: no layer has written to them.
  var blocksToClear: [Int] = []
}

/// How a layer writes the gradient of one of its inputs.
struct GradientContribution: Sendable {
  /// Whether the layer, as the last to contribute, multiplies the gradient by the derivative of the clamp that made the
  /// input.
  var masks = false
  /// Whether the layer adds to what another layer has written before.
  var accumulates = false
  /// Blocks of the input's storage to clear before the layer accumulates: no other layer has written to them.
  var blocksToClear: [Int] = []
  /// Whether input and output share one gradient, so that the layer has nothing to compute: the case of a sum in place.
  var isShared = false
}

/// A layer's output: blocked planes that lie in a storage, alone or with other values.
struct Value: Sendable {
  /// The name of the layer of the graph whose output has this value's shape.
  let shapeName: String
  let channels: Int
  /// The clamp that all elements have gone through, directly or before a max pool; nil if there is none.
  var clamp: Clamp?
  /// Whether `clamp` was applied to the input of the max pool that made this value.
  var inheritsClamp = false
  /// Whether the planes are 1×1 without a halo, so that all channels lie side by side.
  var isVector = false
  /// The index of the storage that the value lies in.
  var storage: Int
  /// The value's first block in the storage.
  var firstBlock = 0

  /// The value's blocks in the storage.
  var blocks: Range<Int> { firstBlock..<firstBlock + (channels + 15) / 16 }

  func overlaps(_ other: Value) -> Bool { storage == other.storage && blocks.overlaps(other.blocks) }
}

/// The memory of one or more values.
struct Storage: Sendable {
  var channels: Int
  /// The width of the zeros around each plane: the greatest that any reader of the storage needs.
  var halo = 0
  /// The width of the zeros around each plane of the gradient.
  var gradientHalo = 0
  /// Whether the gradient overwrites the activations, which no layer needs any more by then.
  var isReplacedByGradient = false

  var blocks: Int { (channels + 15) / 16 }
}
