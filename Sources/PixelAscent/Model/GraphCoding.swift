// SPDX-License-Identifier: MIT
//
// The form of a layer in a model file. What has a usual value may be left out; a square window has one number an entry.

extension GraphLayer: Codable {
  private enum Key: String, CodingKey {
    case name, op, inputs
    case kernel, stride, padding, dilation, groups, channels, relu, clamp, ceil, countPadding
    case function, slope, alpha, beta, k, tanh, epsilon
    case rows, columns, first, count, size, value
  }

  private enum OperationName: String, CaseIterable {
    case conv, linear, batchNorm, affine, function, maxPool, averagePool, adaptiveAverage, globalAverage, add, multiply
    case concatenate, slice, shuffle, flatten, pad, localResponseNorm, identity, softmax
  }

  private enum FunctionName: String, CaseIterable {
    case clamp, leakyReLU, prelu, elu, sigmoid, hardSigmoid, hardSwish, silu, tanh, gelu
  }

  package init(from decoder: any Decoder) throws {
    let fields = Fields(container: try decoder.container(keyedBy: Key.self))
    name = try fields.container.decode(String.self, forKey: .name)
    inputs = try fields.container.decode([String].self, forKey: .inputs)
    let op = try fields.container.decode(String.self, forKey: .op)
    guard let known = OperationName(rawValue: op) else { throw Self.unknown("op", op, OperationName.self, in: name) }
    operation = try fields.operation(known, in: name)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(inputs, forKey: .inputs)
    var fields = Writer(container: container)
    try fields.encode(operation)
  }

  fileprivate static func unknown<Name: CaseIterable & RawRepresentable<String>>(
    _ what: String, _ found: String, _: Name.Type, in layer: String
  ) -> PixelAscentError {
    let known = Name.allCases.map(\.rawValue).joined(separator: ", ")
    return PixelAscentError(
      .invalidModel, "layer \(layer.oneLine) has an unknown \(what) \"\(found.oneLine)\"; known: \(known)")
  }

  private struct Fields {
    let container: KeyedDecodingContainer<Key>

    func integer(_ key: Key) throws -> Int { try container.decode(Int.self, forKey: key) }
    func integer(_ key: Key, else value: Int) throws -> Int {
      try container.decodeIfPresent(Int.self, forKey: key) ?? value
    }
    func number(_ key: Key) throws -> Float { try container.decode(Float.self, forKey: key) }
    func flag(_ key: Key) throws -> Bool { try container.decode(Bool.self, forKey: key) }

    /// One number for all, or one for each.
    func integers(_ key: Key, counts: Set<Int>, else value: Int? = nil) throws -> [Int] {
      if let value, !container.contains(key) { return [value] }
      if let one = try? container.decode(Int.self, forKey: key) { return [one] }
      let several = try container.decode([Int].self, forKey: key)
      guard counts.contains(several.count) else {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: container, debugDescription: "\(several.count) numbers")
      }
      return several
    }

    func window() throws -> Window {
      func pair(_ numbers: [Int]) -> (y: Int, x: Int) { (numbers[0], numbers[numbers.count - 1]) }
      let kernel = pair(try integers(.kernel, counts: [2]))
      let stride = pair(try integers(.stride, counts: [2], else: 1))
      let dilation = pair(try integers(.dilation, counts: [2], else: 1))
      var padding = try integers(.padding, counts: [2, 4], else: 0)
      if padding.count < 4 {
        let (rows, columns) = pair(padding)
        padding = [rows, columns, rows, columns]
      }
      return Window(
        y: WindowAxis(
          kernel: kernel.y, stride: stride.y, before: padding[0], after: padding[2], dilation: dilation.y),
        x: WindowAxis(
          kernel: kernel.x, stride: stride.x, before: padding[1], after: padding[3], dilation: dilation.x))
    }

    func clamp() throws -> Clamp {
      if try container.decodeIfPresent(Bool.self, forKey: .relu) == true { return .relu }
      guard let ends = try container.decodeIfPresent([Float?].self, forKey: .clamp) else { return .none }
      guard ends.count == 2 else {
        throw DecodingError.dataCorruptedError(forKey: .clamp, in: container, debugDescription: "not a pair")
      }
      return Clamp(low: ends[0] ?? -.infinity, high: ends[1] ?? .infinity)
    }

    func operation(_ name: OperationName, in layer: String) throws -> Operation {
      switch name {
      case .conv:
        .convolution(
          try window(), groups: try integer(.groups, else: 1), outputChannels: try integer(.channels),
          clamp: try clamp())
      case .linear: .linear(outputs: try integer(.channels), clamp: try clamp())
      case .batchNorm: .batchNorm(epsilon: try container.decode(Double.self, forKey: .epsilon))
      case .affine: .affine(clamp: try clamp())
      case .function: .function(try function(in: layer))
      case .maxPool: .maxPool(try window(), ceilMode: try flag(.ceil))
      case .averagePool:
        .averagePool(try window(), ceilMode: try flag(.ceil), countPadding: try flag(.countPadding))
      case .adaptiveAverage: .adaptiveAverage(rows: try integer(.rows), columns: try integer(.columns))
      case .globalAverage: .globalAverage
      case .add: .add(clamp: try clamp())
      case .multiply: .multiply
      case .concatenate: .concatenate
      case .slice: .slice(first: try integer(.first), count: try integer(.count))
      case .shuffle: .shuffle(groups: try integer(.groups))
      case .flatten: .flatten
      case .pad: try pad()
      case .localResponseNorm:
        .localResponseNorm(
          size: try integer(.size), alpha: try number(.alpha), beta: try number(.beta), k: try number(.k))
      case .identity: .identity
      case .softmax: .softmax
      }
    }

