// SPDX-License-Identifier: MIT

import CPixelKernels
import CPixelReference
import TestSupport
import Testing

/// A convolution's geometry with the sizes around it.
struct Geometry: CustomStringConvertible, Sendable {
  let kernel, stride, padding, inputs, outputs, height, width: Int

  var conv: pxa_conv { pxa_conv(kernel: Int32(kernel), stride: Int32(stride), padding: Int32(padding)) }
  var outHeight: Int { Int(pxa_conv_output_size(conv, Int32(height))) }
  var outWidth: Int { Int(pxa_conv_output_size(conv, Int32(width))) }
  var weights: Int { outputs * inputs * kernel * kernel }
  var inCount: Int { inputs * height * width }
  var outCount: Int { outputs * outHeight * outWidth }
  var gradHalo: Int { Int(pxa_conv_grad_halo(conv)) }
  var reference: pxa_ref_conv {
    pxa_ref_conv(
      kernel: conv.kernel, stride: conv.stride, padding: conv.padding, in_channels: Int32(inputs),
      in_height: Int32(height), in_width: Int32(width), out_channels: Int32(outputs), out_height: Int32(outHeight),
      out_width: Int32(outWidth))
  }
  var description: String { "\(inputs)→\(outputs) \(kernel)×\(kernel)/\(stride) pad \(padding) on \(height)×\(width)" }

  static let kinds: [(kernel: Int, stride: Int, padding: Int)] = [1, 3].flatMap { k in
    [1, 2].flatMap { s in [0, 1].map { (k, s, $0) } }
  }

  /// Every width 1 … 2·tile + 1 and more than one row, where something comes out.
  static func small(_ kind: (kernel: Int, stride: Int, padding: Int), inputs: Int, outputs: Int) -> [Geometry] {
    (1...13).flatMap { width in
      [1, 2, 3, 6].map { height in
        Geometry(
          kernel: kind.kernel, stride: kind.stride, padding: kind.padding, inputs: inputs, outputs: outputs,
          height: height, width: width)
      }
    }.filter { $0.outHeight > 0 && $0.outWidth > 0 }
  }

  /// The convolutions of SqueezeNet 1.1 on 224×224 pixels that read blocked planes.
  static let squeezeNet: [Geometry] = [
    (64, 16, 1, 55), (16, 64, 1, 55), (16, 64, 3, 55), (128, 16, 1, 55), (128, 32, 1, 27), (32, 128, 3, 27),
    (256, 32, 1, 27), (256, 48, 1, 13), (48, 192, 3, 13), (384, 48, 1, 13), (384, 64, 1, 13), (64, 256, 3, 13),
    (512, 64, 1, 13), (512, 1000, 1, 13),
  ].map {
    Geometry(kernel: $0.2, stride: 1, padding: $0.2 / 2, inputs: $0.0, outputs: $0.1, height: $0.3, width: $0.3)
  }
}

/// One convolution's data, and both implementations of it.
struct Convolution {
  let geometry: Geometry
  let x, dy, weights, bias: [Double]

  init(_ geometry: Geometry, integers: Bool, seed: UInt64) {
    var random = TestRandom(seed)
    func make(_ count: Int) -> [Double] { integers ? random.integers(count) : random.reals(count) }
    self.geometry = geometry
    x = make(geometry.inCount)
    dy = make(geometry.outCount)
    weights = make(geometry.weights)
    bias = make(geometry.outputs)
  }

  func referenceForward(relu: Bool) -> (y: [Double], magnitude: [Double]) {
    var y = [Double](repeating: 0, count: geometry.outCount), magnitude = y
    pxa_ref_conv_forward(&y, &magnitude, x, weights, bias, geometry.reference, relu)
    return (y, magnitude)
  }

  func referenceGradient() -> (dx: [Double], magnitude: [Double]) {
    var dx = [Double](repeating: 0, count: geometry.inCount), magnitude = dx
    pxa_ref_conv_input_grad(&dx, &magnitude, dy, weights, geometry.reference)
    return (dx, magnitude)
  }

