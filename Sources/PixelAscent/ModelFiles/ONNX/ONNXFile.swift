// SPDX-License-Identifier: MIT

/// The parts of an ONNX file that a network for images needs: the messages of onnx.proto.
///
/// The elements of tensors stay in the file. See <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>.
struct ONNXFile {
  let source: ByteSource
  private(set) var producer = ""
  private(set) var version = ""
  /// The version of the standard operators.
  private(set) var opset = 0
  private(set) var metadata: [String: String] = [:]
  private(set) var graphName = ""
  private(set) var nodes: [ONNXNode] = []
  private(set) var initializers: [ONNXTensor] = []
  private(set) var inputs: [ONNXValueInfo] = []
  private(set) var outputs: [ONNXValueInfo] = []

  /// The largest number of nodes, initializers, inputs or outputs that is read. Large networks have some thousands.
  static let limit = 1 << 17

  /// - Throws: `PixelAscentError` of kind `invalidModel` if the bytes are not a ModelProto with a graph, of kind
  ///   `sizeLimit` if the process can't get the memory for a graph of very many nodes.
  init(_ source: ByteSource) throws(PixelAscentError) {
    self.source = source
    var message = ProtobufMessage(source)
    var hasGraph = false, functions = [ONNXFileFunction]()
    while let field = try message.next() {
      switch field.number {
      case 2: producer = try message.text(field)
      case 3: version = try message.text(field)
      case 7:
        try readGraph(try message.message(field))
        hasGraph = true
      case 8: try readOpset(try message.message(field))
      case 14:
        let (key, value) = try Self.pair(try message.message(field))
        metadata[key] = value
      case 25:
        functions.append(try ONNXFileFunction(try message.message(field)))
        guard functions.count <= Self.limit else { throw message.fail("more than \(Self.limit) functions") }
      default: break
      }
    }
    guard hasGraph else { throw message.fail("not an ONNX file: no graph in its \(source.count) bytes") }
    guard opset >= 7 else { throw message.fail("expected operators of opset 7 or newer, found opset \(opset)") }
    if !functions.isEmpty {
      var inlining = ONNXInlining(source, functions, limit: Self.limit)
      for node in nodes { try inlining.add(node) }
      nodes = inlining.nodes
    }
  }

  private mutating func readGraph(_ graph: ProtobufMessage) throws(PixelAscentError) {
    var graph = graph, memory = GrowingMemory(each: 1000, "the nodes and tensors of the graph")
    while let field = try graph.next() {
      switch field.number {
      case 1: nodes.append(try ONNXNode(try graph.message(field)))
      case 2: graphName = try graph.text(field)
      case 5: initializers.append(try ONNXTensor(try graph.message(field)))
      case 11: inputs.append(try ONNXValueInfo(try graph.message(field)))
      case 12: outputs.append(try ONNXValueInfo(try graph.message(field)))
      case 15: throw graph.fail("the graph has sparse weights; only dense ones are supported")
      default: break
      }
      guard max(nodes.count, initializers.count, inputs.count, outputs.count) <= Self.limit else {
        throw graph.fail("the graph has more than \(Self.limit) nodes or tensors")
      }
      try memory.check(nodes.count + initializers.count + inputs.count + outputs.count)
    }
  }

  private mutating func readOpset(_ message: ProtobufMessage) throws(PixelAscentError) {
    if let version = try Self.standardOpset(message) { opset = version }
  }

  /// Reads an OperatorSetIdProto. Returns the version of the standard operators; nil if it names other operators.
  static func standardOpset(_ message: ProtobufMessage) throws(PixelAscentError) -> Int? {
    var message = message
    var domain = "", version = 0
    while let field = try message.next() {
      switch field.number {
      case 1: domain = try message.text(field)
      case 2: version = try message.integer(field)
      default: break
      }
    }
    return ONNXNode.isStandard(domain) ? version : nil
  }

  /// Reads a StringStringEntryProto.
  static func pair(_ message: ProtobufMessage) throws(PixelAscentError) -> (key: String, value: String) {
    var message = message
    var key = "", value = ""
    while let field = try message.next() {
      switch field.number {
      case 1: key = try message.text(field)
      case 2: value = try message.text(field, limit: 1 << 20)
      default: break
      }
    }
    return (key, value)
  }
}

/// A node of the graph: a NodeProto.
struct ONNXNode {
  var name = ""
  /// The operator's type. If its domain is not the standard one, the domain and a dot come first.
  private(set) var type = ""
  /// Tells functions of the same type apart.
  private(set) var overload = ""
  var inputs: [String] = []
  var outputs: [String] = []
  var attributes: [String: ONNXAttribute] = [:]
  /// The version of the standard operators in the function that the node comes from; nil for the file's own version.
  var opset: Int?

  init() {}

  /// Creates an Identity node.
  init(from input: String, to output: String) {
    type = "Identity"
    inputs = [input]
    outputs = [output]
  }

