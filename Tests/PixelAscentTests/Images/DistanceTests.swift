// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import Testing

@Suite struct DistanceTests {
  @Test("The distance of two pictures says how many values differ, the greatest difference, and the PSNR")
  func distanceCountsAndMeasuresDifferences() throws {
    let one = RGBImage(width: 2, height: 1, pixels: [0, 10, 20, 30, 40, 255])
    let other = RGBImage(width: 2, height: 1, pixels: [255, 10, 20, 30, 41, 255])
    let distance = try #require(one.distance(from: other))
    #expect(distance.count == 2)
    #expect(distance.greatest == 255)
    #expect(abs(distance.psnr - 10 * log10(255 * 255 * 6 / (255.0 * 255 + 1))) < 1e-12)
    #expect(one.distance(from: one)?.psnr == .infinity)
    #expect(one.distance(from: RGBImage(width: 1, height: 2, pixels: one.pixels)) == nil)
  }
}
