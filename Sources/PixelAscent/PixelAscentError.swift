// SPDX-License-Identifier: MIT

/// An error of this library: its kind, its subject (the file, the layer), and a message that says what was expected and
/// what was found.
///
/// The ``description`` is one line. An example:
/// `net.onnx: layer fc: a linear layer takes a vector, found the shape (4, 2, 1)`.
/// In this line the subject is `["net.onnx", "layer fc"]`, and the rest is the message.
public struct PixelAscentError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of errors, for callers that handle some errors differently.
  public enum Kind: Hashable, Sendable {
    /// A file can't be opened or read.
    case unreadableFile
    /// A file can't be written.
    case unwritableFile
    /// The bytes of an image are not a JPEG or PNG that can be decoded, or hold no provenance that can be read.
    case invalidImage
    /// A model, weights or array file does not follow its format, contradicts itself, or holds what this version can't
    /// run.
    case invalidModel
    /// A size is beyond a limit: too many megapixels, too much memory, or an image that is too small or too large for
    /// the network.
    case sizeLimit
    /// The name of a class is unknown or fits more than one class, or its index is out of range.
    case classLookup
    /// A parameter is outside its range or does not suit the network, or a computation leaves the range of a float.
    case invalidParameter
    /// The gradient of the objective is exactly zero, so an ascent has no direction to go.
    case zeroGradient
    /// This build does not have the instruction set that was asked for, or this machine can't run it.
    case unsupportedMachine
  }

  /// The kind of the error.
  public let kind: Kind
  /// The context of the error, outermost first: the file, then the layer or the part of the file. Empty if the message
  /// needs no context.
  public private(set) var subject: [String]
  /// The message: what was expected and what was found.
  public package(set) var message: Message

  /// The settings that the caller can change, in the order in which the message names them; empty if no setting helps.
  public var advice: [Advice] { message.advice }

  /// Creates an error of `kind` about `subject`, whose parts are given from the outermost to the innermost.
  public init(_ kind: Kind, _ message: Message, about subject: String...) {
    self.kind = kind
    self.subject = subject
    self.message = message
  }

  /// Returns this error with `outer`, a file for instance, added in front of its subject; returns the error unchanged
  /// if the subject already begins with `outer`.
  public func about(_ outer: String) -> PixelAscentError {
    if subject.first == outer { return self }
    var error = self
    error.subject.insert(outer, at: 0)
    return error
  }

  /// Returns the error as one line, with the caller's own words for the advice.
  ///
  /// - Parameter words: returns the name that the caller's users know: a command-line flag, or the title of a control
  public func line(_ words: (Advice) -> String) -> String {
    (subject.map { $0.shortened() } + [message.text(words)]).joined(separator: ": ")
  }

  /// The error as one line, in which advice has its name in this library.
  public var description: String { line(\.rawValue) }
}

