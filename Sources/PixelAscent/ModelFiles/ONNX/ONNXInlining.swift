// SPDX-License-Identifier: MIT

/// A function that the file itself defines, and that its nodes call like an operator: a FunctionProto.
struct ONNXFileFunction {
  /// What tells a function apart from others.
  struct Key: Hashable {
    /// The function's name, with its domain before it.
    let type: String
    let overload: String
  }

  let key: Key
  private(set) var inputs: [String] = []
  private(set) var outputs: [String] = []
  private(set) var nodes: [ONNXNode] = []
  /// The values of the attributes that a call may leave out.
  private(set) var defaults: [String: ONNXAttribute] = [:]

  init(_ message: ProtobufMessage) throws(PixelAscentError) {
    var message = message
    var name = "", domain = "", overload = "", opset: Int?
    while let field = try message.next() {
      switch field.number {
      case 1: name = try message.text(field)
      case 4: inputs.append(try message.text(field))
      case 5: outputs.append(try message.text(field))
      case 7: nodes.append(try ONNXNode(try message.message(field)))
      case 9: opset = try ONNXFile.standardOpset(try message.message(field)) ?? opset
      case 10: domain = try message.text(field)
      case 11:
        let attribute = try ONNXAttribute(try message.message(field))
        defaults[attribute.name] = attribute
      case 13: overload = try message.text(field)
      default: break
      }
    }
    key = Key(type: ONNXNode.fullType(name, domain), overload: overload)
    for index in nodes.indices { nodes[index].opset = opset }
  }
}

/// Replaces the nodes that call a file's own functions by the functions' nodes.
struct ONNXInlining {
  /// The nodes that take the place of those added.
  private(set) var nodes: [ONNXNode] = []
  private let source: ByteSource
  private let functions: [ONNXFileFunction.Key: ONNXFileFunction]
  /// The largest number of nodes and calls.
  private let limit: Int
  private var calls = 0
  /// The number of bytes of all names that were copied, and 16 more for each.
  private var nameBytes = 0
  /// The functions that are being inlined, the outermost first.
  private var path: [ONNXFileFunction.Key] = []

  private static let maxDepth = 64
  private static let maxNameBytes = 1 << 26

  init(_ source: ByteSource, _ functions: [ONNXFileFunction], limit: Int) {
    self.source = source
    self.functions = Dictionary(functions.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    self.limit = limit
  }

  /// Adds a node, or if it calls a function, the function's nodes.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if a function calls itself, or there are too many nodes.
  mutating func add(_ node: ONNXNode) throws(PixelAscentError) {
    guard let function = functions[.init(type: node.type, overload: node.overload)] else {
      nodes.append(node)
      guard nodes.count <= limit else { throw tooMany }
      return
    }
    guard !path.contains(function.key) else {
      throw source.fail("the function \(node.type.oneLine) calls itself")
    }
    guard path.count < Self.maxDepth else {
      throw source.fail("the function \(node.type.oneLine) lies more than \(Self.maxDepth) calls deep")
    }
    guard node.inputs.count <= function.inputs.count, node.outputs.count <= function.outputs.count else {
      throw source.fail(
        "node \(node.label.oneLine) has \(node.inputs.count) inputs and \(node.outputs.count) outputs, but the function "
          + "\(node.type.oneLine) has \(function.inputs.count) and \(function.outputs.count)")
    }
    calls += 1
    guard calls <= limit else { throw tooMany }
    try charge(function.inputs + function.outputs)
    // The names of the function's values become names of the graph. The number keeps two calls apart.
    let prefix = "\(calls)#"
    var names = ["": ""]
    for (index, name) in function.outputs.enumerated() {
      names[name] =
        node.outputs.indices.contains(index) && !node.outputs[index].isEmpty ? node.outputs[index] : prefix + name
    }
    for (index, input) in function.inputs.enumerated() {
      let given = node.inputs.indices.contains(index) ? node.inputs[index] : ""
      // An input that is an output too needs a node that hands it on.
      if let output = names[input], !input.isEmpty { nodes.append(ONNXNode(from: given, to: output)) }
      names[input] = given
    }
    path.append(function.key)
    for inner in function.nodes {
      var copy = inner
      copy.name = "\(node.label)/\(inner.label)"
      copy.inputs = inner.inputs.map { names[$0] ?? prefix + $0 }
      copy.outputs = inner.outputs.map { names[$0] ?? prefix + $0 }
      try charge(copy.inputs + copy.outputs + [copy.name] + inner.attributes.keys)
      for (key, attribute) in inner.attributes {
        guard let reference = attribute.reference else { continue }
        copy.attributes[key] = node.attributes[reference] ?? function.defaults[reference]
      }
      try add(copy)
    }
    path.removeLast()
  }

  /// Counts the bytes of names that are copied.
  private mutating func charge(_ names: [String]) throws(PixelAscentError) {
    nameBytes += names.reduce(0) { $0 + $1.utf8.count + 16 }
    guard nameBytes <= Self.maxNameBytes else { throw tooMany }
  }

  private var tooMany: PixelAscentError {
    source.fail("the file's functions make more than \(limit) nodes, or names that are too long")
  }
}
