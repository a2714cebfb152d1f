// SPDX-License-Identifier: MIT

/// Reads networks from the files people have: PixelAscent's own safetensors, state dicts of PyTorch as `.pth` or
/// safetensors, ONNX, and the pickle of SqueezeNet's original weights. The kind is recognised by content.
package enum ModelReader {
  /// A network's file, and what a user should know of how it was read.
  package struct Reading: Sendable {
    package let file: ModelFile
    /// The format, in a word or two.
    package let format: String
    /// A line each.
    package let notes: [String]
    /// The file itself, and those beside it that its weights lie in.
    package let files: [ByteSource]
  }

  /// Reads the file at `path`.
  ///
  /// - Throws: `PixelAscentError` of kind `unreadableFile`, `invalidModel`, or `invalidParameter` if the settings don't suit
  ///   the network.
  package static func read(
    _ path: String, _ settings: ModelSettings = ModelSettings()
  ) throws(PixelAscentError) -> Reading {
    try read(try ByteSource(contentsOf: path), settings)
  }

  /// Reads a file's bytes.
  package static func read(
    _ source: ByteSource, _ settings: ModelSettings = ModelSettings()
  ) throws(PixelAscentError) -> Reading {
    let kind = try WeightFile.kind(of: source)
    switch kind {
    case .safetensors:
      let file = try Safetensors(source)
      if ModelFile.isNative(file) { return try finish(ModelFile(file), "PixelAscent", settings, source) }
      return try read(try file.stateDict(), "safetensors", settings, source)
    case .torchZip, .torchLegacy:
      return try read(try PyTorchFile.stateDict(source), "PyTorch state dict", settings, source)
    case .onnx:
      var model = try ONNXReader.read(source, inputSize: settings.inputSize)
      model.notes += notes(settings)
      return try finish(model, "ONNX", settings, source)
    case .numPyPickle:
      let pickle = try Pickle.load(source)
      let file = try SqueezeNetImporter.modelFile(from: pickle, name: source.name)
      return try finish(file, "pickle of SqueezeNet 1.1", settings, source)
    }
  }

  private static func read(
    _ dict: StateDict, _ format: String, _ settings: ModelSettings, _ source: ByteSource
  ) throws(PixelAscentError) -> Reading {
    let model = try Architecture.recognize(dict, named: settings.architecture)
    return try finish(model, format, settings, source)
  }

  /// A file that says all itself.
  private static func finish(
    _ file: ModelFile, _ format: String, _ settings: ModelSettings, _ source: ByteSource
  ) throws(PixelAscentError) -> Reading {
    var file = file
    do {
      file.preprocessing = try settings.applied(to: file.preprocessing, channels: file.graph.input.channels)
      if let labels = settings.labels { file.labels = try check(labels, file.labels.count, given: true) }
      if settings.isBGR { try file.reverseChannels() }
    } catch {
      throw error.within(source.name)
    }
    return Reading(file: file, format: format, notes: notes(settings), files: [source])
  }

  private static func finish(
    _ imported: ImportedModel, _ format: String, _ settings: ModelSettings, _ source: ByteSource
  ) throws(PixelAscentError) -> Reading {
    do {
      var model = try imported.simplified()
      let usual = try usualPreprocessing(model.graph.input.channels, inputSize: model.inputSize)
      if model.preprocessing == nil && settings.mean == nil {
        model.notes.append(
          "the file doesn't say how its images were normalised: taken for mean \(list(usual.mean)), std \(list(usual.std)); "
            + "--mean and --std say otherwise")
      }
      let preprocessing = try settings.applied(
        to: model.preprocessing ?? usual, channels: model.graph.input.channels)
      let shapes = try model.graph.shapes(inputSize: preprocessing.inputSize)
      let classes = shapes[model.graph.output]?.channels ?? 0
      let isImageNet = try classes == ImageNetLabels.labels.count
      if settings.labels == nil && model.labels == nil {
        model.notes.append(
          isImageNet
            ? "the file has no labels: its 1000 classes are taken for ImageNet's; --labels says otherwise"
            : "the file has no labels: its \(classes) classes have numbers; --labels names them")
      }
      let usualLabels = try isImageNet ? ImageNetLabels.labels : Labels.numbered(classes)
      var file = try ModelFile(
        graph: model.graph,
        labels: check(settings.labels ?? model.labels ?? usualLabels, classes, given: settings.labels != nil),
        preprocessing: preprocessing, source: model.source, licence: "unknown", parameters: model.parameters)
      if settings.isBGR { try file.reverseChannels() }
      return Reading(file: file, format: format, notes: model.notes, files: [source] + imported.otherFiles)
    } catch {
      throw error.message.hasPrefix("\(source.name): ") ? error : error.within(source.name)
    }
  }

  /// What is said of a file that says itself what network it is.
  private static func notes(_ settings: ModelSettings) -> [String] {
    settings.architecture.map {
      ["--architecture \($0.oneLine) is for bare weights; this file says itself what network it is"]
    } ?? []
  }

  private static func usualPreprocessing(
    _ channels: Int, inputSize: Int?
  ) throws(PixelAscentError) -> Preprocessing {
    switch channels {
    case 3: return try Preprocessing.imageNet.sized(inputSize)
    case 1: return try Preprocessing(mean: [0], std: [1], inputSize: inputSize ?? 28)
    default:
      throw PixelAscentError(
        .invalidModel, "the network takes images of \(channels) channels; this version takes 3 (colour) or 1 (grey)")
    }
  }

  private static func check(_ labels: Labels, _ classes: Int, given: Bool) throws(PixelAscentError) -> Labels {
    guard labels.count == classes else {
      let found = given ? "--labels names \(labels.count)" : "found labels for \(labels.count)"
      throw PixelAscentError(.invalidModel, "the network has \(classes) classes, \(found)")
    }
    return labels
  }

  private static func list(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: ",") }
}

