// SPDX-License-Identifier: MIT

// Operators on constants that only move elements.
extension ONNXFolding {
  /// Returns the result of an operator each of whose elements is an element of the input.
  func moved(_ input: ONNXConstant) throws(PixelAscentError) -> ONNXConstant? {
    switch node.type {
    case "Transpose":
      guard let order = shapes.permutation(input.shape.count) else { return nil }
      if order == [1, 0] && !input.isInteger { return try input.transposedMatrix() }
      let strides = contiguousStrides(input.shape)
      return try strided(input, order.map { input.shape[$0] }, order.map { strides[$0] })
    case "Slice":
      guard let lists = shapes.slices(input.shape) else { return nil }
      return try selected(input, lists)
    case "Compress":
      guard let condition = self.input(1)?.integers, condition.count <= input.count else { return nil }
      let kept = condition.indices.filter { condition[$0] != 0 }
      guard let given = node.integer("axis") else {
        return kept.allSatisfy { $0 < input.count } ? try input.picked(kept, [kept.count]) : nil
      }
      guard let axis = ONNXShapes.axis(given, of: input.shape.count), kept.allSatisfy({ $0 < input.shape[axis] }) else {
        return nil
      }
      return try selected(input, input.shape.indices.map { $0 == axis ? kept : Array(0..<input.shape[$0]) })
    case "Gather":
      guard let indices = self.input(1), let values = try indices.loaded().integers,
        let axis = ONNXShapes.axis(node.integer("axis") ?? 0, of: input.shape.count)
      else { return nil }
      let positions = values.compactMap { ONNXShapes.axis($0, of: input.shape[axis]) }
      guard positions.count == values.count else { return nil }
      let shape = Array(input.shape[..<axis]) + indices.shape + Array(input.shape[(axis + 1)...])
      return try selected(
        input, input.shape.indices.map { $0 == axis ? positions : Array(0..<input.shape[$0]) }, shape)
    case "Expand":
      guard let target = self.input(1)?.integers, let shape = Self.broadcast(input.shape, target),
        try charged(shape) != nil
      else { return nil }
      return try input.picked(Self.positions(of: input.shape, in: shape), shape)
    case "Tile":
      guard let repeats = self.input(1)?.integers, repeats.count == input.shape.count else { return nil }
      var lists = [[Int]]()
      for (extent, times) in zip(input.shape, repeats) {
        guard times >= 0, let count = try charged([extent, times]) else { return nil }
        lists.append((0..<count).map { $0 % extent })
      }
      return try selected(input, lists)
    case "Pad": return try padded(input)
    case "Trilu": return try triangle(input)
    case "GatherElements":
      guard let indices = self.input(1), let list = try elementPositions(indices, input.shape) else { return nil }
      return try input.picked(list, indices.shape)
    case "GatherND": return try gatheredSlices(input)
    default: return nil
    }
  }

  /// Returns the elements of the input that lie `strides` apart.
  private func strided(
    _ input: ONNXConstant, _ shape: [Int], _ strides: [Int], from start: Int = 0
  ) throws(PixelAscentError) -> ONNXConstant? {
    guard try charged(shape) != nil else { return nil }
    return try input.picked(Self.positions(shape, strides: strides, from: start), shape)
  }

  /// Returns the elements at the listed positions along each axis. The position −1 stands for a zero.
  private func selected(
    _ input: ONNXConstant, _ lists: [[Int]], _ shape: [Int]? = nil
  ) throws(PixelAscentError) -> ONNXConstant? {
    let found = lists.map(\.count)
    guard let count = try charged(found), elementCount(shape ?? found) == count else { return nil }
    var positions = count == 0 ? [] : [0]
    if count > 0 {
      for (list, step) in zip(lists, contiguousStrides(input.shape)) {
        positions = positions.flatMap { position in
          list.map { position < 0 || $0 < 0 ? -1 : position + $0 * step }
        }
      }
    }
    return try input.picked(positions, shape ?? found)
  }

  func concatenated() throws(PixelAscentError) -> ONNXConstant? {
    var parts = [ONNXConstant]()
    for input in inputs {
      guard let input else { return nil }
      parts.append(input)
    }
    guard let axis = ONNXShapes.axis(node.integer("axis") ?? 0, of: parts[0].shape.count),
      let (all, starts) = try joined(parts)
    else { return nil }
    var shape = parts[0].shape
    shape[axis] = 0
    for part in parts {
      var alike = part.shape
      guard alike.count == shape.count else { return nil }
      alike[axis] = shape[axis]
      guard alike == shape else { return nil }
      shape[axis] += part.shape[axis]
    }
    guard let count = try charged(shape) else { return nil }
    let inner = shape[(axis + 1)...].reduce(1, *), outer = shape[..<axis].reduce(1, *)
    var positions = [Int]()
    positions.reserveCapacity(count)
    for index in 0..<outer {
      for (part, start) in zip(parts, starts) {
        let length = part.shape[axis] * inner
        positions += start + index * length..<start + (index + 1) * length
      }
    }
    return try all.picked(positions, shape)
  }

