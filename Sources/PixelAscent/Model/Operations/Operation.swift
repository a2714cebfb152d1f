// SPDX-License-Identifier: MIT

/// The operation of a layer, without weights: its name, coding, shapes and summary.
///
/// An operation is one file of this folder and one line in `OperationRegistry`. No requirement has a default
/// implementation, so an operation that leaves one out does not compile. The files of Network/Layers run the
/// operations.
package protocol Operation: Hashable, Sendable {
  /// The operation's name in model files.
  static var name: String { get }
  /// The number of inputs; nil for any number from 1 on.
  static var inputCount: Int? { get }

  /// Reads the operation from a layer's JSON object in a model file.
  init(from fields: LayerFields) throws
  /// Writes the operation to a layer's JSON object in a model file.
  func write(to fields: inout LayerFieldWriter) throws

  /// Returns the shape of the output for inputs of these shapes. Callers pass as many shapes as `inputCount` says.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the shapes don't suit the operation, of kind `sizeLimit` if
  ///   a window does not fit into its input.
  func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape
  /// Returns the suffixes of a layer's parameters, and the shapes that each may have if the layer's first input has the
  /// shape `input`.
  func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])]
  /// Returns the number of multiplications by weights in a forward pass, for a first input and an output of these
  /// shapes.
  func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int
  /// The operation in a few words: "conv 3×3 / 2, padding 1, ReLU".
  var summary: String { get }

  /// Returns whether the output has 1×1 pixels for every size of image. `inputs` says the same about each input.
  func makesVector(_ inputs: [Bool]) -> Bool
  /// Returns whether the output of a layer with one input equals the input. `onVector` says whether the input has 1×1
  /// pixels.
  func isIdentity(onVector: Bool) -> Bool
}

/// All operations that a graph may have, in the order in which error lines list them.
package enum OperationRegistry {
  package static let all: [any Operation.Type] = [
    Convolution.self, Linear.self, BatchNorm.self, Affine.self, Elementwise.self, MaxPool.self, AveragePool.self,
    AdaptiveAverage.self, GlobalAverage.self, AdaptiveMax.self, Reduction.self, Add.self, Multiply.self,
    Concatenate.self, ChannelSlice.self, ChannelShuffle.self, Flatten.self, Pad.self, Interpolate.self,
    LocalResponseNorm.self, LayerNorm.self, GroupNorm.self, Identity.self, Softmax.self,
  ]

  /// Returns the operation with this name; nil if no operation has it.
  static func named(_ name: String) -> (any Operation.Type)? { byName[name] }

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
}

/// An operation that ends with a clamp.
package protocol ClampedOperation: Operation {
  var clamp: Clamp { get set }
}

extension Operation {
  /// Returns the shape of the output for inputs of these shapes, and checks the number of inputs.
  ///
  /// - Throws: the errors of ``Graph/shapes(height:width:)``, without the layer's name.
  package func shape(of inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    if inputs.isEmpty { throw PixelAscentError(.invalidModel, "it has no input") }
    if let count = Self.inputCount {
      try checkShape(
        inputs.count == count, "expected \(count) input\(count == 1 ? "" : "s"), found \(inputs.count)")
    }
    return try outputShape(inputs)
  }

  /// Returns whether `other` is the same operation with the same settings.
  package func isEqual(to other: any Operation) -> Bool { (other as? Self) == self }
}

/// Throws a `PixelAscentError` of kind `invalidModel` unless a number of an operation is finite.
func checkFinite(_ value: Float, _ name: String) throws(PixelAscentError) {
  try checkShape(value.isFinite, "expected a finite \(name), found \(value)")
}

/// Throws a `PixelAscentError` of kind `invalidModel` unless a condition on a layer holds.
func checkShape(_ holds: Bool, _ message: @autoclosure () -> String) throws(PixelAscentError) {
  if !holds { throw PixelAscentError(.invalidModel, Message(message())) }
}
