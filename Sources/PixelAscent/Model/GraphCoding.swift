// SPDX-License-Identifier: MIT
//
// The JSON object of a layer in a model file. Keys that have their default value may be left out. A list of equal
// numbers, such as the kernel of a square window, may be written as one number.

extension GraphLayer: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: JSONKey.self)
    name = try container.decode(String.self, forKey: "name")
    inputs = try container.decode([String].self, forKey: "inputs")
    let fields = LayerFields(layer: name, container: container)
    let op = try container.decode(String.self, forKey: "op")
    guard let known = OperationRegistry.named(op) else {
      throw fields.unknown("op", op, known: OperationRegistry.all.map { $0.name })
    }
    operation = try known.init(from: fields)
  }

  package func encode(to encoder: any Encoder) throws {
    var writer = LayerFieldWriter(container: encoder.container(keyedBy: JSONKey.self))
    try writer.write(name, "name")
    try writer.write(inputs, "inputs")
    try writer.write(type(of: operation).name, "op")
    try operation.write(to: &writer)
  }
}

/// The JSON object from which a layer's operation is read.
package struct LayerFields {
  /// The layer's name in error lines.
  let layer: String
  let container: KeyedDecodingContainer<JSONKey>

  func integer(_ key: JSONKey) throws -> Int { try container.decode(Int.self, forKey: key) }
  func integer(_ key: JSONKey, else value: Int) throws -> Int {
    try container.decodeIfPresent(Int.self, forKey: key) ?? value
  }
  func number(_ key: JSONKey) throws -> Float { try container.decode(Float.self, forKey: key) }
  func double(_ key: JSONKey) throws -> Double { try container.decode(Double.self, forKey: key) }
  func flag(_ key: JSONKey) throws -> Bool { try container.decode(Bool.self, forKey: key) }
  func flag(_ key: JSONKey, else value: Bool) throws -> Bool {
    try container.decodeIfPresent(Bool.self, forKey: key) ?? value
  }
  func text(_ key: JSONKey) throws -> String { try container.decode(String.self, forKey: key) }

  /// Reads a list of numbers, or one number that stands for all of them. `counts` are the lengths that a list may have.
  func integers(_ key: JSONKey, counts: Set<Int>, else value: Int? = nil) throws -> [Int] {
    if let value, !container.contains(key) { return [value] }
    if let one = try? container.decode(Int.self, forKey: key) { return [one] }
    let several = try container.decode([Int].self, forKey: key)
    guard counts.contains(several.count) else { throw corrupted(key, "\(several.count) numbers") }
    return several
  }

  /// Reads a window from the keys kernel, stride, padding and dilation; without the padding if it is the word "same".
  func window(isSame: Bool = false) throws -> Window {
    func pair(_ numbers: [Int]) -> (y: Int, x: Int) { (numbers[0], numbers[numbers.count - 1]) }
    let kernel = pair(try integers("kernel", counts: [2]))
    let stride = pair(try integers("stride", counts: [2], else: 1))
    let dilation = pair(try integers("dilation", counts: [2], else: 1))
    var padding = try isSame ? [0] : integers("padding", counts: [2, 4], else: 0)
    let numbers = [kernel.y, kernel.x, stride.y, stride.x, dilation.y, dilation.x]
    // The padding will be computed from these numbers.
    guard !isSame || numbers.allSatisfy((1...Window.limit).contains) else {
      throw corrupted("padding", "\"same\" with a size, stride or dilation out of range")
    }
    if padding.count < 4 {
      let (rows, columns) = pair(padding)
      padding = [rows, columns, rows, columns]
    }
    return Window(
      y: WindowAxis(kernel: kernel.y, stride: stride.y, before: padding[0], after: padding[2], dilation: dilation.y),
      x: WindowAxis(kernel: kernel.x, stride: stride.x, before: padding[1], after: padding[3], dilation: dilation.x))
  }

  /// Returns whether the padding is the word "same", TensorFlow's padding, and not numbers.
  func isSamePadding() throws -> Bool {
    guard let word = try? container.decode(String.self, forKey: "padding") else { return false }
    guard word == "same" else { throw unknown("padding", word, known: ["same"]) }
    return true
  }

  /// Reads a clamp from the keys relu and clamp.
  func clamp() throws -> Clamp {
    if try container.decodeIfPresent(Bool.self, forKey: "relu") == true { return .relu }
    guard let ends = try container.decodeIfPresent([Float?].self, forKey: "clamp") else { return .none }
    guard ends.count == 2 else { throw corrupted("clamp", "not a pair") }
    return Clamp(low: ends[0] ?? -.infinity, high: ends[1] ?? .infinity)
  }

  func corrupted(_ key: JSONKey, _ message: String) -> DecodingError {
    .dataCorruptedError(forKey: key, in: container, debugDescription: message)
  }

  /// Returns the error for a name that is not among `known`.
  func unknown(_ what: String, _ found: String, known: [String]) -> PixelAscentError {
    PixelAscentError(
      .invalidModel,
      "layer \(layer.oneLine) has an unknown \(what) \"\(found.oneLine)\"; known: \(known.joined(separator: ", "))")
  }
}

/// The JSON object to which a layer's operation is written.
package struct LayerFieldWriter {
  fileprivate var container: KeyedEncodingContainer<JSONKey>

  mutating func write(_ value: some Encodable, _ key: JSONKey) throws { try container.encode(value, forKey: key) }

  mutating func write(_ window: Window, isSame: Bool = false) throws {
    let (y, x) = (window.y, window.x)
    try write([y.kernel, x.kernel], "kernel")
    try write([y.stride, x.stride], "stride")
    if isSame {
      try write("same", "padding")
    } else {
      try write([y.before, x.before, y.after, x.after], "padding")
    }
    if (y.dilation, x.dilation) != (1, 1) { try write([y.dilation, x.dilation], "dilation") }
  }

  /// Writes one number if all are equal, otherwise a list.
  private mutating func write(_ numbers: [Int], _ key: JSONKey) throws {
    if numbers.allSatisfy({ $0 == numbers[0] }) {
      try container.encode(numbers[0], forKey: key)
    } else {
      try container.encode(numbers, forKey: key)
    }
  }

  mutating func write(_ clamp: Clamp) throws {
    if clamp == .none || clamp == .relu { return try container.encode(clamp == .relu, forKey: "relu") }
    let ends = [clamp.low, clamp.high].map { $0.isInfinite ? nil : $0 }
    try container.encode(ends, forKey: "clamp")
  }
}
