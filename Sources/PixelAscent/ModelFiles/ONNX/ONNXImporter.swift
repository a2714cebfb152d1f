// SPDX-License-Identifier: MIT

/// Converts a file's nodes, one after another, to a graph of layers.
struct ONNXImporter {
  let file: ONNXFile
  let files: ONNXExternalFiles
  private let metadata: ONNXMetadata
  /// The size of the images where the file leaves it open; nil if the caller names none.
  private let inputSize: PixelSize?
  /// The name of the output that the caller wants as scores; nil if the caller names none.
  private let wantedOutput: String?
  /// All outputs of the graph.
  private var outputs: [ModelOutput] = []
  private(set) var layers: [GraphLayer] = []
  /// The sizes of the layers' outputs.
  private(set) var sizes: [String: ONNXView.Size] = [:]
  var parameters: [String: Parameter] = [:]
  private(set) var unsupported: [UnsupportedOperator] = []
  var notes: [Message] = []
  /// The values made so far, by their names.
  var values: [String: ONNXValue] = [:]
  /// How often the nodes take each value as an input. The graph's output counts as taken once more.
  private(set) var uses: [String: Int] = [:]
  /// The views that have been flattened, each with the view of its flatten layer.
  var flattened: [ONNXView: ONNXView] = [:]
  /// The names of layers, each with the number of layers that have asked for it.
  private var names = [Graph.image: 1]
  /// The layers made from MatMul, or from Gemm without a bias, to which no bias has been added. Each layer has the name
  /// of the value that it makes.
  var unbiased: [String: String] = [:]
  private var image: ONNXView?
  /// The names of values that are whole numbers: the input if its type says so, and what only rearranges it.
  var wholeNumbers: Set<String> = []
  /// The last layer, in a few words, if its numbers lie between 0 and 1, and it is no softmax or sigmoid.
  var probabilities: String?
  /// Whether the file says the size of images.
  private var hasSize = false
  /// Whether the file leaves the height or the width of images open.
  private var isSizeOpen = false
  /// Whether the input has a type of whole numbers.
  private var takesPixels = false
  /// The names of the constants that are computed from the size of an image whose size the file leaves open.
  private(set) var sizesDependOnImage: Set<String> = []
  /// The number of nodes that have yet to take each constant.
  private var rest: [String: Int] = [:]
  private let budget: ONNXBudget
  /// The current node.
  var node: ONNXNode

  /// - Throws: `PixelAscentError` of kind `invalidModel` if the metadata says that the network is no classifier.
  init(_ file: ONNXFile, inputSize: PixelSize? = nil, output: String? = nil) throws(PixelAscentError) {
    self.file = file
    metadata = ONNXMetadata(file.metadata)
    try metadata.checkTask(file.source)
    (self.inputSize, wantedOutput) = (inputSize, output)
    files = ONNXExternalFiles(file.source)
    budget = ONNXBudget(file.source, files)
    node = file.nodes.first ?? ONNXNode()
  }

  /// The version of the standard operators that the current node is one of.
  var opset: Int { node.opset ?? file.opset }

  /// Converts every node that the output depends on. Returns the view of the output; nil if the output
  /// depends on an unsupported operator.
  mutating func run() throws(PixelAscentError) -> ONNXView? {
    let order = try ONNXOrder(file)
    let output = try chosenOutput(order)
    let nodes = try order.nodes(for: output)
    for node in nodes { for input in node.inputs { uses[input, default: 0] += 1 } }
    uses[output, default: 0] += 1
    rest = uses
    var seen = Set<String>()
    for tensor in file.initializers where uses[tensor.name] != nil {
      guard seen.insert(tensor.name).inserted else {
        throw fail("tensor \(tensor.name.oneLine) occurs twice")
      }
      values[tensor.name] = .constant(try tensor.constant(files))
    }
    try readInput()
    for node in nodes {
      self.node = node
      let results = try value()
      for (index, name) in node.outputs.enumerated() where !name.isEmpty {
        values[name] = results.indices.contains(index) ? results[index] : .unknown
      }
      if node.inputs.contains(where: wholeNumbers.contains),
        node.type != "Cast" || ONNXElementType(rawValue: node.castType)?.isFloat != true
      {
        wholeNumbers.formUnion(node.outputs)
      }
      for input in node.inputs {
        rest[input, default: 0] -= 1
        if rest[input] == 0, case .constant = values[input] { values[input] = nil }
      }
      if !results.isEmpty && node.outputs.dropFirst(results.count).contains(where: { !$0.isEmpty && uses[$0] != nil }) {
        record("only its first output is supported")
      }
    }
    guard var view = try settledView(output) else { return nil }
    view = try endingInActivation(view)
    let middle = layers.first { $0.operation is Softmax && $0.name != view.layer }
    if let middle { record("softmax is supported only as the last layer", "Softmax", at: middle.name) }
    return view
  }