extension ModelFile {
  /// Turns a network that takes blue, green and red into one that takes red, green and blue.
  fileprivate mutating func reverseChannels() throws(PixelAscentError) {
    guard graph.input.channels == 3 else {
      throw PixelAscentError(.invalidParameter, "a network of \(graph.input.channels) channels has no order of colours")
    }
    // As layers of their own: the weights stay as they are in the file.
    var prefix = Graph.image
    while graph.layers.contains(where: { $0.name.hasPrefix("\(prefix)/") }) { prefix += "'" }
    let parts = (0..<3).reversed().map { channel in
      GraphLayer(name: "\(prefix)/\(channel)", operation: .slice(first: channel, count: 1), inputs: [Graph.image])
    }
    let reversed = GraphLayer(name: "\(prefix)/bgr", operation: .concatenate, inputs: parts.map(\.name))
    for index in graph.layers.indices {
      graph.layers[index].inputs = graph.layers[index].inputs.map { $0 == Graph.image ? reversed.name : $0 }
    }
    graph.layers.insert(contentsOf: parts + [reversed], at: 0)
  }
}

/// Turns model files of any known kind into PixelAscent's own.
public enum ModelConverter {
  /// Reads the model at `path` and writes it to `output`: safetensors with its graph, labels and preprocessing.
  ///
  /// - Returns: the number of classes, and notes on how the file was read
  /// - Throws: ``PixelAscentError`` as the reader does, or of kind `unwritableFile`, also if `output` is one of the files that
  ///   the weights lie in.
  public static func convert(
    contentsOf path: String, settings: ModelSettings = ModelSettings(), to output: String
  ) throws -> (classes: Int, notes: [String]) {
    let reading = try ModelReader.read(path, settings)
    if let place = Files.identity(output), reading.files.contains(where: { Files.identity($0.name) == place }) {
      throw PixelAscentError(.unwritableFile, "\(output): holds the weights that are read; write to another file")
    }
    // What can't be run is not written.
    _ = try Network(reading.file, name: path)
    try reading.file.safetensors().write(to: output)
    return (reading.file.labels.count, reading.notes)
  }
}
