// SPDX-License-Identifier: MIT

/// What a model's file holds, and what running it takes.
public struct ModelInspection: Sendable {
  /// A layer of the network.
  public struct Layer: Sendable {
    /// The name, as in the file.
    public let name: String
    /// The operation in a few words: "conv 3×3 / 2, ReLU".
    public let operation: String
    /// The layers it reads.
    public let inputs: [String]
    /// The output's shape: channels, rows, columns.
    public let shape: [Int]
    /// The number of its parameters, and of multiplications of a forward pass.
    public let parameters: Int, multiplications: Int
  }

  /// The file's format, in a word or two.
  public let format: String
  /// Where the weights come from, or the architecture; their licence.
  public private(set) var source = "", licence = ""
  /// The layers in the order of the forward pass; none if something is unsupported.
  public private(set) var layers: [Layer] = []
  /// Everything that keeps the model from running.
  public private(set) var unsupported: [UnsupportedOperator] = []
  /// How an image becomes the input; nil if something is unsupported.
  public private(set) var preprocessing: Preprocessing?
  /// The number of classes, and the name of the first.
  public private(set) var classes = 0, firstLabel = ""
  /// The size of the input that shapes and memory are for.
  public private(set) var height = 0, width = 0
  /// Bytes of the memory that one image's way through the network takes, without and with the way back; weights not counted.
  public private(set) var forwardBytes = 0, gradientBytes = 0
  /// What a user should know of how the file was read.
  public private(set) var notes: [Message] = []

  /// The number of parameters.
  public var parameters: Int { layers.map(\.parameters).reduce(0, +) }
  /// The number of multiplications of a forward pass.
  public var multiplications: Int { layers.map(\.multiplications).reduce(0, +) }

  /// Looks into the file at `path`.
  ///
  /// - Throws: ``PixelAscentError`` as ``Network/init(contentsOf:settings:options:)`` does, but for operators that are not
  ///   supported.
  public init(
    contentsOf path: String, settings: ModelSettings = ModelSettings(), options: ComputeOptions = ComputeOptions()
  ) throws(PixelAscentError) {
    let source = try ByteSource(contentsOf: path)
    if case .onnx = try WeightFile.kind(of: source) {
      unsupported = try ONNXReader.unsupported(source, inputSize: settings.inputSize)
      if !unsupported.isEmpty {
        format = "ONNX"
        return
      }
    }
    let model = try ModelReader.read(source, settings), plan = try LayerPlan(model, threads: options.threads)
    guard let labels = model.labels, let preprocessing = model.preprocessing else {
      preconditionFailure("a plan of a model that is not complete")
    }
    (format, self.source, licence, notes) = (model.format, model.source, model.licence, model.notes)
    self.preprocessing = preprocessing
    (classes, firstLabel) = (labels.count, labels[0])
    (height, width) = (preprocessing.inputSize, preprocessing.inputSize)
    let shapes = try model.graph.shapes(height: height, width: width)
    layers = model.graph.layers.map { Layer($0, shapes, model.parameters) }
    forwardBytes = try ArenaLayout(plan, height: height, width: width, gradient: false).bytes
    gradientBytes = try ArenaLayout(plan, height: height, width: width, gradient: true).bytes
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