  func split() throws(PixelAscentError) -> [ONNXConstant]? {
    guard let input = input(0), let axis = ONNXShapes.axis(node.integer("axis") ?? 0, of: input.shape.count),
      let sizes = shapes.splitSizes(input.shape[axis])
    else { return nil }
    var results = [ONNXConstant](), first = 0
    for size in sizes {
      let lists = input.shape.indices.map { Array($0 == axis ? first..<first + size : 0..<input.shape[$0]) }
      guard let part = try selected(input, lists) else { return nil }
      results.append(part)
      first += size
    }
    return results
  }

  private func padded(_ input: ONNXConstant) throws(PixelAscentError) -> ONNXConstant? {
    let rank = input.shape.count
    guard let pads = shapes.integers("pads", input: 1),
      let axes = shapes.has(3) ? self.input(3)?.integers : Array(0..<rank), pads.count == 2 * axes.count,
      ONNXShapes.axes(axes, of: rank) != nil
    else { return nil }
    let mode = node.text("mode") ?? "constant"
    var lists = input.shape.map { Array(0..<$0) }
    for (index, axis) in axes.enumerated() {
      guard let axis = ONNXShapes.axis(axis, of: rank) else { return nil }
      let pair = (pads[index], pads[index + axes.count])
      guard max(pair.0.magnitude, pair.1.magnitude) <= ONNXConstant.maxElements,
        try charged([max(input.shape[axis] + pair.0 + pair.1, 0)]) != nil
      else { return nil }
      // Negative pads cut elements off before the others add some.
      let kept = Array(lists[axis].dropFirst(max(-pair.0, 0)).dropLast(max(-pair.1, 0))), extent = kept.count
      guard extent > 0 || mode == "constant" else { return nil }
      lists[axis] = []
      for position in stride(from: -max(pair.0, 0), to: extent + max(pair.1, 0), by: 1) {
        switch mode {
        case "constant": lists[axis].append(0..<extent ~= position ? kept[position] : -1)
        case "edge": lists[axis].append(kept[min(max(position, 0), extent - 1)])
        case "reflect":
          let period = max(2 * (extent - 1), 1), rest = (position % period + period) % period
          lists[axis].append(kept[min(rest, period - rest)])
        case "wrap": lists[axis].append(kept[(position % extent + extent) % extent])
        default: return nil
        }
      }
    }
    let filling: ONNXConstant?
    if shapes.has(2) {
      guard let value = self.input(2), value.count == 1 else { return nil }
      filling = value
    } else {
      filling = node.float("value").map { ONNXConstant(reals: [Double($0)], [1], input.type) }
    }
    guard let filling, try filling.real() != 0, mode == "constant" else { return try selected(input, lists) }
    // The filling lies behind the input's elements.
    guard let (all, starts) = try joined([input, filling]), let count = try charged(lists.map(\.count)),
      let positions = try selected(
        ONNXConstant(Array(1...max(input.count, 1)), input.shape, .int64), lists)?
        .integers, positions.count == count
    else { return nil }
    return try all.picked(positions.map { $0 == 0 ? starts[1] : $0 - 1 }, lists.map(\.count))
  }

  private func triangle(_ input: ONNXConstant) throws(PixelAscentError) -> ONNXConstant? {
    guard input.shape.count >= 2, let count = try charged(input.shape),
      let shift = shapes.has(1) ? self.input(1)?.integer : 0
    else { return nil }
    let columns = input.shape[input.shape.count - 1], rows = input.shape[input.shape.count - 2]
    let isUpper = node.integer("upper") != 0
    let positions = (0..<count).map { position in
      let distance = position % columns - position / columns % rows
      return isUpper ? distance >= shift ? position : -1 : distance <= shift ? position : -1
    }
    return try input.picked(positions, input.shape)
  }

  /// Returns for each index the position of the element that GatherElements takes, or that ScatterElements replaces.
  private func elementPositions(
    _ indices: ONNXConstant, _ shape: [Int]
  ) throws(PixelAscentError) -> [Int]? {
    guard let axis = ONNXShapes.axis(node.integer("axis") ?? 0, of: shape.count), indices.shape.count == shape.count,
      try charged(indices.shape) != nil, let values = try indices.loaded().integers,
      shape.indices.allSatisfy({ $0 == axis || indices.shape[$0] <= shape[$0] })
    else { return nil }
    var strides = contiguousStrides(shape)
    let step = strides[axis]
    strides[axis] = 0
    var positions = Self.positions(indices.shape, strides: strides)
    for (index, value) in values.enumerated() {
      guard let value = ONNXShapes.axis(value, of: shape[axis]) else { return nil }
      positions[index] += value * step
    }
    return positions
  }