  /// Converts the current node. Returns the values of its outputs, or no values if something is not supported.
  private mutating func value() throws(PixelAscentError) -> [ONNXValue] {
    var constants = [ONNXConstant?](), isUnknown = false, isConstant = true
    for name in node.inputs {
      switch values[name] {
      case .constant(let constant): constants.append(constant)
      case .unknown: (isUnknown, isConstant) = (true, false)
      case .view, .pending, .shuffled, .sequence:
        isConstant = false
        constants.append(nil)
      case nil: constants.append(nil)
      }
    }
    let known = ONNXOperator(rawValue: node.type)
    if isUnknown {
      if known == nil && !Self.foldable.contains(node.type) { record(Self.advice(node.type)) }
      return []
    }
    if isConstant, let results = try folded(constants) {
      if node.inputs.contains(where: sizesDependOnImage.contains) { sizesDependOnImage.formUnion(node.outputs) }
      return results.map { .constant($0) }
    }
    if node.type == "Shape" || node.type == "Size", let view = try view(node.inputs.first ?? "") {
      let shape = ONNXFolding.part(view.shape, node)
      if !hasSize { sizesDependOnImage.formUnion(node.outputs) }
      return [
        .constant(node.type == "Size" ? ONNXConstant([view.size.count], [], .int64) : .init(shape))
      ]
    }
    guard let known, !isConstant else {
      // The pending values among the inputs may be unsupported too.
      for name in node.inputs {
        if case .pending = values[name] { _ = try view(name) }
      }
      let isFoldable = known != nil || Self.foldable.contains(node.type)
      record(
        isConstant && isFoldable ? "it can't be computed from its constant inputs" : Self.advice(node.type))
      return []
    }
    if node.inputs.contains(where: wholeNumbers.contains) && !known.takesWholeNumbers {
      record("it computes with the whole numbers of the input; cast the input to floats first")
      return []
    }
    return try convert(known, ONNXShapes(node: node, constants: constants)) ?? []
  }

  private func folded(_ constants: [ONNXConstant?]) throws(PixelAscentError) -> [ONNXConstant]? {
    let value = node.attributes["value"]?.tensor
    if node.type == "Constant", let value { return [try value.constant(files)] }
    for constant in constants { try charge(min(constant?.count ?? 0, ONNXConstant.maxElements)) }
    let folding = ONNXFolding(node, constants, opset: opset, budget: budget)
    guard node.type == "ConstantOfShape" else { return try folding.results() }
    guard let shape = constants.first.flatMap(\.self)?.integers, let count = try folding.charged(shape) else {
      return nil
    }
    let filling = try value?.constant(files) ?? ONNXConstant(reals: [0], [1], .float32)
    guard filling.count == 1 else { return nil }
    return try filling.loaded().picked(Array(repeating: 0, count: count), shape).map { [$0] }
  }

  /// Counts elements that are computed or copied. Throws if they are many more than the files have bytes.
  func charge(_ count: Int) throws(PixelAscentError) { try budget.charge(count) }

  func fail(_ message: String) -> PixelAscentError { file.source.fail(message) }

  /// Returns an error about the current node.
  func failNode(_ message: String) -> PixelAscentError { node.failure(message, in: file.source) }

  /// Returns an error about the current node, whose cause may be the size of images if the file leaves it open.
  func failSize(_ message: String) -> PixelAscentError {
    var error = failNode(message)
    if isSizeOpen, let size = image?.size {
      error.message =
        """
        \(error.message) for images of \(size.rows)×\(size.columns) pixels; the file leaves their size open, set it with \
        \(advice: .inputSize)
        """
    }
    return error
  }

  /// Records that a node is not supported: the current one, unless another type and layer are given.
  mutating func record(_ advice: String, _ type: String? = nil, at layer: String? = nil) {
    unsupported.append(.init(layer: layer ?? node.label, operator: type ?? node.type, reason: advice))
  }

  // MARK: Layers

  /// Adds a layer that is named after `maker`, or else after the current node. Returns a view of the layer's output.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the layer's output or parameters are too large.
  mutating func add(
    _ operation: any Operation, _ inputs: [ONNXView], _ size: ONNXView.Size, for maker: ONNXNode? = nil,
    _ tensors: [String: Parameter] = [:]
  ) throws(PixelAscentError) -> ONNXView {
    guard (1...1 << 24).contains(size.channels), (1...1 << 17).contains(size.rows),
      (1...1 << 17).contains(size.columns), let count = elementCount([size.channels, size.rows, size.columns]),
      count <= 1 << 40
    else {
      throw failNode("makes an output of the impossible shape \(shapeText([size.channels, size.rows, size.columns]))")
    }
    let name = unique((maker ?? node).label)
    layers.append(GraphLayer(name: name, operation: operation, inputs: inputs.map(\.layer)))
    sizes[name] = size
    for (key, parameter) in tensors {
      try charge(parameter.count)
      parameters["\(name).\(key)"] = parameter
    }
    return ONNXView(name, size)
  }

