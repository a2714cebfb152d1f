// SPDX-License-Identifier: MIT

/// How a picture was made: everything that decides the picture's bytes, and nothing else.
///
/// The file of a picture stores the provenance as JSON, so that ``picture(by:of:)`` can make the picture again.
public struct Provenance: Sendable {
  /// A title for people, such as "saliency map of goose (99)".
  public let title: String
  /// The version of PixelAscent that made the picture.
  public let version: String
  /// The instruction set of the kernels.
  public package(set) var instructionSet: String
  /// The limit, in bytes, on the memory of an evaluation: it decides which layers Winograd's method computes.
  public let maxMemory: Int
  /// The network's file and the settings with which it was read.
  public let model: Model
  /// The SHA-256 of the file of the photograph or the start image, in hexadecimal; nil if the picture was made without
  /// one.
  public let input: String?
  /// The colour that lay behind the transparent parts of the photograph or the start image; nil if that was white, or if
  /// there were no such parts.
  public let background: RGBColor?
  /// The SHA-256, as ``sha256(ofSpectrum:)`` returns it, of the magnitudes of Fourier coefficients that the ascent kept;
  /// nil if it was not given any.
  public let spectrum: String?
  /// The index of the class whose score or loss was differentiated; for a fooling image, the target; nil if the objective
  /// was another.
  public let classIndex: Int?
  /// The class's first synonym, or the text of the objective.
  public let label: String
  /// The names, by index, of further classes that the captions of the figure name.
  public private(set) var names: [Int: String] = [:]
  /// The technique with all its parameters.
  public var technique: any Technique
  /// The kind of the picture among the technique's pictures.
  public var kind: Kind = .result

  /// All techniques whose pictures have a provenance.
  public static let techniques: [any Technique.Type] = [
    Saliency.self, Fooling.self, ClassVisualization.self, Dream.self, Inversion.self,
  ]

  /// A kind of picture that a technique makes.
  public enum Kind: String, Codable, Hashable, Sendable {
    /// The technique's result alone.
    case result
    /// Several pictures side by side.
    case figure
    /// A photograph with its saliency map drawn over it.
    case overlay
    /// The steps of an ascent, one after the other.
    case animation
  }

  /// The file of a network and the settings with which it was read.
  public struct Model: Codable, Hashable, Sendable {
    /// The SHA-256 of the file, as ``Network/sha256()`` returns it.
    public let sha256: String
    private let architecture, weights, onnxOutput: String?
    private let resize: Preprocessing.Resize?
    private let mean, std: [Float]?
    private let bgr: Bool?
    private let activation: Activation?
    fileprivate let inputSize: PixelSize?

    private enum CodingKeys: String, CodingKey {
      case sha256, architecture, weights, resize, mean, std, bgr, activation
      case onnxOutput = "onnx_output"
      case inputSize = "input_size"
    }

    /// Creates the description of the file that `network` was read from with `settings`. Labels are left out, because
    /// they affect no pixel.
    ///
    /// - Throws: ``PixelAscentError`` of kind `unreadableFile`.
    public init(_ network: Network, _ settings: ModelSettings = ModelSettings()) throws(PixelAscentError) {
      sha256 = try network.sha256()
      (architecture, weights, onnxOutput) = (settings.architecture, settings.weights, settings.onnxOutput)
      resize = settings.resize
      (mean, std, inputSize) = (settings.mean, settings.std, settings.inputSize)
      (bgr, activation) = (settings.isBGR ? true : nil, settings.activation)
    }

    /// The settings to read the file with.
    public var settings: ModelSettings {
      var settings = ModelSettings()
      (settings.architecture, settings.weights, settings.onnxOutput) = (architecture, weights, onnxOutput)
      settings.resize = resize
      (settings.mean, settings.std, settings.inputSize) = (mean, std, inputSize)
      (settings.isBGR, settings.activation) = (bgr ?? false, activation)
      return settings
    }
  }

