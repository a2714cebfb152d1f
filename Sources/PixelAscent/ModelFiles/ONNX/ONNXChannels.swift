// SPDX-License-Identifier: MIT

// Operators that rearrange, and those that take channels apart or put them together.
extension ONNXImporter {
  mutating func reshaped(_ shapes: ONNXShapes) throws(PixelAscentError) -> ONNXView? {
    guard let input = try view(node.inputs[0]) else { return nil }
    guard let shape = shapes.reshaped(input.shape) else {
      return fails("of \(shapeText(input.shape)) to a shape that is not known or does not fit")
    }
    if node.type == "Squeeze" || node.type == "Unsqueeze" {
      var result = input, rest = zip(input.shape, input.strides).filter { $0.0 != 1 }.map(\.1)[...]
      result.shape = shape
      result.strides = shape.map { $0 == 1 ? 1 : rest.popFirst() ?? 1 }
      return result
    }
    if input.isContiguous { return ONNXView(input.layer, input.size, shape: shape) }
    guard let groups = input.shuffleGroups else {
      return fails(
        "of a transposed array of shape \(shapeText(input.shape)) to \(shapeText(shape)); supported are channel "
          + "shuffles, and flattening in the order channel, row, column")
    }
    let shuffled = try add(ChannelShuffle(groups: groups), [input], input.size)
    return ONNXView(shuffled.layer, input.size, shape: shape)
  }

  mutating func transposed(_ shapes: ONNXShapes) throws(PixelAscentError) -> ONNXView? {
    guard let input = try view(node.inputs[0]) else { return nil }
    guard let order = shapes.permutation(input.shape.count) else { throw failNode("has a perm that is none") }
    return input.transposed(order)
  }

  mutating func concatenated() throws(PixelAscentError) -> ONNXView? {
    var views = [ONNXView]()
    for name in node.inputs {
      guard let view = try settledView(name) else { return nil }
      views.append(view)
    }
    let first = views[0]
    guard let axis = ONNXShapes.axis(node.integer("axis") ?? 1, of: first.shape.count) else {
      throw failNode("has the axis \(node.integer("axis") ?? 1) on \(shapeText(first.shape))")
    }
    var channels = 0
    for view in views {
      var alike = view
      alike.shape = first.shape
      alike.shape[axis] = view.shape.indices.contains(axis) ? view.shape[axis] : 0
      alike.size.channels = first.size.channels
      let others = alike.shape.indices.filter { $0 != axis && alike.shape[$0] > 1 }
      guard view.shape == alike.shape, alike.size == first.size, isChannelAxis(axis, of: view),
        others.allSatisfy({ view.strides[$0] == first.strides[$0] })
      else {
        return fails(
          "of \(shapeText(first.shape)) and \(shapeText(view.shape)) on axis \(axis); supported are channels")
      }
      channels += view.size.channels
    }
    if views.count == 1 { return first }
    let size = ONNXView.Size(channels: channels, rows: first.size.rows, columns: first.size.columns)
    let layer = try add(Concatenate(), views, size).layer
    return first.on(layer, size, channelAxis: axis)
  }

  mutating func split(_ shapes: ONNXShapes) throws(PixelAscentError) -> [ONNXValue]? {
    guard let input = try settledView(node.inputs[0]) else { return nil }
    guard let axis = ONNXShapes.axis(node.integer("axis") ?? 0, of: input.shape.count) else {
      throw failNode("has the axis \(node.integer("axis") ?? 0) on \(shapeText(input.shape))")
    }
    if shapes.has(1) && shapes.integers("split", input: 1) == nil { return fails("expected constant sizes") }
    let extent = input.shape[axis], parts = node.outputs.count
    let part = (extent + parts - 1) / max(parts, 1)
    let sizes = shapes.integers("split", input: 1) ?? (0..<parts).map { min(part, extent - $0 * part) }
    guard sizes.count == parts, sizes.allSatisfy({ (1...extent).contains($0) }), sizes.reduce(0, +) == extent else {
      throw failNode("has the sizes \(shapeText(sizes)) for \(parts) parts of \(extent)")
    }
    var results = [ONNXValue](), first = 0
    for size in sizes {
      guard let view = try channels(Array(first..<first + size), of: input, along: axis) else { return nil }
      results.append(.view(view))
      first += size
    }
    return results
  }

  mutating func sliced(_ shapes: ONNXShapes) throws(PixelAscentError) -> ONNXView? {
    guard let given = try view(node.inputs[0]) else { return nil }
    guard let lists = shapes.slices(given.shape) else { return fails("expected constant starts, ends, axes and steps") }
    var result: ONNXView? = given
    for (axis, list) in lists.enumerated() {
      guard let view = result, list != Array(0..<view.shape[axis]) else { continue }
      guard let settled = try settled(view) else { return nil }
      result = try channels(list, of: settled, along: axis)
      if result == nil { return nil }
    }
    return result
  }

  mutating func gathered(_ shapes: ONNXShapes) throws(PixelAscentError) -> ONNXView? {
    guard let input = try settledView(node.inputs[0]) else { return nil }
    let axis = ONNXShapes.axis(node.integer("axis") ?? 0, of: input.shape.count)
    guard let axis, let indices = shapes.constants.count > 1 ? shapes.constants[1] : nil, let values = indices.integers
    else { return fails("expected constant indices") }
    let places = values.compactMap { ONNXShapes.axis($0, of: input.shape[axis]) }
    guard places.count == values.count, !places.isEmpty else {
      throw failNode("has indices outside of \(shapeText(input.shape))")
    }
    guard var view = try channels(places, of: input, along: axis) else { return nil }
    // The axes of the indices replace the one they index; all of them together run over the channels.
    let stride = view.strides[axis]
    view.shape.replaceSubrange(axis...axis, with: indices.shape)
    view.strides.replaceSubrange(axis...axis, with: contiguousStrides(indices.shape).map { $0 * stride })
    return view
  }

  /// Some of the channels, in their order or (a few) in any.
  private mutating func channels(
    _ places: [Int], of view: ONNXView, along axis: Int
  ) throws(PixelAscentError) -> ONNXView? {
    if places == Array(0..<view.shape[axis]) { return view }
    guard isChannelAxis(axis, of: view), let first = places.first else {
      return fails("on axis \(axis) of \(shapeText(view.shape)); supported are whole channels")
    }
    var size = view.size
    size.channels = places.count
    if places == Array(first..<first + places.count) {
      return view.on(
        try add(ChannelSlice(first: first, count: places.count), [view], size).layer, size, channelAxis: axis)
    }
    guard places.count <= 16 else {
      return fails("of \(places.count) channels in another order; at most 16 are supported")
    }
    var parts = [ONNXView]()
    for place in places {
      guard let part = try channels([place], of: view, along: axis) else { return nil }
      parts.append(part)
    }
    return view.on(try add(Concatenate(), parts, size).layer, size, channelAxis: axis)
  }

  /// Whether an axis is that of the channels, or with one channel could be.
  private func isChannelAxis(_ axis: Int, of view: ONNXView) -> Bool {
    guard let role = view.roles?[axis] else { return false }
    return role == .channel || role == .one && view.size.channels == 1
  }
}
