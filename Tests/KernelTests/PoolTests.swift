// SPDX-License-Identifier: MIT

import CPixelKernels
import CPixelReference
import TestSupport
import Testing

@Suite struct PoolTests {
  struct Pool {
    let x, y: [Double]
    let index: [UInt8]
    let outHeight, outWidth: Int

    init(_ x: [Double], channels: Int, height: Int, width: Int) {
      self.x = x
      outHeight = Int(pxa_max_pool_output_size(Int32(height)))
      outWidth = Int(pxa_max_pool_output_size(Int32(width)))
      var y = [Double](repeating: 0, count: channels * outHeight * outWidth)
      var index = [UInt8](repeating: 99, count: y.count)
      pxa_ref_max_pool_forward(
        &y, &index, x, Int32(channels), Int32(height), Int32(width), Int32(outHeight), Int32(outWidth))
      (self.y, self.index) = (y, index)
    }
  }

  @Test("ceil mode's sizes are PyTorch's")
  func sizes() {
    #expect((0...14).map { pxa_max_pool_output_size($0) } == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7])
  }

  // Few different values make ties in nearly every window.
  @Test("forward and gradient are exact, ties to the first maximum", arguments: Table.all)
  func exactly(table: Table) {
    for channels in [1, 16, 20] {
      for height in 2...9 {
        for width in 2...9 {
          var random = TestRandom(UInt64(height * 10 + width))
          let x = random.integers(channels * height * width, range: 1)
          let pool = Pool(x, channels: channels, height: height, width: width)
          let input = BlockedArray(channels, height, width, halo: 1, fill: x)
          let y = BlockedArray(channels, pool.outHeight, pool.outWidth, halo: 1)
          var index = [UInt8](repeating: 99, count: (channels + 15) / 16 * 16 * pool.outHeight * pool.outWidth)
          for row in 0..<pool.outHeight {
            table.kernels.max_pool_forward(y.planes, &index, input.planes, blocks(channels), range(row, row + 1))
          }
          #expect(y.values == pool.y && y.isIntactAround)
          let pixels = pool.outHeight * pool.outWidth
          for (place, expected) in pool.index.enumerated() {
            let channel = place / pixels
            #expect(index[(channel / 16 * pixels + place % pixels) * 16 + channel % 16] == expected)
          }

          let dy = random.integers(pool.y.count)
          var expected = [Double](repeating: 0, count: x.count)
          pxa_ref_max_pool_input_grad(
            &expected, dy, pool.index, Int32(channels), Int32(height), Int32(width), Int32(pool.outHeight),
            Int32(pool.outWidth))
          let gradient = BlockedArray(channels, pool.outHeight, pool.outWidth, halo: 0, fill: dy)
          let dx = BlockedArray(channels, height, width, halo: 2)
          for row in (0..<height).reversed() {
            table.kernels.max_pool_input_grad(dx.planes, gradient.planes, index, blocks(channels), range(row, row + 1))
          }
          #expect(dx.values == expected && dx.isIntactAround)
        }
      }
    }
  }

  @Test("global average and its gradient", arguments: Table.all)
  func average(table: Table) {
    for (channels, height, width) in [(1, 1, 1), (20, 3, 5), (1000, 13, 13), (16, 14, 17)] {
      var random = TestRandom(11)
      let x = random.reals(channels * height * width)
      let input = BlockedArray(channels, height, width, halo: 1, fill: x)
      let mean = AlignedFloats((channels + 15) / 16 * 16)
      for block in 0..<(channels + 15) / 16 {
        table.kernels.global_average_forward(mean.base, input.planes, range(block, block + 1))
      }
      var expected = [Double](repeating: 0, count: channels), magnitude = expected
      pxa_ref_global_average(&expected, x, Int32(channels), Int32(height), Int32(width))
      pxa_ref_global_average(&magnitude, x.map(abs), Int32(channels), Int32(height), Int32(width))
      expectWithinBound(
        (0..<channels).map { Double(mean.base[$0]) }, expected, magnitude: magnitude, terms: height * width, "average")

      let dmean = random.integers(channels)
      let seed = AlignedFloats((channels + 15) / 16 * 16, dmean)
      let dx = BlockedArray(channels, height, width, halo: 1)
      var mask = input.planes
      table.kernels.global_average_input_grad(dx.planes, seed.base, &mask, blocks(channels))
      let share = x.indices.map { index in
        x[index] > 0 ? Double(Float(dmean[index / (height * width)]) / Float(height * width)) : 0
      }
      #expect(dx.values == share && dx.isIntactAround)
      table.kernels.global_average_input_grad(dx.planes, seed.base, nil, blocks(channels))
      #expect(dx.values == x.indices.map { Double(Float(dmean[$0 / (height * width)]) / Float(height * width)) })
    }
  }
}
