// SPDX-License-Identifier: MIT

/// A dense array of `Float` in row-major (C) order.
///
/// Images and their gradients are tensors of shape (C, H, W): the planes of red, green and blue, or of grey alone, in
/// *normalised space*, where a pixel p in [0, 1] becomes (p − mean) / std of its channel.
public struct Tensor: Hashable, Sendable {
  /// The extent of every dimension, outermost first.
  public let shape: [Int]
  /// The elements in row-major order; their number is the product of `shape`.
  public var values: [Float]

  /// Creates a tensor of `shape` that holds `values`.
  ///
  /// - Precondition: the number of `values` is the product of `shape`.
  public init(shape: [Int], values: [Float]) {
    precondition(shape.reduce(1, *) == values.count, "a tensor of shape \(shape) can't hold \(values.count) values")
    self.shape = shape
    self.values = values
  }

  /// Creates a tensor of `shape` that is filled with one value.
  public init(shape: [Int], repeating value: Float) {
    self.init(shape: shape, values: Array(repeating: value, count: shape.reduce(1, *)))
  }
}
