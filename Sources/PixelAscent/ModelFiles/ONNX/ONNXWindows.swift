// SPDX-License-Identifier: MIT

// Convolutions, pools, and the other operators on (1, channels, rows, columns).
extension ONNXImporter {
  mutating func convolution(_ shapes: ONNXShapes) throws(PixelAscentError) -> ONNXView? {
    guard shapes.constants.count > 1, let weight = try shapes.constants[1]?.parameter() else {
      return fails("expected constant weights of a supported type")
    }
    if let kernel = node.integers("kernel_shape"), kernel != Array(weight.shape.dropFirst(2)) {
      throw failNode("has the kernel_shape \(shapeText(kernel)), found weights of shape \(shapeText(weight.shape))")
    }
    if weight.shape.count == 3 { return try channelConvolution(weight, shapes) }
    guard let input = try plane() else { return nil }
    guard weight.shape.count == 4 else {
      return fails("expected a convolution of 2 dimensions, found \(weight.shape.count - 2)")
    }
    let outputs = weight.shape[0], groups = node.integer("group") ?? 1
    guard groups > 0, outputs > 0, outputs % groups == 0, input.size.channels % groups == 0,
      weight.shape[1] == input.size.channels / groups
    else {
      throw failNode(
        "has weights of shape \(shapeText(weight.shape)) and group = \(groups), found \(input.size.channels) input "
          + "channels")
    }
    let bias = shapes.constants.count > 2 ? try shapes.constants[2]?.parameter() : nil
    if shapes.has(2) && bias == nil { return fails("expected a constant bias") }
    guard bias == nil || bias?.shape == [outputs] else {
      throw failNode("expects a bias of shape (\(outputs)), found \(shapeText(bias?.shape ?? []))")
    }
    guard let window = try window(Array(weight.shape[2...]), input.size),
      let size = try output(window, input.size, outputs)
    else { return nil }
    return try add(
      Convolution(window, groups: groups, outputs: outputs), [input], size,
      ["weight": weight, "bias": bias ?? Parameter(Tensor(shape: [outputs], repeating: 0))])
  }

  mutating func pool(isMax: Bool) throws(PixelAscentError) -> ONNXView? {
    guard let input = try plane() else { return nil }
    guard let kernel = node.integers("kernel_shape") else { throw failNode("declares no kernel_shape") }
    let ceilMode = node.integer("ceil_mode") == 1
    guard let window = try window(kernel, input.size),
      let size = try output(window, input.size, input.size.channels, ceilMode: ceilMode)
    else { return nil }
    for axis in [window.y, window.x] where max(axis.before, axis.after) > (axis.kernel - 1) * axis.dilation {
      throw failNode("has windows that lie entirely in the padding")
    }
    if isMax { return try add(MaxPool(window, ceilMode: ceilMode), [input], size) }
    let countPadding = node.integer("count_include_pad") == 1
    return try add(AveragePool(window, ceilMode: ceilMode, countPadding: countPadding), [input], size)
  }

  mutating func localResponseNorm() throws(PixelAscentError) -> ONNXView? {
    guard let input = try plane() else { return nil }
    guard let size = node.integer("size"), (1...1 << 20).contains(size) else { throw failNode("has no valid size") }
    // An even window has a longer side: before the channel in PyTorch, behind the channel in ONNX.
    guard size % 2 == 1 else { return fails("it normalises over \(size) channels; supported are odd numbers") }
    let operation = LocalResponseNorm(
      size: size, alpha: node.float("alpha") ?? 1e-4, beta: node.float("beta") ?? 0.75, k: node.float("bias") ?? 1)
    return try add(operation, [input], input.size)
  }

