// SPDX-License-Identifier: MIT

import CPixelKernels
import CPixelReference
import PixelAscent

/// Returns the cases of pools, a linear layer and an activation function. Memory limits the speed of all of them.
func layerKernelCases() -> [KernelCase] {
  var cases: [KernelCase] = []
  func add(_ name: String, _ pass: String, bytes: Int, _ job: @escaping (Numbers) -> KernelJob) {
    cases.append(KernelCase(name: name, pass: pass, work: .bytes(bytes), job: job))
  }
  let layers = squeezeNet(size: Layer.imageSize)
  for pool in layers.filter({ $0.operation == .maxPool }).map(PoolShape.init) + [PoolShape.vgg] {
    add(pool.name, "forward", bytes: 4 * pool.inputCount + 5 * pool.outputCount) { maxPoolForward(pool, $0) }
    add(pool.name, "input_grad", bytes: 4 * pool.inputCount + 5 * pool.outputCount) { maxPoolInputGradient(pool, $0) }
  }
  for average in layers where average.operation == .globalAverage {
    let block = 16 * 4 * average.inputSize * average.inputSize
    add(average.name, "forward", bytes: block) { globalAverageForward(average, $0) }
    add(average.name, "input_grad", bytes: 2 * block) { globalAverageInputGradient(average, $0) }
  }
  add("linear", "forward", bytes: 4 * Linear.inputs * Linear.outputs, linearForward)
  add("linear", "input_grad", bytes: 4 * Linear.inputs * Linear.outputs, linearInputGradient)
  add("silu", "forward", bytes: 8 * Function.count, functionForward)
  add("silu", "input_grad", bytes: 12 * Function.count, functionInputGradient)
  return cases
}

/// An epilogue that neither accumulates nor masks.
private var plain: pxa_epilogue {
  pxa_epilogue(x: nil, clamp: pxa_clamp(low: -.infinity, high: .infinity), accumulate: false)
}

// MARK: - Max pools

private struct PoolShape {
  let name: String
  let kernel, stride, channels, inputSize, outputSize: Int

  /// VGG's second pool.
  static let vgg = PoolShape(name: "pool2x2", kernel: 2, stride: 2, channels: 128, inputSize: 112, outputSize: 56)

  var inputCount: Int { channels * inputSize * inputSize }
  var outputCount: Int { channels * outputSize * outputSize }
  var blocks: Range<Int> { 0..<(channels + 15) / 16 }

  var window: pxa_window {
    let axis = pxa_axis(kernel: Int32(kernel), stride: Int32(stride), before: 0, after: 0, dilation: 1)
    return pxa_window(y: axis, x: axis)
  }

  var reference: pxa_ref_axis {
    pxa_ref_axis(
      kernel: Int32(kernel), stride: Int32(stride), before: 0, dilation: 1, input: Int32(inputSize),
      output: Int32(outputSize))
  }

  /// Returns the offset of an output element in the array of indices that the kernels write.
  ///
  /// - Parameter index: The element's offset in the layout [C][H][W].
  func indexOffset(_ index: Int) -> Int {
    let (channel, pixel) = index.quotientAndRemainder(dividingBy: outputSize * outputSize)
    return (channel / 16 * outputSize * outputSize + pixel) * 16 + channel % 16
  }
}

extension PoolShape {
  fileprivate init(_ layer: Layer) {
    self.init(
      name: layer.name, kernel: layer.kernel, stride: layer.stride, channels: layer.inputs, inputSize: layer.inputSize,
      outputSize: layer.outputSize)
  }
}

/// The input of a max pool, and the output and the indices that the reference computes.
private struct PoolData {
  let x, y: [Double]
  let index: [UInt8]

  init(_ pool: PoolShape, _ numbers: Numbers, _ random: inout Random) {
    x = random.values(pool.inputCount, numbers)
    var y = [Double](repeating: 0, count: pool.outputCount), index = [UInt8](repeating: 0, count: pool.outputCount)
    _ = pxa_ref_max_pool_forward(&y, &index, x, Int32(pool.channels), pool.reference, pool.reference)
    (self.y, self.index) = (y, index)
  }
}

/// Bytes that a kernel writes.
final class Bytes {
  let base: UnsafeMutablePointer<UInt8>
  private let count: Int

  init(_ count: Int) {
    base = .allocate(capacity: count)
    self.count = count
    fill(0)
  }

  deinit { base.deallocate() }

  func fill(_ byte: UInt8) { base.initialize(repeating: byte, count: count) }
  var values: [Double] { (0..<count).map { (index: Int) -> Double in Double(base[index]) } }
}

