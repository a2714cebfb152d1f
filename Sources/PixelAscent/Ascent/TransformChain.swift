// SPDX-License-Identifier: MIT

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The jitter and the transforms of an ascent with their memory: they make the network's input from the ascent's image,
/// and bring the input's gradient back to the image.
final class TransformChain {
  /// What a transform does to one image.
  private enum Move {
    case roll(Shift)
    case reframe(top: Int, left: Int, fill: [Float])
    case resize(down: ImageTaps, across: ImageTaps, back: (down: ImageTaps, across: ImageTaps))
    case mirror(ImageTaps)
    case rotate(cosine: Float, sine: Float)
    case noise(Noise)
    case blur(down: [Float], across: [Float])
    case none

    /// Whether the gradient of the move's input can be in memory without a halo.
    var needsNoHalo: Bool { if case .rotate = self { false } else { true } }
  }

  /// Noise on every element of an image: its numbers times a factor by channel, plus `shift` of that factor.
  private struct Noise {
    let distribution: RandomSource.Distribution
    let position: UInt64
    let factor: [Float]
    let shift: Float
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
  /// The ascent's iterations and the evaluations of each.
  private let iterations, samples: Int
  /// The image's size.
  private let height, width: Int
  /// Grey in normalised space, by channel.
  private let grey: [Float]
  /// The memory of the images between two transforms, each for the largest of them, and a second memory for moves along
  /// two axes. The gradients use the same memory.
  private let between: [FloatBuffer]
  private let scratch: FloatBuffer
  /// The memory of an image's noise.
  private let noise: FloatBuffer
  /// The memory of the gradient before the first transform.
  private let beforeFirst: FloatBuffer
  private var stages: [Stage] = []
  private var tapsBySize: [[Int]: ImageTaps] = [:]

  /// The largest size that the network's input can have.
  let largest: PixelSize

  /// Allocates the memory for images of `height` × `width` pixels.
  ///
  /// - Parameters:
  ///   - iterations: the iterations of the ascent
  ///   - samples: the evaluations of each iteration
  /// - Throws: as `ImageTransform.extents` does.
  init(
    jitter: ClosedRange<Int> = 0...0, _ transforms: [ImageTransform], _ network: Network, height: Int, width: Int,
    iterations: Int = 1, samples: Int = 1, _ random: RandomSource, _ parallel: Parallel
  ) throws(PixelAscentError) {
    (self.jitter, self.iterations, self.samples) = (jitter, iterations, samples)
    (self.transforms, self.network, self.parallel, self.random) = (transforms, network, parallel, random)
    (self.height, self.width) = (height, width)
    grey = network.preprocessing.normalized(ImageTransform.grey)
    let extents = try ImageTransform.extents(
      of: transforms, on: PixelSize(height: height, width: width), input: network.preprocessing.inputSize)
    largest = extents.largestResult
    let channels = network.channels
    func buffer(_ size: PixelSize) -> FloatBuffer {
      FloatBuffer(
        count: ImagePlanes.floats(channels: channels, height: size.height, width: size.width, halo: Self.halo))
    }
    between = (0..<Self.stageCount(transforms)).map { _ in buffer(extents.largest) }
    scratch = buffer(extents.largest)
    let isNoisy = transforms.contains {
      if case .noise = $0 { true } else if case .uniformNoise = $0 { true } else { false }
    }
    // Noise is made 64 numbers at a time.
    noise = FloatBuffer(
      count: isNoisy ? (channels * extents.largest.height * extents.largest.width + 63) / 64 * 64 : 0)
    beforeFirst = buffer(PixelSize(height: height, width: width))
  }

  /// The width of the halo of the images between two transforms. A rotation reads it.
  private static let halo = 1

  /// The bytes that a chain takes for images of which none is larger than `largest`.
  static func bytes(_ transforms: [ImageTransform], channels: Int, largest: PixelSize) -> Int {
    let (height, width) = (largest.height + 2 * halo, largest.width + 2 * halo)
    return elementCount([stageCount(transforms) + 3, channels, height, width, MemoryLayout<Float>.stride]) ?? .max
  }

