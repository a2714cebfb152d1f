// SPDX-License-Identifier: MIT

import PixelAscent
import Testing

@Suite struct PreprocessingTests {
  @Test func boundsOfTheBoxAreBlackAndFullColour() {
    let preprocessing = Preprocessing.imageNet
    for (channel, (low, high)) in [(-2.1179, 2.2489), (-2.0357, 2.4286), (-1.8044, 2.64)].enumerated() {
      #expect(abs(preprocessing.lowerBound(channel) - Float(low)) < 5e-5)
      #expect(abs(preprocessing.upperBound(channel) - Float(high)) < 5e-5)
    }
  }
}
