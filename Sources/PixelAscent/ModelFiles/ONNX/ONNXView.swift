// SPDX-License-Identifier: MIT

/// A value of the network as ONNX sees it: an array of any shape with the elements of a layer's output.
///
/// Reshape and Transpose only change the view. A layer is added only if the result is a flatten or a channel shuffle.
struct ONNXView: Hashable {
  /// The channels, rows and columns of a layer's output.
  struct Size: Hashable {
    var channels, rows, columns: Int

    /// The number of pixels of a channel.
    var plane: Int { rows * columns }
    var count: Int { channels * plane }
  }

  /// The layer's name, or `Graph.image`.
  var layer: String
  var size: Size
  var shape: [Int]
  /// The distance between neighbours along each axis, in elements of the layer's output in the order channel, row,
  /// column.
  var strides: [Int]

  /// Creates a view of a layer's whole output with the shape (1, channels, rows, columns).
  init(_ layer: String, _ size: Size) {
    self.init(layer, size, shape: [1, size.channels, size.rows, size.columns])
  }

  /// Creates a view of a layer's whole output in C order with another shape.
  init(_ layer: String, _ size: Size, shape: [Int]) {
    self.layer = layer
    self.size = size
    self.shape = shape
    strides = contiguousStrides(shape)
  }

  enum Role { case one, channel, row, column }

  /// The role of each axis; nil if an axis is not one of the layer's, for example a flattened plane.
  var roles: [Role]? {
    var roles = [Role]()
    for (extent, stride) in zip(shape, strides) {
      let role: Role
      if extent == 1 {
        role = .one
      } else if extent == size.channels && stride == size.plane && !roles.contains(.channel) {
        role = .channel
      } else if extent == size.rows && stride == size.columns && !roles.contains(.row) {
        role = .row
      } else if extent == size.columns && stride == 1 {
        role = .column
      } else {
        return nil
      }
      roles.append(role)
    }
    return roles
  }

  /// Whether the view has the shape (1, channels, rows, columns) in C order. Convolutions take such views.
  var isPlanar: Bool {
    shape == [1, size.channels, size.rows, size.columns] && isContiguous
  }

  /// The axes longer than 1. Neighbouring axes that are contiguous in memory are merged into one.
  private var runs: [(extent: Int, stride: Int)] {
    var runs = [(extent: Int, stride: Int)]()
    for (extent, stride) in zip(shape, strides) where extent > 1 {
      if let last = runs.last, last.stride == extent * stride {
        runs[runs.count - 1] = (last.extent * extent, stride)
      } else {
        runs.append((extent, stride))
      }
    }
    return runs
  }

  var isContiguous: Bool { runs.isEmpty || runs.count == 1 && runs[0].stride == 1 }

  /// Whether the view is contiguous and has at most one axis longer than 1.
  var isVector: Bool { shape.filter { $0 > 1 }.count <= 1 && isContiguous }

  /// The number of groups of the channel shuffle that puts the elements into C order; nil if none does.
  var shuffleGroups: Int? {
    let runs = runs
    guard runs.count == (size.plane > 1 ? 3 : 2), runs[0].stride == size.plane,
      runs[1].stride == runs[0].extent * size.plane, runs[0].extent * runs[1].extent == size.channels,
      size.plane == 1 || runs[2].extent == size.plane && runs[2].stride == 1
    else { return nil }
    return runs[1].extent
  }

  /// Returns a view of the same elements in the same order with another shape; nil if an axis of that shape would have
  /// elements that are not equally far apart.
  func reshaped(_ shape: [Int]) -> ONNXView? {
    var rest = runs[...], strides = [Int](), left = 1, step = 1
    for extent in shape {
      guard extent > 1 else {
        strides.append(1)
        continue
      }
      if left == 1, let next = rest.popFirst() { (left, step) = (next.extent, next.stride) }
      guard left % extent == 0 else { return nil }
      left /= extent
      strides.append(step * left)
    }
    var view = self
    view.shape = shape
    view.strides = strides
    return view
  }

  /// Returns whether two views have the same shape and the same order of elements.
  func matches(_ other: ONNXView) -> Bool {
    guard shape == other.shape, size == other.size else { return false }
    return shape.indices.allSatisfy { shape[$0] == 1 || strides[$0] == other.strides[$0] }
  }

  /// The view before Expand repeated some of its axes.
  var unexpanded: ONNXView {
    var view = self
    for axis in shape.indices where strides[axis] == 0 { (view.shape[axis], view.strides[axis]) = (1, 1) }
    return view
  }

  func transposed(_ order: [Int]) -> ONNXView {
    var view = self
    view.shape = order.map { shape[$0] }
    view.strides = order.map { strides[$0] }
    return view
  }

  /// Returns a view of another layer's output, of any size, with the axes of this view; nil if an axis is not one of the
  /// layer's.
  func on(_ layer: String, _ size: Size) -> ONNXView? {
    guard let roles else { return nil }
    var view = self
    view.layer = layer
    view.size = size
    for (axis, role) in roles.enumerated() {
      switch role {
      case .one: break
      case .channel: (view.shape[axis], view.strides[axis]) = (size.channels, size.plane)
      case .row: (view.shape[axis], view.strides[axis]) = (size.rows, size.columns)
      case .column: (view.shape[axis], view.strides[axis]) = (size.columns, 1)
      }
    }
    return view
  }

  /// Returns a view of another layer's output with the axes of this view, in which the channels lie along `axis`.
  func on(_ layer: String, _ size: Size, channelAxis axis: Int) -> ONNXView {
    var view = self
    view.layer = layer
    view.size = size
    view.shape[axis] = size.channels
    view.strides[axis] = size.plane
    return view
  }
}
