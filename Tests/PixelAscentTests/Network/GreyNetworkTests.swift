// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// A network that takes grey images of 28 × 28 pixels, like a network for handwritten digits.
@Suite struct GreyNetworkTests {
  private typealias S = SmallNetworks

  private let network: Network
  private static let graph = Graph(
    input: .init(channels: 1),
    layers: [
      S.convolution("conv1", "image", 5, 6, padding: 2),
      S.layer("pool1", MaxPool(Window(kernel: 2, stride: 2), ceilMode: false), "conv1"),
      S.convolution("conv2", "pool1", 5, 16),
      S.layer("pool2", MaxPool(Window(kernel: 2, stride: 2), ceilMode: false), "conv2"),
      S.layer("flatten", Flatten(), "pool2"), S.layer("fc1", Linear(outputs: 30, clamp: .relu), "flatten"),
      S.layer("scores", Linear(outputs: 10, clamp: .none), "fc1"),
    ], output: "scores")

  init() throws {
    let preprocessing = try Preprocessing(mean: [0.25], std: [0.5], inputSize: 28)
    network = try Network(
      S.random(Self.graph, integers: false, seed: 1, preprocessing: preprocessing), name: "digits")
  }

  private static func picture(_ width: Int, _ height: Int) -> RGBImage {
    var random = TestRandom(4)
    let pixels = (0..<3 * width * height).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  /// The weights of red, green and blue are those of Rec. 601, as in Pillow's convert("L").
  @Test func makesColoursGrey() throws {
    let picture = Self.picture(28, 28), input = try network.input(for: picture)
    #expect(network.channels == 1)
    #expect(input.shape == [1, 28, 28])
    for pixel in 0..<784 {
      let (red, green, blue) = (
        Double(picture.pixels[3 * pixel]), Double(picture.pixels[3 * pixel + 1]), Double(picture.pixels[3 * pixel + 2])
      )
      let grey = (0.299 * red + 0.587 * green + 0.114 * blue).rounded()
      let found = (Double(input.values[pixel]) * 0.5 + 0.25) * 255
      #expect(abs(found - grey) <= 1.0001, "pixel \(pixel)")
    }
    let resized = try network.resized(picture)
    #expect((0..<784).allSatisfy { resized.pixels[3 * $0] == resized.pixels[3 * $0 + 2] })
  }

  @Test func classifiesAndExplains() throws {
    let picture = Self.picture(56, 56)
    let best = try network.classify(picture, top: 3)
    try #require(best.count == 3)
    #expect(best[0].score >= best[1].score)
    let map = try Saliency().run(network, on: picture)
    #expect(map.classIndex == best[0].classIndex)
    #expect(map.gradient.shape == [1, 28, 28])
    #expect(map.map.values == map.gradient.values.map(abs))
    #expect(!map.isZero)
    #expect(map.picture.width == 28)
  }

  @Test func fools() throws {
    let picture = Self.picture(28, 28)
    let target = try #require(network.classify(picture, top: 10).last).classIndex
    let result = try Fooling().run(network, on: picture, target: target)
    #expect(result.isFooled)
    #expect(result.survives8Bit)
    #expect(result.unrounded.shape == [1, 28, 28])
    #expect(try network.classify(result.image, top: 1)[0].classIndex == target)
    let folder = try TemporaryFolder(), file = folder.path + "/fooled.png"
    let saved = try result.save(to: file, checkedBy: network)
    #expect(try network.classify(RGBImage(contentsOf: file), top: 1)[0].classIndex == target)
    #expect(saved == result.scores)
  }

  @Test(arguments: ClassVisualization.Recipe.ofPixels) func visualizes(_ recipe: ClassVisualization.Recipe) throws {
    var visualization = ClassVisualization(recipe)
    (visualization.height, visualization.width) = (28, 28)
    (visualization.iterations, visualization.maxJitter) = (20, 2)
    if recipe != .cs231nPyTorchNormalized { visualization.learningRate = 1 }
    let result = try visualization.run(network, class: 3)
    #expect(result.image.shape == [1, 28, 28])
    #expect(result.image.values.contains { $0 != 0 })
    try #require(result.scores.count == 10)
    #expect(result.scores[3] > 0)
    #expect(result.picture.width == 28)
    if visualization.clamp {
      #expect(result.image.values.allSatisfy { -0.51 < $0 && $0 < 1.51 })
    }
  }

  /// The first linear layer's matrix fits one size only.
  @Test func takesOneSizeOnly() throws {
    let line = errorLine { try network.scores(of: Tensor(shape: [1, 32, 32], repeating: 0)) }
    #expect(
      line
        == "a network input of 32×32 pixels does not fit: layer flatten is made for images of "
        + "28×28 pixels")
    let colour = errorLine { try network.scores(of: Tensor(shape: [3, 28, 28], repeating: 0)) }
    #expect(colour == "an input image must have the shape (1, H, W), found (3, 28, 28)")
    var visualization = ClassVisualization()
    (visualization.height, visualization.width) = (40, 28)
    #expect(
      errorLine { try visualization.run(network, class: 0) }
        == "a network input of 40×28 pixels does not fit: layer flatten is made for images of "
        + "28×28 pixels; resize crop or stretch makes photographs 28×28")
  }
}
