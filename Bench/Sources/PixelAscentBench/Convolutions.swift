// SPDX-License-Identifier: MIT

import CPixelKernels
import CPixelReference
import PixelAscent

/// Returns the cases of SqueezeNet's convolutions and their input gradients.
///
/// "sparse" data has as many zeros as ReLUs leave in an ascent; "dense" data has none, and "winograd" is dense data in
/// Winograd's method.
func convolutionCases() -> [KernelCase] {
  squeezeNet(size: Layer.imageSize).flatMap { (layer: Layer) -> [KernelCase] in
    func make(_ pass: String, _ data: String, _ job: @escaping (Numbers) -> KernelJob) -> KernelCase {
      KernelCase(name: layer.name, pass: pass, data: data, work: .operations(layer.flop()), job: job)
    }
    guard layer.operation == .stem || layer.operation == .convolution else { return [] }
    let gradient = layer.operation == .stem ? stemInputGradient : convolutionInputGradient
    var cases = [make("forward", "dense") { numbers in convolutionForward(layer, numbers, 0) }]
    if let zeros = layer.inputZeros {
      cases.append(make("forward", "sparse") { numbers in convolutionForward(layer, numbers, zeros) })
    }
    if layer.isPlain3x3 {
      cases.append(make("forward", "winograd") { numbers in winogradForward(layer, numbers) })
    }
    cases.append(make("input_grad", "dense") { numbers in gradient(layer, numbers, 0) })
    if let zeros = layer.gradientZeros {
      cases.append(make("input_grad", "sparse") { numbers in gradient(layer, numbers, zeros) })
    }
    if layer.isPlain3x3 {
      cases.append(make("input_grad", "winograd") { numbers in winogradInputGradient(layer, numbers) })
    }
    return cases
  }
}

extension Layer {
  /// Whether zeros can be skipped, and Winograd's method is possible.
  fileprivate var isPlain3x3: Bool { operation == .convolution && kernel == 3 && stride == 1 }

  /// The fraction of zeros in the input, if it is large in an ascent; else nil.
  fileprivate var inputZeros: Double? { name.hasSuffix("squeeze1x1") ? 0.7 : nil }

  /// The fraction of zeros in the gradient of the output; nil if the layer is not a stem or an expand layer.
  fileprivate var gradientZeros: Double? {
    if operation == .stem { return 0.85 }
    if name.hasSuffix("expand3x3") { return 0.8 }
    return name.hasSuffix("expand1x1") ? 0.7 : nil
  }

  /// The channels of `blocks`.
  fileprivate var computed: Range<Int> { 16 * blocks.lowerBound..<min(outputs, 16 * blocks.upperBound) }

  fileprivate var inputCount: Int { inputs * inputSize * inputSize }
  fileprivate var computedCount: Int { computed.count * outputSize * outputSize }
  fileprivate var weightCount: Int { outputs * inputs * kernel * kernel }

  /// Returns the weights of the channels that are computed.
  fileprivate func computed(_ weights: [Double]) -> [Double] {
    let each = inputs * kernel * kernel
    return Array(weights[computed.lowerBound * each..<computed.upperBound * each])
  }

  /// The layer in the reference's form, with only the channels that are computed.
  fileprivate var reference: pxa_ref_conv {
    let axis = pxa_ref_axis(
      kernel: Int32(kernel), stride: Int32(stride), before: Int32(padding), dilation: 1, input: Int32(inputSize),
      output: Int32(outputSize))
    return pxa_ref_conv(
      groups: 1, in_channels: Int32(inputs), out_channels: Int32(computed.count), y: axis, x: axis)
  }

  fileprivate func referenceForward(_ x: [Double], _ weights: [Double], _ bias: [Double]) -> [Double] {
    var y = [Double](repeating: 0, count: computedCount)
    pxa_ref_conv_forward(&y, nil, x, computed(weights), Array(bias[computed]), reference, 0, .infinity)
    return y
  }

  fileprivate func referenceGradient(_ dy: [Double], _ weights: [Double]) -> [Double] {
    var dx = [Double](repeating: 0, count: inputCount)
    pxa_ref_conv_input_grad(&dx, nil, dy, computed(weights), reference)
    return dx
  }