/// A setting that the caller of the library can change to avoid an error, or to read a model file differently.
///
/// The raw value is the setting's name in this library. A program that has another name for the setting puts its own
/// words into the message: see ``PixelAscentError/line(_:)`` and ``Message/text(_:)``.
public enum Advice: String, Hashable, Sendable, CaseIterable {
  /// Allow more memory: ``ComputeOptions/maxMemory``.
  case maxMemory
  /// Allow larger pictures: the parameter `maxMegapixels` of
  /// ``RGBImage/init(contentsOf:maxMegapixels:background:)``.
  case maxMegapixels
  /// Resize photographs to the network's size in another way: ``ModelSettings/resize``.
  case resize
  /// Give the mean of each channel: ``ModelSettings/mean``.
  case mean
  /// Give the standard deviation of each channel: ``ModelSettings/std``.
  case std
  /// Let the network take blue, green and red: ``ModelSettings/isBGR``.
  case bgr
  /// Set the size of the network's input: ``ModelSettings/inputSize``.
  case inputSize
  /// Choose the output of an ONNX file that holds the scores: ``ModelSettings/onnxOutput``.
  case onnxOutput
  /// Name the classes: ``ModelSettings/labels``.
  case labels
  /// Say how scores become probabilities: ``ModelSettings/activation``.
  case activation
  /// Name the architecture, or let the file decide: ``ModelSettings/architecture``.
  case architecture
  /// Say which of several weights to read: ``ModelSettings/weights``.
  case weights
  /// Show the picture less often during the ascent: ``ClassVisualization/showEvery``.
  case showEvery
  /// Make a figure smaller or larger: ``Figure/Style/scale``.
  case scale
  /// Change the length of a step: ``ClassVisualization/learningRate``, ``Fooling/learningRate``.
  case learningRate
  /// Change the number of steps: ``ClassVisualization/iterations``.
  case iterations
  /// Change the largest number of steps: ``Fooling/maxIterations``.
  case maxIterations
  /// Change the weight decay: ``ClassVisualization/l2``.
  case l2
  /// Change the weight of the total variation: ``ClassVisualization/totalVariation``.
  case totalVariation = "tv"
  /// Change the weight of the sum of magnitudes: ``ClassVisualization/l1``.
  case l1
  /// Change the weight of the sum of sixth powers: ``ClassVisualization/alphaNorm``.
  case alphaNorm
  /// Change the random changes before each evaluation: ``ClassVisualization/transforms``.
  case transforms
  /// Change the magnitudes of Fourier coefficients: ``ClassVisualization/spectrum``.
  case spectrum
  /// Clamp the pixels or not: ``ClassVisualization/clamp``.
  case clamp
  /// Blur the image more or less often: ``ClassVisualization/blurEvery``.
  case blurEvery
  /// Change the width of the blur: ``ClassVisualization/blurSigma``.
  case blurSigma
  /// Change the largest random shift: ``ClassVisualization/maxJitter``.
  case maxJitter
  /// Change the number of iterations between two frames: ``Animation/Style/every``.
  case every
  /// Change the number of sizes: ``Dream/octaves``.
  case octaves
  /// Change the ratio of two sizes: ``Dream/octaveScale``.
  case octaveScale
  /// Change the length of a step: ``Dream/stepSize``.
  case stepSize
  /// Change the longest side: ``Dream/longestSide``.
  case longestSide
  /// Change the number of frames: ``Dream/zoomFrames``.
  case zoomFrames
  /// Change the number of shifted copies: ``ClassVisualization/samples``.
  case samples
  /// Change which values of a map have the brightest colour: ``Saliency/percentile``.
  case percentile
  /// List all operators that are not supported: ``ModelInspection``.
  case inspection = "ModelInspection"
}

/// A message for people, of an error or of a note on how a model file was read. A message may name settings to change.
///
/// Write a message like a string, with the advice where the reader needs it:
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

  /// Collects the text, values and advice of a message's string literal.
  public struct StringInterpolation: StringInterpolationProtocol {
    fileprivate private(set) var parts: [Part] = []

    /// Creates an empty message.
    public init(literalCapacity: Int, interpolationCount: Int) {}

    /// Appends text.
    public mutating func appendLiteral(_ literal: String) {
      if literal.isEmpty { return }
      // Adjacent texts become one part, so that messages that read the same are equal.
      if case .text(let text) = parts.last {
        parts[parts.count - 1] = .text(text + literal)
      } else {
        parts += [.text(literal)]
      }
    }

    /// Appends a value as it would appear in a string.
    public mutating func appendInterpolation(_ value: some Any) { appendLiteral("\(value)") }

    /// Appends the name of a setting that the reader can change.
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

  /// Creates a message without advice.
  public init(_ text: String) { parts = text.isEmpty ? [] : [.text(text)] }

  /// Creates a message without advice.
  public init(stringLiteral text: String) { self.init(text) }

  /// Creates a message of text, values and advice.
  public init(stringInterpolation: StringInterpolation) { parts = stringInterpolation.parts }

  /// The settings that the reader can change, in the order in which the message names them.
  public var advice: [Advice] {
    parts.compactMap { part in
      switch part {
      case .text: nil
      case .advice(let advice): advice
      }
    }
  }

  /// Returns the message with the caller's own words for the advice.
  ///
  /// - Parameter words: returns the name that the caller's users know: a command-line flag, or the title of a control
  public func text(_ words: (Advice) -> String) -> String {
    parts.map { part in
      switch part {
      case .text(let text): text
      case .advice(let advice): words(advice)
      }
    }.joined()
  }

  /// The message, in which advice has its name in this library.
  public var description: String { text(\.rawValue) }
}

extension String {
  /// Returns the text, or its two ends with "…" between them if it has more than `limit` bytes.
  ///
  /// Error lines show paths through this function. Systems refuse paths of more than 4096 bytes, so the path of every
  /// file stays whole.
  package func shortened(beyond limit: Int = 4096) -> String {
    if utf8.count <= limit { return self }
    return String(unicodeScalars.prefix(100)) + "…" + String(unicodeScalars.suffix(100))
  }
}