  func forward(_ table: Table, relu: Bool, cut: Bool = false) -> BlockedArray {
    let g = geometry, y = BlockedArray(g.outputs, g.outHeight, g.outWidth, halo: 1)
    let x = BlockedArray(g.inputs, g.height, g.width, halo: max(g.padding, 1), fill: x)
    let packed = AlignedFloats(pxa_conv_packed_floats(g.conv, Int32(g.inputs), Int32(g.outputs)))
    pxa_conv_pack_forward(packed.base, weights.map(Float.init), g.conv, Int32(g.inputs), Int32(g.outputs))
    let bias = AlignedFloats(Int(pxa_blocks(Int32(g.outputs))) * 16, bias)
    parts(blocks: g.outputs, rows: g.outHeight, cut: cut) {
      table.kernels.conv_forward(y.planes, x.planes, packed.base, bias.base, g.conv, relu, $0, $1)
    }
    return y
  }

  /// - Parameter marked: whether dY is marked too, for a kernel that leaves out its zeros
  func gradient(
    _ table: Table, mask: [Double]? = nil, start: [Double]? = nil, cut: Bool = false, marked: Bool = false
  ) -> BlockedArray {
    let g = geometry, dx = BlockedArray(g.inputs, g.height, g.width, halo: 1, fill: start)
    let dy = BlockedArray(g.outputs, g.outHeight, g.outWidth, halo: g.gradHalo, fill: dy)
    let packed = packedGradient(pxa_conv_packed_floats, pxa_conv_pack_forward, pxa_conv_packed_floats) {
      pxa_conv_pack_input_grad($0, $1, g.conv, Int32(g.inputs), Int32(g.outputs))
    }
    let x = mask.map { BlockedArray(g.inputs, g.height, g.width, halo: 2, fill: $0) }
    let marks = marked ? Marks(of: dy, table) : nil
    parts(blocks: g.inputs, rows: g.height, cut: cut) { part, rows in
      var planes = x?.planes ?? pxa_planes()
      withUnsafePointer(to: &planes) {
        table.kernels.conv_input_grad(
          dx.planes, dy.planes, marks?.base, packed.base, x == nil ? nil : $0, start != nil, g.conv,
          blocks(g.outputs), part, rows)
      }
    }
    return dx
  }

  /// Weights for the gradient, from those of the forward pass.
  func packedGradient(
    _ forwardCount: (pxa_conv, Int32, Int32) -> Int,
    _ packForward: (UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, pxa_conv, Int32, Int32) -> Void,
    _ count: (pxa_conv, Int32, Int32) -> Int,
    _ pack: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) -> AlignedFloats {
    let g = geometry, inputs = Int32(g.inputs), outputs = Int32(g.outputs)
    let forward = AlignedFloats(forwardCount(g.conv, inputs, outputs))
    packForward(forward.base, weights.map(Float.init), g.conv, inputs, outputs)
    let packed = AlignedFloats(count(g.conv, inputs, outputs))
    pack(packed.base, forward.base)
    return packed
  }

  func stemForward(_ table: Table, relu: Bool, cut: Bool = false) -> BlockedArray {
    let g = geometry, y = BlockedArray(g.outputs, g.outHeight, g.outWidth, halo: 1)
    let x = ImageArray(g.inputs, g.height, g.width, halo: g.padding, fill: x)
    let packed = AlignedFloats(pxa_stem_packed_floats(g.conv, Int32(g.inputs), Int32(g.outputs)))
    pxa_stem_pack_forward(packed.base, weights.map(Float.init), g.conv, Int32(g.inputs), Int32(g.outputs))
    let bias = AlignedFloats(Int(pxa_blocks(Int32(g.outputs))) * 16, bias)
    parts(blocks: g.outputs, rows: g.outHeight, cut: cut) {
      table.kernels.stem_forward(y.planes, x.image, packed.base, bias.base, g.conv, relu, $0, $1)
    }
    return y
  }

