// SPDX-License-Identifier: MIT

/// How a picture was made: all that decides its bytes, and nothing else.
///
/// A picture's file carries it as JSON, so that ``picture(by:photo:start:)`` can make the picture again.
public struct Provenance: Hashable, Sendable {
  /// What is shown, for people.
  public let title: String
  /// The version of PixelAscent.
  public let version: String
  /// The instruction set of the kernels.
  public package(set) var instructionSet: String
  /// The network.
  public let model: Model
  /// The SHA-256 of the photograph's or the start's file, in hexadecimal; nil if there is none.
  public let input: String?
  /// The class whose score was differentiated, or was to become the greatest.
  public let classIndex: Int
  /// Its first name.
  public let label: String
  /// What was computed, with every parameter.
  public var technique: Technique
  /// Which of the technique's pictures it is.
  public var kind: Kind = .result

  /// A technique with its parameters.
  public enum Technique: Hashable, Sendable {
    /// A saliency map, and how it is shown.
    case saliency(SaliencyView)
    /// A fooling image.
    case fooling(Fooling)
    /// A class visualization; an image that it starts from is the input, and its pixels are not kept here.
    case visualization(ClassVisualization)
  }

  /// What a saliency map differentiates, and how it is shown.
  public struct SaliencyView: Codable, Hashable, Sendable {
    /// What is differentiated.
    public enum Objective: String, Codable, CaseIterable, Hashable, Sendable {
      /// The class's score.
      case score
      /// The loss −log softmax.
      case crossEntropy = "cross-entropy"
    }

    /// What is differentiated.
    public var objective = Objective.score
    /// The colours.
    public var colormap = Colormap.hot
    /// The percentile of the map's values from which on all have the last colour: above 0, at most 100.
    public var percentile = 100.0

    /// A map of the score in the colours "hot", all its values told apart.
    public init() {}

    /// What is differentiated of a class.
    public func objective(_ class: Int) -> PixelAscent.Objective {
      objective == .score ? .score(class: `class`) : .crossEntropy(class: `class`)
    }
  }

  /// One of the pictures of a technique.
  public enum Kind: String, Codable, Hashable, Sendable {
    /// The technique's own.
    case result
    /// Several side by side.
    case figure
    /// A saliency map over its photograph.
    case overlay
  }

  /// A network's file, and what was said of it beside.
  public struct Model: Codable, Hashable, Sendable {
    /// ``Network/sha256()`` of the file.
    public let sha256: String
    private let architecture: String?
    private let resize: Preprocessing.Resize?
    private let mean, std: [Float]?
    private let bgr: Bool?
    fileprivate let inputSize: Int?

    private enum CodingKeys: String, CodingKey {
      case sha256, architecture, resize, mean, std, bgr
      case inputSize = "input_size"
    }

    /// The file that `network` was read from with `settings`. Labels are not part of it: they decide no pixel.
    ///
    /// - Throws: ``PixelAscentError`` of kind `unreadableFile`.
    public init(_ network: Network, _ settings: ModelSettings = ModelSettings()) throws(PixelAscentError) {
      sha256 = try network.sha256()
      (architecture, resize) = (settings.architecture, settings.resize)
      (mean, std, inputSize) = (settings.mean, settings.std, settings.inputSize)
      bgr = settings.isBGR ? true : nil
    }

    /// The settings to read the file with.
    public var settings: ModelSettings {
      var settings = ModelSettings()
      settings.architecture = architecture
      settings.resize = resize
      (settings.mean, settings.std, settings.inputSize) = (mean, std, inputSize)
      settings.isBGR = bgr ?? false
      return settings
    }
  }

  /// The provenance of a picture that `network` makes, read from `model`.
  public init(
    _ technique: Technique, class index: Int, _ network: Network, _ model: Model, input: String? = nil
  ) {
    (self.technique, classIndex, label, self.model, self.input) = (
      technique, index, network.labels[index], model, input
    )
    version = PixelAscent.version
    instructionSet = network.options.instructionSet.name
    title = "\(technique.name) of \(label) (\(index))"
  }

  /// The same for another of the technique's pictures.
  public func of(_ kind: Kind) -> Provenance {
    var other = self
    other.kind = kind
    return other
  }

