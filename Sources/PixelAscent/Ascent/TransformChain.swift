// SPDX-License-Identifier: MIT

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The jitter and the transforms of an ascent with their memory: they make the network's input from the ascent's image, and bring the
/// input's gradient back to the image.
final class TransformChain {
  /// What a transform does to one image.
  private enum Move {
    case roll(Shift)
    case reframe(top: Int, left: Int, fill: [Float])
    case resize(down: ImageTaps, across: ImageTaps, back: (down: ImageTaps, across: ImageTaps))
    case mirror(ImageTaps)
    case rotate(cosine: Float, sine: Float)
    case add([Float])
    case blur(down: [Float], across: [Float])
    case none

    /// Whether the gradient of the move's input can be in memory without a halo.
    var needsNoHalo: Bool { if case .rotate = self { false } else { true } }
  }

  /// A drawn transform: the move, and the size of the image after it.
  private struct Stage {
    let move: Move
    let height, width: Int
  }

  /// The range of the jitter's rows and columns; it comes before the transforms.
  private let jitter: ClosedRange<Int>
  private let transforms: [ImageTransform]
  private let network: Network
  private let parallel: Parallel
  private let random: RandomSource
  /// The image's size.
  private let height, width: Int
  /// Grey in normalised space, by channel.
  private let grey: [Float]
  /// The memory of the images between two transforms, each for the largest of them, and a second memory for moves along
  /// two axes. The gradients use the same memory.
  private let between: [FloatBuffer]
  private let scratch: FloatBuffer
  /// The memory of the gradient before the first transform.
  private let beforeFirst: FloatBuffer
  private var stages: [Stage] = []
  private var tapsBySize: [[Int]: ImageTaps] = [:]

  /// The largest size that the network's input can have.
  let largest: PixelSize

  /// Allocates the memory for images of `height` × `width` pixels.
  ///
  /// - Throws: as `ImageTransform.extents` does.
  init(
    jitter: ClosedRange<Int> = 0...0, _ transforms: [ImageTransform], _ network: Network, height: Int, width: Int,
    _ random: RandomSource, _ parallel: Parallel
  ) throws(PixelAscentError) {
    self.jitter = jitter
    (self.transforms, self.network, self.parallel, self.random) = (transforms, network, parallel, random)
    (self.height, self.width) = (height, width)
    grey = network.preprocessing.normalized(ImageTransform.grey)
    let extents = try ImageTransform.extents(of: transforms, on: PixelSize(height: height, width: width))
    largest = extents.largestResult
    let channels = network.channels
    func buffer(_ size: PixelSize) -> FloatBuffer {
      FloatBuffer(
        count: ImagePlanes.floats(channels: channels, height: size.height, width: size.width, halo: Self.halo))
    }
    between = transforms.map { _ in buffer(extents.largest) }
    scratch = buffer(extents.largest)
    beforeFirst = buffer(PixelSize(height: height, width: width))
  }

  /// The width of the halo of the images between two transforms. A rotation reads it.
  private static let halo = 1

  /// The bytes that a chain takes for images of which none is larger than `largest`.
  static func bytes(_ transforms: [ImageTransform], channels: Int, largest: PixelSize) -> Int {
    let (height, width) = (largest.height + 2 * halo, largest.width + 2 * halo)
    return elementCount([transforms.count + 2, channels, height, width, MemoryLayout<Float>.stride]) ?? .max
  }

  // MARK: Drawing

  /// Draws the jitter and the transforms of an evaluation, and returns the size of the network's input.
  ///
  /// - Parameter evaluation: the evaluation's number among all of the ascent
  func draw(_ evaluation: UInt64) -> (height: Int, width: Int) {
    var size = (height: height, width: width)
    stages.removeAll(keepingCapacity: true)
    if jitter != 0...0 {
      stages.append(Stage(move: .roll(random.jitter(in: jitter, evaluation)), height: height, width: width))
    }
    for (index, transform) in transforms.enumerated() {
      let position = evaluation * UInt64(transforms.count) + UInt64(index)
      let stage = draw(transform, position, size)
      size = (stage.height, stage.width)
      if !merge(stage) { stages.append(stage) }
    }
    return size
  }

