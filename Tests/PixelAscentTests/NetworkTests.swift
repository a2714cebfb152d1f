// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

@Suite struct NetworkTests {
  private static let sizes = [(17, 17), (17, 40), (33, 18), (31, 23)]
  private static let graphs = [SmallNetworks.squeezed, SmallNetworks.branched]

  private static func oneHot(_ class: Int, of count: Int) -> [Double] { (0..<count).map { $0 == `class` ? 1 : 0 } }

  /// Sums of small integers are exact in float, and integers are full of ties: zeros before a ReLU and equal maxima in
  /// a pool. The last map's sides are 1, 2 or 4 pixels long, so that its mean is exact too.
  @Test(arguments: InstructionSet.selectable, [0, 1]) func integersExactly(set: InstructionSet, graph: Int) throws {
    let sides = graph == 0 ? (17, 33) : (17, 41)
    for (height, width) in [(sides.0, sides.0), sides, (sides.1, sides.0), (sides.1, sides.1)] {
      let file = try SmallNetworks.random(Self.graphs[graph], integers: true, seed: 7)
      let network = try Network(file, name: "small", options: ComputeOptions(instructionSet: set))
      var random = TestRandom(UInt64(height + width))
      let image = Tensor(
        shape: [3, height, width], values: random.integers(3 * height * width, range: 3).map(Float.init))
      let reference = ReferenceNetwork(file: file), trace = reference.forward(image)
      let scores = reference.scores(trace)
      try #require(trace.greatest < 0x1p20 && trace.margin == 0)
      #expect(try network.scores(of: image).map(Double.init) == scores)
      var alive = 0
      for index in scores.indices {
        for through in [true, false] {
          let seed = Self.oneHot(index, of: scores.count)
          let expected = reference.gradient(trace, seed: seed, throughLastReLU: through).values
          let found = try network.gradient(of: .score(class: index), at: image, throughLastReLU: through)
          let isEqual = found.gradient.values.map(Double.init) == expected
          #expect(isEqual, "class \(index), \(height)×\(width)")
          #expect(found.scores.map(Double.init) == scores)
          if expected.contains(where: { $0 != 0 }) { alive += 1 }
        }
      }
      #expect(alive > scores.count, "too few gradients that say anything")
    }
  }

  /// Reals, where no tie is near enough for rounding to matter: within two deviations, which `ReferenceNetwork` adds up
  /// over all layers.
  @Test(arguments: InstructionSet.selectable, [0, 1]) func realsWithinBound(set: InstructionSet, graph: Int) throws {
    for (height, width) in Self.sizes {
      var seed: UInt64 = 0
      var (file, image, trace) = try Self.reals(graph, height, width, seed)
      while trace.margin < 8 && seed < 200 {
        seed += 1
        (file, image, trace) = try Self.reals(graph, height, width, seed)
      }
      try #require(trace.margin >= 8)
      let network = try Network(file, name: "small", options: ComputeOptions(instructionSet: set))
      let reference = ReferenceNetwork(file: file)
      let scores = try network.scores(of: image)
      let expected = try #require(trace.outputs[file.graph.output])
      Self.expect(scores, expected, "scores of \(height)×\(width), seed \(seed)")
      for index in [0, scores.count / 2, scores.count - 1] {
        for through in [true, false] {
          let found = try network.gradient(of: .score(class: index), at: image, throughLastReLU: through)
          let oneHot = Self.oneHot(index, of: scores.count)
          Self.expect(
            found.gradient.values, reference.gradient(trace, seed: oneHot, throughLastReLU: through),
            "gradient of class \(index) at \(height)×\(width), seed \(seed)")
        }
      }
    }
  }

  private static func reals(
    _ graph: Int, _ height: Int, _ width: Int, _ seed: UInt64
  ) throws -> (ModelFile, Tensor, ReferenceNetwork.Trace) {
    let file = try SmallNetworks.random(graphs[graph], integers: false, seed: seed)
    var random = TestRandom(1000 + seed)
    let image = Tensor(shape: [3, height, width], values: random.reals(3 * height * width).map { Float(2 * $0) })
    return (file, image, ReferenceNetwork(file: file).forward(image))
  }

  private static func expect(_ found: [Float], _ expected: ReferenceNetwork.Array3, _ what: String) {
    var worst = 0.0
    for (index, value) in found.enumerated() {
      let error = abs(Double(value) - expected.values[index])
      let share = error == 0 ? 0 : error / (2 * expected.variance[index].squareRoot())
      worst = max(worst, share.isNaN ? .infinity : share)
    }
    #expect(found.count == expected.values.count && worst <= 1, "\(what): worst = \(100 * worst) % of the bound")
  }

  @Test(arguments: InstructionSet.selectable) func bytesDependOnNoThreads(set: InstructionSet) throws {
    let file = try SmallNetworks.random(SmallNetworks.squeezed, integers: false, seed: 3)
    var random = TestRandom(5)
    for (height, width) in Self.sizes {
      let image = Tensor(shape: [3, height, width], values: random.reals(3 * height * width).map(Float.init))
      let results = try [1, 2, 3, 5, 64].map { threads in
        let network = try Network(
          file, name: "small", options: ComputeOptions(threads: threads, instructionSet: set))
        return try network.gradient(of: .crossEntropy(class: 20), at: image)
      }
      #expect(results.allSatisfy { $0.gradient == results[0].gradient && $0.scores == results[0].scores })
    }
  }

  /// One network, one size after another, and back: what the first image left behind changes nothing.
  @Test func sizesChangeFromImageToImage() throws {
    let file = try SmallNetworks.random(SmallNetworks.squeezed, integers: false, seed: 4)
    let network = try Network(file, name: "small")
    var random = TestRandom(6)
    let images = (Self.sizes + [(64, 17), (17, 17)]).map { height, width in
      Tensor(shape: [3, height, width], values: random.reals(3 * height * width).map(Float.init))
    }
    let alone = try images.map { try Network(file, name: "small").gradient(of: .score(class: 1), at: $0) }
    for _ in 0..<2 {
      for (image, expected) in zip(images, alone) {
        let found = try network.gradient(of: .score(class: 1), at: image)
        #expect(found.gradient == expected.gradient && found.scores == expected.scores)
      }
    }
  }
}