  /// Returns the weights packed for the forward kernel.
  fileprivate func packed(_ weights: [Double]) -> Floats {
    let inputs = Int32(inputs), outputs = Int32(outputs), values = weights.map(Float.init)
    if operation == .stem {
      let packed = Floats(pxa_stem_packed_floats(window, inputs, outputs))
      pxa_stem_pack_forward(packed.base, values, window, inputs, outputs)
      return packed
    }
    let packed = Floats(pxa_conv_packed_floats(window, 1, inputs, outputs))
    pxa_conv_pack_forward(packed.base, values, window, 1, inputs, outputs)
    return packed
  }

  /// Returns the weights packed for the gradient's kernel.
  fileprivate func packedForGradient(_ weights: [Double]) -> Floats {
    let inputs = Int32(inputs), outputs = Int32(outputs), forward = packed(weights)
    if operation == .stem {
      let packed = Floats(pxa_stem_grad_packed_floats(window, inputs, outputs))
      pxa_stem_pack_input_grad(packed.base, forward.base, window, inputs, outputs)
      return packed
    }
    let packed = Floats(pxa_conv_grad_packed_floats(window, 1, inputs, outputs))
    pxa_conv_pack_input_grad(packed.base, forward.base, window, 1, inputs, outputs)
    return packed
  }
}

private func convolutionForward(_ layer: Layer, _ numbers: Numbers, _ zeros: Double) -> KernelJob {
  var random = Random()
  let values = random.values(layer.inputCount, numbers, zeros: zeros)
  let weights = random.values(layer.weightCount, numbers), biases = random.values(layer.outputs, numbers)
  let y = BlockedArray(layer.outputs, layer.outputSize, halo: 0)
  let bias = Floats(16 * ((layer.outputs + 15) / 16), biases), packed = layer.packed(weights), window = layer.window
  let convolve: (KernelTable, pxa_range, pxa_range) -> Void
  if layer.operation == .stem {
    let x = ImageArray(layer.inputSize, halo: layer.padding, values)
    convolve = { $0.pointee.stem_forward(y.planes, x.image, packed.base, bias.base, window, .relu, $1, $2) }
  } else {
    let x = BlockedArray(layer.inputs, layer.inputSize, halo: layer.padding, values)
    convolve = {
      $0.pointee.conv_forward(y.planes, x.planes, nil, packed.base, bias.base, window, 1, .relu, $1, $2)
    }
  }
  return KernelJob(
    reset: { y.fillWithNaN(layer.computed) },
    run: { kernels, threads in
      threads.overParts(blocks: layer.blocks, multipleOf: kernels.tileBlocks, rows: layer.outputSize) {
        blocks, rows in
        convolve(kernels, blocks.raw, rows.raw)
      }
    },
    found: { y.values(layer.computed) },
    expected: { layer.referenceForward(values, weights, biases) })
}

private func convolutionInputGradient(_ layer: Layer, _ numbers: Numbers, _ zeros: Double) -> KernelJob {
  var random = Random()
  let values = random.values(layer.computedCount, numbers, zeros: zeros)
  let weights = random.values(layer.weightCount, numbers), activations = random.values(layer.inputCount, numbers)
  let start = layer.accumulates ? random.values(layer.inputCount, numbers) : []
  let dy = BlockedArray(layer.outputs, layer.outputSize, halo: 1, values, from: layer.computed.lowerBound)
  let dx = BlockedArray(layer.inputs, layer.inputSize, halo: 1, start)
  let x = BlockedArray(layer.inputs, layer.inputSize, halo: 1, activations)
  let packed = layer.packedForGradient(weights)
  let nonzero = layer.isPlain3x3 && zeros > 0 ? NonzeroMask(layer.outputs, layer.outputSize) : nil
  return KernelJob(
    reset: { layer.accumulates ? dx.fill(start) : dx.fillWithNaN(0..<layer.inputs) },
    run: { kernels, threads in
      if let nonzero {
        threads.overRows(layer.outputSize) { kernels.pointee.make_nonzero_mask(nonzero.base, dy.planes, $0.raw) }
      }
      let multiple = nonzero == nil ? kernels.tileBlocks : Int(PXA_SPARSE_BLOCKS)
      threads.overParts(blocks: 0..<layer.inputBlocks, multipleOf: multiple, rows: layer.inputSize) { blocks, rows in
        withPointer(layer.masks ? x.planes : nil) {
          kernels.pointee.conv_input_grad(
            dx.planes, dy.planes, nonzero?.base, packed.base,
            pxa_epilogue(x: $0, clamp: .relu, accumulate: layer.accumulates), layer.window, 1, layer.blocks.raw,
            blocks.raw, rows.raw)
        }
      }
    },
    found: { dx.values(0..<layer.inputs) },
    expected: {
      let sums = layer.referenceGradient(values, weights)
      return sums.indices.map { (index: Int) -> Double in
        let isOpen = !layer.masks || activations[index] > 0
        return isOpen ? sums[index] + (layer.accumulates ? start[index] : 0) : 0
      }
    })
}