  /// Makes one move of the last stage and a stage after it that only crops; returns false if the two are other moves.
  private func merge(_ stage: Stage) -> Bool {
    guard case .reframe(let top, let left, let fill)? = stages.last?.move, let last = stages.last,
      case .reframe(let nextTop, let nextLeft, _) = stage.move, nextTop >= 0, nextLeft >= 0,
      nextTop + stage.height <= last.height, nextLeft + stage.width <= last.width
    else { return false }
    let move = Move.reframe(top: top + nextTop, left: left + nextLeft, fill: fill)
    stages[stages.count - 1] = Stage(move: move, height: stage.height, width: stage.width)
    return true
  }

  private func draw(_ transform: ImageTransform, _ position: UInt64, _ size: (height: Int, width: Int)) -> Stage {
    func integer(_ range: ClosedRange<Int>, word: Int) -> Int {
      random.integer(in: range, .transform, position, word: word)
    }
    func stage(_ move: Move) -> Stage { Stage(move: move, height: size.height, width: size.width) }
    switch transform {
    case .jitter(let most):
      return stage(.roll(Shift(rows: integer(0...most, word: 0), columns: integer(0...most, word: 1))))
    case .pad(let pixels, let colour):
      return Stage(
        move: .reframe(top: -pixels, left: -pixels, fill: network.preprocessing.normalized(colour)),
        height: size.height + 2 * pixels, width: size.width + 2 * pixels)
    case .crop(let pixels):
      return Stage(
        move: .reframe(top: integer(0...pixels, word: 0), left: integer(0...pixels, word: 1), fill: grey),
        height: size.height - pixels, width: size.width - pixels)
    case .scale(let factors):
      let factor = factors[integer(0...factors.count - 1, word: 0)]
      let height = ImageTransform.scaled(size.height, factor), width = ImageTransform.scaled(size.width, factor)
      let down = taps(from: size.height, to: height), across = taps(from: size.width, to: width)
      return Stage(
        move: .resize(
          down: down, across: across,
          back: (taps(from: size.height, to: height, back: true), taps(from: size.width, to: width, back: true))),
        height: height, width: width)
    case .rotate(let angles):
      let angle = angles[integer(0...angles.count - 1, word: 0)] * .pi / 180
      return stage(angle == 0 ? .none : .rotate(cosine: Float(cos(angle)), sine: Float(sin(angle))))
    case .flip:
      return stage(integer(0...1, word: 0) == 0 ? .none : .mirror(mirror(size.width)))
    case .noise(let deviation):
      let plane = size.height * size.width, count = network.channels * plane
      let scale = network.preprocessing.std.map { Float(deviation / Double($0)) }
      // Every evaluation has 2³² positions of its own.
      var values = random.normals(count, .transformNoise, from: position << 32)
      for index in values.indices { values[index] *= scale[index / plane] }
      return stage(.add(values))
    case .blur(let deviation):
      return stage(
        .blur(
          down: gaussianTaps(sigma: deviation, size: size.height),
          across: gaussianTaps(sigma: deviation, size: size.width)))
    }
  }

  /// Returns the matrix of a bilinear resize along an axis, with half-pixel centres and the edge repeated, or the
  /// transposed matrix.
  private func taps(from: Int, to: Int, back: Bool = false) -> ImageTaps {
    let key = [from, to, back ? 1 : 0]
    if let known = tapsBySize[key] { return known }
    let made: ImageTaps
    if back {
      made = taps(from: from, to: to).transposed
    } else {
      made = ImageTaps(
        rows: (0..<to).map { (output: Int) -> [(index: Int, weight: Float)] in
          let place = max(0, (Double(output) + 0.5) * Double(from) / Double(to) - 0.5)
          let first = min(Int(place), from - 1), second = min(first + 1, from - 1)
          let part = place - Double(first)
          if first == second { return [(index: first, weight: 1)] }
          return [(index: first, weight: Float(1 - part)), (index: second, weight: Float(part))]
        }, inputs: from)
    }
    tapsBySize[key] = made
    return made
  }

  private func mirror(_ width: Int) -> ImageTaps {
    ImageTaps(rows: (0..<width).map { [(width - 1 - $0, 1)] }, inputs: width)
  }

  // MARK: Forward and backward

  /// Applies the drawn transforms: makes the network's input from the image.
  func apply(_ input: ImagePlanes, _ image: ImagePlanes) {
    guard let last = stages.indices.last else { return copy(input, image) }
    var x = image
    for (index, stage) in stages.enumerated() {
      let y = index == last ? input : planes(between[index], stage.height, stage.width)
      apply(stage.move, y, x)
      x = y
    }
  }

