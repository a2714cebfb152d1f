// SPDX-License-Identifier: MIT

/// The size of a value in a network: a number of planes and theirs.
package struct ValueShape: Hashable, Sendable, CustomStringConvertible {
  package var channels, height, width: Int

  package init(channels: Int, height: Int = 1, width: Int = 1) {
    self.channels = channels
    self.height = height
    self.width = width
  }

  /// Whether it is 1×1 pixels: what a linear layer takes.
  package var isVector: Bool { height == 1 && width == 1 }

  package var description: String { shapeText([channels, height, width]) }
}

extension Graph {
  /// The shape of every layer's output, by name, for an input of this size; ``image`` is there too.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the graph contradicts itself, of kind `sizeLimit` if a window
  ///   does not fit into what it is applied to; the line names the layer.
  package func shapes(height: Int, width: Int) throws(PixelAscentError) -> [String: ValueShape] {
    try checkConnections()
    var shapes = [Graph.image: ValueShape(channels: input.channels, height: height, width: width)]
    guard let image = shapes[Graph.image], image.isWithinLimits else {
      throw PixelAscentError(.invalidModel, "the graph declares \(input.channels) input channels")
    }
    for layer in layers {
      do throws(PixelAscentError) {
        let output = try layer.operation.shape(of: layer.inputs.compactMap { shapes[$0] })
        guard output.isWithinLimits else { throw PixelAscentError(.invalidModel, "its output has the shape \(output)") }
        shapes[layer.name] = output
      } catch {
        throw error.within("layer \(layer.name.oneLine)")
      }
    }
    return shapes
  }

  /// Checks that layers have names of their own, that each takes its inputs from layers before it, and that the output is
  /// one of them.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel`; the line names the layer.
  package func checkConnections() throws(PixelAscentError) {
    var known: Set = [Graph.image]
    func fail(_ message: String) -> PixelAscentError { PixelAscentError(.invalidModel, message) }
    guard layers.count <= Self.mostLayers else {
      throw fail("\(layers.count) layers are more than the \(Self.mostLayers) this version takes")
    }
    for layer in layers {
      let name = layer.name.oneLine
      if name.isEmpty { throw fail("a layer has no name") }
      if let input = layer.inputs.first(where: { !known.contains($0) }) {
        throw fail("layer \(name) takes \(input.oneLine), which no earlier layer makes")
      }
      guard known.insert(layer.name).inserted else { throw fail("layer \(name) is declared twice") }
    }
    guard output != Graph.image, known.contains(output) else {
      throw fail("the output is \(output.oneLine), which no layer makes")
    }
  }
}

extension Graph {
  private static let mostLayers = 4096

  /// The shapes for a square image of `inputSize` pixels, or of a larger one where that is too small.
  func shapes(inputSize: Int) throws(PixelAscentError) -> [String: ValueShape] {
    do {
      return try shapes(height: inputSize, width: inputSize)
    } catch let error where error.kind == .sizeLimit {
      let least = try leastSize()
      return try shapes(height: least, width: least)
    }
  }

  /// The least height and width of an image.
  func leastSize() throws(PixelAscentError) -> Int {
    func fits(_ size: Int) throws(PixelAscentError) -> Bool {
      do {
        _ = try shapes(height: size, width: size)
        return true
      } catch let error where error.kind == .sizeLimit {
        return false
      }
    }
    let most = 4096
    // What is wrong with a network at that size need not be at smaller ones.
    if (try? fits(most)) ?? true {
      for size in 1...most where try fits(size) { return size }
    }
    throw PixelAscentError(.invalidModel, "the network leaves nothing of an image of \(most)×\(most) pixels")
  }
}

extension ValueShape {
  /// Whether every extent is positive, and all of them and their product are such as a machine can hold.
  fileprivate var isWithinLimits: Bool {
    [channels, height, width].allSatisfy { (1...1 << 24).contains($0) }
      && Double(channels) * Double(height) * Double(width) <= 0x1p46
  }
}

