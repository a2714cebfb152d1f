// SPDX-License-Identifier: MIT

/// Builds an architecture's graph from the shapes in a state dict.
///
/// If a module computes the same values as a layer, the layer has the module's name. The module is a convolution, a
/// pool, or a residual block ("layer1.0" is the block's sum). A method that adds a layer checks the layer's tensors in
/// the state dict.
struct ArchitectureBuilder {
  /// The output of a layer, or the image.
  ///
  /// A value holds only numbers: Swift 6.0.3's optimizer fails on a variable that has a destructor and is assigned the
  /// result of a call with typed throws.
  struct Value {
    /// The layer's index; nil for the image.
    fileprivate let layer: Int?
    let channels: Int
    /// The number of pixels of a channel; nil if the architecture does not fix it.
    fileprivate let pixels: Int?
  }

  /// The zeros around a convolution's input.
  enum Padding {
    /// ⌊kernel/2⌋ on each side.
    case half
    case each(Int)
    /// TensorFlow's "SAME", which depends on the size of the input.
    case same
    /// ⌊kernel/2⌋ after an axis, and one less before it.
    case shifted
  }

  /// The groups of a convolution.
  enum Groups {
    case one
    case depthwise
    /// As many groups as the shape of the weights says.
    case any
  }

  let dict: StateDict
  /// The architecture's name; at first the one that the user gave, or the family's.
  var architecture: String
  /// The name of an architecture that the user gave.
  let wanted: String?
  /// What transformers' `config.json` says, if the tensors have the names that transformers give them.
  let config: TransformersConfig?
  /// The epsilon of batch norms.
  var epsilon = 1e-5
  var preprocessing = Preprocessing.imageNet
  /// What to say about an assumed mean and deviation, unless another file or the user gives them.
  var normalizationNote: Message?
  var notes = [Message]()
  /// The network's place in the file.
  let network: NetworkInStateDict
  /// The file's tensors that do not belong to the network.
  var outside: [StateDict.Entry] = []
  /// Whether the user has chosen the prefix of the network's names.
  var isChosen = false
  /// The file's name of a head that lies outside the prefix.
  var headOutside: String?

  private var layers = [GraphLayer]()
  private var parameters = [String: Parameter]()
  /// The names of the tensors that a layer uses.
  private(set) var used: Set<String> = []
  /// The numbers of channels of the image and of all layers' outputs.
  private(set) var widths: Set<Int> = []
  private(set) var ignoredPrefixes = [String]()
  private var inputChannels = 0

  init(_ dict: StateDict, _ network: NetworkInStateDict, wanted: String?, config: TransformersConfig? = nil) {
    self.dict = dict
    self.network = network
    self.wanted = wanted
    self.config = config
    architecture = wanted ?? network.family.name
  }

  /// Returns whether the state dict has a module of this name with weights.
  func has(_ module: String) -> Bool { dict.shape("\(module).weight") != nil }

  /// Returns the shape of a module's weights; empty if it has none.
  func shape(_ module: String) -> [Int] { dict.shape("\(module).weight") ?? [] }

  /// Returns the number of modules `name(first)`, `name(first + 1)`, … up to the first one that the state dict lacks.
  ///
  /// The number is at least 1: if the first module is missing, adding its layers throws an error that names the tensor.
  func count(from first: Int = 0, _ name: (Int) -> String) -> Int {
    var count = 0
    while has(name(first + count)) { count += 1 }
    return max(count, 1)
  }

  /// Leaves out the tensors whose names begin with one of `prefixes`: classification does not need them.
  mutating func ignore(_ prefixes: String...) { ignoredPrefixes += prefixes }

  /// Notes that other architectures have these tensors too, unless the user gave the architecture.
  mutating func noteLookAlikes(_ others: [String]) {
    guard wanted == nil, let first = others.first else { return }
    notes.append(
      """
      read as \(architecture), but \(others.joined(separator: ", ")) \(others.count == 1 ? "has" : "have") tensors of the \
      same names and shapes; if it is \(others.count == 1 ? first : "one of these"), say so: \(advice: .architecture) \(first)
      """)
  }

  /// Returns the name in the file, with the prefix, of the tensor or module that the family calls `name`.
  func fullNameInFile(_ name: String) -> String {
    let head = network.family.head
    if let headOutside, name.hasPrefix("\(head).") { return headOutside + name.dropFirst(head.count) }
    return network.prefix + dict.nameInFile(name)
  }

