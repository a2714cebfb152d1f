// SPDX-License-Identifier: MIT

extension ChannelSlice: RunnableOperation {
  func weights(_: LayerParameters) {}

  /// Makes a slice of whole blocks a part of its input's storage, and copies any other slice.
  func append(_ node: PlanNode, _: Void, to plan: inout LayerPlan) {
    let value = plan.values[node.input], end = first + count
    if first % 16 == 0 && (count % 16 == 0 || end == value.channels) {
      plan.addName(
        node.name,
        for: Value(
          shapeName: node.name, channels: count, clamp: value.clamp, isVector: value.isVector,
          storage: value.storage, firstBlock: value.firstBlock + first / 16), of: node.inputs)
    } else {
      let output = plan.addValue(node.name, channels: count, isVector: value.isVector)
      plan.appendSelect(node.name, node.input, output, Array(first..<end))
    }
  }
}

extension ChannelShuffle: RunnableOperation {
  func weights(_: LayerParameters) {}

  func append(_ node: PlanNode, _: Void, to plan: inout LayerPlan) {
    let channels = node.shape.channels, size = channels / groups
    let output = plan.addValue(node.name, channels: channels, isVector: plan.values[node.input].isVector)
    plan.appendSelect(node.name, node.input, output, (0..<channels).map { ($0 % groups) * size + $0 / groups })
  }
}

extension LayerPlan {
  /// Adds a layer that copies channel map[c] of the input to channel `first` + c of the output, for every c. The layer
  /// leaves the output's other channels unchanged.
  ///
  /// A concatenation has such a layer for each of its parts, and a split value one for each slice, so the layer's size
  /// must not depend on the whole output or input.
  mutating func appendSelect(_ name: String, _ input: Int, _ output: Int, _ map: [Int], from first: Int = 0) {
    let blocks = first / 16..<(first + map.count + 15) / 16
    let inputBlocks = (map.min() ?? 0) / 16..<(map.max() ?? 0) / 16 + 1
    var padded = [Int32](repeating: -1, count: 16 * blocks.count)
    var inverse = [Int32](repeating: -1, count: 16 * inputBlocks.count)
    for (channel, from) in map.enumerated() {
      padded[first % 16 + channel] = Int32(from)
      inverse[from - 16 * inputBlocks.lowerBound] = Int32(first + channel)
    }
    let layer = SelectLayer(blocks: blocks, map: padded, inputBlocks: inputBlocks, inverse: inverse)
    layers.append(Layer(name, layer, [input], output))
  }
}

/// Copies channel map[c] of the input to channel c of some blocks of the output, and leaves channel c unchanged if map[c]
/// is negative. The gradient of channel i of some blocks of the input comes from channel inverse[i] of the whole output;
/// that of the other blocks is zero.
struct SelectLayer: RunnableLayer {
  let blocks: Range<Int>
  let map: [Int32]
  let inputBlocks: Range<Int>
  let inverse: [Int32]

  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x, map) = (pass.kernels, pass.y.slice(blocks: blocks), pass.x, map)
    return Step(
      blocks: 0..<blocks.count, rows: y.height, body: Parallel.Body { kernels.selectChannels(y, x, map, $0) })
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, epilogue, blocks) = (pass.kernels, pass.dx, pass.dy, pass.epilogue, inputBlocks)
    guard epilogue.accumulates, epilogue.mask == nil else {
      // The layer writes or masks the whole gradient.
      let before = [Int32](repeating: -1, count: 16 * blocks.lowerBound)
      let inverse = before + inverse + [Int32](repeating: -1, count: 16 * (dx.blocks - blocks.upperBound))
      return pass.parts { kernels.selectChannelsGradient(dx, dy, inverse: inverse, epilogue, $0) }
    }
    let slice = dx.slice(blocks: blocks), first = blocks.lowerBound, inverse = inverse
    let body = Parallel.Body { part in
      // A pass that ends at a layer chooses the blocks itself.
      let wanted = part.blocks.clamped(to: blocks)
      if wanted.isEmpty { return }
      let inSlice = Part(blocks: wanted.lowerBound - first..<wanted.upperBound - first, rows: part.rows)
      kernels.selectChannelsGradient(slice, dy, inverse: inverse, epilogue, inSlice)
    }
    return Step(blocks: blocks, rows: dx.height, body: body)
  }

  var mayOverwriteInput: Bool { false }
  var partialOutput: PartialOutput { .impossible }
}
