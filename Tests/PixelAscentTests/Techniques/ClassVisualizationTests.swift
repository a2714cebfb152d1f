// SPDX-License-Identifier: MIT

import CPixelReference
import PixelAscent
import TestSupport
import Testing

/// The iterations, on networks whose gradients are known; `RecipeTests` compares the steps with PyTorch.
@Suite struct ClassVisualizationTests {
  /// The gradient of class 0 at a pixel is n / (38 · 34), where n of the 3×3 windows contain the pixel: 1 at the
  /// corners, 9 inside.
  private static let size = (height: 40, width: 36)
  private static let windows: Network? = {
    let graph = SmallNetworks.graph([SmallNetworks.convolution("conv", "image", 3, 1)])
    let tensors = [
      "conv.weight": Tensor(shape: [1, 3, 3, 3], repeating: 1), "conv.bias": Tensor(shape: [1], repeating: 1000),
    ]
    return try? Network(SmallNetworks.model(graph, tensors: tensors), name: "windows")
  }()

  private static func taps(_ index: Int, _ size: Int) -> Int { min(index + 1, size - index, 3) }

  /// Returns the image after one step from the mean image, without blur and clamp: the gradient, rolled back, or a
  /// multiple of it.
  private func gradientOfOneStep(_ recipe: ClassVisualization.Recipe, jitter: Int, samples: Int = 1, seed: UInt64)
    throws
    -> Tensor
  {
    var visualization = ClassVisualization(recipe)
    (visualization.height, visualization.width) = Self.size
    visualization.start = .zero
    visualization.iterations = 1
    visualization.learningRate = 1
    visualization.blurEvery = 0
    visualization.clamp = false
    visualization.maxJitter = jitter
    visualization.samples = samples
    visualization.seed = seed
    return try visualization.run(try #require(Self.windows), class: 0).image
  }

  /// Returns the offsets of the roll. The gradient is least at the edges of the rolled image. In the gradient rolled
  /// back, opposite edges meet at the row or column −offset.
  private func offsets(_ image: Tensor) throws -> (rows: Int, columns: Int) {
    let (height, width) = Self.size
    func edge(_ profile: [Float]) throws -> Int {
      let least = try #require(profile.min())
      let start = try #require(
        profile.indices.first { profile[$0] == least && profile[($0 + profile.count - 1) % profile.count] == least })
      let offset = (profile.count - start) % profile.count
      return offset > profile.count / 2 ? offset - profile.count : offset
    }
    let rows = (0..<height).map { row in (0..<width).map { image.values[row * width + $0] }.max() ?? 0 }
    let columns = (0..<width).map { column in (0..<height).map { image.values[$0 * width + column] }.max() ?? 0 }
    return (try edge(rows), try edge(columns))
  }

  @Test(arguments: ClassVisualization.Recipe.ofPixels) func jitterCoversItsRange(recipe: ClassVisualization.Recipe)
    throws
  {
    var pairs = Set<[Int]>()
    for seed in 0..<150 {
      let found = try offsets(try gradientOfOneStep(recipe, jitter: 3, seed: UInt64(seed)))
      pairs.insert([found.rows, found.columns])
    }
    let range = recipe == .cs231nTensorFlow ? -3...3 : 0...3
    let rows = Set(pairs.map { $0[0] }), columns = Set(pairs.map { $0[1] }), all = Set(range)
    #expect(rows == all)
    #expect(columns == all)
    #expect(pairs.count > 2 * range.count, "rows and columns are not independent")
  }

  @Test(arguments: ClassVisualization.Recipe.ofPixels) func jitterBeyondTheImageWrapsAround(
    recipe: ClassVisualization.Recipe
  ) throws {
    let image = try gradientOfOneStep(recipe, jitter: 1_000_000, seed: 1)
    #expect(image.values.reduce(0, +) > 0)
    #expect(Set(image.values).count >= 4)
    #expect(throws: Never.self) { try offsets(image) }
    let still = try offsets(try gradientOfOneStep(recipe, jitter: 0, seed: 1))
    #expect(still == (0, 0))
  }

  @Test func samplesAreAveraged() throws {
    let (height, width) = Self.size, source = RandomSource(seed: 4), count = 5
    var expected = [Double](repeating: 0, count: 3 * height * width)
    for sample in 0..<UInt64(count) {
      let down = source.integer(in: 0...16, .jitter, sample, word: 0)
      let right = source.integer(in: 0...16, .jitter, sample, word: 1)
      for index in expected.indices {
        // Pixel (r, c) lay at (r + down, c + right) when the gradient was taken.
        let row = (index / width % height + down) % height, column = (index % width + right) % width
        expected[index] += Double(Self.taps(row, height) * Self.taps(column, width)) / Double(38 * 34 * count)
      }
    }
    let image = try gradientOfOneStep(.cs231nPyTorch, jitter: 16, samples: count, seed: 4)
    #expect(zip(image.values, expected).allSatisfy { abs(Double($0) - $1) < 1e-8 })
  }

  @Test(arguments: [
    (7, 3, [0, 2, 5, 6]), (7, 0, [0, 6]), (1, 25, [0]), (6, 3, [0, 2, 5]), (3, 1, [0, 1, 2]), (9, 25, [0, 8]),
  ])
  func showsTheFirstTheLastAndEveryNthStep(iterations: Int, every: Int, expected: [Int]) throws {
    var visualization = ClassVisualization(.cs231nTensorFlow)
    (visualization.height, visualization.width) = (9, 12)
    visualization.iterations = iterations
    visualization.showEvery = every
    let network = try #require(Self.windows)
    let ascent = try visualization.begin(network, class: 0)
    var shown: [Int] = [], scores: [Float] = [], last: RGBImage?
    while let step = try ascent.next() {
      scores.append(step.score)
      #expect(try step.probability() == 1)
      if !step.isShown { continue }
      shown.append(step.iteration)
      last = step.picture
    }
    let result = try ascent.result()
    #expect(shown == expected)
    #expect(result.scoreHistory == scores)
    #expect(scores.count == iterations)
    #expect(last == result.picture)
    #expect(last?.width == 12)
    #expect(last?.height == 9)
    #expect(result.picture == network.render(result.image, .clip))
  }

