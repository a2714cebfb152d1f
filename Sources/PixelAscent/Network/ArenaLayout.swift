// SPDX-License-Identifier: MIT

import Synchronization

/// The offsets of an evaluation's arrays in its arena, in floats, and the sizes of its memory outside the arena.
struct ArenaLayout: Sendable {
  /// The height and width of each storage's planes.
  private(set) var sizes: [(height: Int, width: Int)]
  /// The offset of each storage's activations.
  let activations: [Int]
  /// The offset of each storage's gradient; empty without a backward pass.
  private(set) var gradients: [Int] = []
  /// By the index of a layer, the bytes of the layer's indices if it is a max pool; 0 for every other layer.
  private(set) var indexBytes: [Int] = []
  /// The number of 64-bit words of the largest nonzero mask. The masks of all layers use the same memory.
  private(set) var nonzeroMaskCount = 0
  let image: Int
  let imageGradient: Int?
  /// The number of floats in the arena.
  private(set) var floats = 0

  /// The limit of a side in pixels; kernels count in 32 bits.
  private static let longestSide = 1 << 24

  init(_ plan: LayerPlan, height: Int, width: Int, gradient: Bool) throws(PixelAscentError) {
    sizes = try Self.sizes(plan, height: height, width: width)
    var floats = 0
    func reserve(_ count: Int) -> Int {
      defer { floats += (count + 15) / 16 * 16 }
      return floats
    }
    let sizes = sizes
    // Halos can make a value many times larger. This sum of doubles can't overflow; the counts below could.
    let pixels = Double(plan.imageChannels) * Double(height) * Double(width)
    let estimate = plan.storages.indices.reduce(pixels) { sum, index in
      let storage = plan.storages[index], halo = max(storage.halo, storage.gradientHalo)
      let (rows, columns) = (sizes[index].height + 2 * halo, sizes[index].width + 2 * halo)
      return sum + 2 * Double(storage.channels + 15) * Double(rows) * Double(columns)
    }
    guard estimate <= 0x1p56 else {
      throw PixelAscentError(
        .sizeLimit, "a network input of \(height)×\(width) pixels would take more memory than any machine has")
    }
    func reserve(_ storage: Int, halo: Int) -> Int {
      reserve(
        Planes.floats(
          channels: plan.storages[storage].channels, height: sizes[storage].height, width: sizes[storage].width,
          halo: halo))
    }
    image = reserve(
      ImagePlanes.floats(channels: plan.imageChannels, height: height, width: width, halo: plan.imageHalo))
    let activations = plan.storages.indices.map { reserve($0, halo: plan.storages[$0].halo) }
    self.activations = activations
    if gradient {
      gradients = plan.storages.indices.map {
        let storage = plan.storages[$0]
        return storage.isReplacedByGradient ? activations[$0] : reserve($0, halo: storage.gradientHalo)
      }
    }
    imageGradient = gradient ? reserve(plan.imageChannels * height * width) : nil
    indexBytes = plan.layers.map { layer in
      guard layer.operation is MaxPoolLayer else { return 0 }
      let value = plan.values[layer.output], size = sizes[value.storage]
      return value.blocks.count * 16 * size.height * size.width
    }
    let maskedValues = plan.layers.flatMap { layer in
      (layer.usesInputMask ? layer.inputs : []) + (gradient && layer.usesGradientMask ? [layer.output] : [])
    }
    for value in maskedValues.map({ plan.values[$0] }) {
      let size = sizes[value.storage]
      nonzeroMaskCount = max(
        nonzeroMaskCount, NonzeroMask.count(channels: value.channels, height: size.height, width: size.width))
    }
    self.floats = floats
  }

  private static func sizes(
    _ plan: LayerPlan, height: Int, width: Int
  ) throws(PixelAscentError) -> [(height: Int, width: Int)] {
    guard max(height, width) <= longestSide else {
      throw PixelAscentError(
        .sizeLimit,
        "a network input of \(height)×\(width) pixels is too large: a side may have at most \(longestSide)")
    }
    func doesNotFit(_ why: String) -> PixelAscentError {
      let message: Message = "a network input of \(height)×\(width) pixels does not fit: \(why)"
      let input = plan.inputSize, isPhoto = height == input.height || width == input.width
      return PixelAscentError(
        .sizeLimit,
        isPhoto && PixelSize(height: height, width: width) != input
          ? "\(message); \(advice: .resize) crop or stretch makes photographs \(input)" : message)
    }
    let shapes: [String: ValueShape]
    do {
      shapes = try plan.graph.shapes(height: height, width: width)
    } catch let error where error.kind == .sizeLimit {
      let least = try plan.graph.leastSize()
      throw PixelAscentError(
        .sizeLimit,
        "a network input of \(height)×\(width) pixels is too small: the network needs at least \(least)×\(least)")
    } catch {
      throw doesNotFit("\(error)")
    }
    var sizes = Array(repeating: (height: 0, width: 0), count: plan.storages.count)
    for value in plan.values {
      let shape = shapes[value.shapeName, default: ValueShape(channels: 0)]
      // A linear layer after a flatten has weights for one image size only.
      guard shape.channels == value.channels, shape.isVector || !value.isVector else {
        throw doesNotFit("layer \(value.shapeName.oneLine) is made for images of \(plan.inputSize) pixels")
      }
      sizes[value.storage] = (shape.height, shape.width)
    }
    return sizes
  }

  /// The bytes of all of an evaluation's memory.
  var bytes: Int {
    floats * MemoryLayout<Float>.stride + indexBytes.reduce(0, +) + nonzeroMaskCount * MemoryLayout<UInt64>.stride
  }
}

/// A cache of the layouts that were made last, so that shapes are inferred once per size, not once per image.
final class ArenaLayouts: Sendable {
  private struct Size: Hashable {
    let height, width: Int
    let gradient: Bool
  }

  private let layouts = Mutex<[(size: Size, layout: ArenaLayout)]>([])
  private static let capacity = 8

  /// Returns the layout for a size, from the cache or newly made.
  ///
  /// - Throws: as `ArenaLayout.init` does; errors are not cached.
  func layout(
    _ plan: LayerPlan, height: Int, width: Int, gradient: Bool
  ) throws(PixelAscentError) -> ArenaLayout {
    let size = Size(height: height, width: width, gradient: gradient)
    if let known = layouts.withLock({ layouts in layouts.first { $0.size == size }?.layout }) { return known }
    let made = try ArenaLayout(plan, height: height, width: width, gradient: gradient)
    layouts.withLock { layouts in
      if layouts.count == Self.capacity { layouts.removeFirst() }
      layouts.append((size, made))
    }
    return made
  }
}
