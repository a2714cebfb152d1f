// SPDX-License-Identifier: MIT

// Operators that rearrange a value, split its channels or concatenate channels.
extension ONNXImporter {
  mutating func reshaped(_ shapes: ONNXShapes) throws(PixelAscentError) -> ONNXView? {
    guard let input = try view(node.inputs[0]) else { return nil }
    guard let shape = shapes.reshaped(input.shape) else {
      return fails("the new shape of \(shapeText(input.shape)) is not constant, or does not fit")
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
        "a transposed array of shape \(shapeText(input.shape)) can't become \(shapeText(shape)); supported are channel "
          + "shuffles, and flattening in the order channel, row, column")
    }
    let shuffled = try add(ChannelShuffle(groups: groups), [input], input.size)
    return ONNXView(shuffled.layer, input.size, shape: shape)
  }

  mutating func transposed(_ shapes: ONNXShapes) throws(PixelAscentError) -> ONNXView? {
    guard let input = try view(node.inputs[0]) else { return nil }
    guard let order = shapes.permutation(input.shape.count) else {
      let found = shapeText(node.integers("perm") ?? [])
      throw failNode("has the perm \(found), expected a permutation of \(input.shape.count) axes")
    }
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
      throw failNode("has the axis \(node.integer("axis") ?? 1), found an input of shape \(shapeText(first.shape))")
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
          "expected shapes that differ in the channels only, and the channels' axis, found axis \(axis) of "
            + "\(shapeText(first.shape)) and \(shapeText(view.shape))")
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
      throw failNode("has the axis \(node.integer("axis") ?? 0), found an input of shape \(shapeText(input.shape))")
    }
    if shapes.has(1) && shapes.integers("split", input: 1) == nil { return fails("expected constant sizes") }
    let extent = input.shape[axis], parts = node.outputs.count
    let part = (extent + parts - 1) / max(parts, 1)
    let sizes = shapes.integers("split", input: 1) ?? (0..<parts).map { min(part, extent - $0 * part) }
    guard sizes.count == parts, sizes.allSatisfy({ (1...extent).contains($0) }), sizes.reduce(0, +) == extent else {
      throw failNode("has the sizes \(shapeText(sizes)) for \(parts) outputs of an axis of \(extent)")
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
    guard let lists = shapes.slices(given.shape) else {
      return fails("expected constant starts, ends, axes and steps that fit \(shapeText(given.shape))")
    }
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
    else { return fails("expected an axis of \(shapeText(input.shape)), and constant indices") }
    let positions = values.compactMap { ONNXShapes.axis($0, of: input.shape[axis]) }
    guard positions.count == values.count, !positions.isEmpty else {
      throw failNode("has no indices, or indices outside \(shapeText(input.shape))")
    }
    guard var view = try channels(positions, of: input, along: axis) else { return nil }
    // The axes of the indices replace the axis that they index. All of them run over the channels.
    let stride = view.strides[axis]
    view.shape.replaceSubrange(axis...axis, with: indices.shape)
    view.strides.replaceSubrange(axis...axis, with: contiguousStrides(indices.shape).map { $0 * stride })
    return view
  }

  /// Returns a view of some of the channels. At most 16 can be in another order.
  private mutating func channels(
    _ positions: [Int], of view: ONNXView, along axis: Int
  ) throws(PixelAscentError) -> ONNXView? {
    if positions == Array(0..<view.shape[axis]) { return view }
    guard isChannelAxis(axis, of: view), let first = positions.first else {
      return fails("a part of axis \(axis) of \(shapeText(view.shape)); only whole channels are supported")
    }
    var size = view.size
    size.channels = positions.count
    if positions == Array(first..<first + positions.count) {
      return view.on(
        try add(ChannelSlice(first: first, count: positions.count), [view], size).layer, size, channelAxis: axis)
    }
    guard positions.count <= 16 else {
      return fails("\(positions.count) channels in another order; at most 16 are supported")
    }
    var parts = [ONNXView]()
    for position in positions {
      guard let part = try channels([position], of: view, along: axis) else { return nil }
      parts.append(part)
    }
    return view.on(try add(Concatenate(), parts, size).layer, size, channelAxis: axis)
  }

  /// Returns whether an axis is the channels' axis. If the view has only one channel, any axis of extent 1 counts.
  private func isChannelAxis(_ axis: Int, of view: ONNXView) -> Bool {
    guard let role = view.roles?[axis] else { return false }
    return role == .channel || role == .one && view.size.channels == 1
  }
}
