// SPDX-License-Identifier: MIT

extension Operation {
  /// The parameters of a layer with an input of this shape, and the shapes they may have.
  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] {
    switch self {
    case .convolution(let window, let groups, let outputs, _):
      [
        ("weight", [[outputs, input.channels / max(groups, 1), window.y.kernel, window.x.kernel]]),
        ("bias", [[outputs]]),
      ]
    case .linear(let outputs, _): [("weight", [[outputs, input.channels]]), ("bias", [[outputs]])]
    case .affine: [("weight", [[input.channels]]), ("bias", [[input.channels]])]
    case .function(.prelu): [("weight", [[input.channels], [1]])]
    default: []
    }
  }
}
