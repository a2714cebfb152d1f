// SPDX-License-Identifier: MIT

/// The contents of a model file, and the memory and multiplications that one image takes.
public struct ModelInspection: Sendable {
  /// A layer of the network.
  public struct Layer: Sendable {
    /// The layer's name in the file.
    public let name: String
    /// The operation in a few words, such as "conv 3×3 / 2, ReLU".
    public let operation: String
    /// The names of the layers that the layer reads; "image" is the network's input.
    public let inputs: [String]
    /// The shape of the output: channels, rows, columns.
    public let shape: [Int]
    /// The number of the layer's parameters.
    public let parameters: Int
    /// The number of multiplications by weights in a forward pass.
    public let multiplications: Int
  }

  /// The file's format, such as "ONNX".
  public let format: String
  /// The origin of the weights: the architecture's name, or what the file says.
  public private(set) var source = ""
  /// The licence of the weights.
  public private(set) var licence = ""
  /// The layers in the order of the forward pass; empty if an operator is not supported.
  public private(set) var layers: [Layer] = []
  /// All operators that are not supported; empty for a model that runs.
  public private(set) var unsupported: [UnsupportedOperator] = []
  /// The outputs of the graph in an ONNX file; empty for files of other formats.
  public private(set) var outputs: [ModelOutput] = []
  /// How a photograph becomes the network's input; nil if an operator is not supported.
  public private(set) var preprocessing: Preprocessing?
  /// The number of classes.
  public private(set) var classes = 0
  /// How scores become probabilities; nil if an operator is not supported.
  public private(set) var activation: Activation?
  /// The first synonym of class 0.
  public private(set) var firstLabel = ""
  /// The height, in pixels, of the input for which shapes, multiplications and memory are given.
  public private(set) var height = 0
  /// The width, in pixels, of the input for which shapes, multiplications and memory are given.
  public private(set) var width = 0
  /// The memory in bytes that one image's forward pass takes, without the weights.
  public private(set) var forwardBytes = 0
  /// The memory in bytes that one image's forward and backward passes take, without the weights.
  public private(set) var gradientBytes = 0
  /// The number of 3×3 convolutions that are computed by Winograd's method (Lavin and Gray 2016).
  public private(set) var winogradConvolutions = 0
  /// The number of 3×3 convolutions that are computed directly although Winograd's method is faster, because the
  /// transformed weights would take too much memory.
  public private(set) var directConvolutions = 0
  /// The number of 3×3 convolutions whose gradients are computed directly for the same reason.
  public private(set) var directGradients = 0
  /// The memory in bytes that the transformed weights of forward and backward pass take, beside ``gradientBytes``.
  public private(set) var winogradBytes = 0
  /// Notes for the user on how the file was read.
  public private(set) var notes: [Message] = []

  /// The number of all layers' parameters.
  public var parameters: Int { layers.map(\.parameters).reduce(0, +) }
  /// The number of multiplications by weights in a forward pass.
  public var multiplications: Int { layers.map(\.multiplications).reduce(0, +) }

  /// Inspects the model file at `path`.
  ///
  /// Operators of an ONNX file that are not supported are no error: ``unsupported`` lists them.
  ///
  /// - Parameters:
  ///   - path: the model file
  ///   - settings: what replaces the file's own settings
  ///   - options: how much of the machine the inspection may use
  /// - Throws: ``PixelAscentError`` as ``Network/init(contentsOf:settings:options:)`` does, and of kind `sizeLimit` if
  ///   the network can't take an image of the input size.
  public init(
    contentsOf path: String, settings: ModelSettings = ModelSettings(), options: ComputeOptions = ComputeOptions()
  ) throws(PixelAscentError) {
    do throws(PixelAscentError) {
      try self.init(try WeightFile.open(path), settings, options)
    } catch {
      throw error.about(path)
    }
  }

  private init(
    _ source: ByteSource, _ settings: ModelSettings, _ options: ComputeOptions
  ) throws(PixelAscentError) {
    if case .onnx = try WeightFile.kind(of: source) {
      unsupported = try ONNXReader.unsupported(source, inputSize: settings.inputSize, output: settings.onnxOutput)
      if !unsupported.isEmpty {
        (format, outputs) = ("ONNX", try ONNXReader.outputs(source, output: settings.onnxOutput))
        return
      }
    }
    let model = try ModelReader.read(source, settings), plan = try LayerPlan(model, threads: options.threads)
    guard let labels = model.labels, let preprocessing = model.preprocessing else {
      preconditionFailure("a plan of a model that is not complete")
    }
    (format, self.source, licence, notes) = (model.format, model.source, model.licence, model.notes)
    (self.preprocessing, outputs, activation) = (preprocessing, model.outputs, model.activation)
    (classes, firstLabel) = (labels.count, labels[0])
    (height, width) = (preprocessing.inputSize.height, preprocessing.inputSize.width)
    let shapes = try model.graph.shapes(height: height, width: width)
    layers = model.graph.layers.map { Layer($0, shapes, model.parameters) }
    forwardBytes = try ArenaLayout(plan, height: height, width: width, gradient: false).bytes
    let layout = try ArenaLayout(plan, height: height, width: width, gradient: true)
    gradientBytes = layout.bytes
    let winograd = WinogradPlan(plan, layout, withGradient: true, options)
    winogradConvolutions = winograd.forward.count(where: \.self)
    (directConvolutions, directGradients) = winograd.omitted
    winogradBytes = winograd.weightBytes
  }
}

extension ModelInspection.Layer {
  fileprivate init(_ layer: GraphLayer, _ shapes: [String: ValueShape], _ parameters: [String: Parameter]) {
    let none = ValueShape(channels: 0, height: 0, width: 0)
    let input = layer.inputs.first.flatMap { shapes[$0] } ?? none, output = shapes[layer.name] ?? none
    name = layer.name
    operation = layer.operation.summary
    inputs = layer.inputs
    shape = [output.channels, output.height, output.width]
    self.parameters = layer.operation.parameterShapes(input).map { suffix, _ in
      parameters["\(layer.name).\(suffix)"]?.count ?? 0
    }.reduce(0, +)
    multiplications = layer.operation.multiplications(input, output)
  }
}