  init(_ message: ProtobufMessage) throws(PixelAscentError) {
    var message = message
    var domain = ""
    while let field = try message.next() {
      switch field.number {
      case 1: inputs.append(try message.text(field))
      case 2: outputs.append(try message.text(field))
      case 3: name = try message.text(field)
      case 4: type = try message.text(field)
      case 5:
        let attribute = try ONNXAttribute(try message.message(field))
        attributes[attribute.name] = attribute
      case 7: domain = try message.text(field)
      case 8: overload = try message.text(field)
      default: break
      }
    }
    type = Self.fullType(type, domain)
  }

  /// Returns an operator's type with its domain before it, unless the domain is the standard one.
  static func fullType(_ type: String, _ domain: String) -> String { isStandard(domain) ? type : "\(domain).\(type)" }

  static func isStandard(_ domain: String) -> Bool { domain.isEmpty || domain == "ai.onnx" }

  /// The node's name in error lines. The node's layer is named after it, too. A node without a name is called after its
  /// first output, or else after its type.
  var label: String { name.isEmpty ? outputs.first { !$0.isEmpty } ?? type : name }

  /// Returns an error about the node.
  func failure(_ message: String, in source: ByteSource) -> PixelAscentError {
    PixelAscentError(.invalidModel, "\(type.oneLine) \(message)", about: source.name, "node \(label.oneLine)")
  }

  /// ONNX's number of the type to which Cast converts.
  var castType: Int { integer("to") ?? 1 }

  func integer(_ name: String) -> Int? { attributes[name]?.integer }
  func float(_ name: String) -> Float? { attributes[name]?.float }
  func text(_ name: String) -> String? { attributes[name]?.text }
  func integers(_ name: String) -> [Int]? { attributes[name]?.integers }
}

/// The parts of an AttributeProto that the nodes of image networks need.
struct ONNXAttribute {
  private(set) var name = ""
  /// The function's attribute whose value this attribute has; nil if the attribute has a value of its own.
  private(set) var reference: String?
  private(set) var float: Float?
  private(set) var integer: Int?
  private(set) var text: String?
  private(set) var tensor: ONNXTensor?
  private(set) var floats: [Float]?
  private(set) var integers: [Int]?

  init(_ message: ProtobufMessage) throws(PixelAscentError) {
    var message = message
    var type = 0
    while let field = try message.next() {
      switch field.number {
      case 1: name = try message.text(field)
      case 2: float = try message.float(field)
      case 3: integer = try message.integer(field)
      case 4: text = try message.text(field, limit: 1 << 20)
      case 5: tensor = try ONNXTensor(try message.message(field))
      case 7:
        floats = floats ?? []
        floats?.append(contentsOf: try message.floats(field))
      case 8:
        integers = integers ?? []
        integers?.append(contentsOf: try message.integers(field))
      case 20: type = try message.integer(field)
      case 21: reference = try message.text(field)
      default: break
      }
    }
    // An empty list has no field, and a zero may have none.
    if type == 6 && floats == nil { floats = [] }
    if type == 7 && integers == nil { integers = [] }
    if type == 1 && float == nil { float = 0 }
    if type == 2 && integer == nil { integer = 0 }
  }
}

/// The name, the type and the shape of a graph's input or output: a ValueInfoProto.
struct ONNXValueInfo {
  private(set) var name = ""
  /// Whether the value is a tensor, or its type is not declared. Other programs also write lists and maps.
  private(set) var isTensor = true
  /// ONNX's number of the elements' type; 0 if the file declares none.
  private(set) var type = 0
  /// The extents. An extent is nil if the file leaves it open; `shape` is nil if the file declares none.
  private(set) var shape: [Int?]?

  init(_ message: ProtobufMessage) throws(PixelAscentError) {
    var message = message
    while let field = try message.next() {
      switch field.number {
      case 1: name = try message.text(field)
      case 2: try readType(try message.message(field))
      default: break
      }
    }
  }

  private mutating func readType(_ type: ProtobufMessage) throws(PixelAscentError) {
    var type = type
    while let field = try type.next() {
      if [4, 5, 8, 9].contains(field.number) { isTensor = false }
      guard field.number == 1 else { continue }
      var tensor = try type.message(field)
      while let field = try tensor.next() {
        switch field.number {
        case 1: self.type = try tensor.integer(field)
        case 2: try readShape(try tensor.message(field))
        default: break
        }
      }
    }
  }

  private mutating func readShape(_ message: ProtobufMessage) throws(PixelAscentError) {
    var message = message
    var extents = [Int?]()
    while let field = try message.next() {
      guard field.number == 1 else { continue }
      var dimension = try message.message(field)
      var extent: Int?
      while let field = try dimension.next() {
        if field.number == 1 { extent = try dimension.integer(field) }
      }
      // Some exporters write 0 or −1 for an open extent.
      extents.append(extent.flatMap { $0 > 0 ? $0 : nil })
      guard extents.count <= 16 else { throw message.fail("\(name.oneLine) declares more than 16 dimensions") }
    }
    shape = extents
  }
}
