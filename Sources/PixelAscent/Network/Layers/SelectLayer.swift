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
  /// Adds a layer that copies channel map[c] of the input to channel c of the output. The layer leaves channel c
  /// unchanged if map[c] is negative.
  mutating func appendSelect(_ name: String, _ input: Int, _ output: Int, _ map: [Int]) {
    var inverse = [Int32](repeating: -1, count: values[input].channels)
    for (to, from) in map.enumerated() where from >= 0 { inverse[from] = Int32(to) }
    layers.append(Layer(name, SelectLayer(map: map.map(Int32.init), inverse: inverse), [input], output))
  }
}

/// Copies channel map[c] of the input to channel c of the output; the gradient of input channel i comes from output
/// channel inverse[i].
struct SelectLayer: RunnableLayer {
  let map, inverse: [Int32]

  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, x, map) = (pass.kernels, pass.y, pass.x, map)
    return pass.parts { kernels.selectChannels(y, x, map, $0) }
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dx, dy, epilogue, inverse) = (pass.kernels, pass.dx, pass.dy, pass.epilogue, inverse)
    return pass.parts { kernels.selectChannelsGradient(dx, dy, inverse: inverse, epilogue, $0) }
  }

  var mayOverwriteInput: Bool { false }
  var partialOutput: PartialOutput { .impossible }
}
