// SPDX-License-Identifier: MIT

import CPixelKernels
import CPixelReference
import PixelAscent

/// Returns the cases of an ascent's operations on the image. These operations mostly move memory.
func imageKernelCases() -> [KernelCase] {
  var cases: [KernelCase] = []
  func add(_ name: String, bytes: Int, _ job: @escaping (Numbers) -> KernelJob) {
    cases.append(KernelCase(name: name, work: .bytes(bytes), job: job))
  }
  let pixels = Layer.imageSize * Layer.imageSize, image = 3 * 4 * pixels
  add("normalize", bytes: 3 * pixels + image, normalize)
  add("unnormalize", bytes: 3 * pixels + image, unnormalize)
  add("roll", bytes: 2 * image, roll)
  add("step", bytes: 3 * image, step)
  add("row_squares", bytes: 2 * image, rowSquares)
  add("blur_vertical", bytes: 2 * image) { blur($0, isVertical: true) }
  add("blur_horizontal", bytes: 2 * image) { blur($0, isVertical: false) }
  return cases
}

private let size = Layer.imageSize
private let plane = size * size

/// The scale and the offset of each channel.
private let scale: [Float] = [3, 5, 2], offset: [Float] = [-7, 11, 4]

private func normalize(_ numbers: Numbers) -> KernelJob {
  var random = Random()
  let rgb = (0..<3 * plane).map { (_: Int) -> UInt8 in UInt8(truncatingIfNeeded: random.next()) }
  let x = ImageArray(size, halo: 0)
  return KernelJob(
    reset: { x.fillWithNaN() },
    run: { kernels, threads in
      threads.overRows(size) { rows in kernels.pointee.normalize(x.image, rgb, scale, offset, rows.raw) }
    },
    found: { x.values },
    expected: {
      (0..<3 * plane).map { (index: Int) -> Double in
        let channel = index / plane, byte = Double(rgb[index % plane * 3 + channel])
        return Double(scale[channel]) * byte + Double(offset[channel])
      }
    })
}

private func unnormalize(_ numbers: Numbers) -> KernelJob {
  var random = Random()
  // The results reach below 0 and above 255, and some lie halfway between two integers.
  let values = random.values(3 * plane, .integers).map { (value: Double) -> Double in 25.5 * value }
  let x = ImageArray(size, values), rgb = Bytes(3 * plane)
  return KernelJob(
    reset: { rgb.fill(99) },
    run: { kernels, threads in
      threads.overRows(size) { rows in kernels.pointee.unnormalize(rgb.base, x.image, scale, offset, rows.raw) }
    },
    found: { rgb.values },
    expected: {
      (0..<3 * plane).map { (index: Int) -> Double in
        let channel = index % 3, value = values[channel * plane + index / 3]
        let result = Double(scale[channel]) * value + Double(offset[channel])
        return min(255, max(0, result)).rounded(.toNearestOrEven)
      }
    })
}

private func roll(_ numbers: Numbers) -> KernelJob {
  var random = Random()
  let values = random.values(3 * plane, numbers), rows = Int32(5), columns = Int32(11)
  let x = ImageArray(size, values), y = ImageArray(size)
  return KernelJob(
    reset: { y.fillWithNaN() },
    run: { kernels, threads in
      threads.overRows(size) { part in kernels.pointee.roll(y.image, x.image, rows, columns, false, part.raw) }
    },
    found: { y.values },
    expected: {
      var expected = [Double](repeating: 0, count: 3 * plane)
      pxa_ref_roll(&expected, values, 3, Int32(size), Int32(size), rows, columns)
      return expected
    })
}

