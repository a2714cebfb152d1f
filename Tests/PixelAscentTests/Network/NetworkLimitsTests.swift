// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// The error lines of graphs and inputs that a network refuses.
@Suite struct NetworkLimitsTests {
  private typealias S = SmallNetworks

  private func line(_ layers: [GraphLayer]) -> String { line(S.graph(layers)) }

  private func line(_ graph: Graph) -> String {
    errorLine { try Network(S.random(graph, integers: true, seed: 1), name: "m.safetensors") }
  }

  @Test func saysThatScoresOrGradientsAreNotFinite() throws {
    let image = Tensor(shape: [3, 4, 4], repeating: 1)
    let scores = try PixelwiseNetwork.make([.init(weight: [3e38, 3e38, 0], bias: 0)])
    let line = "the network's scores are not finite: its weights or the image's values are too large"
    #expect(throws: PixelAscentError(.invalidParameter, Message(line))) { try scores.scores(of: image) }
    #expect(throws: PixelAscentError(.invalidParameter, Message(line))) { try Saliency().run(scores, onInput: image) }
    #expect(throws: PixelAscentError(.invalidParameter, Message(line))) {
      try ClassVisualization().run(scores, class: 0, image: image)
    }
    // The scores are 10²⁰, the gradients 10⁴⁰.
    let steep = try Network(
      S.model(
        S.graph([S.convolution("a", "image", 1, 1), S.convolution("b", "a", 1, 1)]),
        tensors: [
          "a.weight": Tensor(shape: [1, 3, 1, 1], repeating: 1e20), "a.bias": Tensor(shape: [1], repeating: 1),
          "b.weight": Tensor(shape: [1, 1, 1, 1], repeating: 1e20), "b.bias": Tensor(shape: [1], repeating: 0),
        ], preprocessing: S.halves(inputSize: 8)), name: "steep")
    let grey = Tensor(shape: [3, 4, 4], repeating: 0)
    #expect(try steep.scores(of: grey) == [1e20])
    let gradient = "the network's gradient is not finite: its weights or the image's values are too large"
    #expect(throws: PixelAscentError(.invalidParameter, Message(gradient))) { try Saliency().run(steep, onInput: grey) }
  }

  /// Two channels overflow, and their difference is NaN. No later layer makes a plausible number of it.
  @Test func anOverflowInsideANetworkIsAnError() throws {
    let network = try Network(
      S.model(
        S.graph([
          S.layer("a", Convolution(Window(kernel: 1), groups: 1, outputs: 2), "image"),
          S.layer("b", Convolution(Window(kernel: 1), groups: 1, outputs: 1, clamp: .relu), "a"),
          S.pool("p", "b"), S.layer("s", Elementwise(.sigmoid), "p"), S.convolution("c", "s", 1, 1),
        ]),
        tensors: [
          "a.weight": Tensor(shape: [2, 3, 1, 1], repeating: 3e38), "a.bias": Tensor(shape: [2], repeating: 0),
          "b.weight": Tensor(shape: [1, 2, 1, 1], values: [1, -1]), "b.bias": Tensor(shape: [1], repeating: 0),
          "c.weight": Tensor(shape: [1, 1, 1, 1], repeating: 1), "c.bias": Tensor(shape: [1], repeating: 0),
        ], preprocessing: S.halves(inputSize: 8)), name: "overflow")
    #expect(
      errorLine { try network.scores(of: Tensor(shape: [3, 8, 8], repeating: 1)) }
        == "the network's scores are not finite: its weights or the image's values are too large")
  }

  @Test func refusesGraphsItCannotRun() {
    let a = S.convolution("a", "image", 3, 16)
    let unsupported = "is not supported by this version"
    #expect(
      line([S.convolution("a", "image", 17, 16)]) == "m.safetensors: layer a: a kernel of 17×17 \(unsupported)")
    let above = Clamp(low: 1, high: 2)
    #expect(
      line([S.layer("a", Convolution(Window(kernel: 3), groups: 1, outputs: 16, clamp: above), "image")])
        == "m.safetensors: layer a: a convolution whose clamp excludes 0 \(unsupported)")
    #expect(
      line(Graph(input: .init(channels: 3), layers: [a], output: "a"))
        == "m.safetensors: the output a has the shape (16, 222, 222), expected a score for each class")
    #expect(
      line([a, S.layer("s", Softmax(), "a")])
        == "m.safetensors: layer s: the operation softmax at this place of the network \(unsupported)")
    #expect(
      line([a] + (0..<4096).map { S.convolution("b\($0)", "a", 1, 1) })
        == "4098 layers are more than the 4096 this version takes")
    let pools = (0..<12).map { S.pool("p\($0)", $0 == 0 ? "a" : "p\($0 - 1)") }
    let whole = S.graph([a] + pools)
    #expect(
      errorLine {
        try Model(
          graph: whole, labels: Labels(names: []), preprocessing: .imageNet, source: "", licence: "", tensors: [:],
          name: "m.safetensors")
      } == "m.safetensors: the network's windows do not fit into an image of 4096×4096 pixels")
  }

  /// A linear layer's matrix, or a head whose kernel is as large as its input, fits one size only.
  @Test func refusesSizesThatDoNotFit() throws {
    func line(_ layers: [GraphLayer], _ height: Int, _ width: Int) throws -> String {
      let graph = Graph(input: .init(channels: 3), layers: layers, output: "scores")
      let file = try S.random(graph, integers: true, seed: 1, preprocessing: S.halves(inputSize: 9))
      let network = try Network(file, name: "small")
      #expect(try network.scores(of: Tensor(shape: [3, 9, 9], repeating: 1)).count == 5)
      return errorLine { try network.scores(of: Tensor(shape: [3, height, width], repeating: 1)) }
    }
    let a = S.convolution("a", "image", 3, 4)
    let matrix = [a, S.layer("b", Flatten(), "a"), S.layer("scores", Linear(outputs: 5, clamp: .none), "b")]
    let start = "a network input of 10×9 pixels does not fit: layer"
    let end = "; resize crop or stretch makes photographs 9×9"
    #expect(
      try line(matrix, 10, 10)
        == "a network input of 10×10 pixels does not fit: layer b is made for images of 9×9 pixels")
    #expect(try line(matrix, 10, 9) == "\(start) b is made for images of 9×9 pixels\(end)")
    #expect(
      try line([a, S.convolution("scores", "a", 7, 5)], 10, 9)
        == "\(start) scores is made for images of 9×9 pixels\(end)")
    #expect(
      try line([S.convolution("b", "image", 9, 4), S.layer("scores", Linear(outputs: 5, clamp: .none), "b")], 10, 9)
        == "\(start) scores: a linear layer takes a vector, found the shape (4, 2, 1)\(end)")
  }

  @Test func refusesInputs() throws {
    let network = try Network(S.random(S.squeezed, integers: true, seed: 1), name: "small")
    func line(_ shape: [Int], _ value: Float = 0) -> String {
      let input = Tensor(shape: shape, repeating: value)
      let scores = errorLine { try network.scores(of: input) }
      #expect(errorLine { try network.gradient(of: .score(class: 0), at: input) } == scores)
      #expect(errorLine { try Saliency().run(network, onInput: input) } == scores)
      return scores
    }
    #expect(line([1, 20, 20]) == "an input image must have the shape (3, H, W), found (1, 20, 20)")
    #expect(line([3, 20]) == "an input image must have the shape (3, H, W), found (3, 20)")
    #expect(line([3, 0, 20]) == "an input image must have the shape (3, H, W), found (3, 0, 20)")
    #expect(line([3, 20, 20], .nan) == "an input image must be finite, found nan")
    #expect(line([3, 20, 20], -.infinity) == "an input image must be finite, found -inf")
    #expect(line([3, 8, 20]) == "a network input of 8×20 pixels is too small: the network needs at least 9×9")
    #expect(line([3, 20, 1]) == "a network input of 20×1 pixels is too small: the network needs at least 9×9")
    #expect(line([3, 9, 9]) == "(no error)")
    for index in [-1, 21] {
      #expect(
        errorLine { try network.gradient(of: .score(class: index), at: Tensor(shape: [3, 20, 20], repeating: 0)) }
          == "class \(index) is out of range: the model has classes 0 to 20")
    }
  }

  @Test(.enabled(if: Resources.hasModel, Resources.needsModel)) func squeezeNetTakes17Pixels() throws {
    let network = try Resources.network()
    func line(_ height: Int, _ width: Int) -> String {
      errorLine { try network.scores(of: Tensor(shape: [3, height, width], repeating: 0)) }
    }
    #expect(line(16, 40) == "a network input of 16×40 pixels is too small: the network needs at least 17×17")
    #expect(line(300, 16) == "a network input of 300×16 pixels is too small: the network needs at least 17×17")
    #expect(line(17, 17) == "(no error)")
    #expect(line(17, 40) == "(no error)")
    #expect(line(18, 17) == "(no error)")
    let gradient = try network.gradient(
      of: .score(class: 0), at: Tensor(shape: [3, 17, 17], repeating: 0), throughLastReLU: false
    ).gradient
    #expect(gradient.shape == [3, 17, 17])
    #expect(gradient.values.contains { $0 != 0 })
  }

  /// Without the check these evaluations would take up to terabytes of memory.
  @Test(.enabled(if: Resources.hasModel, Resources.needsModel)) func memoryIsCheckedBeforeItIsTaken() throws {
    var network = try Resources.network()
    func isLimit(_ line: String, _ size: String, _ megabytes: Int) -> Bool {
      line.hasPrefix("a network input of \(size) pixels would take ")
        && line.hasSuffix(" MB of memory, more than the limit of \(megabytes) MB (maxMemory)")
    }
    var visualization = ClassVisualization()
    (visualization.height, visualization.width) = (1 << 20, 1 << 20)
    for start in [ClassVisualization.Start.noise, .zero] {
      visualization.start = start
      let line = errorLine { try visualization.run(network, class: 0) }
      #expect(isLimit(line, "1048576×1048576", 2048), "\(line)")
    }
    let long = RGBImage(width: 30_000, height: 4, pixels: Array(repeating: 0, count: 360_000))
    for line in [
      errorLine { try network.classify(long) }, errorLine { try Saliency().run(network, on: long) },
      errorLine { try Fooling().run(network, on: long, target: 0) },
    ] {
      #expect(isLimit(line, "224×1680000", 2048), "\(line)")
    }
    // A backward pass needs more memory than a forward pass.
    network.options.maxMemory = 13 << 20
    let input = Tensor(shape: [3, 224, 224], repeating: 0)
    #expect(try network.scores(of: input).count == 1000)
    let line = errorLine { try network.gradient(of: .score(class: 0), at: input) }
    #expect(isLimit(line, "224×224", 13), "\(line)")
  }

  @Test func refusesSidesBeyond32Bits() throws {
    let network = try PixelwiseNetwork.make([.init(weight: [1, 0, 0], bias: 0)], inputSize: 65_536)
    let image = RGBImage(width: 1, height: 300_000, pixels: Array(repeating: 0, count: 900_000))
    #expect(
      errorLine { try network.classify(image) }
        == "a network input of 19660800000×65536 pixels is too large: a side may have at most 16777216")
  }
}
