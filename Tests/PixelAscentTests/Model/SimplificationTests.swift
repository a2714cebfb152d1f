// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// Tests of how the graphs that readers make are simplified.
@Suite struct SimplificationTests {
  private typealias Op = any PixelAscent.Operation

  private func layer(_ name: String, _ operation: Op, _ inputs: String...) -> GraphLayer {
    GraphLayer(name: name, operation: operation, inputs: inputs)
  }

  private func convolution(
    _ outputs: Int, kernel: Int = 1, padding: Int = 0, groups: Int = 1, _ clamp: Clamp = .none
  ) -> Op {
    Convolution(Window(kernel: kernel, padding: padding), groups: groups, outputs: outputs, clamp: clamp)
  }

  private let relu = Elementwise(.clamp(.relu))

  private func simplified(_ layers: [GraphLayer], _ parameters: [String: Parameter] = [:]) throws -> Model {
    try Model(
      graph: Graph(input: .init(channels: 3), layers: layers, output: layers.last?.name ?? ""), parameters: parameters,
      source: "test"
    ).simplified()
  }

  private func tensor(_ shape: [Int], _ values: [Float]) -> Parameter {
    Parameter(Tensor(shape: shape, values: values))
  }

  private func norm(_ name: String, _ values: [[Float]]) -> [String: Parameter] {
    var parameters = [String: Parameter]()
    for (suffix, values) in zip(["weight", "bias", "running_mean", "running_var"], values) {
      parameters["\(name).\(suffix)"] = tensor([values.count], values)
    }
    return parameters
  }

  private let values: [[Float]] = [[1.5, -0.25], [0.3, 7], [-2, 0.1], [4, 0.001]]

  /// The scale and the shift of a batch norm with `values` and the epsilon 1/8.
  private var expected: (scale: [Double], shift: [Double]) {
    let scale = [1.5 / 4.125.squareRoot(), -0.25 / (Double(Float(0.001)) + 0.125).squareRoot()]
    return (scale, [Double(Float(0.3)) + 2 * scale[0], 7 - Double(Float(0.1)) * scale[1]])
  }

  @Test func batchNormIsFoldedIntoAConvolution() throws {
    let weight = (0..<24).map { Float($0 * 7 % 25 - 12) / 7 }
    let bias: [Float] = [0.7, -0.9]
    for hasBias in [true, false] {
      var parameters = norm("b", values)
      parameters["c.weight"] = tensor([2, 3, 2, 2], weight)
      if hasBias { parameters["c.bias"] = tensor([2], bias) }
      let model = try simplified(
        [
          layer("c", convolution(2, kernel: 2), "image"), layer("b", BatchNorm(epsilon: 0.125), "c"),
          layer("r", relu, "b"),
        ],
        parameters)
      #expect(model.graph.layers == [layer("c", convolution(2, kernel: 2, .relu), "image")])
      #expect(model.graph.output == "c")
      #expect(model.parameters.keys.sorted() == ["c.bias", "c.weight"])
      let (scale, shift) = expected
      let found = try model.parameters["c.weight"]?.tensor()
      #expect(found?.shape == [2, 3, 2, 2])
      #expect(found?.values == weight.indices.map { Float(scale[$0 / 12] * Double(weight[$0])) })
      let sums = [0, 1].map { Float((hasBias ? scale[$0] * Double(bias[$0]) : 0) + shift[$0]) }
      #expect(try model.parameters["c.bias"]?.tensor().values == sums)
    }
  }