private func step(_ numbers: Numbers) -> KernelJob {
  var random = Random()
  let start = random.values(3 * plane, numbers), gradients = random.values(3 * plane, numbers)
  let x = ImageArray(size, start), g = ImageArray(size, gradients)
  let low: [Float] = [-6, -5, -4], high: [Float] = [4, 5, 6], rows = Int32(5), columns = Int32(11)
  let sums = Doubles(3 * size)
  return KernelJob(
    reset: {
      x.fill(start)
      sums.fillWithNaN()
    },
    run: { kernels, threads in
      threads.overRows(size) { part in
        kernels.pointee.step(x.image, sums.base, g.image, rows, columns, 2, 0.5, low, high, part.raw)
      }
    },
    found: { x.values + sums.values },
    expected: {
      var unrolled = [Double](repeating: 0, count: 3 * plane)
      pxa_ref_roll(&unrolled, gradients, 3, Int32(size), Int32(size), -rows, -columns)
      let stepped = start.indices.map { (index: Int) -> Double in
        let value = start[index] + 2 * unrolled[index] - 0.5 * start[index]
        return min(Double(high[index / plane]), max(Double(low[index / plane]), value))
      }
      return stepped + rowSums { (index: Int) -> Double in stepped[index] * stepped[index] }
    })
}

private func rowSquares(_ numbers: Numbers) -> KernelJob {
  var random = Random()
  let values = random.values(3 * plane, numbers), gradients = random.values(3 * plane, numbers)
  let x = ImageArray(size, values), g = ImageArray(size, gradients)
  let sums = Doubles(2 * 3 * size)
  return KernelJob(
    reset: { sums.fillWithNaN() },
    run: { kernels, threads in
      threads.overRows(size) { rows in
        let pairs = UnsafeMutableRawPointer(sums.base).assumingMemoryBound(to: (Double, Double).self)
        kernels.pointee.row_squares(pairs, g.image, x.image, 2, 0.5, rows.raw)
      }
    },
    found: { sums.values },
    expected: {
      let alone = rowSums { (index: Int) -> Double in gradients[index] * gradients[index] }
      let both = rowSums { (index: Int) -> Double in
        let value = 2 * gradients[index] - 0.5 * values[index]
        return value * value
      }
      return zip(alone, both).flatMap { (sums: (Double, Double)) -> [Double] in [sums.0, sums.1] }
    })
}

/// Returns, for each row of each channel of an image, the sum of `term` over the indices of its elements.
private func rowSums(_ term: (Int) -> Double) -> [Double] {
  (0..<3 * size).map { (row: Int) -> Double in
    (row * size..<(row + 1) * size).reduce(0) { (sum: Double, index: Int) -> Double in sum + term(index) }
  }
}

/// Doubles that a kernel writes.
private final class Doubles {
  let base: UnsafeMutablePointer<Double>
  private let count: Int

  init(_ count: Int) {
    base = .allocate(capacity: count)
    self.count = count
    fillWithNaN()
  }

  deinit { base.deallocate() }

  func fillWithNaN() { base.initialize(repeating: .nan, count: count) }
  var values: [Double] { (0..<count).map { (index: Int) -> Double in base[index] } }
}

/// Returns a job that blurs with radius 2, as class visualization does.
private func blur(_ numbers: Numbers, isVertical: Bool) -> KernelJob {
  var random = Random()
  let values = random.values(3 * plane, numbers), taps: [Float] = [1, 2, 5, 3, 1], radius = taps.count / 2
  let x = ImageArray(size, values), y = ImageArray(size)
  return KernelJob(
    reset: { y.fillWithNaN() },
    run: { kernels, threads in
      threads.overRows(size) { rows in
        if isVertical {
          kernels.pointee.blur_vertical(y.image, x.image, taps, Int32(radius), rows.raw)
        } else {
          kernels.pointee.blur_horizontal(y.image, x.image, taps, Int32(radius), rows.raw)
        }
      }
    },
    found: { y.values },
    expected: {
      func reflected(_ index: Int) -> Int { index < 0 ? -1 - index : index >= size ? 2 * size - 1 - index : index }
      return (0..<3 * plane).map { (index: Int) -> Double in
        let channel = index / plane, row = index % plane / size, column = index % size
        var sum = 0.0
        for (tap, weight) in taps.enumerated() {
          let from = isVertical ? reflected(row + tap - radius) : row
          let across = isVertical ? column : reflected(column + tap - radius)
          sum += Double(weight) * values[channel * plane + from * size + across]
        }
        return sum
      }
    })
}