  /// It as JSON on one line, keys sorted. The same provenance gives the same text.
  public func text() throws(PixelAscentError) -> String {
    do {
      return try JSONText.encode(self)
    } catch {
      throw PixelAscentError(.invalidParameter, "how the picture was made can't be written: \(error)")
    }
  }

  /// What the bytes of a picture's file say; errors begin with `name`.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidImage` if the file is no picture of this program, or one of another
  ///   version's that can't be read.
  public init(inFile bytes: [UInt8], name: String) throws(PixelAscentError) {
    try self.init(text: RGBImage.comment(inFile: bytes, name: name), name: name)
  }

  /// What the comment of a picture's file says.
  package init(text: String?, name: String) throws(PixelAscentError) {
    guard let text, let mark = try? JSONText.decode(Mark.self, from: text.utf8, name: ""), mark.program == Self.program
    else {
      throw PixelAscentError(
        .invalidImage, "\(name): the file doesn't say how it was made, as pixelascent's own pictures do")
    }
    do {
      self = try JSONText.decode(Provenance.self, from: text.utf8, name: name)
    } catch {
      throw PixelAscentError(
        .invalidImage, "\(name): how it was made can't be read: \(error.message.dropFirst(name.count + 2))")
    }
  }
}

/// The key that tells this program's comments from others'.
private struct Mark: Decodable {
  let program: String
}

extension RGBImage {
  /// Writes the picture to a file that says how it was made; see ``write(to:comment:)``.
  public func write(to path: String, _ provenance: Provenance) throws(PixelAscentError) {
    try write(to: path, comment: provenance.text())
  }
}

extension Provenance.Technique {
  fileprivate var name: String {
    switch self {
    case .saliency: "saliency map"
    case .fooling: "fooling image"
    case .visualization: "class visualization"
    }
  }
}

extension Provenance: Codable {
  private enum CodingKeys: String, CodingKey {
    case program, title, version, simd, model, input, `class`, label, picture, saliency, fool, visualize
  }

  /// The program's name, by which the comment in a picture's file is known.
  package static let program = "pixelascent"

  /// Decodes a provenance and checks that its parameters are in range.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func fail(_ key: CodingKeys, _ message: String) -> DecodingError {
      .dataCorruptedError(forKey: key, in: container, debugDescription: message)
    }
    title = try container.decode(String.self, forKey: .title)
    version = try container.decode(String.self, forKey: .version)
    instructionSet = try container.decode(String.self, forKey: .simd)
    model = try container.decode(Model.self, forKey: .model)
    guard Preprocessing.inputSizes.contains(model.inputSize ?? 1) else {
      throw fail(.model, "an input size out of range")
    }
    input = try container.decodeIfPresent(String.self, forKey: .input)
    classIndex = try container.decode(Int.self, forKey: .class)
    label = try container.decode(String.self, forKey: .label)
    kind = try container.decode(Kind.self, forKey: .picture)
    if let fooling = try container.decodeIfPresent(Fooling.self, forKey: .fool) {
      technique = .fooling(fooling)
    } else if let visualization = try container.decodeIfPresent(ClassVisualization.self, forKey: .visualize) {
      technique = .visualization(visualization)
    } else {
      let saliency = try container.decode(SaliencyView.self, forKey: .saliency)
      guard saliency.percentile > 0, saliency.percentile <= 100 else {
        throw fail(.saliency, "a percentile out of range")
      }
      technique = .saliency(saliency)
    }
  }

  /// Encodes it; the technique's name is the key of its parameters.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Self.program, forKey: .program)
    try container.encode(title, forKey: .title)
    try container.encode(version, forKey: .version)
    try container.encode(instructionSet, forKey: .simd)
    try container.encode(model, forKey: .model)
    try container.encodeIfPresent(input, forKey: .input)
    try container.encode(classIndex, forKey: .class)
    try container.encode(label, forKey: .label)
    try container.encode(kind, forKey: .picture)
    switch technique {
    case .saliency(let saliency): try container.encode(saliency, forKey: .saliency)
    case .fooling(let fooling): try container.encode(fooling, forKey: .fool)
    case .visualization(var visualization):
      // Only a figure has more than the last image.
      if kind != .figure { visualization.showEvery = 0 }
      try container.encode(visualization, forKey: .visualize)
    }
  }
}
