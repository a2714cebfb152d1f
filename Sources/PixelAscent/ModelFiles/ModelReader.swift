// SPDX-License-Identifier: MIT

/// Reads a network from a file of any supported format: PixelAscent's own safetensors, a PyTorch state dict (`.pth`,
/// safetensors or a pickle of NumPy arrays), ONNX, or the pickle of SqueezeNet's original weights.
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
      if let output = settings.onnxOutput, model.format != "ONNX" {
        model.notes.append("\(advice: .onnxOutput) \(output.oneLine) is ignored: only ONNX files have several outputs")
      }
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
      let dict = try dict.reparametrized().renamed()
      let beside = dict.renaming?.program == .transformers ? try TransformersFiles(beside: source) : nil
      let timm = dict.renaming == nil ? try TimmConfig(beside: source) : nil
      let name = settings.architecture ?? timm?.knownArchitecture
      var model = try Architecture.recognize(dict, named: name, config: beside?.config).simplified()
      try beside?.complete(&model)
      try timm?.complete(&model, isNamed: settings.architecture != nil)
      return named(format, model)
    }
    var model: Model
    switch try WeightFile.kind(of: source) {
    case .safetensors:
      let file = try Safetensors(source)
      guard Model.isNative(file) else {
        return try recognized("safetensors", file.stateDict(weights: settings.weights))
      }
      model = named("PixelAscent", try Model(file))
    case .torchZip, .torchLegacy:
      return try recognized("PyTorch state dict", PyTorchFile.stateDict(source, weights: settings.weights))
    case .index:
      let shards = try ShardedWeights(source, weights: settings.weights)
      var model = try recognized("state dict in several files", shards.stateDict)
      model.files += shards.files
      return model
    case .onnx:
      var read = try ONNXReader.read(source, inputSize: settings.inputSize, output: settings.onnxOutput)
      try read.takeNormalization(settings)
      model = named("ONNX", try read.simplified())
    case .numPyPickle:
      let pickle = try Pickle.load(source)
      let checkpoint = try Checkpoint(pickle, name: source.name)
      if checkpoint.hasWeights {
        return try recognized("pickle of NumPy arrays", checkpoint.stateDict(settings.weights))
      }
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
    if let note = model.normalizationNote, settings.mean == nil { model.notes.append(note) }
    let own = model.preprocessing ?? usual
    let preprocessing = try model.fitted(settings.applied(to: own, channels: channels), settings, own: own.inputSize)
    let shapes = try model.graph.shapes(inputSize: preprocessing.inputSize)
    let output = shapes[model.graph.output] ?? ValueShape(channels: 0), isOne = output.channels == 1 && output.isVector
    let isBinary = isOne ? true : try model.hasOpposite(), classes = isBinary ? 2 : output.channels
    if model.activation == .softmax && isOne && settings.activation == nil {
      model.notes.append(
        "the file ends in the softmax of one number, which is always 1; the sigmoid is taken in place of it")
    }
    if let last = model.probabilities, settings.activation == nil {
      model.notes.append(
        """
        the last layer, \(last), makes numbers from 0 to 1: they are taken as they are, and no softmax or sigmoid makes \
        probabilities of them; \(advice: .activation) chooses one
        """)
    }
    model.activation = try activation(of: model, settings, isBinary: isBinary)
    if let labels = settings.labels ?? model.labels {
      let lacksOpposite = isBinary && labels.count == 1
      model.labels = try lacksOpposite ? labels.withOpposite : check(labels, classes, given: settings.labels != nil)
    } else {
      let imageNet = try ImageNetLabels.labels, isImageNet = classes == imageNet.count
      model.labels = try isImageNet ? imageNet : Labels.numbered(classes)
      model.notes.append(
        isImageNet
          ? "the file has no labels: assuming that its 1000 classes are ImageNet's; set others with \(advice: .labels)"
          : "the file has no labels: its \(classes == 1 ? "only class is" : "\(classes) classes are") numbered; name them with \(advice: .labels)"
      )
    }
    if isOne, let labels = model.labels {
      let isProbability = model.probabilities != nil && model.activation == Activation.none
      model.addOpposite(ofProbability: isProbability)
      model.notes.append(
        """
        the network has one output: it is the score of \(labels[1].oneLine) (1), and \
        \(isProbability ? "1 minus it" : "its negative") that of \(labels[0].oneLine) (0)
        """)
    }
    model.preprocessing = preprocessing
    try model.check()
    if settings.isBGR || model.isBGR { try model.reverseChannels() }
    return model
  }

  /// Returns how the scores become probabilities: as the settings or the file say, else by the sigmoid if the network has
  /// one output, and by the softmax if it has several.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if the settings ask for the softmax of one output.
  private static func activation(
    of model: Model, _ settings: ModelSettings, isBinary: Bool
  ) throws(PixelAscentError) -> Activation {
    guard isBinary else { return settings.activation ?? model.activation ?? .softmax }
    if settings.activation == .softmax {
      throw PixelAscentError(
        .invalidParameter,
        """
        the network has one output, and the softmax of one number is always 1; \(advice: .activation) sigmoid or none \
        suits it
        """)
    }
    // A file whose last layer is the softmax of one output was meant to end with the sigmoid.
    let known = settings.activation ?? model.activation
    return known == Activation.none ? .none : .sigmoid
  }

  /// Returns notes on the settings that have no effect on a file that describes its own network.
  private static func notes(_ settings: ModelSettings) -> [Message] {
    let given: [(Advice, String?)] = [(.architecture, settings.architecture), (.weights, settings.weights)]
    return given.compactMap { setting, value in
      value.map {
        "\(advice: setting) \($0.oneLine) is ignored: it is for bare weights, and this file describes its network"
      }
    }
  }

  private static func usualPreprocessing(
    _ channels: Int, inputSize: PixelSize?
  ) throws(PixelAscentError) -> Preprocessing {
    switch channels {
    case 3: return try Preprocessing.imageNet.sized(inputSize)
    case 1: return try Preprocessing(mean: [0], std: [1], inputSize: inputSize ?? Preprocessing.usualSize(channels: 1))
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
  /// Returns a preprocessing that the network can take. If the network's layers fix the size of images, or this size is no
  /// square, a photo gets exactly that size by being stretched, unless the settings say how a photo is resized.
  ///
  /// - Parameter own: the size of images that the file says, or that is usual
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if the network takes images of the size `own`, but not of
  ///   the size in the settings.
  fileprivate mutating func fitted(
    _ preprocessing: Preprocessing, _ settings: ModelSettings, own: PixelSize
  ) throws(PixelAscentError) -> Preprocessing {
    let size = preprocessing.inputSize
    guard graph.takesEverySize || takes(height: size.height, width: size.width) else {
      if size == own || !takes(height: own.height, width: own.width) { return preprocessing }
      throw PixelAscentError(
        .invalidParameter,
        "the layers are made for images of \(own) pixels and can't take \(size); leave out \(advice: .inputSize)")
    }
    guard preprocessing.resize == .short, settings.resize == nil else { return preprocessing }
    let isFixed =
      !graph.takesEverySize
      && (!takes(height: 2 * size.height, width: size.width) || !takes(height: size.height, width: 2 * size.width))
    let isSquare = size.height == size.width
    guard isFixed || !isSquare else { return preprocessing }
    notes.append(
      """
      the network takes \(isFixed ? "only " : "")images of \(size) pixels\(isSquare ? "" : " (height × width)"), so \
      photos are stretched to that size; \(advice: .resize) crop keeps their proportions
      """)
    return try Preprocessing(mean: preprocessing.mean, std: preprocessing.std, inputSize: size, resize: .stretch)
  }

  /// Returns whether the network can take images of this size.
  private func takes(height: Int, width: Int) -> Bool {
    guard let shapes = try? graph.shapes(height: height, width: width), shapes[graph.output]?.isVector ?? false else {
      return false
    }
    return (try? checkParameters(shapes)) != nil
  }

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