  @Test func batchNormIsFoldedIntoLinearAndAffineLayers() throws {
    let (scale, shift) = expected
    let cases: [(Op, [Int])] = [(Linear(outputs: 2), [2, 1]), (Affine(), [2])]
    for (operation, shape) in cases {
      var parameters = norm("b", values)
      parameters["a.weight"] = tensor(shape, [3, 5])
      parameters["a.bias"] = tensor([2], [1, -1])
      let model = try simplified(
        [layer("a", operation, "image"), layer("b", BatchNorm(epsilon: 0.125), "a")], parameters)
      #expect(model.graph.layers == [layer("a", operation, "image")])
      #expect(try model.parameters["a.weight"]?.tensor().values == [Float(3 * scale[0]), Float(5 * scale[1])])
      #expect(
        try model.parameters["a.bias"]?.tensor().values == [Float(scale[0] + shift[0]), Float(-scale[1] + shift[1])])
    }
  }

  @Test func batchNormElsewhereBecomesAffine() throws {
    let (scale, shift) = expected
    let (pool, average) = (MaxPool(Window(kernel: 2), ceilMode: false), GlobalAverage())
    for before in [
      [layer("p", pool, "image")],
      // The batch norm's input has another reader, or is clamped.
      [layer("p", convolution(2), "image"), layer("q", average, "p")],
      [layer("p", convolution(2, .relu), "image")],
    ] {
      let after = [layer("b", BatchNorm(epsilon: 0.125), "p"), layer("r", relu, "b"), layer("c", average, "r")]
      let end = before.count == 1 ? [] : [layer("s", Add(clamp: .none), "q", "c")]
      let model = try simplified(before + after + end, norm("b", values))
      let affine = [layer("b", Affine(clamp: .relu), "p"), layer("c", average, "b")]
      #expect(model.graph.layers == before + affine + end)
      #expect(try model.parameters["b.weight"]?.tensor().values == scale.map(Float.init))
      #expect(try model.parameters["b.bias"]?.tensor().values == shift.map(Float.init))
      #expect(model.parameters["b.running_mean"] == nil)
    }
  }

  @Test func affineIsFoldedIntoAConvolution() throws {
    let parameters = [
      "c.weight": tensor([2, 1, 1, 1], [3, 5]), "a.weight": tensor([2], [2, 4]), "a.bias": tensor([2], [1, -1]),
    ]
    let model = try simplified(
      [layer("c", convolution(2), "image"), layer("a", Affine(clamp: .relu6), "c")], parameters)
    #expect(model.graph.layers == [layer("c", convolution(2, .relu6), "image")])
    #expect(try model.parameters["c.weight"]?.tensor().values == [6, 20])
    #expect(try model.parameters["c.bias"]?.tensor().values == [1, -1])
  }

  /// The error line names `a.weight`, the tensor of the file, and not `c.weight`, although folding would make a value
  /// of `c.weight` NaN too.
  @Test func foldingNamesTheTensorThatIsNotFinite() {
    let parameters = [
      "c.weight": tensor([2, 1, 1, 1], [3, 5]), "a.weight": tensor([2], [2, .nan]), "a.bias": tensor([2], [1, -1]),
    ]
    let line = errorLine {
      try simplified([layer("c", convolution(2), "image"), layer("a", Affine(clamp: .relu6), "c")], parameters)
    }
    #expect(line.hasSuffix("tensor a.weight holds a value that is not finite at index 1"))
  }

  /// The block of a RepVGG in training: a convolution of 3×3 pixels, one of a pixel, and a batch norm of the input.
  @Test func addedConvolutionsBecomeOne() throws {
    let large = (0..<36).map { Float($0 * 7 % 25 - 12) / 7 }, small: [Float] = [0.3, -1.1, 2.3, 0.7]
    var parameters = norm("n", values)
    parameters["c.weight"] = tensor([2, 2, 3, 3], large)
    parameters["c.bias"] = tensor([2], [0.1, -0.7])
    parameters["p.weight"] = tensor([2, 2, 1, 1], small)
    let before = [
      layer("g", GlobalAverage(), "image"), layer("x", Pad(top: 2, left: 2, bottom: 2, right: 2, value: 1), "g"),
    ]
    let block = [
      layer("p", convolution(2), "x"), layer("c", convolution(2, kernel: 3, padding: 1), "x"),
      layer("s", Add(), "p", "c"), layer("n", BatchNorm(epsilon: 0.125), "x"), layer("t", Add(), "s", "n"),
      layer("r", relu, "t"),
    ]
    let model = try simplified(before + block, parameters)
    #expect(model.graph.layers == before + [layer("t", convolution(2, kernel: 3, padding: 1, .relu), "x")])
    #expect(model.parameters.keys.sorted() == ["t.bias", "t.weight"])
    let (scale, shift) = expected
    let sums = large.indices.map { index in
      let isCentre = index % 9 == 4, isOwn = index / 18 == index / 9 % 2
      return Double(large[index]) + (isCentre ? Double(small[index / 9]) : 0)
        + (isCentre && isOwn ? scale[index / 18] : 0)
    }
    let weight = try #require(try model.parameters["t.weight"]?.tensor())
    #expect(weight.shape == [2, 2, 3, 3])
    #expect(zip(weight.values, sums).allSatisfy { abs(Double($0) - $1) <= 0x1p-22 * abs($1) })
    let bias = try #require(try model.parameters["t.bias"]?.tensor().values)
    #expect(zip(bias, [0.1 + shift[0], -0.7 + shift[1]]).allSatisfy { abs(Double($0) - $1) <= 0x1p-22 * abs($1) })
    parameters["p.weight"] = tensor([2, 2, 1, 1], [1, 2, .infinity, 3])
    #expect(
      errorLine { try simplified(before + block, parameters) }
        == "layer s: tensor p.weight holds a value that is not finite at index 2")
  }

  /// Each convolution's taps and groups must be among those of the largest.
  @Test func addedConvolutionsOfOtherWindowsAndGroups() throws {
    let ones = [Float](repeating: 1, count: 64)
    func merged(_ a: Convolution, _ b: Convolution, _ extra: [GraphLayer] = []) throws -> Model? {
      var parameters = [String: Parameter]()
      for (name, operation) in [("a", a), ("b", b)] {
        let shape = [4, 4 / operation.groups, operation.window.y.kernel, operation.window.x.kernel]
        let count = shape.reduce(1, *)
        parameters["\(name).weight"] = tensor(shape, (0..<count).map { ones[$0 % 64] * Float($0 + 1) })
      }
      let model = try simplified(
        [layer("a", a, "image"), layer("b", b, "image")] + extra + [layer("s", Add(), extra.last?.name ?? "a", "b")],
        parameters)
      return model.graph.layers.count == 1 ? model : nil
    }
    func convolution(_ window: Window, groups: Int = 1, isSame: Bool = false, _ clamp: Clamp = .none) -> Convolution {
      Convolution(window, isSame: isSame, groups: groups, outputs: 4, clamp: clamp)
    }
    let strided = Window(kernel: 3, stride: 2, padding: 1), plain = Window(kernel: 3, padding: 1)
    #expect(try merged(convolution(strided), convolution(Window(kernel: 1, stride: 2))) != nil)
    #expect(try merged(convolution(strided), convolution(Window(kernel: 1))) == nil)
    #expect(try merged(convolution(plain), convolution(Window(kernel: 3))) == nil)
    #expect(try merged(convolution(plain), convolution(Window(kernel: 1), .relu)) == nil)
    #expect(try merged(convolution(plain, isSame: true), convolution(Window(kernel: 1))) == nil)
    #expect(
      try merged(convolution(plain), convolution(Window(kernel: 1)), [layer("t", Elementwise(.tanh), "a")]) == nil)
    // A dilated kernel has a tap in its middle, but none beside it.
    let dilated = Window(kernel: 3, padding: 2, dilation: 2)
    #expect(try merged(convolution(dilated), convolution(Window(kernel: 1))) != nil)
    #expect(try merged(convolution(Window(kernel: 5, padding: 2)), convolution(dilated)) != nil)
    #expect(try merged(convolution(dilated), convolution(plain)) == nil)
    // A convolution of all channels is not among those of groups.
    #expect(try merged(convolution(plain, groups: 2), convolution(Window(kernel: 1))) == nil)
    let model = try #require(
      try merged(convolution(Window(kernel: 1), groups: 2), convolution(Window(kernel: 1), groups: 4)))
    #expect(model.graph.layers == [layer("s", convolution(Window(kernel: 1), groups: 2), "image")])
    #expect(try model.parameters["s.weight"]?.tensor().values == [2, 2, 3, 6, 8, 6, 7, 12])
  }

  @Test func clampsAreMergedIntoTheLayersBeforeThem() throws {
    for operation in [convolution(2), Linear(outputs: 2, clamp: .none), Affine(clamp: .none)] {
      let model = try simplified([layer("c", operation, "image"), layer("r", relu, "c"), layer("r2", relu, "r")])
      #expect(model.graph.layers.count == 1)
      #expect(model.graph.output == "c")
    }
    let twice = [
      layer("c", convolution(2, .relu6), "image"), layer("r", relu, "c"), layer("s", Add(clamp: .none), "c", "r"),
    ]
    #expect(try simplified(twice).graph.layers == [twice[0], layer("s", Add(clamp: .none), "c", "c")])
    let narrower = [layer("c", convolution(2, .relu), "image"), layer("r", Elementwise(.clamp(.relu6)), "c")]
    #expect(try simplified(narrower).graph.layers == narrower)
    let shared = [layer("c", convolution(2), "image"), layer("r", relu, "c"), layer("s", Add(clamp: .none), "c", "r")]
    #expect(try simplified(shared).graph.layers == shared)
    let sum = [
      layer("c", convolution(3), "image"), layer("s", Add(clamp: .none), "c", "image"), layer("r", relu, "s"),
    ]
    #expect(try simplified(sum).graph.layers == [sum[0], layer("s", Add(clamp: .relu), "c", "image")])
  }

  @Test func bordersOfZerosBecomePadding() throws {
    func pad(_ value: Float) -> GraphLayer {
      layer("p", Pad(top: 1, left: 0, bottom: 2, right: 3, value: value), "image")
    }
    let window = Window(
      y: WindowAxis(kernel: 4, before: 1, after: 2), x: WindowAxis(kernel: 4, before: 0, after: 3))
    func average(_ window: Window, _ countPadding: Bool, ceil: Bool = false) -> Op {
      AveragePool(window, ceilMode: ceil, countPadding: countPadding)
    }
    let plain = Window(kernel: 4)
    #expect(
      try simplified([pad(0), layer("c", convolution(2, kernel: 4), "p")]).graph.layers
        == [layer("c", Convolution(window, groups: 1, outputs: 2, clamp: .none), "image")])
    for counts in [false, true] {
      #expect(
        try simplified([pad(0), layer("c", average(plain, counts), "p")]).graph.layers
          == [layer("c", average(window, true), "image")])
    }
    for operation in [
      average(Window(kernel: 8, padding: 1), false), average(plain, true, ceil: true), average(Window(kernel: 3), true),
      MaxPool(plain, ceilMode: false),
    ] {
      #expect(
        try simplified([pad(0), layer("c", operation, "p")]).graph.layers == [pad(0), layer("c", operation, "p")])
    }
    let one = [pad(1), layer("c", convolution(2, kernel: 4), "p")]
    #expect(try simplified(one).graph.layers == one)
    let huge = [
      layer("p", Pad(top: .max, left: 0, bottom: -1, right: 0, value: 0), "image"),
      layer("c", convolution(2, padding: 1), "p"),
    ]
    #expect(try simplified(huge).graph.layers == huge)
  }

  @Test func layersThatDoNothingAreRemoved() throws {
    let model = try simplified([
      layer("d", Identity(), "image"), layer("z", Pad(top: 0, left: 0, bottom: 0, right: 0, value: 1), "d"),
      layer("c", convolution(4), "z"), layer("e", Identity(), "c"), layer("r", relu, "e"),
      layer("n", Concatenate(), "r"), layer("s", ChannelShuffle(groups: 1), "n"),
      layer("g", AdaptiveAverage(rows: 1, columns: 1), "s"), layer("f", Flatten(), "g"),
      layer("h", Elementwise(.tanh), "f"),
      layer("f2", Flatten(), "h"), layer("o", Identity(), "f2"),
    ])
    #expect(
      model.graph.layers == [
        layer("c", convolution(4, .relu), "image"), layer("g", GlobalAverage(), "c"),
        layer("h", Elementwise(.tanh), "g"),
      ])
    #expect(model.graph.output == "h")
    // A flatten layer does nothing only if its input is a vector for every size of the image.
    let pooled = [layer("g", AdaptiveAverage(rows: 2, columns: 1), "image"), layer("f", Flatten(), "g")]
    #expect(try simplified(pooled).graph.layers == pooled)
  }

  /// An identity between a value and its two readers does not hide that the value has two readers.
  @Test func readersAreCountedThroughIdentities() throws {
    let layers = [
      layer("c", convolution(2), "image"), layer("d", Identity(), "c"), layer("r", relu, "d"),
      layer("s", Add(clamp: .none), "d", "r"),
    ]
    #expect(
      try simplified(layers).graph.layers == [
        layers[0], layer("r", relu, "c"), layer("s", Add(clamp: .none), "c", "r"),
      ])
  }

  @Test func deadLayersAreRemovedWithTheirParameters() throws {
    let parameters = ["a", "b", "c"].map { ("\($0).weight", tensor([1, 3, 1, 1], [1, 2, 3])) }
    let model = try simplified(
      [
        layer("a", convolution(1), "image"), layer("b", convolution(1), "a"), layer("r", relu, "b"),
        layer("c", convolution(1), "a"),
      ], Dictionary(uniqueKeysWithValues: parameters))
    #expect(model.graph.layers.map(\.name) == ["a", "c"])
    #expect(model.parameters.keys.sorted() == ["a.bias", "a.weight", "c.bias", "c.weight"])
    #expect(try model.parameters["c.bias"]?.tensor() == Tensor(shape: [1], values: [0]))
    // Layer b is dead, so the clamp r is the only reader of a, and is merged into a.
    let merged = try simplified([
      layer("a", convolution(1), "image"), layer("b", GlobalAverage(), "a"), layer("r", relu, "a"),
    ])
    #expect(merged.graph.layers == [layer("a", convolution(1, .relu), "image")])
  }

  @Test func softmaxIsLeftOutAtTheEndAndRefusedElsewhere() throws {
    let layers = [layer("g", GlobalAverage(), "image"), layer("s", Softmax(), "g"), layer("f", Flatten(), "s")]
    let model = try simplified(layers)
    #expect(model.graph.layers == [layers[0]])
    #expect(model.graph.output == "g")
    #expect(model.notes == ["the softmax at the end is left out: its inputs are the scores"])
    #expect(
      errorLine { try simplified(layers + [layer("t", Elementwise(.tanh), "f")]) }
        == "layer s: a softmax is supported only as the last layer")
  }

  @Test func refusesGraphsThatContradictThemselvesOrTheirTensors() throws {
    let layers = [layer("c", convolution(2), "image"), layer("b", BatchNorm(epsilon: 0), "c")]
    var parameters = norm("b", values)
    func line() -> String { errorLine { try simplified(layers, parameters) } }
    #expect(line() == "layer b: expected a tensor c.weight of 2 outputs, found none")
    parameters["c.weight"] = tensor([1, 3, 1, 1], [1, 2, 3])
    #expect(line() == "layer b: expected a tensor c.weight of 2 outputs, found the shape (1, 3, 1, 1)")
    parameters["b.running_mean"] = tensor([1], [1])
    #expect(line() == "layer b: expected a tensor b.running_mean of shape (2), found (1)")
    parameters["b.running_mean"] = nil
    #expect(line() == "layer b: expected a tensor b.running_mean of shape (2), found none")
    parameters["b.running_mean"] = tensor([2], [1, 1])
    parameters["b.running_var"] = tensor([2], [1, -1])
    #expect(
      line() == "layer b: expected a finite weight / √(variance + epsilon) in channel 1, "
        + "found the weight -0.25 and the variance -1.0")
    #expect(
      errorLine { try simplified([layer("b", Identity(), "c")]) } == "layer b takes c, which no earlier layer makes"
    )
    #expect(
      errorLine { try simplified([layer("b", Identity(), "image")]) } == "the output is image, which no layer makes")
  }

  @Test("An error from reading a layer's file names the file once")
  func unreadableFileIsNamedOnce() throws {
    let folder = try TemporaryFolder(), path = folder.path + "/m.safetensors"
    let names = ["weight", "bias", "running_mean", "running_var"].map { "norm.\($0)" }
    try Safetensors(
      tensors: Dictionary(uniqueKeysWithValues: names.map { ($0, Tensor(shape: [3], values: [1, 2, 3])) })
    ).write(to: path)
    let file = try Safetensors(ByteSource(contentsOf: path))
    let model = Model(
      graph: Graph(
        input: .init(channels: 3),
        layers: [GraphLayer(name: "norm", operation: BatchNorm(epsilon: 0), inputs: [Graph.image])], output: "norm"),
      parameters: file.parameters, source: "")
    #expect(try model.simplified().graph.layers.count == 1)
    #expect(truncate(path, 10) == 0)
    #expect(errorLine { _ = try model.simplified() } == "\(path): the file became shorter while it was read")
  }
}
