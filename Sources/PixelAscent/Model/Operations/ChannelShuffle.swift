// SPDX-License-Identifier: MIT

/// Channel shuffle: with n = channels / groups, channel g·n + j moves to j·groups + g (Zhang et al.: "ShuffleNet",
/// 2018).
package struct ChannelShuffle: Operation {
  package var groups: Int

  package init(groups: Int) { self.groups = groups }

  package static let name = "shuffle"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) throws { self.init(groups: try fields.integer("groups")) }
  package func write(to fields: inout LayerFieldWriter) throws { try fields.write(groups, "groups") }

  package func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    let channels = inputs[0].channels
    try checkShape(
      groups >= 1 && channels % groups == 0, "\(groups) groups do not divide \(channels) channels")
    return inputs[0]
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] { [] }
  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { "channel shuffle, \(groups) groups" }
  package func makesVector(_ inputs: [Bool]) -> Bool { inputs[0] }
  package func isIdentity(onVector: Bool) -> Bool { groups == 1 }
}
