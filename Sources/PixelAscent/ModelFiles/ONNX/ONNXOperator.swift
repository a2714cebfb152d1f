// SPDX-License-Identifier: MIT

/// The operators that are supported on the network's values.
enum ONNXOperator: String {
  case conv = "Conv"
  case gemm = "Gemm"
  case matMul = "MatMul"
  case batchNormalization = "BatchNormalization"
  case layerNormalization = "LayerNormalization"
  case groupNormalization = "GroupNormalization"
  case instanceNormalization = "InstanceNormalization"
  case lrn = "LRN"
  case maxPool = "MaxPool"
  case averagePool = "AveragePool"
  case globalAveragePool = "GlobalAveragePool"
  case globalMaxPool = "GlobalMaxPool"
  case reduceMean = "ReduceMean"
  case reduceSum = "ReduceSum"
  case reduceMax = "ReduceMax"
  case reduceL2 = "ReduceL2"
  case relu = "Relu"
  case clip = "Clip"
  case leakyRelu = "LeakyRelu"
  case prelu = "PRelu"
  case elu = "Elu"
  case celu = "Celu"
  case selu = "Selu"
  case thresholdedRelu = "ThresholdedRelu"
  case mish = "Mish"
  case softsign = "Softsign"
  case sigmoid = "Sigmoid"
  case hardSigmoid = "HardSigmoid"
  case hardSwish = "HardSwish"
  case swish = "Swish"
  case tanh = "Tanh"
  case gelu = "Gelu"
  case erf = "Erf"
  case softplus = "Softplus"
  case exp = "Exp"
  case log = "Log"
  case sqrt = "Sqrt"
  case abs = "Abs"
  case reciprocal = "Reciprocal"
  case neg = "Neg"
  case pow = "Pow"
  case greater = "Greater"
  case greaterOrEqual = "GreaterOrEqual"
  case less = "Less"
  case lessOrEqual = "LessOrEqual"
  case `where` = "Where"
  case min = "Min"
  case max = "Max"
  case add = "Add"
  case sum = "Sum"
  case sub = "Sub"
  case mul = "Mul"
  case div = "Div"
  case concat = "Concat"
  case split = "Split"
  case splitToSequence = "SplitToSequence"
  case sequenceAt = "SequenceAt"
  case slice = "Slice"
  case gather = "Gather"
  case reshape = "Reshape"
  case flatten = "Flatten"
  case squeeze = "Squeeze"
  case unsqueeze = "Unsqueeze"
  case transpose = "Transpose"
  case pad = "Pad"
  case resize = "Resize"
  case upsample = "Upsample"
  case expand = "Expand"
  case identity = "Identity"
  case dropout = "Dropout"
  case cast = "Cast"
  case castLike = "CastLike"
  case softmax = "Softmax"
  case logSoftmax = "LogSoftmax"

  /// Whether the operator only rearranges or casts values, so that it gives the same result on whole numbers.
  var takesWholeNumbers: Bool {
    switch self {
    case .concat, .split, .slice, .gather, .reshape, .flatten, .squeeze, .unsqueeze, .transpose, .identity, .dropout,
      .cast, .castLike:
      true
    default: false
    }
  }
}

extension ONNXImporter {
  /// Returns the values that the current node makes. If its inputs or attributes are not supported, records that and
  /// returns nil.
  mutating func convert(_ kind: ONNXOperator, _ shapes: ONNXShapes) throws(PixelAscentError) -> [ONNXValue]? {
    if !shapes.has(0) { throw failNode("lacks an input") }
    let view: ONNXView?
    switch kind {
    case .conv: view = try convolution(shapes)
    case .gemm, .matMul: view = try linear(shapes)
    case .batchNormalization: view = try batchNorm(shapes)
    case .layerNormalization: view = try layerNorm(shapes)
    case .groupNormalization, .instanceNormalization: view = try groupNorm(shapes)
    case .lrn: view = try localResponseNorm()
    case .maxPool, .averagePool: view = try pool(isMax: kind == .maxPool)
    case .globalAveragePool, .globalMaxPool, .reduceMean, .reduceSum, .reduceMax, .reduceL2:
      view = try reduced(kind, shapes)
    case .prelu: view = try prelu(shapes)
    case .concat: view = try concatenated()
    case .split: return try split(shapes)
    case .splitToSequence: return try split(shapes).map { [.sequence($0)] }
    case .sequenceAt:
      guard case .sequence(let parts) = values[node.inputs[0]], shapes.constants.count > 1,
        let index = shapes.constants[1]?.integer, let position = ONNXShapes.axis(index, of: parts.count)
      else { return fails("expected a constant index of a sequence that SplitToSequence makes") }
      return [parts[position]]
    case .slice: view = try sliced(shapes)
    case .gather: view = try gathered(shapes)
    case .reshape, .flatten, .squeeze, .unsqueeze: return try reshaped(shapes).map { [$0] }
    case .transpose: view = try transposed(shapes)
    case .pad: view = try padded(shapes)
    case .resize, .upsample: view = try resized(shapes)
    case .expand: view = try expanded(shapes)
    case .softmax, .logSoftmax: view = try softmax()
    case .castLike:
      // The network computes in float32, so a constant that is cast like one of its values is cast to float32.
      guard case .constant(let constant) = values[node.inputs[0]] else { fallthrough }
      return try constant.converted(to: .float32).map { [.constant($0)] }
    case .identity, .dropout: return values[node.inputs[0]].map { [$0] }
    case .cast:
      // Every type of whole numbers that an image may have holds the pixels of every other.
      let type = ONNXElementType(rawValue: node.castType)
      let isWide = wholeNumbers.contains(node.inputs[0]) && type?.holdsPixels == true
      guard type?.isFloat == true || isWide else {
        return fails("the network's values are cast to integers; only floats are supported")
      }
      return values[node.inputs[0]].map { [$0] }
    default: return try elementwise(kind, shapes).map { [$0] }
    }
    return view.map { [.view($0)] }
  }

