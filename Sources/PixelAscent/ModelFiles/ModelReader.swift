// SPDX-License-Identifier: MIT

/// Reads a network from a file of any supported format: PixelAscent's own safetensors, a PyTorch state dict (`.pth` or
/// safetensors), ONNX, or the pickle of SqueezeNet's original weights.
///
/// The reader recognises the format by the file's content, not by its name.
package enum ModelReader {
  /// Reads the file at `path`.
  ///
  /// - Returns: a complete and checked model
  /// - Throws: `PixelAscentError` of kind `unreadableFile`, `invalidModel`, or `invalidParameter` if the settings don't
  ///   fit the network.
  package static func read(
    _ path: String, _ settings: ModelSettings = ModelSettings()
  ) throws(PixelAscentError) -> Model {
    try read(try WeightFile.open(path), settings)
  }

  /// Reads a model from the bytes of a file.
  package static func read(
    _ source: ByteSource, _ settings: ModelSettings = ModelSettings()
  ) throws(PixelAscentError) -> Model {
    do throws(PixelAscentError) {
      var model = try content(of: source, settings)
      model.files.insert(source, at: 0)
      return try complete(model, settings)
    } catch {
      throw error.about(source.name)
    }
  }

  /// Returns the model that the file itself describes, without the settings and defaults that complete it.
  private static func content(of source: ByteSource, _ settings: ModelSettings) throws(PixelAscentError) -> Model {
    func named(_ format: String, _ model: Model) -> Model {
      var model = model
      model.format = format
      return model
    }
    func recognized(_ format: String, _ dict: StateDict) throws(PixelAscentError) -> Model {
      named(format, try Architecture.recognize(dict, named: settings.architecture).simplified())
    }
    var model: Model
    switch try WeightFile.kind(of: source) {
    case .safetensors:
      let file = try Safetensors(source)
      guard Model.isNative(file) else { return try recognized("safetensors", file.stateDict()) }
      model = named("PixelAscent", try Model(file))
    case .torchZip, .torchLegacy: return try recognized("PyTorch state dict", PyTorchFile.stateDict(source))
    case .onnx: model = named("ONNX", try ONNXReader.read(source, inputSize: settings.inputSize).simplified())
    case .numPyPickle:
      let pickle = try Pickle.load(source)
      model = named("pickle of SqueezeNet 1.1", try SqueezeNetImporter.model(from: pickle, name: source.name))
    }
    model.notes += notes(settings)
    return model
  }

  /// Returns the model with the settings applied, and with defaults for what neither the settings nor the file says.
  private static func complete(_ read: Model, _ settings: ModelSettings) throws(PixelAscentError) -> Model {
    var model = read
    let channels = model.graph.input.channels, usual = try usualPreprocessing(channels, inputSize: model.inputSize)
    if model.preprocessing == nil && settings.mean == nil {
      model.notes.append(
        """
        the file doesn't say how its images were normalised: assuming mean \(usual.mean.list), std \
        \(usual.std.list); set others with \(advice: .mean) and \(advice: .std)
        """)
    }
    let preprocessing = try settings.applied(to: model.preprocessing ?? usual, channels: channels)
    let shapes = try model.graph.shapes(inputSize: preprocessing.inputSize)
    let classes = shapes[model.graph.output]?.channels ?? 0
    if let labels = settings.labels ?? model.labels {
      model.labels = try check(labels, classes, given: settings.labels != nil)
    } else {
      let imageNet = try ImageNetLabels.labels, isImageNet = classes == imageNet.count
      model.labels = try isImageNet ? imageNet : Labels.numbered(classes)
      model.notes.append(
        isImageNet
          ? "the file has no labels: assuming that its 1000 classes are ImageNet's; set others with \(advice: .labels)"
          : "the file has no labels: its \(classes == 1 ? "only class is" : "\(classes) classes are") numbered; name them with \(advice: .labels)"
      )
    }
    model.preprocessing = preprocessing
    try model.check()
    if settings.isBGR { try model.reverseChannels() }
    return model
  }

  /// Returns notes on the settings that have no effect on a file that describes its own network.
  private static func notes(_ settings: ModelSettings) -> [Message] {
    settings.architecture.map {
      ["\(advice: .architecture) \($0.oneLine) is ignored: it is for bare weights, and this file describes its network"]
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
        .invalidModel, "the network takes images of \(channels) channels; this version supports 3 (colour) or 1 (grey)")
    }
  }

  private static func check(_ labels: Labels, _ classes: Int, given: Bool) throws(PixelAscentError) -> Labels {
    guard labels.count == classes else {
      let found: Message = given ? "\(advice: .labels) names \(labels.count)" : "found labels for \(labels.count)"
      throw PixelAscentError(.invalidModel, "the network has \(classes) class\(classes == 1 ? "" : "es"), \(found)")
    }
    return labels
  }

}

extension Model {
  /// Turns a network that takes blue, green and red into one that takes red, green and blue.
  fileprivate mutating func reverseChannels() throws(PixelAscentError) {
    guard graph.input.channels == 3 else {
      throw PixelAscentError(
        .invalidParameter, "the order blue, green, red needs 3 input channels, found \(graph.input.channels)")
    }
    // Extra layers reverse the channels, so that the weights can stay in the file as they are.
    var prefix = Graph.image
    while graph.layers.contains(where: { $0.name.hasPrefix("\(prefix)/") }) { prefix += "'" }
    let parts = (0..<3).reversed().map { channel in
      GraphLayer(name: "\(prefix)/\(channel)", operation: ChannelSlice(first: channel, count: 1), inputs: [Graph.image])
    }
    let reversed = GraphLayer(name: "\(prefix)/bgr", operation: Concatenate(), inputs: parts.map(\.name))
    for index in graph.layers.indices {
      graph.layers[index].inputs = graph.layers[index].inputs.map { $0 == Graph.image ? reversed.name : $0 }
    }
    graph.layers.insert(contentsOf: parts + [reversed], at: 0)
  }
}
