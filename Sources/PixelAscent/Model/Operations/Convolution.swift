// SPDX-License-Identifier: MIT

/// A convolution, then a clamp. The parameter `.weight` has the shape (outputs, inputs/groups, kernel rows, kernel
/// columns), `.bias` the shape (outputs).
package struct Convolution: ClampedOperation {
  package var window: Window
  /// Whether the padding is TensorFlow's "SAME", which depends on the size of the input. Then `window` has the greatest
  /// padding of any size.
  package private(set) var isSame: Bool
  package var groups: Int
  package var outputs: Int
  package var clamp: Clamp

  package init(_ window: Window, isSame: Bool = false, groups: Int = 1, outputs: Int, clamp: Clamp = .none) {
    self.window = isSame ? window.greatestSame : window
    (self.isSame, self.groups, self.outputs, self.clamp) = (isSame, groups, outputs, clamp)
  }

  package static let name = "conv"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) throws {
    let isSame = try fields.isSamePadding()
    self.init(
      try fields.window(isSame: isSame), isSame: isSame, groups: try fields.integer("groups", else: 1),
      outputs: try fields.integer("channels"), clamp: try fields.clamp())
  }

  package func write(to fields: inout LayerFieldWriter) throws {
    try fields.write(window, isSame: isSame)
    if groups != 1 { try fields.write(groups, "groups") }
    try fields.write(outputs, "channels")
    try fields.write(clamp)
  }

  package func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    let channels = inputs[0].channels
    try checkShape(
      groups >= 1 && channels % groups == 0 && outputs % groups == 0,
      "\(groups) groups do not divide \(channels) input and \(outputs) output channels")
    // The greatest padding is checked too: it bounds the window's numbers.
    var shape = try window.output(of: inputs[0], ceilMode: false)
    if isSame { shape = try window(for: inputs[0]).output(of: inputs[0], ceilMode: false) }
    shape.channels = outputs
    return shape
  }

  /// Returns the window with its padding for an input of this shape.
  package func window(for input: ValueShape) -> Window {
    isSame ? window.same(height: input.height, width: input.width) : window
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] {
    [
      ("weight", [[outputs, input.channels / max(groups, 1), window.y.kernel, window.x.kernel]]),
      ("bias", [[outputs]]),
    ]
  }

  /// The greatest number of multiplications that a layer reports, so that the sum over all layers does not overflow.
  private static let mostMultiplications = 1 << 50

  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int {
    [output.height, output.width, input.channels / groups, window.y.kernel, window.x.kernel].reduce(outputs) {
      let (product, overflow) = $0.multipliedReportingOverflow(by: $1)
      return overflow ? Self.mostMultiplications : min(product, Self.mostMultiplications)
    }
  }

  package var summary: String {
    "conv \(window.summary(isSame: isSame))\(groups > 1 ? ", \(groups) groups" : "")\(clamp.summary)"
  }

  package func makesVector(_ inputs: [Bool]) -> Bool {
    inputs[0] && window.y == WindowAxis(kernel: 1) && window.x == WindowAxis(kernel: 1)
  }

  package func isIdentity(onVector: Bool) -> Bool { false }
}
