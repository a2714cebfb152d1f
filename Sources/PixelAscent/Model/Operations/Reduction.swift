// SPDX-License-Identifier: MIT

/// The sum, the Euclidean norm or the maximum of each channel's pixels, or of each pixel's channels.
///
/// The gradient is PyTorch's: that of a norm is 0 where the norm is 0, and that of a maximum is shared by all elements
/// that are equal to the maximum.
package struct Reduction: Operation {
  package enum Kind: String, CaseIterable, Sendable { case sum, norm, maximum }

  package var kind: Kind
  /// Whether the elements are the channels of a pixel. Otherwise they are the pixels of a channel.
  package var ofChannels: Bool

  package init(_ kind: Kind, ofChannels: Bool = false) { (self.kind, self.ofChannels) = (kind, ofChannels) }

  package static let name = "reduction"
  package static let inputCount: Int? = 1

  package init(from fields: LayerFields) throws {
    let name = try fields.text("kind")
    guard let kind = Kind(rawValue: name) else {
      throw fields.unknown("kind", name, known: Kind.allCases.map(\.rawValue))
    }
    self.init(kind, ofChannels: try fields.flag("ofChannels"))
  }

  package func write(to fields: inout LayerFieldWriter) throws {
    try fields.write(kind.rawValue, "kind")
    try fields.write(ofChannels, "ofChannels")
  }

  package func outputShape(_ inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    let x = inputs[0]
    return ofChannels
      ? ValueShape(channels: 1, height: x.height, width: x.width) : ValueShape(channels: x.channels)
  }

  package func parameterShapes(_ input: ValueShape) -> [(suffix: String, shapes: [[Int]])] { [] }
  package func multiplications(_ input: ValueShape, _ output: ValueShape) -> Int { 0 }
  package var summary: String { "\(kind.rawValue) of \(ofChannels ? "channels" : "pixels")" }
  package func makesVector(_ inputs: [Bool]) -> Bool { !ofChannels || inputs[0] }
  package func isIdentity(onVector: Bool) -> Bool { false }
}