  func stemGradient(_ table: Table, cut: Bool = false) -> ImageArray {
    let g = geometry, dx = ImageArray(g.inputs, g.height, g.width)
    let dy = BlockedArray(g.outputs, g.outHeight, g.outWidth, halo: 0, fill: dy)
    let packed = packedGradient(pxa_stem_packed_floats, pxa_stem_pack_forward, pxa_stem_grad_packed_floats) {
      pxa_stem_pack_input_grad($0, $1, g.conv, Int32(g.inputs), Int32(g.outputs))
    }
    parts(blocks: 1, rows: g.height, cut: cut) { _, rows in
      table.kernels.stem_input_grad(dx.image, dy.planes, packed.base, g.conv, rows)
    }
    return dx
  }

  /// Everything at once, or block by block and row by row.
  private func parts(blocks channels: Int, rows count: Int, cut: Bool, _ body: (pxa_range, pxa_range) -> Void) {
    guard cut else { return body(blocks(channels), rows(count)) }
    for block in 0..<(channels + 15) / 16 {
      for row in (0..<count).reversed() { body(range(block, block + 1), range(row, row + 1)) }
    }
  }
}

@Suite struct ConvolutionTests {
  @Test("small shapes, exact on integers", arguments: Table.all)
  func smallShapesExactly(table: Table) {
    for kind in Geometry.kinds {
      for (inputs, outputs) in [(16, 16), (3, 20), (17, 5)] {
        for geometry in Geometry.small(kind, inputs: inputs, outputs: outputs) {
          let convolution = Convolution(geometry, integers: true, seed: 1)
          for relu in [false, true] {
            let y = convolution.forward(table, relu: relu)
            #expect(y.values == convolution.referenceForward(relu: relu).y, "\(geometry) forward")
            #expect(y.isIntactAround, "\(geometry) forward wrote beside its output")
          }
          let dx = convolution.gradient(table)
          #expect(dx.values == convolution.referenceGradient().dx, "\(geometry) gradient")
          #expect(dx.isIntactAround, "\(geometry) gradient wrote beside its output")
        }
      }
    }
  }

  @Test("the image as input, exact on integers", arguments: Table.all)
  func stemExactly(table: Table) {
    for kind in Geometry.kinds {
      for (inputs, outputs) in [(1, 16), (2, 17), (3, 40), (4, 16), (5, 3)] {
        // The gradient is cut after 128 columns.
        let wide = [127, 128, 129, 130, 257].map {
          Geometry(
            kernel: kind.kernel, stride: kind.stride, padding: kind.padding, inputs: inputs, outputs: outputs,
            height: 4,
            width: $0)
        }
        for geometry in Geometry.small(kind, inputs: inputs, outputs: outputs) + wide {
          let convolution = Convolution(geometry, integers: true, seed: 2)
          let y = convolution.stemForward(table, relu: true), dx = convolution.stemGradient(table)
          #expect(y.values == convolution.referenceForward(relu: true).y, "\(geometry) forward")
          #expect(dx.values == convolution.referenceGradient().dx, "\(geometry) gradient")
          #expect(y.isIntactAround && dx.isIntactAround, "\(geometry) wrote beside its output")
        }
      }
    }
  }

