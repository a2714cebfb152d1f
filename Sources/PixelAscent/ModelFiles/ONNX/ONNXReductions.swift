// SPDX-License-Identifier: MIT

// Means, sums, maxima and norms of pixels or channels, and the broadcasting of their results.
extension ONNXImporter {
  /// Adds a global pool, or a reduction of a value's pixels, channels or both.
  mutating func reduced(_ kind: ONNXOperator, _ shapes: ONNXShapes) throws(PixelAscentError) -> ONNXView? {
    guard let input = try view(node.inputs[0]) else { return nil }
    let rank = input.shape.count, isPool = kind == .globalAveragePool || kind == .globalMaxPool
    var axes = Array(min(2, rank)..<rank)
    if !isPool {
      if shapes.has(1) && shapes.integers("axes", input: 1) == nil { return fails("expected constant axes") }
      let given = shapes.integers("axes", input: 1) ?? []
      if given.isEmpty && node.integer("noop_with_empty_axes") == 1 { return input }
      guard let found = given.isEmpty ? Array(0..<rank) : ONNXShapes.axes(given, of: rank) else {
        throw failNode("has the axes \(shapeText(given)), found \(shapeText(input.shape))")
      }
      axes = found
    }
    guard !axes.contains(where: { input.strides[$0] == 0 }) else {
      return fails("it reduces an axis along which Expand repeats a value")
    }
    let keeps = isPool || node.integer("keepdims") != 0
    func reducedView(_ view: ONNXView) -> ONNXView {
      var result = view
      let kept = input.shape.indices.filter { keeps || !axes.contains($0) }
      result.shape = kept.map { axes.contains($0) ? 1 : input.shape[$0] }
      result.strides = kept.map { axes.contains($0) ? 1 : input.strides[$0] }
      return result
    }
    // The axes of the channels: those whose steps are whole planes. All others are axes of pixels.
    let long = input.shape.indices.filter { input.shape[$0] > 1 }, plane = input.size.plane
    let ofChannels = long.filter { input.strides[$0] >= plane }, ofPixels = long.filter { input.strides[$0] < plane }
    let reducesPixels = ofPixels.allSatisfy(axes.contains), reducesChannels = ofChannels.allSatisfy(axes.contains)
    guard reducesPixels || !ofPixels.contains(where: axes.contains),
      reducesChannels || !ofChannels.contains(where: axes.contains)
    else {
      return fails(
        "a reduction of the axes \(shapeText(axes)) of \(shapeText(input.shape)); supported are those of all channels, "
          + "and of all rows and columns")
    }
    var result = input
    if reducesPixels && !ofPixels.isEmpty || isPool {
      let size = ONNXView.Size(channels: input.size.channels, rows: 1, columns: 1)
      result = try add(kind.ofPixels, [result], size)
    } else if kind == .reduceL2, !reducesChannels || ofChannels.isEmpty {
      result = try add(Elementwise(.absolute), [result], input.size)
    }
    if reducesChannels && !ofChannels.isEmpty {
      let channels = result.size.channels
      let size = ONNXView.Size(channels: 1, rows: result.size.rows, columns: result.size.columns)
      result = try add(Reduction(kind.reduction, ofChannels: true), [result], size)
      if kind == .reduceMean { result = try affine(result, 1 / Double(channels), 0, for: node) }
    }
    var view = reducedView(input)
    (view.layer, view.size) = (result.layer, result.size)
    // The strides of the channels change with the size of their planes.
    for (index, stride) in view.strides.enumerated() where view.shape[index] > 1 && stride >= plane {
      view.strides[index] = stride / plane * view.size.plane
    }
    return view
  }