  /// Creates the provenance of a picture.
  ///
  /// - Parameters:
  ///   - technique: the technique with all its parameters
  ///   - index: the index of the class; nil for a visualization of another objective
  ///   - network: the network that makes the picture
  ///   - model: the file that the network was read from
  ///   - input: the SHA-256 of the file of the photograph or the start image, in hexadecimal; nil if there is none
  ///   - background: the colour behind the transparent parts of that image; nil for white, or without such parts
  ///   - spectrum: the SHA-256, as ``sha256(ofSpectrum:)`` returns it, of the subject's spectrum; nil if there is none
  /// - Precondition: the network has the class.
  public init(
    _ technique: any Technique, class index: Int?, _ network: Network, _ model: Model, input: String? = nil,
    background: RGBColor? = nil, spectrum: String? = nil
  ) {
    let objective = technique.objectiveText ?? ""
    (self.technique, classIndex, self.model) = (technique, index, model)
    label = index.map { network.labels[$0] } ?? objective
    (self.input, self.background, self.spectrum) = (input, background, spectrum)
    version = Release.version
    (instructionSet, maxMemory) = (network.options.instructionSet.name, network.options.maxMemory)
    let what = type(of: technique).title
    // A class visualization of a layer is a visualization.
    title =
      index.map { "\(what) of \(network.labels[$0]) (\($0))" }
      ?? "\(what.hasPrefix("class ") ? String(what.dropFirst(6)) : what) of \(objective)"
  }

  /// Returns the SHA-256 of a spectrum's shape and numbers, in hexadecimal.
  public static func sha256(ofSpectrum spectrum: Tensor) -> String { SHA256.digest(of: spectrum.npyData()) }

  /// Returns the provenance of another picture that the technique makes of the same input.
  ///
  /// - Parameters:
  ///   - kind: the kind of the picture
  ///   - names: the names, by index, of classes that the picture's captions name; that of ``classIndex`` is not needed
  public func of(_ kind: Kind, naming names: [Int: String] = [:]) -> Provenance {
    var other = self
    other.kind = kind
    other.names = names.filter { $0.key != classIndex }
    return other
  }

  /// Returns the provenance as JSON on one line, with sorted keys. Equal provenances give equal texts.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if a parameter can't be written as JSON, such as an
  ///   infinite number.
  public func text() throws(PixelAscentError) -> String {
    do {
      return try JSONText.encode(self)
    } catch {
      throw PixelAscentError(.invalidParameter, "the provenance can't be written as JSON: \(error)")
    }
  }

  /// Reads the provenance from the bytes of a picture's file.
  ///
  /// - Parameters:
  ///   - bytes: the whole JPEG or PNG file
  ///   - name: the file's name, which is the subject of errors
  /// - Throws: ``PixelAscentError`` of kind `invalidImage` if the file is not a JPEG or PNG, has no provenance, or has
  ///   one that this version can't read.
  public init(inFile bytes: [UInt8], name: String) throws(PixelAscentError) {
    try self.init(text: RGBImage.comment(inFile: bytes, name: name), name: name)
  }

  /// Reads the provenance from the comment of a picture's file; `name` is the subject of errors.
  package init(text: String?, name: String) throws(PixelAscentError) {
    guard let text, let key = try? JSONText.decode(ProgramKey.self, from: text.utf8), key.program == Self.program
    else {
      throw PixelAscentError(
        .invalidImage, "the file has no provenance; only pictures that PixelAscent wrote have one", about: name)
    }
    do {
      self = try JSONText.decode(Provenance.self, from: text.utf8)
    } catch {
      throw PixelAscentError(.invalidImage, "its provenance can't be read: \(error)", about: name)
    }
  }
}

/// The key whose value says that PixelAscent wrote a comment.
private struct ProgramKey: Decodable {
  let program: String
}

extension RGBImage {
  /// Writes the picture and its provenance to a file, as ``write(to:comment:)`` does.
  ///
  /// - Throws: as ``write(to:comment:)`` and ``Provenance/text()`` do.
  public func write(to path: String, _ provenance: Provenance) throws(PixelAscentError) {
    try write(to: path, comment: provenance.text())
  }
}

extension Provenance: Hashable {
  /// Returns whether two provenances are equal in everything that decides a picture's bytes.
  public static func == (one: Provenance, other: Provenance) -> Bool {
    one.title == other.title && one.version == other.version && one.instructionSet == other.instructionSet
      && one.maxMemory == other.maxMemory && one.model == other.model && one.input == other.input
      && one.background == other.background && one.spectrum == other.spectrum
      && one.classIndex == other.classIndex
      && one.label == other.label && one.names == other.names && one.kind == other.kind
      && AnyHashable(one.technique.parameters(of: one.kind)) == AnyHashable(other.technique.parameters(of: other.kind))
  }

  /// Hashes the title, the model, the technique and the kind, which differ between most pictures.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(title)
    hasher.combine(model)
    hasher.combine(AnyHashable(technique.parameters(of: kind)))
    hasher.combine(kind)
  }
}