  @Test("mask and start of a gradient, exact on integers", arguments: Table.all)
  func maskAndStart(table: Table) {
    for kind in Geometry.kinds {
      let geometry = Geometry(
        kernel: kind.kernel, stride: kind.stride, padding: kind.padding, inputs: 18, outputs: 33, height: 9, width: 11)
      let convolution = Convolution(geometry, integers: true, seed: 3)
      var random = TestRandom(4)
      let mask = random.integers(geometry.inCount, range: 1), start = random.integers(geometry.inCount)
      let plain = convolution.referenceGradient().dx
      let masked = zip(plain, mask).map { $1 > 0 ? $0 : 0 }
      let both = zip(zip(plain, start), mask).map { $1 > 0 ? $0.0 + $0.1 : 0 }
      #expect(convolution.gradient(table, mask: mask).values == masked, "\(geometry)")
      #expect(convolution.gradient(table, mask: mask, start: start).values == both, "\(geometry)")
      #expect(convolution.gradient(table, start: start).values == zip(plain, start).map(+), "\(geometry)")
    }
  }

  @Test("only some blocks of dY", arguments: Table.all)
  func someBlocks(table: Table) {
    let g = Geometry(kernel: 1, stride: 1, padding: 0, inputs: 32, outputs: 48, height: 5, width: 7)
    var convolution = Convolution(g, integers: true, seed: 5)
    let plane = g.outHeight * g.outWidth
    let dy = convolution.dy.enumerated().map { (16..<32).contains($0.offset / plane) ? $0.element : 0 }
    convolution = Convolution(convolution, dy: dy)
    let planes = BlockedArray(
      g.outputs, g.outHeight, g.outWidth, halo: 0, fill: Convolution(g, integers: true, seed: 5).dy)
    let dx = BlockedArray(g.inputs, g.height, g.width, halo: 0)
    let packed = convolution.packedGradient(pxa_conv_packed_floats, pxa_conv_pack_forward, pxa_conv_packed_floats) {
      pxa_conv_pack_input_grad($0, $1, g.conv, 32, 48)
    }
    table.kernels.conv_input_grad(
      dx.planes, planes.planes, nil, packed.base, nil, false, g.conv, range(1, 2), range(0, 2), rows(g.height))
    #expect(dx.values == convolution.referenceGradient().dx)
  }

  @Test("a bit for every channel that is not zero", arguments: Table.all)
  func marks(table: Table) {
    var random = TestRandom(12)
    let channels = 100, plane = 3 * 5
    let values = random.integers(channels * plane).map { (value: Double) -> Double in abs(value) > 1 ? value : 0 }
    let marks = Marks(of: BlockedArray(channels, 3, 5, halo: 1, fill: values), table)
    for pixel in 0..<plane {
      for group in 0..<2 {
        var expected: UInt64 = 0
        for channel in 64 * group..<min(64 * group + 64, channels) where values[channel * plane + pixel] != 0 {
          expected |= 1 << UInt64(channel % 64)
        }
        #expect(marks.base[group * plane + pixel] == expected)
      }
    }
  }

