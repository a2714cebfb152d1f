// SPDX-License-Identifier: MIT

/// What went wrong, in one line that names the file or the value and says what is wrong with it.
public struct PixelAscentError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The field an error belongs to, for callers that treat some errors differently.
  public enum Kind: Hashable, Sendable {
    /// A file can't be opened or read.
    case unreadableFile
    /// A file can't be written.
    case unwritableFile
    /// An image's bytes are not a JPEG or PNG that can be decoded.
    case invalidImage
    /// A model, weights or array file contradicts its own format.
    case invalidModel
    /// A size exceeds a limit: megapixels, memory, or what the network can take.
    case sizeLimit
    /// A class name is unknown, or names more than one class.
    case classLookup
    /// A parameter is outside its range.
    case invalidParameter
    /// The objective's gradient is exactly zero, so there is no direction to go.
    case zeroGradient
    /// This machine can't run what was asked for.
    case unsupportedMachine
  }

  /// The field the error belongs to.
  public let kind: Kind
  /// One line of text: what it was, what was expected against what was found.
  public let message: String

  /// An error of `kind` that reads `message`.
  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  /// The message.
  public var description: String { message }
}