  /// Records that the current node is not supported, and returns nil.
  mutating func fails<Value>(_ advice: String) -> Value? {
    record(advice)
    return nil
  }

  /// Returns a value as a view. A pending value becomes layers; if one of its operators is not supported, records that
  /// and returns nil.
  mutating func view(_ name: String) throws(PixelAscentError) -> ONNXView? {
    switch values[name] {
    case .view(let view): return view
    case .pending(let pending):
      let view = try layers(of: pending)
      values[name] = view.map { .view($0) } ?? .unknown
      return view
    case .shuffled(let view, let groups):
      var shuffled = view
      shuffled.layer = try add(ChannelShuffle(groups: groups), [view], view.size).layer
      values[name] = .view(shuffled)
      return shuffled
    case .constant: return fails("expected a value of the network, found a constant")
    case .sequence: return fails("expected a value of the network, found a sequence of values")
    case .unknown: return nil
    case nil: throw failNode("lacks an input")
    }
  }

  /// Returns a value as a view whose axes are those of its layer.
  mutating func settledView(_ name: String) throws(PixelAscentError) -> ONNXView? {
    guard let view = try view(name) else { return nil }
    return try settled(view)
  }

  /// Returns the current node's input if it has the shape (1, channels, rows, columns). If not, records
  /// that and returns nil.
  mutating func plane() throws(PixelAscentError) -> ONNXView? {
    guard let view = try settledView(node.inputs[0]) else { return nil }
    guard view.isPlanar else {
      return fails("expected an input of shape (1, channels, rows, columns), found \(shapeText(view.shape))")
    }
    return view
  }

  /// Returns a view of the same elements whose axes are those of its layer. If the given view has other axes and is a
  /// vector, adds a layer that flattens. If it has other axes and is not a vector, records that such a view is not
  /// supported, and returns nil.
  mutating func settled(_ view: ONNXView) throws(PixelAscentError) -> ONNXView? {
    if view.roles != nil { return view }
    guard view.isVector, let axis = view.shape.firstIndex(where: { $0 > 1 }) else {
      return fails("the axes of an array of shape \(shapeText(view.shape)) are no longer channels, rows and columns")
    }
    if let known = flattened[view] { return known }
    let size = ONNXView.Size(channels: view.size.count, rows: 1, columns: 1)
    let flat = try add(Flatten(), [view], size)
    flattened[view] = view.on(flat.layer, size, channelAxis: axis)
    return flattened[view]
  }

  /// The operators that are supported on constants only. Shape and Size also take values of the network, whose shapes
  /// are known.
  static let foldable: Set<String> = [
    "Constant", "ConstantOfShape", "Shape", "Size", "Range", "Equal", "Not", "And", "Or", "Xor", "Mod", "Sign", "Floor",
    "Ceil", "Round", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh", "IsNaN",
    "IsInf", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot", "ReduceProd", "ReduceMin", "ReduceL1",
    "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp", "ArgMax", "ArgMin", "CumSum", "TopK", "Tile", "Trilu",
    "NonZero", "OneHot", "EyeLike", "Compress", "GatherElements", "GatherND", "Scatter", "ScatterElements", "ScatterND",
  ]

  /// Returns why an operator is not supported, and the nearest one that is.
  static func advice(_ type: String) -> String {
    if type.contains(".") { return "it is not an operator of ONNX; export the network without a runtime's operators" }
    if type.hasPrefix("QLinear") || type.hasSuffix("Integer") { return quantized }
    return advices[type]
      ?? (foldable.contains(type) ? "it is supported on constants only" : "no supported operator is similar to it")
  }

  private static let quantized = "quantised networks are not supported; export the network in floating point"
  private static let controlFlow =
    "graphs with branches and loops are not supported; export the network for a fixed size"
  private static let advices = [
    "QuantizeLinear": quantized, "DequantizeLinear": quantized, "DynamicQuantizeLinear": quantized,
    "If": controlFlow, "Loop": controlFlow, "Scan": controlFlow,
    "ConvTranspose": "the nearest is Conv",
    "ReduceMin": "the nearest is ReduceMax", "ReduceSumSquare": "the nearest is ReduceL2",
    "ReduceL1": "the nearest is ReduceL2", "ReduceLogSumExp": "the nearest is ReduceSum",
    "LpPool": "the nearest is AveragePool", "GlobalLpPool": "the nearest is GlobalAveragePool",
    "LpNormalization": "the nearest is LRN",
    "Shrink": "the nearest is ThresholdedRelu", "Hardmax": "the nearest is Softmax",
    "Attention": "attention is not supported", "Einsum": "the nearest is MatMul with a constant",
  ]
}