private func maxPoolForward(_ pool: PoolShape, _ numbers: Numbers) -> KernelJob {
  var random = Random()
  let data = PoolData(pool, numbers, &random)
  let x = BlockedArray(pool.channels, pool.inputSize, halo: 0, data.x)
  let y = BlockedArray(pool.channels, pool.outputSize, halo: 0)
  let index = Bytes(data.index.count)
  return KernelJob(
    reset: {
      y.fillWithNaN(0..<pool.channels)
      index.fill(99)
    },
    run: { kernels, threads in
      threads.overParts(blocks: pool.blocks, multipleOf: 1, rows: pool.outputSize) { blocks, rows in
        kernels.pointee.max_pool_forward(y.planes, index.base, x.planes, pool.window, blocks.raw, rows.raw)
      }
    },
    found: {
      let indices = data.index.indices.map { (element: Int) -> Double in Double(index.base[pool.indexOffset(element)]) }
      return y.values(0..<pool.channels) + indices
    },
    expected: { data.y + data.index.map(Double.init) })
}

private func maxPoolInputGradient(_ pool: PoolShape, _ numbers: Numbers) -> KernelJob {
  var random = Random()
  let data = PoolData(pool, numbers, &random), values = random.values(data.y.count, numbers)
  let dx = BlockedArray(pool.channels, pool.inputSize, halo: 1)
  let dy = BlockedArray(pool.channels, pool.outputSize, halo: 0, values)
  let index = Bytes(data.index.count)
  for (element, tap) in data.index.enumerated() { index.base[pool.indexOffset(element)] = tap }
  return KernelJob(
    reset: { dx.fillWithNaN(0..<pool.channels) },
    run: { kernels, threads in
      threads.overParts(blocks: pool.blocks, multipleOf: 1, rows: pool.inputSize) { blocks, rows in
        kernels.pointee.max_pool_input_grad(
          dx.planes, dy.planes, index.base, plain, pool.window, blocks.raw, rows.raw)
      }
    },
    found: { dx.values(0..<pool.channels) },
    expected: {
      var sums = [Double](repeating: 0, count: data.x.count)
      pxa_ref_max_pool_input_grad(
        &sums, values, data.index, Int32(pool.channels), pool.reference, pool.reference)
      return sums
    })
}

// MARK: - The global average

/// Returns a job that averages only the block of one class, as an ascent does.
private func globalAverageForward(_ layer: Layer, _ numbers: Numbers) -> KernelJob {
  var random = Random()
  let channels = 16 * layer.blocks.lowerBound..<16 * layer.blocks.upperBound
  let area = layer.inputSize * layer.inputSize, values = random.values(16 * area, numbers)
  let x = BlockedArray(layer.inputs, layer.inputSize, halo: 0, values, from: channels.lowerBound)
  let y = BlockedArray(layer.inputs, 1, halo: 0)
  return KernelJob(
    reset: { y.fillWithNaN(channels) },
    run: { kernels, _ in
      kernels.pointee.adaptive_average_forward(y.planes, x.planes, layer.blocks.raw, (0..<1).raw)
    },
    found: { y.values(channels) },
    expected: {
      (0..<16).map { (channel: Int) -> Double in
        values[channel * area..<(channel + 1) * area].reduce(0, +) / Double(area)
      }
    })
}

private func globalAverageInputGradient(_ layer: Layer, _ numbers: Numbers) -> KernelJob {
  var random = Random()
  let channels = 16 * layer.blocks.lowerBound..<16 * layer.blocks.upperBound
  let area = layer.inputSize * layer.inputSize
  let values = random.values(16 * area, numbers), gradients = random.values(16, numbers)
  let x = BlockedArray(layer.inputs, layer.inputSize, halo: 0, values, from: channels.lowerBound)
  let dx = BlockedArray(layer.inputs, layer.inputSize, halo: 0)
  let dy = BlockedArray(layer.inputs, 1, halo: 0, gradients, from: channels.lowerBound)
  return KernelJob(
    reset: { dx.fillWithNaN(channels) },
    run: { kernels, _ in
      withPointer(x.planes) { (mask: UnsafePointer<pxa_planes>?) in
        let epilogue = pxa_epilogue(x: mask, clamp: pxa_clamp(low: 0, high: .infinity), accumulate: false)
        kernels.pointee.adaptive_average_input_grad(
          dx.planes, dy.planes, epilogue, layer.blocks.raw, (0..<layer.inputSize).raw)
      }
    },
    found: { dx.values(channels) },
    expected: {
      values.indices.map { (index: Int) -> Double in
        values[index] > 0 ? gradients[index / area] / Double(area) : 0
      }
    })
}

// MARK: - A linear layer

/// The data of VGG's last layer.
private struct Linear {
  static let inputs = 4096, outputs = 1000
  let x, dy, bias, weights: [Double]
  let floats: Floats

  init(_ numbers: Numbers) {
    var random = Random()
    x = random.values(Self.inputs, numbers)
    dy = random.values(Self.outputs, numbers)
    bias = random.values(Self.outputs, numbers)
    weights = random.values(Self.inputs * Self.outputs, numbers)
    floats = Floats(weights.count, weights)
  }
}

