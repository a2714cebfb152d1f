// SPDX-License-Identifier: MIT

/// What a model's file holds, and what running it takes.
public struct ModelInspection: Sendable {
  /// A layer of the network.
  public struct Layer: Sendable {
    /// The name, as in the file.
    public let name: String
    /// What it computes, in a few words.
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
  /// What a user should know, a line each.
  public private(set) var notes: [String] = []

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
    forwardBytes = try ArenaPlan(plan, height: height, width: width, gradient: false).bytes
    gradientBytes = try ArenaPlan(plan, height: height, width: width, gradient: true).bytes
  }
}

extension ModelInspection.Layer {
  /// Numbers of multiplications end here; those of all layers can still be added.
  private static let most = 1 << 50

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
    multiplications =
      switch layer.operation {
      case .convolution(let window, let groups, let outputs, _):
        [output.height, output.width, input.channels / groups, window.y.kernel, window.x.kernel].reduce(outputs) {
          let (product, overflow) = $0.multipliedReportingOverflow(by: $1)
          return overflow ? Self.most : min(product, Self.most)
        }
      case .linear(let outputs, _): outputs * input.channels
      default: 0
      }
  }
}

extension Operation {
  /// The operation in a few words: "conv 3×3 / 2, padding 1, ReLU".
  var summary: String {
    switch self {
    case .convolution(let window, let groups, _, let clamp):
      "conv \(window.summary)\(groups > 1 ? ", \(groups) groups" : "")\(clamp.summary)"
    case .linear(_, let clamp): "linear\(clamp.summary)"
    case .batchNorm: "batch norm"
    case .affine(let clamp): "affine\(clamp.summary)"
    case .function(let function): function.summary
    case .maxPool(let window, let ceilMode): "max pool \(window.summary)\(ceilMode ? ", ceil" : "")"
    case .averagePool(let window, let ceilMode, _): "average pool \(window.summary)\(ceilMode ? ", ceil" : "")"
    case .adaptiveAverage(let rows, let columns): "average to \(rows)×\(columns)"
    case .globalAverage: "global average"
    case .add(let clamp): "add\(clamp.summary)"
    case .multiply: "multiply"
    case .concatenate: "concatenate"
    case .slice(let first, let count): "channels \(first) to \(first + count - 1)"
    case .shuffle(let groups): "channel shuffle, \(groups) groups"
    case .flatten: "flatten"
    case .pad(let top, let left, let bottom, let right, _): "pad \(top), \(left), \(bottom), \(right)"
    case .localResponseNorm(let size, _, _, _): "local response norm over \(size)"
    case .identity: "identity"
    case .softmax: "softmax"
    }
  }
}

extension Window {
  fileprivate var summary: String {
    func both(_ y: Int, _ x: Int) -> String { y == x ? "\(y)" : "\(y)×\(x)" }
    var text = "\(y.kernel)×\(x.kernel)"
    if (y.stride, x.stride) != (1, 1) { text += " / \(both(y.stride, x.stride))" }
    let padding = [y.before, x.before, y.after, x.after]
    if padding.allSatisfy({ $0 == padding[0] }) {
      if padding[0] > 0 { text += ", padding \(padding[0])" }
    } else if y.before == y.after && x.before == x.after {
      text += ", padding \(y.before)×\(x.before)"
    } else {
      text += ", padding \(padding.map(String.init).joined(separator: " "))"
    }
    if (y.dilation, x.dilation) != (1, 1) { text += ", dilation \(both(y.dilation, x.dilation))" }
    return text
  }
}

extension Clamp {
  fileprivate var summary: String {
    switch self {
    case .none: ""
    case .relu: ", ReLU"
    case .relu6: ", ReLU6"
    default: ", clamp \(low) to \(high)"
    }
  }
}

extension ElementFunction {
  fileprivate var summary: String {
    switch self {
    case .clamp(let clamp): clamp == .none ? "nothing" : String(clamp.summary.dropFirst(2))
    case .leakyReLU: "leaky ReLU"
    case .prelu: "PReLU"
    case .elu: "ELU"
    case .sigmoid: "sigmoid"
    case .hardSigmoid: "hard sigmoid"
    case .hardSwish: "hard swish"
    case .silu: "SiLU"
    case .tanh: "tanh"
    case .gelu: "GELU"
    }
  }
}