  /// Adds a linear layer for a convolution of one dimension over the channels of a vector, such as the gates of ECA-Net
  /// (Wang et al. 2020).
  mutating func channelConvolution(
    _ weight: Parameter, _ shapes: ONNXShapes
  ) throws(PixelAscentError) -> ONNXView? {
    guard let input = try settledView(node.inputs[0]) else { return nil }
    let count = input.size.count, kernel = weight.shape[2]
    let pads = node.integers("pads") ?? [0, 0], dilation = node.integers("dilations")?.first ?? 1
    guard input.isVector, input.shape == [1, 1, count], weight.shape[0] == 1, weight.shape[1] == 1,
      node.integers("strides") ?? [1] == [1], ["NOTSET", ""].contains(node.text("auto_pad") ?? "")
    else {
      return fails(
        "expected a convolution of 2 dimensions, or of 1 dimension with stride 1 over the values of a vector (1, 1, "
          + "values), found an input of shape \(shapeText(input.shape)) and weights of shape \(shapeText(weight.shape))"
      )
    }
    guard pads.count == 2, pads.allSatisfy({ (0...1 << 16).contains($0) }), (1...1 << 16).contains(dilation),
      (1...1 << 16).contains(kernel), case let outputs = count + pads[0] + pads[1] - dilation * (kernel - 1),
      outputs > 0
    else { throw failNode("has an invalid window: kernel \(kernel), pads \(shapeText(pads)), dilation \(dilation)") }
    try charge(outputs)
    let (size, overflow) = outputs.multipliedReportingOverflow(by: count)
    guard !overflow else { throw failNode("has an input of \(count) values, which are too many") }
    try charge(size)
    var bias = [Double](repeating: 0, count: 1)
    if shapes.has(2) {
      guard let values = try shapes.constants[2]?.reals(), values.count == 1 else {
        return fails("expected a constant bias of one value")
      }
      bias = values
    }
    let made = ONNXView.Size(channels: outputs, rows: 1, columns: 1)
    let parameters = [
      "weight": weight.channelMatrix(inputs: count, outputs: outputs, before: pads[0], dilation: dilation),
      "bias": Parameter(Tensor(shape: [outputs], repeating: Float(bias[0]))),
    ]
    return ONNXView(try add(Linear(outputs: outputs), [input], made, parameters).layer, made, shape: [1, 1, outputs])
  }

  // MARK: Broadcasting

  /// Adds layers that repeat a value along the axes in which it has one element and `large` has several. Returns a view
  /// with the shape of `large`; nil if the values' other axes differ.
  ///
  /// - Parameter keepsVectors: whether a value with 1×1 pixels and as many channels as `large` stays as it is
  mutating func broadcast(
    _ small: ONNXView, to large: ONNXView, keepsVectors: Bool
  ) throws(PixelAscentError) -> ONNXView? {
    let missing = large.shape.count - small.shape.count
    guard missing >= 0, let roles = large.roles, let smallRoles = small.roles,
      smallRoles.indices.allSatisfy({
        smallRoles[$0] == .one || smallRoles[$0] == roles[$0 + missing] && small.shape[$0] == large.shape[$0 + missing]
      }), small.size.channels == 1 || small.size.channels == large.size.channels,
      small.size.plane == 1 || small.size.plane == large.size.plane
    else { return nil }
    var value = small
    if small.size.channels < large.size.channels {
      let channels = large.size.channels
      let size = ONNXView.Size(channels: channels, rows: small.size.rows, columns: small.size.columns)
      try charge(channels)
      value = try add(
        Convolution(Window(kernel: 1), outputs: channels), [value], size,
        [
          "weight": Parameter(Tensor(shape: [channels, 1, 1, 1], repeating: 1)),
          "bias": Parameter(Tensor(shape: [channels], repeating: 0)),
        ])
    }
    if small.size.plane < large.size.plane && !keepsVectors {
      // Ones times the value: unlike an interpolation to a fixed size, this suits images of every size.
      let ones = try affine(ONNXView(large.layer, large.size), 0, 1, for: node)
      value = try add(Multiply(), [ones, value], large.size)
    }
    var result = large
    (result.layer, result.size) = (value.layer, value.size)
    return result
  }

  /// Returns a view in which the axes that Expand repeats have the stride 0.
  mutating func expanded(_ shapes: ONNXShapes) throws(PixelAscentError) -> ONNXView? {
    guard let input = try view(node.inputs[0]) else { return nil }
    guard let given = shapes.constants.count > 1 ? shapes.constants[1]?.integers : nil, given.count <= 16 else {
      return fails("expected a constant shape")
    }
    let rank = max(given.count, input.shape.count)
    func padded(_ numbers: [Int]) -> [Int] { Array(repeating: 1, count: rank - numbers.count) + numbers }
    var result = input
    (result.shape, result.strides) = (padded(input.shape), padded(input.strides))
    for (axis, extent) in padded(given).enumerated() where extent != 1 && extent != result.shape[axis] {
      guard result.shape[axis] == 1, extent > 0 else {
        throw failNode("can't expand \(shapeText(input.shape)) to \(shapeText(given))")
      }
      (result.shape[axis], result.strides[axis]) = (extent, 0)
    }
    return result
  }
}

extension ONNXOperator {
  /// The reduction that the operator makes of channels. A mean is a sum, divided by their number.
  fileprivate var reduction: Reduction.Kind {
    switch self {
    case .reduceMax: .maximum
    case .reduceL2: .norm
    default: .sum
    }
  }

  /// The operation that makes one number of each channel's pixels.
  fileprivate var ofPixels: any Operation {
    switch self {
    case .globalMaxPool: AdaptiveMax(rows: 1, columns: 1)
    case .globalAveragePool, .reduceMean: GlobalAverage()
    default: Reduction(reduction)
    }
  }
}