private func linearForward(_ numbers: Numbers) -> KernelJob {
  let data = Linear(numbers), clamp = pxa_clamp(low: -.infinity, high: .infinity)
  let x = BlockedArray(Linear.inputs, 1, halo: 0, data.x), y = BlockedArray(Linear.outputs, 1, halo: 0)
  let bias = Floats((Linear.outputs + 15) / 16 * 16, data.bias)
  return KernelJob(
    reset: { y.fillWithNaN(0..<Linear.outputs) },
    run: { kernels, threads in
      threads.overParts(blocks: 0..<(Linear.outputs + 15) / 16, multipleOf: 1, rows: 1) { blocks, _ in
        kernels.pointee.linear_forward(y.planes, x.planes, data.floats.base, bias.base, clamp, blocks.raw)
      }
    },
    found: { y.values(0..<Linear.outputs) },
    expected: {
      var y = [Double](repeating: 0, count: Linear.outputs), sizes = y
      pxa_ref_linear_forward(&y, &sizes, data.x, data.weights, data.bias, Int32(Linear.inputs), Int32(Linear.outputs))
      return y
    })
}

private func linearInputGradient(_ numbers: Numbers) -> KernelJob {
  let data = Linear(numbers)
  let dx = BlockedArray(Linear.inputs, 1, halo: 0), dy = BlockedArray(Linear.outputs, 1, halo: 0, data.dy)
  let from = 0..<(Linear.outputs + 15) / 16
  return KernelJob(
    reset: { dx.fillWithNaN(0..<Linear.inputs) },
    run: { kernels, threads in
      threads.overParts(blocks: 0..<Linear.inputs / 16, multipleOf: 1, rows: 1) { blocks, _ in
        kernels.pointee.linear_input_grad(dx.planes, dy.planes, data.floats.base, plain, from.raw, blocks.raw)
      }
    },
    found: { dx.values(0..<Linear.inputs) },
    expected: {
      var dx = [Double](repeating: 0, count: Linear.inputs), sizes = dx
      pxa_ref_linear_input_grad(
        &dx, &sizes, data.dy, data.weights, Int32(Linear.inputs), 0, Int32(Linear.outputs))
      return dx
    })
}

// MARK: - An activation function

/// SiLU after EfficientNet's layer with the most activations.
private enum Function {
  static let channels = 96, size = 112
  static let count = channels * size * size
  static var function: pxa_function { pxa_function(kind: PXA_SWISH, a: 1, b: 0, c: 0, slopes: nil) }
  static var curve: pxa_ref_curve { pxa_ref_curve(kind: Int32(PXA_SWISH.rawValue), a: 1, b: 0, c: 0, slope: 0) }

  /// Returns a result rounded to a multiple of 1/4096: results are compared exactly, and this removes rounding errors.
  static func rounded(_ value: Double) -> Double { (value * 4096).rounded() / 4096 }
}

private func functionForward(_ numbers: Numbers) -> KernelJob {
  var random = Random()
  let values = random.values(Function.count, numbers)
  let x = BlockedArray(Function.channels, Function.size, halo: 0, values)
  let y = BlockedArray(Function.channels, Function.size, halo: 0)
  return KernelJob(
    reset: { y.fillWithNaN(0..<Function.channels) },
    run: { kernels, threads in
      threads.overParts(blocks: 0..<Function.channels / 16, multipleOf: 1, rows: Function.size) { blocks, rows in
        kernels.pointee.function_forward(y.planes, x.planes, Function.function, blocks.raw, rows.raw)
      }
    },
    found: { y.values(0..<Function.channels).map(Function.rounded) },
    expected: {
      values.map { (value: Double) -> Double in
        Function.rounded(pxa_ref_function(Function.curve, value))
      }
    })
}

private func functionInputGradient(_ numbers: Numbers) -> KernelJob {
  var random = Random()
  let values = random.values(Function.count, numbers), gradients = random.values(Function.count, numbers)
  let x = BlockedArray(Function.channels, Function.size, halo: 0, values)
  let dy = BlockedArray(Function.channels, Function.size, halo: 0, gradients)
  let dx = BlockedArray(Function.channels, Function.size, halo: 0)
  return KernelJob(
    reset: { dx.fillWithNaN(0..<Function.channels) },
    run: { kernels, threads in
      threads.overParts(blocks: 0..<Function.channels / 16, multipleOf: 1, rows: Function.size) { blocks, rows in
        kernels.pointee.function_input_grad(
          dx.planes, dy.planes, x.planes, Function.function, plain, blocks.raw, rows.raw)
      }
    },
    found: { dx.values(0..<Function.channels).map(Function.rounded) },
    expected: {
      zip(values, gradients).map { (value: Double, gradient: Double) -> Double in
        Function.rounded(gradient * pxa_ref_function_derivative(Function.curve, value))
      }
    })
}