    private func pad() throws -> Operation {
      let border = try integers(.padding, counts: [4])
      guard border.count == 4 else {
        throw DecodingError.dataCorruptedError(forKey: .padding, in: container, debugDescription: "not four")
      }
      return .pad(top: border[0], left: border[1], bottom: border[2], right: border[3], value: try number(.value))
    }

    private func function(in layer: String) throws -> ElementFunction {
      let name = try container.decode(String.self, forKey: .function)
      guard let known = FunctionName(rawValue: name) else {
        throw GraphLayer.unknown("function", name, FunctionName.self, in: layer)
      }
      return switch known {
      case .clamp: .clamp(try clamp())
      case .leakyReLU: .leakyReLU(slope: try number(.slope))
      case .prelu: .prelu
      case .elu: .elu(alpha: try number(.alpha))
      case .sigmoid: .sigmoid
      case .hardSigmoid: .hardSigmoid(alpha: try number(.alpha), beta: try number(.beta))
      case .hardSwish: .hardSwish
      case .silu: .silu
      case .tanh: .tanh
      case .gelu: .gelu(tanh: try flag(.tanh))
      }
    }
  }

  private struct Writer {
    var container: KeyedEncodingContainer<Key>

    mutating func encode(_ operation: Operation) throws {
      switch operation {
      case .convolution(let window, let groups, let channels, let clamp):
        try write(.conv, window)
        if groups != 1 { try container.encode(groups, forKey: .groups) }
        try container.encode(channels, forKey: .channels)
        try encode(clamp)
      case .linear(let outputs, let clamp):
        try write(.linear)
        try container.encode(outputs, forKey: .channels)
        try encode(clamp)
      case .batchNorm(let epsilon):
        try write(.batchNorm)
        try container.encode(epsilon, forKey: .epsilon)
      case .affine(let clamp):
        try write(.affine)
        try encode(clamp)
      case .function(let function):
        try write(.function)
        try encode(function)
      case .maxPool(let window, let ceilMode):
        try write(.maxPool, window)
        try container.encode(ceilMode, forKey: .ceil)
      case .averagePool(let window, let ceilMode, let countPadding):
        try write(.averagePool, window)
        try container.encode(ceilMode, forKey: .ceil)
        try container.encode(countPadding, forKey: .countPadding)
      case .adaptiveAverage(let rows, let columns):
        try write(.adaptiveAverage)
        try container.encode(rows, forKey: .rows)
        try container.encode(columns, forKey: .columns)
      case .add(let clamp):
        try write(.add)
        try encode(clamp)
      case .slice(let first, let count):
        try write(.slice)
        try container.encode(first, forKey: .first)
        try container.encode(count, forKey: .count)
      case .shuffle(let groups):
        try write(.shuffle)
        try container.encode(groups, forKey: .groups)
      case .pad(let top, let left, let bottom, let right, let value):
        try write(.pad)
        try container.encode([top, left, bottom, right], forKey: .padding)
        try container.encode(value, forKey: .value)
      case .localResponseNorm(let size, let alpha, let beta, let k):
        try write(.localResponseNorm)
        try container.encode(size, forKey: .size)
        try container.encode(alpha, forKey: .alpha)
        try container.encode(beta, forKey: .beta)
        try container.encode(k, forKey: .k)
      case .globalAverage: try write(.globalAverage)
      case .multiply: try write(.multiply)
      case .concatenate: try write(.concatenate)
      case .flatten: try write(.flatten)
      case .identity: try write(.identity)
      case .softmax: try write(.softmax)
      }
    }

    private mutating func write(_ op: OperationName) throws { try container.encode(op.rawValue, forKey: .op) }

    private mutating func write(_ op: OperationName, _ window: Window) throws {
      try write(op)
      let (y, x) = (window.y, window.x)
      try encode([y.kernel, x.kernel], .kernel)
      try encode([y.stride, x.stride], .stride)
      try encode([y.before, x.before, y.after, x.after], .padding)
      if (y.dilation, x.dilation) != (1, 1) { try encode([y.dilation, x.dilation], .dilation) }
    }

    private mutating func encode(_ numbers: [Int], _ key: Key) throws {
      if numbers.allSatisfy({ $0 == numbers[0] }) {
        try container.encode(numbers[0], forKey: key)
      } else {
        try container.encode(numbers, forKey: key)
      }
    }

    private mutating func encode(_ clamp: Clamp) throws {
      if clamp == .none || clamp == .relu { return try container.encode(clamp == .relu, forKey: .relu) }
      let ends = [clamp.low, clamp.high].map { $0.isInfinite ? nil : $0 }
      try container.encode(ends, forKey: .clamp)
    }

    private mutating func encode(_ function: ElementFunction) throws {
      func write(_ name: FunctionName) throws { try container.encode(name.rawValue, forKey: .function) }
      switch function {
      case .clamp(let clamp):
        try write(.clamp)
        try encode(clamp)
      case .leakyReLU(let slope):
        try write(.leakyReLU)
        try container.encode(slope, forKey: .slope)
      case .elu(let alpha):
        try write(.elu)
        try container.encode(alpha, forKey: .alpha)
      case .hardSigmoid(let alpha, let beta):
        try write(.hardSigmoid)
        try container.encode(alpha, forKey: .alpha)
        try container.encode(beta, forKey: .beta)
      case .gelu(let tanh):
        try write(.gelu)
        try container.encode(tanh, forKey: .tanh)
      case .prelu: try write(.prelu)
      case .sigmoid: try write(.sigmoid)
      case .hardSwish: try write(.hardSwish)
      case .silu: try write(.silu)
      case .tanh: try write(.tanh)
      }
    }
  }
}
