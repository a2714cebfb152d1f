// SPDX-License-Identifier: MIT

/// Group normalisation (Wu, He 2018): (x − mean) / √(variance + epsilon) · weight + bias. Mean and variance are taken
/// over all pixels of each of `groups` equal groups of channels. The parameters `.weight` and `.bias` have the shape
/// (channels).
///
/// With one group this is a layer normalisation of the whole image; with a group for each channel it is instance
/// normalisation (Ulyanov et al. 2016).
package struct GroupNorm: Operation {
  package var groups: Int
  package var epsilon: Float

  package init(groups: Int, epsilon: Float) { (self.groups, self.epsilon) = (groups, epsilon) }

  package static let name = "groupNorm"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) throws {
    self.init(groups: try fields.integer("groups"), epsilon: try fields.number("epsilon"))
  }

  package func write(to fields: inout LayerFieldWriter) throws {
    try fields.write(groups, "groups")
    try fields.write(epsilon, "epsilon")
  }

  package func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    let channels = inputs[0].channels
    try checkShape(
      groups >= 1 && channels % groups == 0,
      "expected a number of groups that divides the \(channels) channels, found \(groups)")
    try checkShape(epsilon >= 0 && epsilon.isFinite, "expected a finite epsilon of at least 0, found \(epsilon)")
    return inputs[0]
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] {
    [("weight", [[input.channels]]), ("bias", [[input.channels]])]
  }

  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { "group norm, \(groups) group\(groups == 1 ? "" : "s")" }
  package func makesVector(_ inputs: [Bool]) -> Bool { inputs[0] }
  package func isIdentity(onVector: Bool) -> Bool { false }
}