  func fail(_ message: String) -> PixelAscentError {
    PixelAscentError(.invalidModel, "\(architecture.oneLine) \(message)", about: dict.name)
  }

  /// Returns the network's input, with as many channels as the first convolution reads.
  mutating func image(for convolution: String) throws(PixelAscentError) -> Value {
    inputChannels = try parameter("\(convolution).weight", [nil, nil, nil, nil]).shape[1]
    widths.insert(inputChannels)
    return Value(layer: nil, channels: inputChannels, pixels: nil)
  }

  /// Returns the model whose output is `scores`.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the state dict holds a tensor that no layer uses, but that
  ///   may belong to the network.
  func model(scores: Value) throws(PixelAscentError) -> Model {
    let notes = dict.notes + notes + [try noteOnTensorsLeftOut(classes: scores.channels)].compactMap(\.self)
    let isNormalized = inputChannels == preprocessing.mean.count
    var model = Model(
      graph: Graph(input: .init(channels: inputChannels), layers: layers, output: layerName(scores)),
      parameters: parameters, preprocessing: isNormalized ? preprocessing : nil,
      labels: scores.channels == 1000 ? try ImageNetLabels.labels : nil, source: architecture, notes: notes)
    if isNormalized { model.normalizationNote = normalizationNote }
    return model
  }
}

// Layers with parameters.
extension ArchitectureBuilder {
  /// Adds a convolution.
  ///
  /// - Parameter isStandardized: whether the layer computes with standardised weights (Qiao et al.: "Micro-batch training
  ///   with batch-channel normalization and weight standardization", arXiv:1903.10520)
  mutating func convolution(
    _ name: String, _ x: Value, kernel: Int? = nil, stride: Int = 1, padding: Padding = .half, groups: Groups = .one,
    isStandardized: Bool = false
  ) throws(PixelAscentError) -> Value {
    let perGroup: Int? =
      switch groups {
      case .one: x.channels
      case .depthwise: 1
      case .any: nil
      }
    let weight = try parameter("\(name).weight", [groups.isDepthwise ? x.channels : nil, perGroup, kernel, kernel])
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    guard x.channels % inputs == 0 else {
      throw fail(
        "expects a tensor \(dict.nameInFile(name).oneLine).weight for \(x.channels) input channels, found "
          + shapeText(weight.shape))
    }
    func axis(_ kernel: Int) -> WindowAxis {
      switch padding {
      case .half: return WindowAxis(kernel: kernel, stride: stride, padding: kernel / 2)
      case .each(let count): return WindowAxis(kernel: kernel, stride: stride, padding: count)
      case .shifted:
        return WindowAxis(kernel: kernel, stride: stride, before: max(kernel / 2 - 1, 0), after: kernel / 2)
      case .same: return WindowAxis(kernel: kernel, stride: stride)
      }
    }
    let window = Window(y: axis(weight.shape[2]), x: axis(weight.shape[3]))
    parameters["\(name).weight"] = try isStandardized ? weight.standardized() : weight
    try addBias(name, outputs)
    let operation = Convolution(
      window, isSame: padding.isSame, groups: x.channels / inputs, outputs: outputs)
    return add(name, operation, [x], channels: outputs, pixels: x.pixels == 1 ? 1 : nil)
  }

  /// Adds a convolution whose weights are not in the state dict.
  mutating func constantConvolution(
    _ name: String, _ x: Value, _ weights: Tensor, stride: Int, padding: Int = 0, groups: Int = 1
  ) -> Value {
    let outputs = weights.shape[0]
    parameters["\(name).weight"] = Parameter(weights)
    parameters["\(name).bias"] = Parameter(Tensor(shape: [outputs], repeating: 0))
    let window = Window(kernel: weights.shape[2], stride: stride, padding: padding)
    return add(name, Convolution(window, groups: groups, outputs: outputs), [x], channels: outputs)
  }

  mutating func linear(_ name: String, _ x: Value) throws(PixelAscentError) -> Value {
    let weight = try parameter("\(name).weight", [nil, x.channels])
    parameters["\(name).weight"] = weight
    try addBias(name, weight.shape[0])
    return add(name, Linear(outputs: weight.shape[0]), [x], channels: weight.shape[0], pixels: 1)
  }