/// Winograd's method for the output of a 3×3 convolution.
private func winogradForward(_ layer: Layer, _ numbers: Numbers) -> KernelJob {
  var random = Random()
  let values = random.values(layer.inputCount, numbers), weights = random.values(layer.weightCount, numbers)
  let biases = random.values(layer.outputs, numbers)
  let x = BlockedArray(layer.inputs, layer.inputSize, halo: layer.padding, values)
  let y = BlockedArray(layer.outputs, layer.outputSize, halo: 0)
  let bias = Floats(16 * ((layer.outputs + 15) / 16), biases)
  let (inputs, outputs) = (Int32(layer.inputs), Int32(layer.outputs))
  let direct = layer.packed(weights), packed = Floats(pxa_winograd_packed_floats(inputs, outputs))
  pxa_winograd_pack_forward(packed.base, direct.base, inputs, outputs)
  let scratch = ScratchProbe(floats: pxa_winograd_scratch_floats(inputs))
  return KernelJob(
    tolerance: winogradTolerance,
    reset: { y.fillWithNaN(layer.computed) },
    run: { kernels, threads in
      threads.overTiles(
        inputs: layer.inputBlocks, blocks: layer.blocks.upperBound, height: layer.outputSize, width: layer.outputSize
      ) { blocks, rows in
        scratch.borrow {
          kernels.pointee.winograd_forward(
            y.planes, x.planes, packed.base, bias.base, layer.window, .relu, $0, blocks.raw, rows.raw)
        }
      }
    },
    found: { y.values(layer.computed) },
    expected: { layer.referenceForward(values, weights, biases) })
}

/// Winograd's method for the input gradient of a 3×3 convolution.
private func winogradInputGradient(_ layer: Layer, _ numbers: Numbers) -> KernelJob {
  var random = Random()
  let values = random.values(layer.computedCount, numbers), weights = random.values(layer.weightCount, numbers)
  let dy = BlockedArray(layer.outputs, layer.outputSize, halo: 1, values)
  let dx = BlockedArray(layer.inputs, layer.inputSize, halo: 1)
  let (inputs, outputs) = (Int32(layer.inputs), Int32(layer.outputs))
  let direct = layer.packedForGradient(weights), packed = Floats(pxa_winograd_packed_floats(outputs, inputs))
  pxa_winograd_pack_input_grad(packed.base, direct.base, inputs, outputs)
  let scratch = ScratchProbe(floats: pxa_winograd_scratch_floats(outputs))
  return KernelJob(
    tolerance: winogradTolerance,
    reset: { dx.fillWithNaN(0..<layer.inputs) },
    run: { kernels, threads in
      threads.overTiles(
        inputs: layer.blocks.upperBound, blocks: layer.inputBlocks, height: layer.inputSize, width: layer.inputSize
      ) { blocks, rows in
        scratch.borrow {
          kernels.pointee.winograd_input_grad(
            dx.planes, dy.planes, packed.base, pxa_epilogue(x: nil, clamp: .relu, accumulate: false), layer.window,
            layer.blocks.raw, $0, blocks.raw, rows.raw)
        }
      }
    },
    found: { dx.values(0..<layer.inputs) },
    expected: { layer.referenceGradient(values, weights) })
}

/// Winograd's method rounds even with integers. This fraction of the greatest result is ten times its largest error in
/// SqueezeNet's layers.
private let winogradTolerance = 1e-5

private func stemInputGradient(_ layer: Layer, _ numbers: Numbers, _ zeros: Double) -> KernelJob {
  var random = Random()
  let values = random.values(layer.computedCount, numbers, zeros: zeros)
  let weights = random.values(layer.weightCount, numbers)
  let dy = BlockedArray(layer.outputs, layer.outputSize, halo: 0, values)
  let dx = ImageArray(layer.inputSize)
  let packed = layer.packedForGradient(weights)
  return KernelJob(
    reset: { dx.fillWithNaN() },
    run: { kernels, threads in
      threads.overRows(layer.inputSize) { rows in
        kernels.pointee.stem_input_grad(dx.image, dy.planes, packed.base, layer.window, rows.raw)
      }
    },
    found: { dx.values },
    expected: { layer.referenceGradient(values, weights) })
}