  /// The number of stages of transforms, at most: a zoom has three.
  private static func stageCount(_ transforms: [ImageTransform]) -> Int {
    transforms.reduce(1) { if case .zoom = $1 { $0 + 3 } else { $0 + 1 } }
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
      for stage in draw(transform, position, size, evaluation) {
        size = (stage.height, stage.width)
        if !merge(stage) { stages.append(stage) }
      }
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

  private func draw(
    _ transform: ImageTransform, _ position: UInt64, _ size: (height: Int, width: Int), _ evaluation: UInt64
  ) -> [Stage] {
    func integer(_ range: ClosedRange<Int>, word: Int) -> Int {
      random.integer(in: range, .transform, position, word: word)
    }
    func stage(_ move: Move) -> [Stage] { [Stage(move: move, height: size.height, width: size.width)] }
    switch transform {
    case .jitter(let most):
      return stage(.roll(Shift(rows: integer(0...most, word: 0), columns: integer(0...most, word: 1))))
    case .pad(let pixels, let colour):
      return [
        Stage(
          move: .reframe(top: -pixels, left: -pixels, fill: network.preprocessing.normalized(colour)),
          height: size.height + 2 * pixels, width: size.width + 2 * pixels)
      ]
    case .crop(let pixels):
      return [
        Stage(
          move: .reframe(top: integer(0...pixels, word: 0), left: integer(0...pixels, word: 1), fill: grey),
          height: size.height - pixels, width: size.width - pixels)
      ]
    case .scale(let factors):
      let factor = factors[integer(0...factors.count - 1, word: 0)]
      return [
        resize(size, ImageTransform.scaled(size.height, factor), ImageTransform.scaled(size.width, factor))
      ]
    case .resizeToNetwork:
      let input = network.preprocessing.inputSize
      return [resize(size, input.height, input.width)]
    case .zoom(let first, let last):
      let part = iterations > 1 ? Double(evaluation / UInt64(samples)) / Double(iterations - 1) : 0
      return zoom(first + part * (last - first), position, size)
    case .rotate(let angles):
      let angle = angles[integer(0...angles.count - 1, word: 0)] * .pi / 180
      return stage(angle == 0 ? .none : .rotate(cosine: Float(cos(angle)), sine: Float(sin(angle))))
    case .flip:
      return stage(integer(0...1, word: 0) == 0 ? .none : .mirror(mirror(size.width)))
    case .noise(let deviation): return stage(noise(.normal, position, deviation))
    // 2 · most · (u − ½) is uniform in −most…most.
    case .uniformNoise(let most): return stage(noise(.uniform, position, 2 * most, shift: -0.5))
    case .blur(let deviation):
      return stage(
        .blur(
          down: gaussianTaps(sigma: deviation, size: size.height),
          across: gaussianTaps(sigma: deviation, size: size.width)))
    }
  }

  /// Returns the move that adds noise, times a factor on the scale where colours go from 0 to 1.
  private func noise(
    _ distribution: RandomSource.Distribution, _ position: UInt64, _ factor: Double, shift: Float = 0
  ) -> Move {
    let factors = network.preprocessing.std.map { Float(factor / Double($0)) }
    // Every evaluation has 2³² positions of its own.
    return .noise(Noise(distribution: distribution, position: position << 32, factor: factors, shift: shift))
  }

  private func resize(_ size: (height: Int, width: Int), _ height: Int, _ width: Int) -> Stage {
    let down = taps(from: size.height, to: height), across = taps(from: size.width, to: width)
    return Stage(
      move: .resize(
        down: down, across: across,
        back: (taps(from: size.height, to: height, back: true), taps(from: size.width, to: width, back: true))),
      height: height, width: width)
  }

  /// Returns the stages that resize a random box of the image to the network's input size: crop the pixels that the box
  /// needs, resize them, and put black around where the box lies outside the image.
  ///
  /// - Parameter mean: the mean of the box's sides, as a fraction of the image's sides
  private func zoom(_ mean: Double, _ position: UInt64, _ size: (height: Int, width: Int)) -> [Stage] {
    let input = network.preprocessing.inputSize, drawn = random.normals(3, .transform, from: position)
    let side = min(1, max(0.05, mean + 0.05 * Double(drawn[2])))
    let down = ZoomedAxis(centre: 0.5 + 0.15 * Double(drawn[0]), side: side, from: size.height, to: input.height)
    let across = ZoomedAxis(centre: 0.5 + 0.15 * Double(drawn[1]), side: side, from: size.width, to: input.width)
    let black = network.preprocessing.normalized(0)
    guard let down, let across else {
      // The whole box lies outside the image.
      return [
        Stage(
          move: .reframe(top: size.height, left: size.width, fill: black), height: input.height, width: input.width)
      ]
    }
    return [
      Stage(
        move: .reframe(top: down.first, left: across.first, fill: black), height: down.taps.inputs,
        width: across.taps.inputs),
      Stage(
        move: .resize(down: down.taps, across: across.taps, back: (down.taps.transposed, across.taps.transposed)),
        height: down.taps.size, width: across.taps.size),
      Stage(
        move: .reframe(top: -down.before, left: -across.before, fill: black), height: input.height,
        width: input.width),
    ]
  }

  /// Returns the matrix of a bilinear resize along an axis, or the transposed matrix.
  private func taps(from: Int, to: Int, back: Bool = false) -> ImageTaps {
    let key = [from, to, back ? 1 : 0]
    if let known = tapsBySize[key] { return known }
    let made = back ? taps(from: from, to: to).transposed : ImageTaps.bilinear(from: from, to: to)
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
    case .noise(let noise):
      copy(y, x)
      add(noise, to: y)
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
    case .none, .noise: copy(dx, dy)
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

  private func add(_ move: Noise, to y: ImagePlanes) {
    let random = random, buffer = noise, groups = (y.channels * y.height * y.width + 63) / 64
    let make = Parallel.Body { part in
      for group in part.blocks {
        let numbers = random.group(move.distribution, .transformNoise, move.position &+ UInt64(16 * group))
        buffer.lanes[4 * group] = numbers.0
        buffer.lanes[4 * group + 1] = numbers.1
        buffer.lanes[4 * group + 2] = numbers.2
        buffer.lanes[4 * group + 3] = numbers.3
      }
    }
    parallel.overParts(blocks: 0..<groups, rows: 1, make)
    overRows(y) { y.add(buffer, times: move.factor, shift: move.shift, rows: $0) }
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