  mutating func batchNorm(_ name: String, _ x: Value) throws(PixelAscentError) -> Value {
    for suffix in ["weight", "bias", "running_mean", "running_var"] { try take("\(name).\(suffix)", [x.channels]) }
    return add(name, BatchNorm(epsilon: epsilon), [x], channels: x.channels, pixels: x.pixels)
  }

  /// Adds a convolution, a batch norm and, if `function` is given, an activation function.
  mutating func unit(
    _ convolution: String, _ norm: String, _ x: Value, kernel: Int? = nil, stride: Int = 1, padding: Padding = .half,
    groups: Groups = .one, then function: ElementFunction? = nil
  ) throws(PixelAscentError) -> Value {
    var y = try self.convolution(convolution, x, kernel: kernel, stride: stride, padding: padding, groups: groups)
    y = try batchNorm(norm, y)
    return function.map { apply($0, y) } ?? y
  }

  /// Adds squeeze and excitation (Hu et al. 2018): x times one gate per channel. Two 1×1 convolutions compute the gates
  /// from x's means.
  mutating func squeezeExcitation(
    _ name: String, _ first: String, _ second: String, _ x: Value, function: ElementFunction, gate: ElementFunction
  ) throws(PixelAscentError) -> Value {
    var y = globalAverage("\(name).avgpool", x)
    y = apply(function, try convolution(first, y, kernel: 1))
    y = apply(gate, try convolution(second, y, kernel: 1))
    guard y.channels == x.channels else { throw fail("expects \(x.channels) gates of \(name), found \(y.channels)") }
    return add(name, Multiply(), [x, y], channels: x.channels)
  }

  /// Adds efficient channel attention (Wang et al.: "ECA-Net", arXiv:1910.03151): x times one gate per channel. A
  /// convolution of one dimension over the channels computes the gates from x's means. Here it is a linear layer, see
  /// ``Parameter/channelMatrix(inputs:outputs:before:dilation:)``.
  ///
  /// - Parameter last: the convolution that makes x
  mutating func channelAttention(_ name: String, _ x: Value, after last: String) throws(PixelAscentError) -> Value {
    let channels = x.channels, weight = try parameter("\(name).conv.weight", [1, 1, nil]), kernel = weight.shape[2]
    guard kernel % 2 == 1 else {
      throw fail("expects an odd number of weights \(dict.nameInFile(name).oneLine).conv.weight, found \(kernel)")
    }
    // The matrix must not be much larger than the file.
    let inputs = shape(last).dropFirst().first ?? 0
    guard channels / 16 <= inputs else {
      throw fail(
        "expects at most 16 outputs for each input of \(dict.nameInFile(last).oneLine), found \(channels) and \(inputs)"
      )
    }
    parameters["\(name).conv.weight"] = weight.channelMatrix(inputs: channels, outputs: channels, before: kernel / 2)
    parameters["\(name).conv.bias"] = Parameter(Tensor(shape: [channels], repeating: 0))
    let means = globalAverage("\(name).avgpool", x)
    let gates = apply(
      .sigmoid, add("\(name).conv", Linear(outputs: channels), [means], channels: channels, pixels: 1))
    return add(name, Multiply(), [x, gates], channels: channels)
  }

  /// Adds a layer normalisation over the channels.
  mutating func layerNorm(_ name: String, _ x: Value, epsilon: Float) throws(PixelAscentError) -> Value {
    for suffix in ["weight", "bias"] { try take("\(name).\(suffix)", [x.channels]) }
    return add(name, LayerNorm(epsilon: epsilon), [x], channels: x.channels, pixels: x.pixels)
  }

  /// Adds a group normalisation (Wu and He: "Group normalization", arXiv:1803.08494).
  mutating func groupNorm(_ name: String, _ x: Value, groups: Int) throws(PixelAscentError) -> Value {
    for suffix in ["weight", "bias"] { try take("\(name).\(suffix)", [x.channels]) }
    return add(name, GroupNorm(groups: groups, epsilon: 1e-5), [x], channels: x.channels, pixels: x.pixels)
  }