  /// Removes the layers on which the layer `last` does not depend.
  mutating func removeLayers(exceptFor last: String) {
    var needed: Set = [last], kept = [GraphLayer]()
    for layer in layers.reversed() where needed.contains(layer.name) {
      needed.formUnion(layer.inputs)
      kept.append(layer)
    }
    layers = kept.reversed()
  }

  private mutating func unique(_ label: String) -> String {
    var name = label
    while names[name] != nil {
      names[label, default: 1] += 1
      name = "\(label)_\(names[label] ?? 1)"
    }
    names[name] = 1
    return name
  }

  // MARK: The graph's input and output

  private mutating func chosenOutput(_ order: ONNXOrder) throws(PixelAscentError) -> String {
    let found = ONNXOutputs(file, order), chosen = try found.scores(named: wantedOutput)
    outputs = try found.all(scores: chosen)
    if file.outputs.count > 1 && wantedOutput == nil {
      notes.append(
        """
        the file has \(file.outputs.count) outputs, \(found.list): \(chosen.oneLine) is taken for the scores; choose \
        another with \(advice: .onnxOutput)
        """)
    }
    return chosen
  }

  private mutating func readInput() throws(PixelAscentError) {
    let inputs = file.inputs.filter { uses[$0.name] != nil && values[$0.name] == nil }
    guard let input = inputs.first else { throw fail("the graph's output depends on no input") }
    guard inputs.count == 1 else {
      throw fail(
        "expected one input, an image; found \(inputs.count): "
          + inputs.prefix(3).map(\.name.oneLine).joined(separator: ", ") + (inputs.count > 3 ? ", …" : ""))
    }
    guard let shape = input.shape, shape.count == 4 else {
      throw fail(
        "expected an input of shape (1, channels, height, width), found "
          + (input.shape.map { "one of \($0.count) dimensions" } ?? "no declared shape"))
    }
    guard shape[0] == nil || shape[0] == 1 else {
      throw fail("expected a batch of 1, or of any size, found \(shape[0] ?? 0)")
    }
    // TensorFlow exports the order rows, columns, channels.
    let channelsLast = shape[1] != 1 && shape[1] != 3 && (shape[3] == 1 || shape[3] == 3)
    let order = channelsLast ? [0, 3, 1, 2] : [0, 1, 2, 3]
    guard let channels = shape[order[1]] else { throw fail("the input doesn't declare how many channels it has") }
    let type = ONNXElementType(rawValue: input.type == 0 ? 1 : input.type)
    guard let type, type.isFloat || type.holdsPixels else {
      throw fail("expected an input of floats, or of whole numbers from 0 to 255, found ONNX's type \(input.type)")
    }
    if type.holdsPixels { wholeNumbers.insert(input.name) }
    let declared = (rows: shape[order[2]], columns: shape[order[3]])
    let one = declared.rows ?? declared.columns
    let usual =
      inputSize ?? metadata.imageSize ?? one.map(PixelSize.init(square:)) ?? Preprocessing.usualSize(channels: channels)
    let rows = declared.rows ?? usual.height, columns = declared.columns ?? usual.width
    let sizes = Preprocessing.inputSizes
    guard 1...4096 ~= channels, sizes ~= rows, sizes ~= columns else {
      throw fail("the graph declares an input of the impossible shape \(shapeText([1, channels, rows, columns]))")
    }
    isSizeOpen = declared.rows == nil || declared.columns == nil
    (takesPixels, hasSize) = (type.holdsPixels, declared != (nil, nil) || metadata.imageSize != nil)
    let view = ONNXView(Graph.image, .init(channels: channels, rows: rows, columns: columns))
    image = view
    values[input.name] = .view(channelsLast ? view.transposed([0, 2, 3, 1]) : view)
  }

  /// Returns the model, given the view of the scores.
  func model(_ output: ONNXView?) throws(PixelAscentError) -> Model {
    guard let image, let output, output.layer != Graph.image else { throw fail("the graph has no layers") }
    guard output.size.plane == 1, output.isVector else {
      throw fail("expected scores of shape (1, classes), found \(shapeText(output.shape))")
    }
    let graph = Graph(input: .init(channels: image.size.channels), layers: layers, output: output.layer)
    let size = PixelSize(height: image.size.rows, width: image.size.columns)
    let origin = [file.producer, file.version].filter { !$0.isEmpty }.joined(separator: " ")
    var model = Model(
      graph: graph, parameters: parameters,
      preprocessing: metadata.preprocessing(channels: image.size.channels, inputSize: size),
      labels: metadata.labels(count: output.size.channels),
      source: "ONNX" + (origin.isEmpty ? "" : " by \(origin.oneLine)")
        + (file.graphName.isEmpty ? "" : ", graph \(file.graphName.oneLine)"),
      licence: metadata.licence ?? "unknown", notes: notes, inputSize: hasSize ? size : nil)
    (model.takesPixels, model.outputs, model.probabilities) = (takesPixels, outputs, probabilities)
    if probabilities != nil { model.activation = Activation.none }
    model.files = files.all
    return model
  }
}