  /// Returns the position of the first element of each slice that an index of several numbers, the last axis of
  /// `indices`, selects; and the number of elements of a slice.
  private func slices(
    _ indices: ONNXConstant, _ shape: [Int], batch: Int
  ) throws(PixelAscentError) -> (starts: [Int], length: Int)? {
    guard let depth = indices.shape.last, depth >= 1, batch >= 0, batch < indices.shape.count,
      batch + depth <= shape.count,
      indices.shape[..<batch] == shape[..<batch], let values = try indices.loaded().integers
    else { return nil }
    let strides = contiguousStrides(shape), length = shape[(batch + depth)...].reduce(1, *)
    let perBatch = indices.shape[batch..<indices.shape.count - 1].reduce(1, *)
    let batchLength = shape[batch...].reduce(1, *)
    var starts = [Int]()
    for first in stride(from: 0, to: values.count, by: depth) {
      var start = first / depth / max(perBatch, 1) * batchLength
      for index in 0..<depth {
        guard let value = ONNXShapes.axis(values[first + index], of: shape[batch + index]) else { return nil }
        start += value * strides[batch + index]
      }
      starts.append(start)
    }
    return (starts, length)
  }

  private func gatheredSlices(_ input: ONNXConstant) throws(PixelAscentError) -> ONNXConstant? {
    let batch = node.integer("batch_dims") ?? 0
    guard let indices = self.input(1), let (starts, length) = try slices(indices, input.shape, batch: batch),
      let depth = indices.shape.last
    else { return nil }
    let shape = Array(indices.shape.dropLast()) + Array(input.shape[(batch + depth)...])
    guard try charged(shape) != nil else { return nil }
    return try input.picked(starts.flatMap { $0..<$0 + length }, shape)
  }

  func scattered(_ input: ONNXConstant) throws(PixelAscentError) -> ONNXConstant? {
    guard inputs.count == 3, let indices = self.input(1), let updates = self.input(2), try charged(input.shape) != nil
    else {
      return nil
    }
    let targets: [Int]
    if node.type == "ScatterND" {
      guard let (starts, length) = try slices(indices, input.shape, batch: 0), try charged(updates.shape) != nil else {
        return nil
      }
      targets = starts.count * length == updates.count ? starts.flatMap { $0..<$0 + length } : []
    } else {
      targets = try elementPositions(indices, input.shape) ?? []
    }
    guard targets.count == updates.count else { return nil }
    let types = ["none": nil, "add": "Add", "mul": "Mul", "min": "Min", "max": "Max"]
    guard let type = types[node.text("reduction") ?? "none"] else { return nil }
    let element = try commonType([input, updates])
    if var values = try input.loaded().integers, let updates = try updates.loaded().integers {
      for (target, update) in zip(targets, updates) {
        // Later updates of the same element must see an integer of the type.
        values[target] = element.wrapped(
          type.flatMap { ONNXArithmetic.integer($0, values[target], update, element) } ?? update)
      }
      return ONNXConstant(values, input.shape, element)
    }
    guard var values = try input.reals(), let updates = try updates.reals() else { return nil }
    for (target, update) in zip(targets, updates) {
      values[target] = type.flatMap { ONNXArithmetic.real($0, values[target], update) } ?? update
    }
    return ONNXConstant(reals: values, input.shape, element)
  }

  func nonZero(_ input: ONNXConstant) throws(PixelAscentError) -> ONNXConstant? {
    guard let values = try input.reals() else { return nil }
    let found = values.indices.filter { values[$0] != 0 }, shape = input.shape
    // ONNX says (0, 1), ONNX Runtime computes (1, 1).
    guard !shape.isEmpty else {
      throw fail("has a single number as its input, for which programs differ in the result")
    }
    guard try charged([shape.count, found.count]) != nil else { return nil }
    let coordinates = zip(shape, contiguousStrides(shape)).flatMap { extent, step in found.map { $0 / step % extent } }
    return ONNXConstant(coordinates, [shape.count, found.count], .int64)
  }

  func oneHot(_ input: ONNXConstant) throws(PixelAscentError) -> ONNXConstant? {
    guard let indices = try input.reals(), let depth = try self.input(1)?.real().flatMap({ Int(exactly: $0) }),
      depth > 0,
      let values = self.input(2), values.count == 2,
      let axis = ONNXShapes.axis(node.integer("axis") ?? -1, of: input.shape.count + 1)
    else { return nil }
    var shape = input.shape
    shape.insert(depth, at: axis)
    guard let count = try charged(shape) else { return nil }
    let inner = shape[(axis + 1)...].reduce(1, *)
    let picks = (0..<count).map { position in
      let index = indices[position / (inner * depth) * inner + position % inner]
      return Double(position / inner % depth) == (index < 0 ? index + Double(depth) : index) ? 1 : 0
    }
    return try values.picked(picks, shape)
  }

  func eye(_ input: ONNXConstant) throws(PixelAscentError) -> ONNXConstant? {
    guard input.shape.count == 2, let count = try charged(input.shape) else { return nil }
    let shift = node.integer("k") ?? 0, columns = max(input.shape[1], 1)
    let ones = (0..<count).map { $0 % columns - $0 / columns == shift ? 1 : 0 }
    guard let type = ONNXElementType(rawValue: node.integer("dtype") ?? input.type.rawValue) else { return nil }
    return try ONNXConstant(ones, input.shape, .int64).converted(to: type)
  }
}