  /// Adds a global response normalisation (Woo et al.: "ConvNeXt V2", arXiv:2301.00808): x + weight · x · n + bias. The
  /// number n of a channel is the Euclidean norm of the channel's pixels, divided by the mean of all channels' norms
  /// plus 10⁻⁶.
  mutating func globalResponseNorm(_ name: String, _ x: Value) throws(PixelAscentError) -> Value {
    let channels = x.channels
    let norms = add("\(name).norms", Reduction(.norm), [x], channels: channels, pixels: 1)
    let sum = add("\(name).sum", Reduction(.sum, ofChannels: true), [norms], channels: 1, pixels: 1)
    // The layer also repeats the mean for each channel, which the product below needs.
    parameters["\(name).mean.weight"] = Parameter(Tensor(shape: [channels, 1], repeating: 1 / Float(channels)))
    parameters["\(name).mean.bias"] = Parameter(Tensor(shape: [channels], repeating: 1e-6))
    let mean = add("\(name).mean", Linear(outputs: channels), [sum], channels: channels, pixels: 1)
    let shares = add("\(name).shares", Multiply(), [norms, apply(.reciprocal, mean)], channels: channels, pixels: 1)
    // The file may have dimensions of 1 before the channels.
    let shape = (dict.shape("\(name).weight") ?? []).dropLast().map { _ in 1 } + [channels]
    try take("\(name).weight", shape, as: { [$0[$0.count - 1]] }, to: "\(name).factors.weight")
    parameters["\(name).factors.bias"] = Parameter(Tensor(shape: [channels], repeating: 1))
    let factors = add("\(name).factors", Affine(), [shares], channels: channels, pixels: 1)
    let scaled = add("\(name).scaled", Multiply(), [x, factors], channels: channels)
    try take("\(name).bias", shape, as: { [$0[$0.count - 1]] })
    parameters["\(name).weight"] = Parameter(Tensor(shape: [channels], repeating: 1))
    return add(name, Affine(), [scaled], channels: channels)
  }

  /// Adds a 1×1 convolution: a linear layer at every pixel. The file may store the weights as a matrix.
  mutating func pointwise(_ name: String, _ x: Value) throws(PixelAscentError) -> Value {
    let found = shape(name)
    if found.count != 2 { return try convolution(name, x, kernel: 1) }
    try take("\(name).weight", [nil, x.channels], as: { [$0[0], $0[1], 1, 1] })
    try addBias(name, found[0])
    return add(name, Convolution(Window(kernel: 1), outputs: found[0]), [x], channels: found[0], pixels: x.pixels)
  }

  /// Adds a learned factor for each channel (Touvron et al.: "Going deeper with image transformers", 2021).
  mutating func layerScale(_ key: String, _ x: Value) throws(PixelAscentError) -> Value {
    let name = "\(key).scale", rank = max(dict[key]?.shape.count ?? 1, 1)
    try take(key, [x.channels] + Array(repeating: 1, count: rank - 1), as: { [$0[0]] }, to: "\(name).weight")
    try addBias(name, x.channels)
    return add(name, Affine(), [x], channels: x.channels, pixels: x.pixels)
  }

  /// Makes a tensor of the state dict a parameter with the name `key`, or with the tensor's own name if `key` is nil.
  ///
  /// - Parameters:
  ///   - shape: the extents that the tensor must have; nil allows any
  ///   - change: a function that takes the tensor's shape and returns the parameter's
  private mutating func take(
    _ name: String, _ shape: [Int?], as change: ([Int]) -> [Int] = { $0 }, to key: String? = nil
  ) throws(PixelAscentError) {
    let found = try parameter(name, shape)
    let wanted = change(found.shape)
    guard let changed = wanted == found.shape ? found : found.reshaped(wanted) else {
      throw fail("expects a tensor \(dict.nameInFile(name).oneLine) in C order")
    }
    parameters[key ?? name] = changed
  }

  private mutating func addBias(_ name: String, _ outputs: Int) throws(PixelAscentError) {
    let key = "\(name).bias"
    parameters[key] =
      dict[key] == nil ? Parameter(Tensor(shape: [outputs], repeating: 0)) : try parameter(key, [outputs])
  }