extension Operation {
  /// The shape of the output for inputs of these shapes.
  ///
  /// - Throws: as ``Graph/shapes(height:width:)`` does, without the layer's name.
  package func shape(of inputs: [ValueShape]) throws(PixelAscentError) -> ValueShape {
    func check(_ holds: Bool, _ message: @autoclosure () -> String) throws(PixelAscentError) {
      if !holds { throw PixelAscentError(.invalidModel, message()) }
    }
    guard let x = inputs.first else { throw PixelAscentError(.invalidModel, "it has no input") }
    var result = x
    switch self {
    case .add, .multiply:
      try check(inputs.count == 2, "expected 2 inputs, found \(inputs.count)")
    case .concatenate: break
    default:
      try check(inputs.count == 1, "expected 1 input, found \(inputs.count)")
    }

    switch self {
    case .convolution(let window, let groups, let outputs, _):
      try check(
        groups >= 1 && x.channels % groups == 0 && outputs % groups == 0,
        "\(groups) groups do not divide \(x.channels) input and \(outputs) output channels")
      result = try window.output(of: x, ceilMode: false)
      result.channels = outputs
    case .linear(let outputs, _):
      try check(x.isVector, "a linear layer takes a vector, found the shape \(x)")
      result.channels = outputs
    case .maxPool(let window, let ceilMode), .averagePool(let window, let ceilMode, _):
      if case .averagePool = self {
        try check(window.y.dilation == 1 && window.x.dilation == 1, "an average pool has no dilation")
      }
      for axis in [window.y, window.x] {
        try check(
          max(axis.before, axis.after) < axis.kernel,
          "a pool's padding is less than its size \(axis.kernel), found \(max(axis.before, axis.after))")
      }
      result = try window.output(of: x, ceilMode: ceilMode)
      guard x.height >= window.y.dilation, x.width >= window.x.dilation else { throw window.doesNotFit(x) }
    case .adaptiveAverage(let rows, let columns):
      result = ValueShape(channels: x.channels, height: rows, width: columns)
    case .globalAverage:
      result = ValueShape(channels: x.channels)
    case .add:
      try check(inputs[1] == x, "expected two inputs of one shape, found \(x) and \(inputs[1])")
    case .multiply:
      let factor = inputs[1]
      let isScaled = factor.isVector || x.isVector
      try check(
        factor == x || isScaled && factor.channels == x.channels,
        "expected two inputs of one shape, or one with 1×1 pixels, found \(x) and \(factor)")
      if x.isVector { result = factor }
    case .concatenate:
      for other in inputs.dropFirst() {
        try check(
          (other.height, other.width) == (x.height, x.width),
          "expected inputs of one height and width, found \(x) and \(other)")
        result.channels += other.channels
      }
    case .slice(let first, let count):
      try check(
        first >= 0 && count >= 1 && first < x.channels && count <= x.channels - first,
        "\(count) channels from \(first) on are not within \(x.channels)")
      result.channels = count
    case .shuffle(let groups):
      try check(groups >= 1 && x.channels % groups == 0, "\(groups) groups do not divide \(x.channels) channels")
    case .flatten:
      // The product of two extents can't overflow, a third can.
      let (count, overflow) = (x.height * x.width).multipliedReportingOverflow(by: x.channels)
      result = ValueShape(channels: overflow ? .max : count)
    case .pad(let top, let left, let bottom, let right, _):
      let borders = [top, left, bottom, right]
      try check(borders.allSatisfy((0...Window.limit).contains), "it declares the borders \(shapeText(borders))")
      result.height += top + bottom
      result.width += left + right
    case .localResponseNorm(let size, _, _, _):
      try check((1...Window.limit).contains(size), "it declares a size of \(size) channels")
    case .batchNorm, .affine, .function, .identity, .softmax: break
    }
    return result
  }
}

extension Window {
  /// The greatest extent, stride, padding or dilation that a layer may have: sums and products of them don't overflow.
  fileprivate static let limit = 65_536

  fileprivate func output(of x: ValueShape, ceilMode: Bool) throws(PixelAscentError) -> ValueShape {
    for axis in [y, self.x] {
      guard [axis.kernel, axis.stride, axis.dilation].allSatisfy((1...Self.limit).contains),
        [axis.before, axis.after].allSatisfy((0...Self.limit).contains)
      else {
        throw PixelAscentError(
          .invalidModel,
          "it declares a window of size \(axis.kernel), stride \(axis.stride), padding \(axis.before) and \(axis.after), "
            + "dilation \(axis.dilation)")
      }
    }
    guard let height = y.positions(in: x.height, ceilMode: ceilMode),
      let width = self.x.positions(in: x.width, ceilMode: ceilMode)
    else { throw doesNotFit(x) }
    return ValueShape(channels: x.channels, height: height, width: width)
  }

  fileprivate func doesNotFit(_ shape: ValueShape) -> PixelAscentError {
    PixelAscentError(
      .sizeLimit,
      "its window of \(y.kernel)×\(x.kernel) does not fit into \(shape.height)×\(shape.width) pixels: "
        + "the network's input is too small")
  }
}

extension WindowAxis {
  /// The number of positions in `size` elements, as PyTorch counts them; nil if there is none.
  ///
  /// In ceil mode a last window that would begin behind the end, its padding not counted, is left out.
  fileprivate func positions(in size: Int, ceilMode: Bool) -> Int? {
    let room = size + before + after - dilation * (kernel - 1) - 1 + (ceilMode ? stride - 1 : 0)
    guard room >= 0 else { return nil }
    let count = room / stride + 1
    return ceilMode && (count - 1) * stride >= size + before ? count - 1 : count
  }
}