  mutating func padded(_ shapes: ONNXShapes) throws(PixelAscentError) -> ONNXView? {
    guard let input = try view(node.inputs[0]) else { return nil }
    let rank = input.shape.count
    guard let pads = shapes.integers("pads", input: 1) else { return fails("expected constant pads") }
    guard let axes = shapes.has(3) ? shapes.integers("axes", input: 3) : Array(0..<rank), pads.count == 2 * axes.count,
      ONNXShapes.axes(axes, of: rank) != nil
    else {
      throw failNode("expects \(2 * rank) pads, two for each axis of \(shapeText(input.shape)), found \(pads.count)")
    }
    if pads.allSatisfy({ $0 == 0 }) { return input }
    guard let mode = Pad.Mode(rawValue: node.text("mode") ?? "constant") else {
      throw failNode("has the unknown mode \((node.text("mode") ?? "").oneLine)")
    }
    guard let view = try settled(input), let roles = view.isPlanar ? [.one, .channel, .row, .column] : view.roles else {
      return nil
    }
    var before = [0, 0], after = [0, 0]
    for (index, axis) in axes.enumerated() {
      guard let position = ONNXShapes.axis(axis, of: rank) else { continue }
      let pair = (pads[index], pads[index + axes.count])
      if pair == (0, 0) { continue }
      let place = roles[position] == .row ? 0 : roles[position] == .column ? 1 : nil
      guard let place, min(pair.0, pair.1) >= 0, max(pair.0, pair.1) < 1 << 16 else {
        return fails("pads \(shapeText(pads)) of \(shapeText(view.shape)); only rows and columns can be padded")
      }
      (before[place], after[place]) = pair
    }
    let constant = shapes.constants.count > 2 ? try shapes.constants[2]?.real() : nil
    if shapes.has(2) && constant == nil { return fails("expected a constant value") }
    let value = node.float("value") ?? Float(constant ?? 0)
    let size = ONNXView.Size(
      channels: view.size.channels, rows: view.size.rows + before[0] + after[0],
      columns: view.size.columns + before[1] + after[1])
    let operation = Pad(
      top: before[0], left: before[1], bottom: after[0], right: after[1], value: mode == .constant ? value : 0,
      mode: mode)
    let padded = try add(operation, [view], size)
    return view.isPlanar ? padded : view.on(padded.layer, size)
  }

  /// Returns the window that the attributes of a convolution or pool describe; nil if it is not supported.
  private mutating func window(_ kernel: [Int], _ size: ONNXView.Size) throws(PixelAscentError) -> Window? {
    guard kernel.count == 2 else {
      return fails("expected a window of 2 dimensions, found \(kernel.count)")
    }
    let strides = node.integers("strides") ?? [1, 1], dilations = node.integers("dilations") ?? [1, 1]
    let pads = node.integers("pads") ?? [0, 0, 0, 0], extents = [size.rows, size.columns]
    guard strides.count == 2, dilations.count == 2, pads.count == 4,
      (kernel + strides + dilations).allSatisfy({ (1...1 << 16).contains($0) }), pads.allSatisfy({ $0 < 1 << 16 })
    else {
      throw failNode(
        "has an invalid window: kernel \(shapeText(kernel)), strides \(shapeText(strides)), pads \(shapeText(pads)), "
          + "dilations \(shapeText(dilations))")
    }
    if pads.contains(where: { $0 < 0 }) { return fails("negative pads are not supported") }
    var axes = [WindowAxis]()
    for index in 0..<2 {
      var axis = WindowAxis(
        kernel: kernel[index], stride: strides[index], before: pads[index], after: pads[index + 2],
        dilation: dilations[index])
      switch node.text("auto_pad") ?? "NOTSET" {
      case "NOTSET", "": break
      case "VALID": (axis.before, axis.after) = (0, 0)
      case "SAME_UPPER", "SAME_LOWER":
        let count = (extents[index] + axis.stride - 1) / axis.stride
        let total = max(0, (count - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1 - extents[index])
        let smaller = total / 2, isUpper = node.text("auto_pad") == "SAME_UPPER"
        (axis.before, axis.after) = isUpper ? (smaller, total - smaller) : (total - smaller, smaller)
      default: throw failNode("has the unknown auto_pad \((node.text("auto_pad") ?? "").oneLine)")
      }
      axes.append(axis)
    }
    return Window(y: axes[0], x: axes[1])
  }

  private func output(
    _ window: Window, _ size: ONNXView.Size, _ channels: Int, ceilMode: Bool = false
  ) throws(PixelAscentError) -> ONNXView.Size? {
    func extent(_ axis: WindowAxis, _ size: Int) throws(PixelAscentError) -> Int {
      let slack = size + axis.before + axis.after - (axis.kernel - 1) * axis.dilation - 1
      guard slack >= 0 else {
        let padded = size + axis.before + axis.after
        throw failNode("has a window of \(padded - slack) pixels, found an image of \(padded) pixels, padding included")
      }
      guard ceilMode else { return slack / axis.stride + 1 }
      let count = (slack + axis.stride - 1) / axis.stride + 1
      // A window that would begin in the padding after the image is left out.
      return (count - 1) * axis.stride >= size + axis.before ? count - 1 : count
    }
    return .init(
      channels: channels, rows: try extent(window.y, size.rows), columns: try extent(window.x, size.columns))
  }
}