  /// Returns a tensor of the state dict. Throws unless it has the shape `shape`, in which nil allows any extent.
  private mutating func parameter(_ name: String, _ shape: [Int?]) throws(PixelAscentError) -> Parameter {
    let found = dict[name]
    guard let found, found.shape.count == shape.count,
      zip(found.shape, shape).allSatisfy({ $0 > 0 && ($1 == nil || $0 == $1) })
    else {
      let expected = shape.map { $0.map(String.init) ?? "…" }.joined(separator: ", ")
      throw fail(
        "expects a tensor \(fullNameInFile(name).oneLine) of shape (\(expected)), found "
          + (found.map { shapeText($0.shape) } ?? "none"))
    }
    used.insert(name)
    return found
  }
}

// Layers without parameters.
extension ArchitectureBuilder {
  mutating func apply(_ function: ElementFunction, _ x: Value) -> Value {
    add("\(layerName(x)).\(function.layerName)", Elementwise(function), [x], channels: x.channels, pixels: x.pixels)
  }

  mutating func relu(_ x: Value) -> Value { apply(.relu, x) }

  mutating func maxPool(
    _ name: String, _ x: Value, kernel: Int = 3, stride: Int = 2, padding: Int = 0, ceilMode: Bool = false
  ) -> Value {
    let window = Window(kernel: kernel, stride: stride, padding: padding)
    return add(name, MaxPool(window, ceilMode: ceilMode), [x], channels: x.channels)
  }

  mutating func averagePool(
    _ name: String, _ x: Value, kernel: Int, stride: Int, padding: Int = 0, ceilMode: Bool = false
  ) -> Value {
    let window = Window(kernel: kernel, stride: stride, padding: padding)
    let operation = AveragePool(window, ceilMode: ceilMode, countPadding: !ceilMode)
    return add(name, operation, [x], channels: x.channels)
  }

  /// Adds a border, of zeros or as `mode` says.
  mutating func border(_ name: String, _ x: Value, width: Int, mode: Pad.Mode = .constant) -> Value {
    add(name, Pad(top: width, left: width, bottom: width, right: width, mode: mode), [x], channels: x.channels)
  }

  mutating func globalAverage(_ name: String, _ x: Value) -> Value {
    add(name, GlobalAverage(), [x], channels: x.channels, pixels: 1)
  }

  /// Adds an adaptive average pool to size × size pixels, and a layer that flattens the pool's output.
  mutating func averages(_ name: String, _ x: Value, size: Int) -> Value {
    let y = add(name, AdaptiveAverage(rows: size, columns: size), [x], channels: x.channels)
    return add("\(name).flatten", Flatten(), [y], channels: x.channels * size * size, pixels: 1)
  }

  mutating func sum(_ name: String, _ x: Value, _ y: Value) throws(PixelAscentError) -> Value {
    guard x.channels == y.channels else {
      throw fail("expects \(x.channels) channels of \(layerName(y).oneLine), found \(y.channels)")
    }
    return add(name, Add(), [x, y], channels: x.channels)
  }

  mutating func concatenation(_ name: String, _ values: [Value]) -> Value {
    add(name, Concatenate(), values, channels: values.reduce(0) { $0 + $1.channels })
  }

  /// Adds a layer that takes the first or the second half of the channels.
  mutating func half(_ name: String, _ x: Value, second: Bool) -> Value {
    let count = x.channels / 2
    return add(name, ChannelSlice(first: second ? count : 0, count: count), [x], channels: count)
  }

  mutating func shuffle(_ name: String, _ x: Value, groups: Int) throws(PixelAscentError) -> Value {
    guard x.channels % groups == 0 else { throw fail("expects an even number of channels, found \(x.channels)") }
    return add(name, ChannelShuffle(groups: groups), [x], channels: x.channels)
  }

  private mutating func add(
    _ name: String, _ operation: any Operation, _ inputs: [Value], channels: Int, pixels: Int? = nil
  ) -> Value {
    layers.append(GraphLayer(name: name, operation: operation, inputs: inputs.map(layerName)))
    widths.insert(channels)
    return Value(layer: layers.count - 1, channels: channels, pixels: pixels)
  }

  private func layerName(_ value: Value) -> String { value.layer.map { layers[$0].name } ?? Graph.image }
}

extension ArchitectureBuilder.Padding {
  fileprivate var isSame: Bool { if case .same = self { true } else { false } }
}

extension ArchitectureBuilder.Groups {
  fileprivate var isDepthwise: Bool { if case .depthwise = self { true } else { false } }
}
