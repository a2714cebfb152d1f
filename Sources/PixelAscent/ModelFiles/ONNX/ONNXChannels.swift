// SPDX-License-Identifier: MIT

// Operators that rearrange a value, split its channels or concatenate channels.
extension ONNXImporter {
  mutating func reshaped(_ shapes: ONNXShapes) throws(PixelAscentError) -> ONNXValue? {
    if case .shuffled(let view, let groups) = values[node.inputs[0]], let shape = shapes.reshaped(view.shape),
      shape.filter({ $0 > 1 }).count <= 1
    {
      return .shuffled(ONNXView(view.layer, view.size, shape: shape), groups: groups)
    }
    guard let input = try view(node.inputs[0]) else { return nil }
    guard let shape = shapes.reshaped(input.shape) else {
      return fails("the new shape of \(shapeText(input.shape)) is not constant, or does not fit")
    }
    if input.isContiguous { return .view(ONNXView(input.layer, input.size, shape: shape)) }
    if let view = input.reshaped(shape) { return .view(view) }
    if let groups = input.shuffleGroups {
      let shuffled = try add(ChannelShuffle(groups: groups), [input], input.size)
      return .view(ONNXView(shuffled.layer, input.size, shape: shape))
    }
    // TensorFlow flattens in the order row, column, channel: a shuffle of the vector in the order channel, row, column.
    let size = ONNXView.Size(channels: input.size.count, rows: 1, columns: 1)
    var vector = input
    vector.size = size
    guard let groups = vector.shuffleGroups, shape.filter({ $0 > 1 }).count <= 1 else {
      return fails(
        "a transposed array of shape \(shapeText(input.shape)) can't become \(shapeText(shape)); supported are channel "
          + "shuffles, and flattening")
    }
    let flat = try add(Flatten(), [input], size)
    return .shuffled(ONNXView(flat.layer, size, shape: shape), groups: groups)
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
    let extent = input.shape[axis]
    guard let sizes = shapes.splitSizes(extent), sizes.allSatisfy({ $0 > 0 }) else {
      return fails("expected constant sizes of the parts of an axis of \(extent)")
    }
    // Without sizes, SplitToSequence can remove the axis.
    let isRemoved = node.type == "SplitToSequence" && !shapes.has(1) && node.integer("keepdims") == 0
    var results = [ONNXValue](), first = 0
    for size in sizes {
      guard var view = try channels(Array(first..<first + size), of: input, along: axis) else { return nil }
      if isRemoved {
        view.shape.remove(at: axis)
        view.strides.remove(at: axis)
      }
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
      switch settled.isPlanar ? [.one, .channel, .row, .column][axis] : settled.roles?[axis] {
      case .row: result = try pixels(list, of: settled, areRows: true)
      case .column: result = try pixels(list, of: settled, areRows: false)
      default: result = try channels(list, of: settled, along: axis)
      }
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
    if positions.elementsEqual(0..<view.shape[axis]) { return view }
    guard isChannelAxis(axis, of: view), let first = positions.first else {
      return fails("a part of axis \(axis) of \(shapeText(view.shape)); only whole channels are supported")
    }
    var size = view.size
    size.channels = positions.count
    if positions.elementsEqual(first..<first + positions.count) {
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

  /// Returns a view of some rows or columns, all equally far apart. They are taken by a convolution of each channel with a
  /// window in which one weight is 1 and the others are 0.
  private mutating func pixels(
    _ positions: [Int], of view: ONNXView, areRows: Bool
  ) throws(PixelAscentError) -> ONNXView? {
    let extent = areRows ? view.size.rows : view.size.columns
    let first = positions.first ?? 0, step = positions.count > 1 ? positions[1] - first : extent
    // Larger windows than those that begin at the first pixel keep the last positions from being too many.
    let kernel = max(first + 1, extent - step * positions.count + 1)
    guard !positions.isEmpty, step > 0, kernel <= 64 else {
      return fails(
        "\(positions.count) of \(extent) rows or columns in reverse, or with more than 63 left out at an end")
    }
    var size = view.size
    if areRows { size.rows = positions.count } else { size.columns = positions.count }
    let axis = WindowAxis(kernel: kernel, stride: step, before: 0, after: 0, dilation: 1)
    let one = WindowAxis(kernel: 1, stride: 1, before: 0, after: 0, dilation: 1)
    let channels = size.channels
    try charge(channels * kernel)
    var weight = Tensor(shape: [channels, 1, areRows ? kernel : 1, areRows ? 1 : kernel], repeating: 0)
    for channel in 0..<channels { weight.values[channel * kernel + first] = 1 }
    let window = Window(y: areRows ? axis : one, x: areRows ? one : axis)
    let taken = try add(
      Convolution(window, groups: channels, outputs: channels), [view], size,
      ["weight": Parameter(weight), "bias": Parameter(Tensor(shape: [channels], repeating: 0))])
    return view.isPlanar ? taken : view.on(taken.layer, size)
  }

  /// Returns whether an axis is the channels' axis. If the view has only one channel, any axis of extent 1 counts.
  private func isChannelAxis(_ axis: Int, of view: ONNXView) -> Bool {
    guard let role = view.roles?[axis] else { return false }
    return role == .channel || role == .one && view.size.channels == 1
  }
}
