// SPDX-License-Identifier: MIT

// Exporters often put the normalisation of photos into the graph. Such a graph takes plain pixels, and normalising them
// before the graph too would make every score wrong.

extension Model {
  /// Finds the normalisation at the beginning of the graph, and moves it into the preprocessing.
  ///
  /// The normalisation consists of the affine layers between the image and the first other layers. A network without
  /// these layers and with their means and deviations as preprocessing computes the same scores, and its normalised
  /// space is one in which ascents make sensible steps. If the settings give a mean or a deviation, they are for the
  /// graph's own input, so the graph keeps its layers. The graph must not be simplified yet.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if the settings normalise an input of whole numbers, of kind
  ///   `unreadableFile` if parameters can't be read.
  mutating func takeNormalization(_ settings: ModelSettings) throws(PixelAscentError) {
    let channels = graph.input.channels, isGiven = settings.mean != nil || settings.std != nil
    guard channels == 1 || channels == 3 else { return }
    let size = preprocessing?.inputSize ?? inputSize ?? Preprocessing.usualSize(channels: channels)
    if takesPixels && isGiven { try checkPixels(settings) }
    let found = try InputNormalization(self)
    guard let pixels = takesPixels ? .bytes : found.pixels else {
      if found.hasLayers && preprocessing == nil && !isGiven {
        notes.append("the graph begins with a scale and a shift that don't tell the range of the pixels it takes")
      }
      return
    }
    if isGiven {
      let plain = try pixels.preprocessing(channels, size),
        applied = try settings.applied(to: plain, channels: channels)
      preprocessing = plain
      if !applied.isClose(to: plain) {
        notes.append(
          """
          the graph normalises its input itself, from pixels of \(pixels.range), after \(advice: .mean) and \
          \(advice: .std) have been applied
          """)
      }
    } else if let own = try found.preprocessing(pixels, size), found.hasLayers, preprocessing?.isClose(to: own) ?? true
    {
      isBGR = own.hasReversedMean
      preprocessing = settings.isBGR || isBGR ? try own.reversed() : own
      notes.append(
        """
        the graph normalises its input itself, from pixels of \(pixels.range): mean \(own.mean.list) and std \
        \(own.std.list) are taken from it, and not applied twice
        """)
      if isBGR {
        notes.append("this mean is ImageNet's in the order blue, green, red, so the network takes that order")
      }
      removeLayers(found.affine)
    } else if let preprocessing {
      let plain = try pixels.preprocessing(channels, size)
      if found.hasLayers && !preprocessing.isClose(to: plain) {
        notes.append(
          """
          the graph normalises its input itself, from pixels of \(pixels.range), after the mean \
          \(preprocessing.mean.list) and std \(preprocessing.std.list) that the file gives have been applied; \
          \(advice: .mean) and \(advice: .std) replace these
          """)
      }
    } else {
      preprocessing = try pixels.preprocessing(channels, size)
      notes.append(
        found.hasLayers
          ? "the graph normalises its input itself: it gets pixels of \(pixels.range)"
          : "the input has a type of whole numbers: it gets pixels of \(pixels.range), not normalised")
    }
  }

  /// Checks that the settings leave the pixels as they are.
  private func checkPixels(_ settings: ModelSettings) throws(PixelAscentError) {
    let pixel: Float = 1 / 255, mean = settings.mean ?? [0], std = settings.std ?? [pixel]
    guard mean.allSatisfy({ $0 == 0 }), std.allSatisfy({ abs($0 * 255 - 1) < 0.01 }) else {
      throw PixelAscentError(
        .invalidParameter,
        """
        the network's input takes pixels as whole numbers from 0 to 255; leave out \(advice: .mean) and \(advice: .std)
        """)
    }
  }

  /// Removes layers with one input. The layers after them are connected to that input.
  private mutating func removeLayers(_ names: Set<String>) {
    var substitutes = [String: String](), layers = [GraphLayer]()
    for var layer in graph.layers {
      layer.inputs = layer.inputs.map { substitutes[$0] ?? $0 }
      if names.contains(layer.name) { substitutes[layer.name] = layer.inputs[0] } else { layers.append(layer) }
    }
    graph.layers = layers
    for name in names { for suffix in ["weight", "bias"] { parameters["\(name).\(suffix)"] = nil } }
  }
}

/// The affine layers between an image and the first other layers of a graph, and what they compute.
private struct InputNormalization {
  /// A channel of a value: scale · x + shift, where x is the channel `source` of the image.
  private struct Channel: Hashable {
    let source: Int
    var scale = 1.0, shift = 0.0
  }

  /// The pixels that a graph takes. The raw value describes their range.
  enum Pixels {
    /// From 0 to 1.
    case unit
    /// From 0 to 255.
    case bytes
    /// From −1 to 1.
    case signed

    /// The range in words.
    var range: String {
      switch self {
      case .unit: "0 to 1"
      case .bytes: "0 to 255"
      case .signed: "-1 to 1"
      }
    }

    /// A pixel p from 0 to 1 is scale · p + shift in this range.
    var scale: Double { self == .unit ? 1 : self == .bytes ? 255 : 2 }
    var shift: Double { self == .signed ? -1 : 0 }

