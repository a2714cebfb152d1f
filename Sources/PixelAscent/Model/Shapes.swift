// SPDX-License-Identifier: MIT

/// The shape of a value in a network: the number of channels, and the height and width of each.
package struct ValueShape: Hashable, Sendable, CustomStringConvertible {
  package var channels, height, width: Int

  package init(channels: Int, height: Int = 1, width: Int = 1) {
    self.channels = channels
    self.height = height
    self.width = width
  }

  /// Whether the value has 1×1 pixels, as the input of a linear layer must.
  package var isVector: Bool { height == 1 && width == 1 }

  package var description: String { shapeText([channels, height, width]) }
}

extension Graph {
  /// Returns the shape of every layer's output, by the layer's name, for an input of this size. The shape of the input
  /// itself has the name ``image``.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the graph contradicts itself, of kind `sizeLimit` if a
  ///   window does not fit into its input. If a layer is to blame, the error line names the layer.
  package func shapes(height: Int, width: Int) throws(PixelAscentError) -> [String: ValueShape] {
    try checkConnections()
    var shapes = [Graph.image: ValueShape(channels: input.channels, height: height, width: width)]
    guard let image = shapes[Graph.image], image.isWithinLimits else {
      throw PixelAscentError(.invalidModel, "the graph declares \(input.channels) input channels")
    }
    for layer in layers {
      do throws(PixelAscentError) {
        let output = try layer.operation.shape(of: layer.inputs.compactMap { shapes[$0] })
        guard output.isWithinLimits else {
          throw PixelAscentError(.invalidModel, "its output has the shape \(output), which is empty or too large")
        }
        shapes[layer.name] = output
      } catch {
        throw error.about("layer \(layer.name.oneLine)")
      }
    }
    return shapes
  }

  /// Checks that the graph does not have too many layers, that each layer has a name of its own and takes its inputs
  /// from layers before it or from the image, and that the output is one of the layers.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel`.
  func checkConnections() throws(PixelAscentError) {
    var known: Set = [Graph.image]
    func fail(_ message: String) -> PixelAscentError { PixelAscentError(.invalidModel, Message(message)) }
    guard layers.count <= Self.mostLayers else {
      throw fail("\(layers.count) layers are more than the \(Self.mostLayers) this version takes")
    }
    for layer in layers {
      var name: String { layer.name.oneLine }
      if layer.name.isEmpty { throw fail("a layer has no name") }
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

  /// Returns the shapes for an image of `inputSize` or, if that image is too small, for the smallest square that fits.
  func shapes(inputSize: PixelSize) throws(PixelAscentError) -> [String: ValueShape] {
    do {
      return try shapes(height: inputSize.height, width: inputSize.width)
    } catch let error where error.kind == .sizeLimit {
      let least = try leastSize()
      return try shapes(height: least, width: least)
    }
  }

  /// Whether no layer takes a whole image as a vector, so that the sizes of images are free apart from a least one.
  var takesEverySize: Bool {
    var vectors: Set<String> = []
    for layer in layers {
      if layer.operation is Flatten || layer.operation is Linear, !layer.inputs.allSatisfy(vectors.contains) {
        return false
      }
      if layer.operation.makesVector(layer.inputs.map(vectors.contains)) { vectors.insert(layer.name) }
    }
    return vectors.contains(output)
  }

  /// Returns the least height and width of a square image into which all windows fit.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if this size is above 4096, or the graph contradicts itself.
  func leastSize() throws(PixelAscentError) -> Int {
    func isTooSmall(_ size: Int) -> Bool {
      do throws(PixelAscentError) {
        _ = try shapes(height: size, width: size)
        return false
      } catch {
        // A graph that contradicts itself at some sizes has another error there.
        return error.kind == .sizeLimit
      }
    }
    let most = 4096
    guard !isTooSmall(most) else {
      throw PixelAscentError(.invalidModel, "the network's windows do not fit into an image of \(most)×\(most) pixels")
    }
    // A window that fits into an image fits into every larger one.
    var tooSmall = 0, least = most
    while least - tooSmall > 1 {
      let size = (tooSmall + least) / 2
      if isTooSmall(size) { tooSmall = size } else { least = size }
    }
    _ = try shapes(height: least, width: least)
    return least
  }
}

extension ValueShape {
  /// Whether every extent is positive, and the extents and their product are small enough for a machine to hold.
  fileprivate var isWithinLimits: Bool {
    [channels, height, width].allSatisfy { (1...1 << 24).contains($0) }
      && Double(channels) * Double(height) * Double(width) <= 0x1p46
  }
}