  // Both ways add in one order, and a product with an exact zero changes no sum: not even on reals is there a difference.
  @Test("the gradient from marks has the bits of the dense one", arguments: Table.all)
  func sparseGradient(table: Table) {
    for (inputs, outputs) in [(16, 64), (35, 50), (48, 144), (64, 20)] {
      for padding in [0, 1] {
        for width in [1, 2, 3, 4, 7, 14] where width + 2 * padding >= 3 {
          for density in [0.0, 0.2, 0.45, 1] {
            let g = Geometry(
              kernel: 3, stride: 1, padding: padding, inputs: inputs, outputs: outputs, height: width % 5 + 3,
              width: width)
            var random = TestRandom(13)
            let zeroed = random.reals(g.outCount).map { (value: Double) -> Double in
              (value + 1) / 2 < density ? value : 0
            }
            let convolution = Convolution(Convolution(g, integers: false, seed: 14), dy: zeroed)
            let mask = random.integers(g.inCount, range: 1), start = random.reals(g.inCount)
            let dense = convolution.gradient(table, mask: mask, start: start).values
            let sparse = convolution.gradient(table, mask: mask, start: start, marked: true)
            #expect(sparse.values == dense, "\(g), density \(density)")
            #expect(sparse.isIntactAround, "\(g) wrote beside its output")
            let cut = convolution.gradient(table, mask: mask, start: start, cut: true, marked: true)
            #expect(cut.values == dense, "\(g), density \(density), cut")
            #expect(
              convolution.gradient(table, marked: true).values == convolution.gradient(table).values,
              "\(g), density \(density), without mask and start")
          }
        }
      }
    }
  }

  @Test("the network's shapes within the derived bound", arguments: Table.all)
  func networkShapes(table: Table) {
    for geometry in Geometry.squeezeNet where geometry.weights < 200_000 {
      let convolution = Convolution(geometry, integers: false, seed: 6)
      let forward = convolution.referenceForward(relu: true), backward = convolution.referenceGradient()
      let taps = geometry.kernel * geometry.kernel
      expectWithinBound(
        convolution.forward(table, relu: true).values, forward.y, magnitude: forward.magnitude,
        terms: geometry.inputs * taps, "\(table) \(geometry) forward")
      expectWithinBound(
        convolution.gradient(table).values, backward.dx, magnitude: backward.magnitude,
        terms: geometry.outputs * taps, "\(table) \(geometry) gradient")
    }
  }

  @Test("the first layer within the derived bound", arguments: Table.all)
  func firstLayer(table: Table) {
    let geometry = Geometry(kernel: 3, stride: 2, padding: 0, inputs: 3, outputs: 64, height: 61, width: 224)
    let convolution = Convolution(geometry, integers: false, seed: 7)
    let forward = convolution.referenceForward(relu: false), backward = convolution.referenceGradient()
    expectWithinBound(
      convolution.stemForward(table, relu: false).values, forward.y, magnitude: forward.magnitude, terms: 27, "forward")
    expectWithinBound(
      convolution.stemGradient(table).values, backward.dx, magnitude: backward.magnitude, terms: 64 * 9, "gradient")
  }

  @Test("⟨conv x, y⟩ = ⟨x, conv_input_grad y⟩ exactly", arguments: Table.all)
  func adjoint(table: Table) {
    for kind in Geometry.kinds {
      let geometry = Geometry(
        kernel: kind.kernel, stride: kind.stride, padding: kind.padding, inputs: 3, outputs: 35, height: 10, width: 12)
      let convolution = Convolution(
        Convolution(geometry, integers: true, seed: 8), bias: [Double](repeating: 0, count: 35))
      func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).map(*).reduce(0, +) }
      let expected = dot(convolution.forward(table, relu: false).values, convolution.dy)
      #expect(expected == dot(convolution.x, convolution.gradient(table).values), "\(geometry)")
      #expect(expected == dot(convolution.stemForward(table, relu: false).values, convolution.dy), "\(geometry) stem")
      #expect(expected == dot(convolution.x, convolution.stemGradient(table).values), "\(geometry) stem")
    }
  }

  @Test("cut into any parts, the bytes are the same", arguments: Table.all)
  func parts(table: Table) {
    for kind in Geometry.kinds {
      let geometry = Geometry(
        kernel: kind.kernel, stride: kind.stride, padding: kind.padding, inputs: 35, outputs: 50, height: 8, width: 15)
      let convolution = Convolution(geometry, integers: false, seed: 9)
      #expect(
        convolution.forward(table, relu: true).values == convolution.forward(table, relu: true, cut: true).values)
      #expect(convolution.gradient(table).values == convolution.gradient(table, cut: true).values)
      #expect(
        convolution.stemForward(table, relu: true).values
          == convolution.stemForward(table, relu: true, cut: true).values)
      #expect(convolution.stemGradient(table).values == convolution.stemGradient(table, cut: true).values)
    }
  }
}

extension Convolution {
  /// The same data with another gradient or bias.
  init(_ other: Convolution, dy: [Double]? = nil, bias: [Double]? = nil) {
    geometry = other.geometry
    x = other.x
    self.dy = dy ?? other.dy
    weights = other.weights
    self.bias = bias ?? other.bias
  }
}
