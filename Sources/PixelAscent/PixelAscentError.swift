// SPDX-License-Identifier: MIT

/// What went wrong: the kind of error, what it is about, and a message that says what was expected against what was found.
///
/// The ``description`` is one line, such as `net.onnx: layer fc: a linear layer takes a vector, found the shape (4, 2, 1)`:
/// here the subject is `["net.onnx", "layer fc"]`, and the rest is the message.
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
  /// What the error is about, the outermost first: the file, then the layer or the part of the file. Empty where the message
  /// says all.
  public private(set) var subject: [String]
  /// What is wrong with the subject: what was expected against what was found.
  public package(set) var message: Message

  /// What the caller can change, in the order in which the message names it; empty where the library knows no advice.
  public var advice: [Advice] { message.advice }

  /// An error of `kind` about `subject`, which is given from the outermost to the innermost.
  public init(_ kind: Kind, _ message: Message, about subject: String...) {
    self.kind = kind
    self.subject = subject
    self.message = message
  }

  /// This error with `outer`, a file for instance, put before its subject; unchanged if its subject begins with `outer` already.
  public func about(_ outer: String) -> PixelAscentError {
    if subject.first == outer { return self }
    var error = self
    error.subject.insert(outer, at: 0)
    return error
  }

  /// The error as one line, with the caller's own words for what the message advises.
  ///
  /// - Parameter words: what the caller's users call it: a command-line flag, the title of a control
  public func line(_ words: (Advice) -> String) -> String {
    (subject + [message.text(words)]).joined(separator: ": ")
  }

  /// The error as one line; what the message advises stands there by its name in this library.
  public var description: String { line(\.rawValue) }
}

/// What the caller of the library can change about an error, or about how a model file was read.
///
/// The raw value is what the library calls it. A program that calls it something else puts its own words into the message:
/// see ``PixelAscentError/line(_:)`` and ``Message/text(_:)``.
public enum Advice: String, Hashable, Sendable, CaseIterable {
  /// Allow more memory: ``ComputeOptions/maxMemory``.
  case maxMemory
  /// Allow larger pictures: the parameter `maxMegapixels` of ``RGBImage/init(contentsOf:maxMegapixels:)``.
  case maxMegapixels
  /// Bring photographs to the network's size in another way: ``ModelSettings/resize``.
  case resize
  /// Give the mean of each channel: ``ModelSettings/mean``.
  case mean
  /// Give the standard deviation of each channel: ``ModelSettings/std``.
  case std
  /// Name the classes: ``ModelSettings/labels``.
  case labels
  /// Name the architecture, or leave it to the file: ``ModelSettings/architecture``.
  case architecture
  /// Show the picture less often: ``ClassVisualization/showEvery``.
  case showEvery
  /// Look at all operators that are not supported: ``ModelInspection``.
  case inspection = "ModelInspection"
}

/// A message for people that may name what they can change: an error's, or a note on how a model file was read.
///
/// Write a message like a string, with the advice in the place where the reader needs it:
///
/// ```swift
/// let message: Message = "40 MB are more than the limit of 20 MB (\(advice: .maxMemory))"
/// print(message)                     // 40 MB are more than the limit of 20 MB (maxMemory)
/// print(message.text { "--\($0)" })  // with the words of a program
/// ```
public struct Message: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringInterpolation {
  fileprivate enum Part: Hashable, Sendable {
    case text(String)
    case advice(Advice)
  }

  /// What a message's string literal is read into.
  public struct StringInterpolation: StringInterpolationProtocol {
    fileprivate private(set) var parts: [Part] = []

    /// An empty message.
    public init(literalCapacity: Int, interpolationCount: Int) {}

    /// Appends text.
    public mutating func appendLiteral(_ literal: String) {
      if literal.isEmpty { return }
      // Text follows no other text, so that messages that read the same are equal.
      if case .text(let text) = parts.last {
        parts[parts.count - 1] = .text(text + literal)
      } else {
        parts += [.text(literal)]
      }
    }

    /// Appends a value as a string shows it.
    public mutating func appendInterpolation(_ value: some Any) { appendLiteral("\(value)") }

    /// Appends the name of what the reader can change.
    public mutating func appendInterpolation(advice: Advice) { parts += [.advice(advice)] }

    /// Appends another message with its advice.
    public mutating func appendInterpolation(_ message: Message) {
      for part in message.parts {
        switch part {
        case .text(let text): appendLiteral(text)
        case .advice(let advice): appendInterpolation(advice: advice)
        }
      }
    }
  }

  private let parts: [Part]

  /// A message without advice.
  public init(_ text: String) { parts = text.isEmpty ? [] : [.text(text)] }

  /// A message without advice.
  public init(stringLiteral text: String) { self.init(text) }

  /// A message of text, values and advice.
  public init(stringInterpolation: StringInterpolation) { parts = stringInterpolation.parts }

  /// What the reader can change, in the order in which the message names it.
  public var advice: [Advice] {
    parts.compactMap { part in
      switch part {
      case .text: nil
      case .advice(let advice): advice
      }
    }
  }

  /// The message with the caller's own words for what it advises.
  public func text(_ words: (Advice) -> String) -> String {
    parts.map { part in
      switch part {
      case .text(let text): text
      case .advice(let advice): words(advice)
      }
    }.joined()
  }

  /// The message; what it advises stands there by its name in this library.
  public var description: String { text(\.rawValue) }
}
