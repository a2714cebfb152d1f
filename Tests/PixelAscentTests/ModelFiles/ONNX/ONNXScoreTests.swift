// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The scores of fixtures, compared with ONNX Runtime's, and their gradients, compared with the reference's in double.
@Suite struct ONNXScoreTests {
  private static let scores: [String: [Double]] = {
    do {
      let json = try Files.read(ONNXFixtures.folder + "/scores.json")
      return try JSONDecoder().decode([String: [Double]].self, from: Data(json))
    } catch {
      Issue.record("scores.json can't be read: \(error)")
      return [:]
    }
  }()

  @Test(arguments: [
    ("channel-attention", 6, 6), ("functions", 10, 10), ("more-functions", 9, 9), ("norms", 8, 7), ("regions", 20, 18),
    ("resizes", 9, 7), ("upsampled", 6, 5), ("torch-regions-dynamo", 10, 9), ("torch-regions-ts14", 10, 9),
  ])
  func scoresAndGradientsAreRight(name: String, height: Int, width: Int) throws {
    var model = try ONNXFixtures.read(name).simplified()
    model.labels = try Labels(names: (0..<5).map { ["class \($0)"] })
    model.preprocessing = try SmallNetworks.halves(inputSize: min(height, width))
    let values = (0..<3 * height * width).map { Float($0 * 37 % 101) / 50 - 1 }
    let comparison = try NetworkComparison(model, Tensor(shape: [3, height, width], values: values), maxClasses: 2)
    let expected = try #require(Self.scores[name]), largest = expected.map(abs).max() ?? 0
    for (found, expected) in zip(comparison.scores.values, expected) {
      // ONNX Runtime computes in float, and the file has six decimals.
      #expect(abs(found - expected) <= 2e-5 * largest, "\(name): expected \(expected), found \(found)")
    }
    try comparison.check(.best, deviations: 6, name)
  }
}
