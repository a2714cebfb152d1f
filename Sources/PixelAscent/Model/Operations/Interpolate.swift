// SPDX-License-Identifier: MIT

/// Another number of rows and columns, by the nearest elements or by linear interpolation, without antialiasing.
package struct Interpolate: Operation {
  /// How an axis is resized.
  package struct Axis: Hashable, Sendable {
    /// The factor between the sizes; nil if `size` is given.
    package var scale: Float?
    /// The size of the output; nil if `scale` is given.
    package var size: Int?

    package init(scale: Float) { self.scale = scale }
    package init(size: Int) { self.size = size }
  }

  /// Where output element i lies among the input's elements.
  package enum Coordinates: String, CaseIterable, Sendable {
    /// At (i + ½) / scale − ½.
    case halfPixel
    /// As `halfPixel`, but at 0 if the output has one element.
    case pytorchHalfPixel
    /// At i / scale.
    case asymmetric
    /// At i · (input size − 1) / (output size − 1): the first and last elements lie on the input's.
    case alignCorners
  }

  /// What the output takes from the input.
  package enum Sampling: String, CaseIterable, Sendable {
    /// The two nearest elements, weighted by their nearness.
    case linear
    /// One element: the position rounded down or up, or to the nearest whole number with halves down or up.
    case floor, ceil, roundDown, roundUp
  }

  package var y, x: Axis
  package var coordinates: Coordinates
  package var sampling: Sampling

  package init(y: Axis, x: Axis, coordinates: Coordinates, sampling: Sampling) {
    (self.y, self.x, self.coordinates, self.sampling) = (y, x, coordinates, sampling)
  }

  package static let name = "interpolate"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) throws {
    func axis(_ scale: JSONKey, _ size: JSONKey) throws -> Axis {
      if fields.container.contains(size) { return Axis(size: try fields.integer(size)) }
      return Axis(scale: try fields.number(scale))
    }
    func one<Choice: RawRepresentable<String> & CaseIterable>(_ key: String, _: Choice.Type) throws -> Choice {
      let name = try fields.container.decode(String.self, forKey: JSONKey(key))
      guard let known = Choice(rawValue: name) else {
        throw fields.unknown(key, name, known: Choice.allCases.map(\.rawValue))
      }
      return known
    }
    self.init(
      y: try axis("rowScale", "rows"), x: try axis("columnScale", "columns"),
      coordinates: try one("coordinates", Coordinates.self), sampling: try one("sampling", Sampling.self))
  }

  package func write(to fields: inout LayerFieldWriter) throws {
    if let scale = y.scale { try fields.write(scale, "rowScale") }
    if let size = y.size { try fields.write(size, "rows") }
    if let scale = x.scale { try fields.write(scale, "columnScale") }
    if let size = x.size { try fields.write(size, "columns") }
    try fields.write(coordinates.rawValue, "coordinates")
    try fields.write(sampling.rawValue, "sampling")
  }

  package func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    ValueShape(
      channels: inputs[0].channels, height: try y.output(of: inputs[0].height), width: try x.output(of: inputs[0].width)
    )
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] { [] }
  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String {
    func text(_ axis: Axis) -> String { axis.size.map(String.init) ?? "\(axis.scale ?? 1)x" }
    return "interpolate \(text(y))×\(text(x)), \(sampling == .linear ? "linear" : "nearest")"
  }
  package func makesVector(_ inputs: [Bool]) -> Bool { false }
  package func isIdentity(onVector: Bool) -> Bool { [y, x].allSatisfy { $0.scale == 1 } }
}

extension Interpolate.Axis {
  /// Returns the output's size: ⌊scale · input⌋, or the given size.
  package func output(of input: Int) throws(PixelAscentError) -> Int {
    if let size { return size }
    let scale = scale ?? 1, output = (scale * Float(input)).rounded(.down)
    try checkShape(
      scale > 0 && scale.isFinite && output < 0x1p24, "expected a scale above 0 that keeps sizes small, found \(scale)")
    guard output >= 1 else {
      throw PixelAscentError(
        .sizeLimit, "it makes no pixel of \(input) by the scale \(scale): the network's input is too small")
    }
    return Int(output)
  }
}