    /// Returns the preprocessing that makes such pixels.
    func preprocessing(_ channels: Int, _ size: PixelSize) throws(PixelAscentError) -> Preprocessing {
      func all(_ value: Double) -> [Float] { [Float](repeating: Float(value), count: channels) }
      return try Preprocessing(mean: all(0 - shift / scale), std: all(1 / scale), inputSize: size)
    }
  }

  /// The names of the affine layers.
  private(set) var affine: Set<String> = []
  /// The channels that the first other layers take.
  private var taken: Set<Channel> = []

  var hasLayers: Bool { !affine.isEmpty }

  init(_ model: Model) throws(PixelAscentError) {
    var known = [Graph.image: (0..<model.graph.input.channels).map { Channel(source: $0) }]
    for layer in model.graph.layers {
      let inputs = layer.inputs.compactMap { known[$0] }
      if inputs.count == layer.inputs.count, !inputs.isEmpty,
        let channels = try Self.channels(layer, inputs.flatMap(\.self), model)
      {
        known[layer.name] = channels
        if layer.operation is Affine { affine.insert(layer.name) }
      } else {
        taken.formUnion(inputs.joined())
      }
    }
    if known[model.graph.output] != nil { affine = [] }
  }

  /// Returns the channels of a layer's output; nil if the layer is not an affine one and does not only rearrange
  /// channels.
  private static func channels(
    _ layer: GraphLayer, _ inputs: [Channel], _ model: Model
  ) throws(PixelAscentError) -> [Channel]? {
    switch layer.operation {
    case is Identity, is Concatenate: return inputs
    case let slice as ChannelSlice:
      return slice.first + slice.count <= inputs.count ? Array(inputs[slice.first..<slice.first + slice.count]) : nil
    case let affine as Affine where affine.clamp == .none:
      let weight = try model.parameters["\(layer.name).weight"]?.tensor().values ?? []
      let bias = try model.parameters["\(layer.name).bias"]?.tensor().values ?? []
      guard weight.count == inputs.count, bias.count == inputs.count else { return nil }
      return inputs.indices.map { index in
        let scale = Double(weight[index]), shift = Double(bias[index])
        return Channel(
          source: inputs[index].source, scale: scale * inputs[index].scale,
          shift: scale * inputs[index].shift + shift)
      }
    default: return nil
    }
  }

  /// The pixels that the graph takes, as the means and deviations that it applies tell; nil if they don't tell.
  ///
  /// A channel becomes (x − zero) / deviation.
  var pixels: Pixels? {
    if !hasLayers { return nil }
    func all(_ holds: (_ zero: Double, _ deviation: Double) -> Bool) -> Bool {
      taken.allSatisfy { $0.scale != 0 && holds(-$0.shift / $0.scale, 1 / $0.scale) }
    }
    // A deviation of 1 belongs to networks from which only the mean is subtracted, as in Caffe.
    if all({ -1...200 ~= $0 && 20...300 ~= $1 }) || all({ 20...200 ~= $0 && abs($1 - 1) < 1e-3 }) { return .bytes }
    if all({ -0.001...1 ~= $0 && 0.003...1.001 ~= $1 }) { return .unit }
    if all({ abs($0 + 1) < 0.001 && (abs($1 - 2) < 0.01 || abs($1 - 2 / 255.0) < 1e-4) }) { return .signed }
    return nil
  }

  /// Returns the mean and the deviation with which a photo is normalised if it reaches the graph as `pixels`; nil if a
  /// channel of the image is normalised in several ways, or is turned around.
  func preprocessing(_ pixels: Pixels, _ size: PixelSize) throws(PixelAscentError) -> Preprocessing? {
    let channels = Dictionary(grouping: taken, by: \.source).sorted { $0.key < $1.key }
    var mean: [Float] = [], std: [Float] = []
    for (source, same) in channels {
      guard source == mean.count, same.count == 1, same[0].scale > 0 else { return nil }
      let scale = same[0].scale * pixels.scale, shift = same[0].scale * pixels.shift + same[0].shift
      mean.append(Self.rounded(0 - shift / scale))
      std.append(Self.rounded(1 / scale))
    }
    return channels.isEmpty ? nil : try Preprocessing(mean: mean, std: std, inputSize: size)
  }

  /// Returns a number without the error that the graph's constants of 32 bits may have: 0.485 for 0.48500001.
  private static func rounded(_ value: Double) -> Float {
    let short = (value * 1e6).rounded() / 1e6
    return Float(abs(short - value) <= 3e-7 * max(abs(value), 0.1) ? short : value)
  }
}

extension Preprocessing {
  /// Returns the preprocessing with mean and deviation in the opposite order.
  fileprivate func reversed() throws(PixelAscentError) -> Preprocessing {
    try Preprocessing(mean: mean.reversed(), std: std.reversed(), inputSize: inputSize, resize: resize)
  }

  /// Whether the means are those of ImageNet in the order blue, green, red.
  fileprivate var hasReversedMean: Bool {
    mean.count == 3 && zip(mean, Self.imageNet.mean.reversed()).allSatisfy { abs($0 - $1) < 0.004 }
  }

  /// Returns whether means and deviations are almost equal.
  fileprivate func isClose(to other: Preprocessing) -> Bool {
    func areClose(_ some: [Float], _ others: [Float]) -> Bool {
      some.count == others.count && zip(some, others).allSatisfy { abs($0 - $1) < 0.004 }
    }
    return areClose(mean, other.mean) && areClose(std, other.std)
  }
}
