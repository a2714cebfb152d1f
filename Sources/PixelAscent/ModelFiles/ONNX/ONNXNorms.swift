// SPDX-License-Identifier: MIT

// Layer, group and instance normalisation.
extension ONNXImporter {
  /// Adds a normalisation from an axis on: of the channels of each pixel, of each channel's pixels, or of the whole
  /// image.
  mutating func layerNorm(_ shapes: ONNXShapes) throws(PixelAscentError) -> ONNXView? {
    guard let input = try settledView(node.inputs[0]) else { return nil }
    let rank = input.shape.count, epsilon = node.float("epsilon") ?? 1e-5
    guard let first = ONNXShapes.axis(node.integer("axis") ?? -1, of: rank), let roles = input.roles else {
      throw failNode("has the axis \(node.integer("axis") ?? -1), found an input of shape \(shapeText(input.shape))")
    }
    let normalised = elementCount(Array(input.shape[first...])) ?? 0, hasChannels = roles[first...].contains(.channel)
    let operation: any Operation
    switch normalised {
    case input.size.count where input.size.plane > 1: operation = GroupNorm(groups: 1, epsilon: epsilon)
    case input.size.channels where hasChannels || input.size.channels == 1: operation = LayerNorm(epsilon: epsilon)
    case input.size.plane where !hasChannels: operation = GroupNorm(groups: input.size.channels, epsilon: epsilon)
    default:
      return fails(
        "expected a normalisation of the channels, of each channel's pixels or of both, found one of "
          + "\(shapeText(input.shape)) from axis \(node.integer("axis") ?? -1) on")
    }
    // Which channel each of the scale's elements belongs to.
    let axis = roles[first...].firstIndex(of: .channel), extents = Array(input.shape[first...])
    let step = axis.map { elementCount(Array(input.shape[($0 + 1)...])) ?? 1 } ?? 0
    return try normalized(input, operation, shapes) { values, channels in
      if values.count == 1 { return Array(repeating: values[0], count: channels) }
      guard values.count == elementCount(extents) else { return nil }
      let own = (0..<channels).map { values[step == 0 ? 0 : $0 * step % values.count] }
      let isAlike = values.indices.allSatisfy { values[$0] == own[step == 0 ? 0 : $0 / step % channels] }
      return isAlike ? own : nil
    }
  }

  /// Adds a group normalisation. Instance normalisation has a group for each element of the second axis, which an
  /// exporter's Reshape may have made of several channels.
  mutating func groupNorm(_ shapes: ONNXShapes) throws(PixelAscentError) -> ONNXView? {
    guard var input = try view(node.inputs[0]) else { return nil }
    let isInstance = node.type == "InstanceNormalization"
    if !input.isContiguous || !isInstance {
      guard let settled = try settled(input) else { return nil }
      input = settled
    }
    let second = input.shape.count > 1 ? input.shape[1] : 1, channels = input.size.channels
    let hasChannelsSecond = channels == 1 || input.shape.count > 1 && input.roles?[1] == .channel
    guard hasChannelsSecond || isInstance && input.isContiguous && input.shape[0] == 1 else {
      return fails("expected channels as the second axis, found \(shapeText(input.shape))")
    }
    let groups = isInstance ? second : node.integer("num_groups") ?? 0
    guard groups > 0, channels % groups == 0 else {
      throw failNode("expects groups of equally many channels, found \(groups) groups of \(channels) channels")
    }
    return try normalized(input, GroupNorm(groups: groups, epsilon: node.float("epsilon") ?? 1e-5), shapes) {
      values, channels in
      guard [1, groups, channels].contains(values.count) else { return nil }
      return (0..<channels).map { values[$0 * values.count / channels] }
    }
  }

  /// Adds a normalisation with the node's scale and bias.
  ///
  /// - Parameter perChannel: returns one value per channel, given a parameter's values and the number of channels; nil
  ///   if the values don't suit
  private mutating func normalized(
    _ input: ONNXView, _ operation: any Operation, _ shapes: ONNXShapes,
    _ perChannel: (_ values: [Double], _ channels: Int) -> [Double]?
  ) throws(PixelAscentError) -> ONNXView? {
    let channels = input.size.channels
    func parameter(_ index: Int, usual: Double) throws(PixelAscentError) -> [Double]? {
      shapes.has(index) ? try shapes.constants[index]?.reals() : [usual]
    }
    guard let weight = try parameter(1, usual: 1), let bias = try parameter(2, usual: 0) else {
      return fails("expected constant parameters")
    }
    var tensors = [String: Parameter]()
    for (key, values) in [("weight", weight), ("bias", bias)] {
      guard let own = perChannel(values, channels) else {
        return fails(
          "expected one \(key) per channel (\(channels)), the same at every pixel, found \(values.count) values")
      }
      tensors[key] = Parameter(Tensor(shape: [channels], values: own.map { Float($0) }))
    }
    var result = input
    result.layer = try add(operation, [input], input.size, tensors).layer
    return result
  }
}