  private func apply(_ move: Move, _ y: ImagePlanes, _ x: ImagePlanes) {
    let kernels = network.kernels
    switch move {
    case .none: copy(y, x)
    case .roll(let shift): overRows(y) { kernels.roll(y, x, by: shift, rows: $0) }
    case .reframe(let top, let left, let fill):
      overRows(y) { kernels.reframe(y, x, top: top, left: left, fill: fill, rows: $0) }
    case .resize(let down, let across, _): resize(y, x, down, across)
    case .mirror(let taps): overRows(y) { kernels.applyAcross(taps, y, x, rows: $0) }
    case .rotate(let cosine, let sine):
      let framed = framed(x)
      overRows(y) { kernels.rotate(y, framed, cosine: cosine, sine: sine, rows: $0) }
    case .add(let values):
      copy(y, x)
      y.add(values)
    case .blur(let down, let across): blur(y, x, down, across)
    }
  }

  /// Brings the gradient of the network's input back to the image, and adds it to `imageGradient` or overwrites that.
  func pullBack(_ imageGradient: ImagePlanes, _ inputGradient: ImagePlanes, accumulate: Bool) {
    let kernels = network.kernels
    var dy = inputGradient
    for index in stages.indices.reversed() {
      if index == 0, !accumulate, stages[0].move.needsNoHalo { return pullBack(stages[0].move, imageGradient, dy) }
      let dx =
        index == 0
        ? planes(beforeFirst, height, width)
        : planes(between[index - 1], stages[index - 1].height, stages[index - 1].width)
      pullBack(stages[index].move, dx, dy)
      dy = dx
    }
    let gradient = dy
    overRows(imageGradient) { kernels.roll(imageGradient, gradient, by: .none, accumulate: accumulate, rows: $0) }
  }

  private func pullBack(_ move: Move, _ dx: ImagePlanes, _ dy: ImagePlanes) {
    let kernels = network.kernels
    switch move {
    case .none, .add: copy(dx, dy)
    case .roll(let shift): overRows(dx) { kernels.roll(dx, dy, by: shift.inverse, rows: $0) }
    case .reframe(let top, let left, _):
      overRows(dx) { kernels.reframe(dx, dy, top: -top, left: -left, fill: nil, rows: $0) }
    case .resize(_, _, let back): resize(dx, dy, back.down, back.across)
    case .mirror(let taps): overRows(dx) { kernels.applyAcross(taps, dx, dy, rows: $0) }
    case .rotate(let cosine, let sine):
      let body = Parallel.Body {
        kernels.rotateInputGradient(dx, dy, cosine: cosine, sine: sine, channels: $0.blocks)
      }
      parallel.overParts(blocks: 0..<dx.channels, rows: 1, body)
    // The blur's matrix is symmetric.
    case .blur(let down, let across): blur(dx, dy, down, across)
    }
  }

  private func resize(_ y: ImagePlanes, _ x: ImagePlanes, _ down: ImageTaps, _ across: ImageTaps) {
    let kernels = network.kernels, middle = planes(scratch, y.height, x.width)
    overRows(middle) { kernels.applyDown(down, middle, x, rows: $0) }
    overRows(y) { kernels.applyAcross(across, y, middle, rows: $0) }
  }

  private func blur(_ y: ImagePlanes, _ x: ImagePlanes, _ down: [Float], _ across: [Float]) {
    let kernels = network.kernels, middle = planes(scratch, y.height, y.width)
    overRows(middle) { kernels.blurVertical(middle, x, taps: down, rows: $0) }
    overRows(y) { kernels.blurHorizontal(y, middle, taps: across, rows: $0) }
  }

  /// Returns the image with grey in its halo.
  private func framed(_ x: ImagePlanes) -> ImagePlanes {
    var framed = x
    if x.halo == 0 {
      framed = planes(scratch, x.height, x.width)
      copy(framed, x)
    }
    framed.fillHalo(with: grey)
    return framed
  }

  private func copy(_ y: ImagePlanes, _ x: ImagePlanes) {
    let kernels = network.kernels
    overRows(y) { kernels.reframe(y, x, top: 0, left: 0, fill: nil, rows: $0) }
  }

  private func planes(_ buffer: FloatBuffer, _ height: Int, _ width: Int) -> ImagePlanes {
    ImagePlanes(buffer, channels: network.channels, height: height, width: width, halo: Self.halo)
  }

  private func overRows(_ image: ImagePlanes, _ body: @escaping (Range<Int>) -> Void) {
    parallel.overRows(image.height, Parallel.Body { body($0.rows) })
  }
}
