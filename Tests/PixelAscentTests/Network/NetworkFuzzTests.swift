// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Random graphs, compared with the reference.
@Suite struct NetworkFuzzTests {
  private static let size = 12

  /// Returns the comparison of the graph that a seed gives; nil if the graph is invalid, if rounding could decide a
  /// tie, or if all gradients are zero.
  private static func comparison(_ seed: UInt64, integers: Bool) throws -> NetworkComparison? {
    let graph = RandomGraph.make(seed: seed, size: size, exact: integers)
    guard let shape = try? graph.shapes(height: size, width: size)[graph.output], shape.isVector else { return nil }
    let network = NetworkCase(testDescription: "seed \(seed)", graph: graph, sizes: [(size, size)])
    let file = try network.file(integers: integers, seed: seed)
    let image = network.image(network.sizes[0], integers: integers, seed: seed)
    let comparison = try NetworkComparison(file, image, maxClasses: 3)
    let isSafe = integers ? comparison.isExact : comparison.trace.margin >= 8
    return isSafe && comparison.hasNonzeroGradient ? comparison : nil
  }

  /// Every part has its own seeds, so that the parts can run at the same time.
  @Test(arguments: 0..<8, [true, false]) func randomGraphsEqualTheReference(_ part: Int, integers: Bool) throws {
    var seed = UInt64(part) * 1000, found = 0
    while found < 5 {
      seed += 1
      try #require(seed % 1000 < 200, "too few graphs that can be compared")
      guard let comparison = try Self.comparison(seed, integers: integers) else { continue }
      found += 1
      try comparison.checkLayers(.best, deviations: integers ? nil : 4, "seed \(seed)")
      try comparison.checkObjectives(.best, deviations: integers ? nil : 4, "seed \(seed)")
      for set in InstructionSet.selectable {
        try comparison.check(set, deviations: integers ? nil : 4, "seed \(seed)")
        let alone = try comparison.network(set, threads: 1), several = try comparison.network(set, threads: 3)
        let objective = Objective.crossEntropy(class: 1)
        let one = try alone.gradient(of: objective, at: comparison.image)
        let isEqual = try one == several.gradient(of: objective, at: comparison.image)
        #expect(isEqual, "seed \(seed), \(set.name)")
      }
    }
  }
}