  @Test func scoreOfAStepIsThatOfTheImageBeforeIt() throws {
    var visualization = ClassVisualization(.cs231nPyTorch)
    let start = Tensor(shape: [3, 10, 11], values: RandomSource(seed: 8).normals(330))
    visualization.iterations = 2
    visualization.maxJitter = 0
    visualization.showEvery = 1
    let network = try #require(Self.windows)
    let ascent = try visualization.starting(from: start).begin(network, class: 0, from: start)
    var scores: [Float] = []
    while let step = try ascent.next() { scores.append(step.score) }
    let result = try ascent.result()
    try #require(scores.count == 2)
    #expect(try scores[0] == network.scores(of: start)[0])
    #expect(scores[1] > scores[0])
    #expect(result.scores[0] > scores[1])
    #expect(result.scoreHistory == scores)
    #expect(result.probabilityHistory == [])
    #expect(try result.scores == network.scores(of: result.image))
    #expect(result.image.shape == start.shape)
  }

  /// The steps are too small to change a float, so that only the noise and the blurs are left.
  @Test(arguments: [(0, 0, 0.5), (1, 4, 0.5), (2, 2, 0.5), (3, 2, 1.7), (10, 1, 3), (5, 1, 40)])
  func blursAtMultiplesOfThePeriod(every: Int, blurs: Int, sigma: Double) throws {
    var visualization = ClassVisualization(.cs231nPyTorch)
    (visualization.height, visualization.width) = (9, 13)
    visualization.iterations = 4
    visualization.learningRate = 1e-30
    visualization.blurEvery = every
    visualization.blurSigma = sigma
    visualization.clamp = false
    visualization.seed = 6
    let image = try visualization.run(try #require(Self.windows), class: 0).image
    var expected = RandomSource(seed: 6).normals(3 * 9 * 13).map(Double.init)
    for _ in 0..<blurs {
      let before = expected
      pxa_ref_gaussian_blur(&expected, before, 3, 9, 13, sigma)
    }
    // A blur is two sums of at most 27 products of numbers below 5.
    #expect(largestError(image.values, expected.map(Float.init)) <= Double(blurs) * 2 * 29 * 0x1p-24 * 5)
  }

  @Test func noiseIsUniformOrNormalAsTheRecipeSays() throws {
    let network = try #require(Self.windows)
    for recipe in ClassVisualization.Recipe.ofPixels {
      var visualization = ClassVisualization(recipe)
      (visualization.height, visualization.width) = (9, 13)
      visualization.start = .noise
      visualization.iterations = 1
      visualization.learningRate = 1e-30
      visualization.blurEvery = 0
      visualization.clamp = false
      visualization.seed = 7
      let image = try visualization.run(network, class: 0).image
      if recipe == .cs231nTensorFlow {
        let pixels = RandomSource(seed: 7).uniforms(351)
        for (index, value) in image.values.enumerated() {
          let channel = index / 117
          let expected = (pixels[index] - network.preprocessing.mean[channel]) / network.preprocessing.std[channel]
          #expect(abs(value - expected) < 1e-6)
        }
      } else {
        #expect(image.values == RandomSource(seed: 7).normals(351))
      }
    }
  }

  @Test(arguments: ClassVisualization.Recipe.ofPixels)
  func clampKeepsTheImageInTheBox(recipe: ClassVisualization.Recipe) throws {
    let network = try #require(Self.windows)
    var visualization = ClassVisualization(recipe)
    (visualization.height, visualization.width) = (12, 9)
    visualization.start = .noise
    visualization.iterations = 3
    visualization.learningRate = 100
    for clamp in [true, false] {
      visualization.clamp = clamp
      let values = try visualization.run(network, class: 0).image.values
      let isInside = values.indices.allSatisfy { index in
        // The blur after the clamp may round a value to one just outside the box.
        let channel = index / 108
        return values[index] >= network.preprocessing.lowerBound(channel) - 1e-6
          && values[index] <= network.preprocessing.upperBound(channel) + 1e-6
      }
      #expect(isInside == clamp)
    }
  }

  @Test(arguments: ClassVisualization.Recipe.ofPixels)
  func sameSeedGivesTheSameBytes(recipe: ClassVisualization.Recipe) throws {
    let file = try SmallNetworks.random(SmallNetworks.squeezed, integers: false, seed: 3)
    var visualization = ClassVisualization(recipe)
    (visualization.height, visualization.width) = (48, 37)
    visualization.start = .noise
    visualization.iterations = 12
    func run(_ threads: Int, seed: UInt64) throws -> ClassVisualization.Result {
      visualization.seed = seed
      return try visualization.run(Network(file, name: "small", options: ComputeOptions(threads: threads)), class: 5)
    }
    let alone = try run(1, seed: 1)
    for threads in [1, 2, 3, 5] {
      let result = try run(threads, seed: 1)
      #expect(result.image == alone.image)
      #expect(result.scores == alone.scores)
      #expect(result.picture == alone.picture)
    }
    #expect(try run(2, seed: 2).image != alone.image)
  }
}
