// SPDX-License-Identifier: MIT

/// How a picture was made: all that decides its bytes, and nothing else.
///
/// A picture's file carries it as JSON, so that ``picture(by:of:)`` can make the picture again.
public struct Provenance: Sendable {
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
  /// The class's first synonym.
  public let label: String
  /// What was computed, with every parameter.
  public var technique: any Technique
  /// Which of the technique's pictures it is.
  public var kind: Kind = .result

  /// Every technique whose pictures say how they were made.
  public static let techniques: [any Technique.Type] = [Saliency.self, Fooling.self, ClassVisualization.self]

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
    _ technique: any Technique, class index: Int, _ network: Network, _ model: Model, input: String? = nil
  ) {
    (self.technique, classIndex, label, self.model, self.input) = (
      technique, index, network.labels[index], model, input
    )
    version = Release.version
    instructionSet = network.options.instructionSet.name
    title = "\(type(of: technique).title) of \(label) (\(index))"
  }

  /// The provenance of another of the technique's pictures.
  public func of(_ kind: Kind) -> Provenance {
    var other = self
    other.kind = kind
    return other
  }

  /// The provenance as JSON on one line, keys sorted. The same provenance gives the same text.
  public func text() throws(PixelAscentError) -> String {
    do {
      return try JSONText.encode(self)
    } catch {
      throw PixelAscentError(.invalidParameter, "how the picture was made can't be written: \(error)")
    }
  }

  /// What the bytes of a picture's file say; the subject of errors is `name`.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidImage` if the file is no picture of this program, or one of another
  ///   version's that can't be read.
  public init(inFile bytes: [UInt8], name: String) throws(PixelAscentError) {
    try self.init(text: RGBImage.comment(inFile: bytes, name: name), name: name)
  }

  /// What the comment of a picture's file says.
  package init(text: String?, name: String) throws(PixelAscentError) {
    guard let text, let mark = try? JSONText.decode(Mark.self, from: text.utf8), mark.program == Self.program
    else {
      throw PixelAscentError(
        .invalidImage, "the file doesn't say how it was made, as pixelascent's own pictures do", about: name)
    }
    do {
      self = try JSONText.decode(Provenance.self, from: text.utf8)
    } catch {
      throw PixelAscentError(.invalidImage, "how it was made can't be read: \(error)", about: name)
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

extension Provenance: Hashable {
  /// Whether all that decides a picture's bytes is equal.
  public static func == (one: Provenance, other: Provenance) -> Bool {
    one.title == other.title && one.version == other.version && one.instructionSet == other.instructionSet
      && one.model == other.model && one.input == other.input && one.classIndex == other.classIndex
      && one.label == other.label && one.kind == other.kind
      && AnyHashable(one.technique) == AnyHashable(other.technique)
  }

  /// Hashes what tells most pictures apart.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(title)
    hasher.combine(model)
    hasher.combine(AnyHashable(technique))
    hasher.combine(kind)
  }
}

extension Provenance: Codable {
  /// The program's name, by which the comment in a picture's file is known.
  package static let program = "pixelascent"

  /// Decodes a provenance and checks that its parameters are in range. Their key is the technique's name.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: JSONKey.self)
    title = try container.decode(String.self, forKey: "title")
    version = try container.decode(String.self, forKey: "version")
    instructionSet = try container.decode(String.self, forKey: "simd")
    model = try container.decode(Model.self, forKey: "model")
    guard Preprocessing.inputSizes.contains(model.inputSize ?? 1) else {
      throw DecodingError.dataCorruptedError(
        forKey: "model", in: container, debugDescription: "an input size out of range")
    }
    input = try container.decodeIfPresent(String.self, forKey: "input")
    classIndex = try container.decode(Int.self, forKey: "class")
    label = try container.decode(String.self, forKey: "label")
    kind = try container.decode(Kind.self, forKey: "picture")
    guard let type = Self.techniques.first(where: { container.contains(JSONKey($0.name)) }) else {
      let known = Self.techniques.map { $0.name }.joined(separator: ", ")
      throw PixelAscentError(.invalidImage, "it names no technique; known: \(known)")
    }
    technique = try type.decoded(from: container)
  }

  /// Encodes the provenance; the technique's name is the key of its parameters.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: JSONKey.self)
    try container.encode(Self.program, forKey: "program")
    try container.encode(title, forKey: "title")
    try container.encode(version, forKey: "version")
    try container.encode(instructionSet, forKey: "simd")
    try container.encode(model, forKey: "model")
    try container.encodeIfPresent(input, forKey: "input")
    try container.encode(classIndex, forKey: "class")
    try container.encode(label, forKey: "label")
    try container.encode(kind, forKey: "picture")
    try technique.encode(to: &container, for: kind)
  }
}

extension Technique {
  fileprivate static func decoded(from container: KeyedDecodingContainer<JSONKey>) throws -> Self {
    let technique = try container.decode(Self.self, forKey: JSONKey(name))
    try technique.validate()
    return technique
  }

  fileprivate func encode(
    to container: inout KeyedEncodingContainer<JSONKey>, for kind: Provenance.Kind
  ) throws {
    try container.encode(parameters(of: kind), forKey: JSONKey(Self.name))
  }
}

extension Provenance {
  /// Makes the picture again.
  ///
  /// - Parameters:
  ///   - network: the network, read with the settings of ``model``
  ///   - subject: the photograph or the start that the picture was made from, if there was one; the class is ``classIndex``
  /// - Throws: ``PixelAscentError`` as the technique does, or of kind `invalidParameter` if the photograph or start is missing.
  public func picture(by network: Network, of subject: Subject = Subject()) throws(PixelAscentError) -> RGBImage {
    let isMissing =
      switch technique.source {
      case .photo: subject.photo == nil
      case .start: subject.start == nil
      case .none: false
      }
    if isMissing {
      throw PixelAscentError(
        .invalidParameter, "the picture was made from a file that must be given as its input")
    }
    return try technique.picture(
      kind, network, of: Subject(photo: subject.photo, start: subject.start, class: classIndex))
  }
}
