// SPDX-License-Identifier: MIT

/// Computes the shapes that rearranging operators produce, for constants and for the network's values alike.
///
/// An optional result is nil if a parameter is missing, unknown or impossible.
struct ONNXShapes {
  let node: ONNXNode
  /// The node's inputs; nil for an input that is not a constant.
  let constants: [ONNXConstant?]

  /// Returns integers that older versions of an operator have as an attribute, and newer ones as an input.
  func integers(_ attribute: String, input: Int) -> [Int]? {
    node.integers(attribute) ?? (constants.indices.contains(input) ? constants[input]?.integers : nil)
  }

  /// Returns whether the node has an input of this index.
  func has(_ input: Int) -> Bool { node.inputs.indices.contains(input) && !node.inputs[input].isEmpty }

  /// Returns an axis counted from 0. Negative axes count from the end.
  static func axis(_ axis: Int, of rank: Int) -> Int? {
    let index = axis < 0 ? axis &+ rank : axis
    return (0..<rank).contains(index) ? index : nil
  }

  static func axes(_ axes: [Int], of rank: Int) -> [Int]? {
    let all = axes.compactMap { axis($0, of: rank) }
    return all.count == axes.count && Set(all).count == all.count ? all.sorted() : nil
  }

  /// Returns the shape after Reshape, Flatten, Squeeze or Unsqueeze.
  func reshaped(_ shape: [Int]) -> [Int]? {
    switch node.type {
    case "Reshape":
      guard var target = constants.count > 1 ? constants[1]?.integers : nil, target.count <= 16 else { return nil }
      for (index, extent) in target.enumerated() where extent == 0 && node.integer("allowzero") != 1 {
        guard index < shape.count else { return nil }
        target[index] = shape[index]
      }
      guard let count = elementCount(shape) else { return nil }
      if let open = target.firstIndex(of: -1) {
        target[open] = 1
        guard let others = elementCount(target), others > 0, count % others == 0 else { return nil }
        target[open] = count / others
      }
      return elementCount(target) == count ? target : nil
    case "Flatten":
      let split = node.integer("axis") ?? 1
      guard let axis = split == shape.count ? split : Self.axis(split, of: shape.count),
        let rows = elementCount(Array(shape[..<axis])), let columns = elementCount(Array(shape[axis...]))
      else { return nil }
      return [rows, columns]
    case "Squeeze":
      var unit = shape.indices.filter { shape[$0] == 1 }
      if node.integers("axes") != nil || has(1) {
        guard let given = integers("axes", input: 1), let axes = Self.axes(given, of: shape.count),
          Set(axes).isSubset(of: unit)
        else { return nil }
        unit = axes
      }
      return shape.indices.filter { !unit.contains($0) }.map { shape[$0] }
    case "Unsqueeze":
      guard let given = integers("axes", input: 1), given.count + shape.count <= 16,
        let axes = Self.axes(given, of: given.count + shape.count)
      else { return nil }
      var result = shape
      for axis in axes { result.insert(1, at: axis) }
      return result
    default: return nil
    }
  }

  /// Returns the sizes of the parts that Split or SplitToSequence makes of an axis. Their sum is `extent`.
  func splitSizes(_ extent: Int) -> [Int]? {
    // SplitToSequence also takes one size for all parts but the last, by default 1.
    let isSequence = node.type == "SplitToSequence"
    if isSequence && !has(1) || isSequence && constants[1]?.shape == [] {
      guard let size = has(1) ? constants[1]?.integer : 1, size > 0, extent <= 1 << 20 else { return nil }
      return stride(from: 0, to: extent, by: size).map { min(size, extent - $0) }
    }
    let count = node.outputs.count, part = (extent + count - 1) / max(count, 1)
    if has(1) && integers("split", input: 1) == nil { return nil }
    let sizes = integers("split", input: 1) ?? (0..<count).map { min(part, extent - $0 * part) }
    guard isSequence || sizes.count == count, sizes.allSatisfy({ (0...extent).contains($0) }),
      sizes.reduce(0, &+) == extent
    else {
      return nil
    }
    return sizes
  }

  /// Returns the order of the axes after Transpose.
  func permutation(_ rank: Int) -> [Int]? {
    guard let order = node.integers("perm") else { return (0..<rank).reversed() }
    return order.sorted() == Array(0..<rank) ? order : nil
  }

  /// Returns the positions that Slice takes along each axis.
  func slices(_ shape: [Int]) -> [[Int]]? {
    guard let starts = integers("starts", input: 1), let ends = integers("ends", input: 2),
      let axes = integers("axes", input: 3) ?? (has(3) ? nil : Array(starts.indices)),
      let steps = has(4) ? integers("steps", input: 4) : starts.map({ _ in 1 }),
      ends.count == starts.count, axes.count == starts.count, steps.count == starts.count,
      Self.axes(axes, of: shape.count) != nil
    else { return nil }
    var lists: [[Int]?] = shape.map { _ in nil }
    for index in axes.indices {
      guard let axis = Self.axis(axes[index], of: shape.count), steps[index] != 0 else { return nil }
      let extent = shape[axis]
      guard extent <= ONNXConstant.maxElements else { return nil }
      let step = min(max(steps[index], -extent - 1), extent + 1)
      func clamped(_ position: Int) -> Int {
        let position = position < 0 ? max(position, -extent - 1) + extent : position
        return step > 0 ? min(max(position, 0), extent) : min(max(position, -1), extent - 1)
      }
      lists[axis] = Array(stride(from: clamped(starts[index]), to: clamped(ends[index]), by: step))
    }
    return zip(lists, shape).map { list, extent in list ?? Array(0..<min(extent, ONNXConstant.maxElements + 1)) }
  }
}
