// SPDX-License-Identifier: MIT

/// What a layer computes, without its weights: everything that can be said of it before there is a network.
///
/// An operation is one file of this folder and one line in `OperationRegistry`. No requirement has a default
/// implementation, so that an operation which leaves something unsaid does not compile. How it runs is said in
/// Network/Layers.
package protocol Operation: Hashable, Sendable {
  /// The operation's name in model files.
  static var name: String { get }
  /// The number of inputs; nil if there may be any number from 1 on.
  static var inputCount: Int? { get }

  /// Reads the parameters from a layer's entry in a model file.
  init(from fields: LayerFields) throws
  /// Writes the parameters to a layer's entry in a model file.
  func write(to fields: inout LayerFieldWriter) throws

  /// The shape of the output for inputs of these shapes, of which there are as many as `inputCount` says.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the shapes don't suit the operation, of kind `sizeLimit` if a
  ///   window does not fit into its input.
  func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape
  /// The tensors of a layer whose first input has this shape, and the shapes that each may have.
  func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])]
  /// The number of multiplications by weights in a forward pass, for a first input and an output of these shapes.
  func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int
  /// The operation in a few words: "conv 3×3 / 2, padding 1, ReLU".
  var summary: String { get }

  /// Whether the output has 1×1 pixels for an image of any size, given which inputs do.
  func makesVector(_ inputs: [Bool]) -> Bool
  /// Whether the output of a layer with one input is that input, given whether the input has 1×1 pixels.
  func isIdentity(onVector: Bool) -> Bool
}

/// Every operation of a graph, in the order in which error lines list them.
package enum OperationRegistry {
  package static let all: [any Operation.Type] = [
    Convolution.self, Linear.self, BatchNorm.self, Affine.self, Elementwise.self, MaxPool.self, AveragePool.self,
    AdaptiveAverage.self, GlobalAverage.self, Add.self, Multiply.self, Concatenate.self, ChannelSlice.self,
    ChannelShuffle.self, Flatten.self, Pad.self, LocalResponseNorm.self, LayerNorm.self, Identity.self,
    Softmax.self,
  ]

  /// The operation of this name; nil if there is none.
  static func named(_ name: String) -> (any Operation.Type)? { byName[name] }

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}

/// An operation whose values are clamped to an interval at its end.
package protocol ClampedOperation: Operation {
  var clamp: Clamp { get set }
}

extension Operation {
  /// The shape of the output for inputs of these shapes.
  ///
  /// - Throws: as ``Graph/shapes(height:width:)`` does, without the layer's name.
  package func shape(of inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    if inputs.isEmpty { throw PixelAscentError(.invalidModel, "it has no input") }
    if let count = Self.inputCount {
      try checkShape(
        inputs.count == count, "expected \(count) input\(count == 1 ? "" : "s"), found \(inputs.count)")
    }
    return try outputShape(inputs)
  }

  /// Whether this is the same operation with the same parameters.
  package func isEqual(to other: any Operation) -> Bool { (other as? Self) == self }
}

/// Throws a `PixelAscentError` of kind `invalidModel` unless a condition on a layer holds.
func checkShape(_ holds: Bool, _ message: @autoclosure () -> String) throws(PixelAscentError) {
  if !holds { throw PixelAscentError(.invalidModel, Message(message())) }
}