extension Provenance: Codable {
  /// The program's name, which identifies the comment in a picture's file.
  package static let program = "pixelascent"

  /// Decodes a provenance and checks that all parameters are in range. The key of the parameters is the technique's
  /// name.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: JSONKey.self)
    title = try container.decode(String.self, forKey: "title")
    version = try container.decode(String.self, forKey: "version")
    instructionSet = try container.decode(String.self, forKey: "simd")
    maxMemory = try container.decodeIfPresent(Int.self, forKey: "max_memory") ?? ComputeOptions.usualMaxMemory
    model = try container.decode(Model.self, forKey: "model")
    let size = model.inputSize ?? 1
    guard [size.height, size.width].allSatisfy(Preprocessing.inputSizes.contains) else {
      throw DecodingError.dataCorruptedError(
        forKey: "model", in: container, debugDescription: "an input size out of range")
    }
    input = try container.decodeIfPresent(String.self, forKey: "input")
    background = try container.decodeIfPresent(RGBColor.self, forKey: "background")
    spectrum = try container.decodeIfPresent(String.self, forKey: "spectrum")
    classIndex = try container.decodeIfPresent(Int.self, forKey: "class")
    label = try container.decode(String.self, forKey: "label")
    names = try container.decodeIfPresent([Int: String].self, forKey: "names") ?? [:]
    kind = try container.decode(Kind.self, forKey: "picture")
    guard let type = Self.techniques.first(where: { container.contains(JSONKey($0.name)) }) else {
      let known = Self.techniques.map { $0.name }.joined(separator: ", ")
      throw PixelAscentError(.invalidImage, "expected one of the techniques \(known), found none")
    }
    technique = try type.decoded(from: container)
  }

  /// Encodes the provenance. The key of the parameters is the technique's name.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: JSONKey.self)
    try container.encode(Self.program, forKey: "program")
    try container.encode(title, forKey: "title")
    try container.encode(version, forKey: "version")
    try container.encode(instructionSet, forKey: "simd")
    if maxMemory != ComputeOptions.usualMaxMemory { try container.encode(maxMemory, forKey: "max_memory") }
    try container.encode(model, forKey: "model")
    try container.encodeIfPresent(input, forKey: "input")
    try container.encodeIfPresent(background, forKey: "background")
    try container.encodeIfPresent(spectrum, forKey: "spectrum")
    try container.encodeIfPresent(classIndex, forKey: "class")
    try container.encode(label, forKey: "label")
    if !names.isEmpty { try container.encode(names, forKey: "names") }
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
  ///   - subject: the photograph, the start image and the spectrum that the picture was made from, if any; its class is
  ///     ignored in favour of ``classIndex``
  /// - Throws: ``PixelAscentError`` as the technique does, or of kind `invalidParameter` if the photograph or the start
  ///   image is missing.
  public func picture(by network: Network, of subject: Subject = Subject()) throws(PixelAscentError) -> RGBImage {
    // Captions show the names that the classes had. The network may have been read with other labels.
    var network = network, names = names
    if let classIndex { names[classIndex] = label }
    network.labels = network.labels.renamingClasses(names)
    return try technique.picture(kind, network, of: complete(subject))
  }

  /// Makes the animation again, if ``kind`` is `animation`.
  ///
  /// - Throws: as ``picture(by:of:)`` does.
  public func animation(by network: Network, of subject: Subject = Subject()) throws(PixelAscentError) -> Animation {
    try technique.animation(network, of: complete(subject))
  }

  /// Returns the seconds that making the picture again will take at most; see
  /// ``Technique/estimatedSeconds(_:on:)``.
  ///
  /// - Throws: as ``picture(by:of:)`` does.
  public func estimatedSeconds(by network: Network, of subject: Subject = Subject()) throws(PixelAscentError) -> Double
  {
    try technique.estimatedSeconds(network, on: complete(subject))
  }

  /// Returns the subject with the picture's class.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if the photograph or the start image is missing.
  private func complete(_ subject: Subject) throws(PixelAscentError) -> Subject {
    let isMissing =
      switch technique.source {
      case .photo: subject.photo == nil
      case .start: subject.start == nil
      case .none: false
      }
    if isMissing {
      throw PixelAscentError(
        .invalidParameter, "the picture was made from a photograph or a start image, which the subject lacks")
    }
    var subject = subject
    subject.classIndex = classIndex
    return subject
  }
}
