// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// How scores become probabilities, for files that end in scores, a sigmoid or a softmax.
@Suite struct ActivationTests {
  /// PyTorch's results in float64 for a file of Tests/Golden/activations: see make_activation_fixtures.py there.
  private struct Expected: Decodable {
    let scores, probabilities: [Double]
    /// The gradients of the first output's score and of its loss.
    let score_gradient, loss_gradient: [Double]
  }

  private static let folder = PackageFiles.folder + "/Tests/Golden/activations"
  private static let names = [
    "one-logit", "one-sigmoid", "three-sigmoids", "three-moderate-sigmoids", "two-softmax", "one-complement",
    "three-complements", "pair", "softmax-quotient", "softmax-shifted", "softmax-exp-of-log", "softmax-moved",
    "three-log-sigmoids",
  ]

  private static func expected(_ name: String) throws -> Expected {
    let all = try JSONText.decode([String: Expected].self, from: try Files.read("\(folder)/expected.json"))
    return try #require(all[name])
  }

  private static let input = Tensor(shape: [3, 5, 5], values: (0..<75).map { Float($0 * 37 % 101) / 50 - 1 })

  private static func read(_ name: String, _ change: (inout ModelSettings) throws -> Void = { _ in }) throws -> Model {
    var settings = ModelSettings()
    try change(&settings)
    return try ModelReader.read("\(folder)/\(name).onnx", settings)
  }

  private static func network(_ name: String) throws -> Network { try Network(read(name), name: name) }

  @Test(arguments: names) func probabilitiesEqualPyTorchs(name: String) throws {
    let network = try Self.network(name), expected = try Self.expected(name)
    let scores = try network.scores(of: Self.input)
    let probabilities = try #require(network.activation.probabilities(scores))
    // Class 1 of a network with one output has the output itself, and class 0 its negative.
    let isOne = expected.scores.count == 1
    let wanted = isOne ? [-expected.scores[0], expected.scores[0]] : expected.scores
    let likely = isOne ? [1 - expected.probabilities[0], expected.probabilities[0]] : expected.probabilities
    try #require(scores.count == wanted.count)
    for index in wanted.indices {
      #expect(abs(Double(scores[index]) - wanted[index]) <= 1e-4 * max(1, abs(wanted[index])), "class \(index)")
      #expect(abs(probabilities[index] - likely[index]) <= 1e-6, "class \(index)")
      #expect(network.activation.probability(of: index, scores) == probabilities[index])
    }
    for prediction in network.predictions(scores) {
      #expect(prediction.probability == probabilities[prediction.classIndex])
    }
  }

  @Test(arguments: names) func gradientsEqualPyTorchs(name: String) throws {
    let network = try Self.network(name), expected = try Self.expected(name)
    let index = expected.scores.count == 1 ? 1 : 0, evaluation = try network.evaluation(of: Self.input)
    let score = try evaluation.gradient(of: .score(class: index)).values
    let loss = try evaluation.gradient(of: .crossEntropy(class: index)).values
    // The gradient goes around the sigmoid at the end, whose derivative is 0 in float32 at scores of 40.
    #expect(score.contains { abs($0) > 0.1 })
    #expect(relativeError(score, expected.score_gradient.map { Float($0) }) <= 1e-5)
    #expect(relativeError(loss, expected.loss_gradient.map { Float($0) }) <= 1e-4)
    if expected.scores.count == 1 {
      #expect(try evaluation.gradient(of: .score(class: 0)).values == score.map { -$0 })
    }
  }

  @Test func fileDecidesTheActivation() throws {
    func found(_ name: String) throws -> (Activation?, [String], [String]) {
      let model = try Self.read(name)
      return (model.activation, model.graph.layers.map(\.name), model.notes.map(\.description))
    }
    let one = try found("one-logit"), sigmoid = try found("one-sigmoid"), several = try found("three-sigmoids")
    let layers = ["stem", "tanh", "pool", "fc"]
    #expect(one.0 == .sigmoid)
    #expect(one.1 == layers + ["fc/classes"])
    #expect(
      one.2.last == "the network has one output: it is the score of class 1 (1), and its negative that of class 0 (0)")
    #expect(sigmoid.0 == .sigmoid)
    #expect(sigmoid.1 == layers + ["fc/classes"])
    #expect(sigmoid.2.first == "the sigmoid at the end is left out: its inputs are the scores")
    #expect(several.0 == .sigmoid)
    #expect(several.1 == layers)
    #expect(try found("two-softmax").0 == .softmax)
    #expect(try found("two-softmax").2.first == "the softmax at the end is left out: its inputs are the scores")
    // A softmax of one output is always 1, so it was meant to be a sigmoid.
    let mistake = ONNXWriter.file {
      $0.floats("w", [3, 1], [1, 2, 3])
      $0.node("GlobalAveragePool", ["x"], ["a"])
      $0.node("Flatten", ["a"], ["b"])
      $0.node("MatMul", ["b", "w"], ["c"])
      $0.node("Softmax", ["c"], ["y"])
    }
    let mistaken = try ModelReader.read(ByteSource(mistake, name: "m.onnx"))
    #expect(mistaken.activation == .sigmoid)
    #expect(
      mistaken.notes.map(\.description).contains(
        "the file ends in the softmax of one number, which is always 1; the sigmoid is taken in place of it"))
    #expect(try SmallNetworks.random(SmallNetworks.squeezed, integers: true, seed: 2).activation == nil)
  }

  /// The scores' layers must be the only ones: a second softmax would leave other layers behind.
  @Test(arguments: [
    ("softmax-quotient", "softmax"), ("softmax-shifted", "softmax"), ("softmax-exp-of-log", "softmax"),
    ("softmax-moved", "softmax"), ("three-complements", "sigmoid"), ("three-log-sigmoids", "sigmoid"),
  ])
  func findsSoftmaxAndSigmoidInSeveralLayers(name: String, activation: String) throws {
    let model = try Self.read(name)
    #expect(model.activation?.rawValue == activation)
    #expect(model.graph.layers.map(\.name) == ["stem", "tanh", "pool", "fc"])
    #expect(model.notes.first?.description == "the \(activation) at the end is left out: its inputs are the scores")
  }

  @Test func complementaryPairIsTwoSigmoids() throws {
    let model = try Self.read("pair")
    #expect(model.activation == .sigmoid)
    #expect(model.graph.layers.last?.operation is Concatenate)
  }

  /// Numbers between 0 and 1 that no softmax or sigmoid makes get no other one.
  @Test func numbersFromZeroToOneStayAsTheyAre() throws {
    let note =
      "the last layer, probabilities (hard sigmoid), makes numbers from 0 to 1: they are taken as they are, and no "
      + "softmax or sigmoid makes probabilities of them; activation chooses one"
    for name in ["hard-sigmoids", "one-hard-sigmoid"] {
      let model = try Self.read(name), expected = try Self.expected(name).probabilities
      #expect(model.activation == Activation.none)
      #expect(model.notes.map(\.description).contains(note))
      let wanted = expected.count == 1 ? [1 - expected[0], expected[0]] : expected
      let scores = try Network(model, name: name).scores(of: Self.input)
      try #require(scores.count == wanted.count)
      for (score, right) in zip(scores, wanted) { #expect(abs(Double(score) - right) <= 1e-6) }
      let chosen = try Self.read(name) { $0.activation = .sigmoid }
      #expect(chosen.activation == .sigmoid)
      #expect(!chosen.notes.map(\.description).contains(note))
      let again = try ModelReader.read(ByteSource(try model.safetensors().data(), name: "m"))
      #expect(again.activation == Activation.none)
      #expect(again.graph == model.graph)
    }
    #expect(
      try Self.read("one-hard-sigmoid").notes.last?.description
        == "the network has one output: it is the score of class 1 (1), and 1 minus it that of class 0 (0)")
  }

  /// Returns the activation of a network with three scores and these last nodes.
  private static func activation(_ body: (inout ONNXWriter) -> Void) throws -> Activation? {
    let bytes = ONNXWriter.file {
      $0.floats("w", [3, 3], [1, 2, 3, -1, 0, 1, 2, 2, -3])
      for (name, value) in [("zero", 0), ("half", 0.5), ("one", 1), ("two", 2)] as [(String, Float)] {
        $0.floats(name, [], [value])
      }
      $0.integers("axis", [1])
      $0.node("GlobalAveragePool", ["x"], ["a"])
      $0.node("Flatten", ["a"], ["b"])
      $0.node("MatMul", ["b", "w"], ["s"])
      body(&$0)
    }
    return try ModelReader.read(ByteSource(bytes, name: "m.onnx")).activation
  }

  @Test func rangeOfTheLastLayersDecides() throws {
    // These end in numbers from 0 to 1.
    let bounded: [(inout ONNXWriter) -> Void] = [
      { $0.node("Clip", ["s", "zero", "one"], ["y"]) },
      {
        $0.node("Relu", ["s"], ["r"])
        $0.node("ReduceSum", ["r", "axis"], ["t"])
        $0.node("Div", ["r", "t"], ["y"])
      },
      {
        $0.node("HardSigmoid", ["s"], ["r"])
        $0.node("Sub", ["one", "r"], ["t"])
        $0.node("Mul", ["r", "t"], ["y"])
      },
      {
        $0.node("Tanh", ["s"], ["r"])
        $0.node("Add", ["r", "one"], ["t"])
        $0.node("Mul", ["t", "half"], ["y"])
      },
    ]
    for body in bounded { #expect(try Self.activation(body) == Activation.none) }
    // These don't, so that they are scores.
    let others: [(inout ONNXWriter) -> Void] = [
      { $0.node("Clip", ["s", "zero", "two"], ["y"]) }, { $0.node("Tanh", ["s"], ["y"]) },
      {
        $0.node("Sigmoid", ["s"], ["r"])
        $0.node("Mul", ["r", "two"], ["y"])
      },
      {
        // The sum is that of other numbers.
        $0.node("Relu", ["s"], ["r"])
        $0.node("Exp", ["s"], ["e"])
        $0.node("ReduceSum", ["e", "axis"], ["t"])
        $0.node("Div", ["r", "t"], ["y"])
      },
      {
        // Some of the numbers that are divided by their sum may be negative.
        $0.node("ReduceSum", ["s", "axis"], ["t"])
        $0.node("Div", ["s", "t"], ["y"])
      },
    ]
    for body in others { #expect(try Self.activation(body) == .softmax) }
  }

  /// Every node joins the value before it with itself, and 1 − (1 − …) is as deep as the file is long.
  @Test func boundsTheSearchForTheEnd() throws {
    let deep = try Self.activation {
      $0.node("Sigmoid", ["s"], ["r0"])
      for step in 1...3000 { $0.node("Sub", ["one", "r\(step - 1)"], ["r\(step)"]) }
      $0.node("Identity", ["r3000"], ["y"])
    }
    #expect(deep == .softmax || deep == .sigmoid)
    let wide = try Self.activation {
      $0.node("Sigmoid", ["s"], ["r0"])
      for step in 1...16 { $0.node("Concat", ["r\(step - 1)", "r\(step - 1)"], ["r\(step)"], number: ("axis", 1)) }
      $0.node("Identity", ["r16"], ["y"])
    }
    #expect(wide == .softmax)
  }

  @Test func logSoftmaxHasItsOwnName() throws {
    let bytes = ONNXWriter.file {
      $0.node("GlobalAveragePool", ["x"], ["a"])
      $0.node("Flatten", ["a"], ["b"])
      $0.node("LogSoftmax", ["b"], ["y"])
    }
    let model = try ONNXReader.read(ByteSource(bytes, name: "m.onnx")).simplified()
    #expect(model.notes.map(\.description) == ["the log-softmax at the end is left out: its inputs are the scores"])
    #expect(model.activation == .softmax)
  }

  @Test func settingsReplaceTheActivation() throws {
    for activation in Activation.allCases {
      #expect(try Self.read("three-sigmoids") { $0.activation = activation }.activation == activation)
      #expect(try Self.read("two-softmax") { $0.activation = activation }.activation == activation)
    }
    #expect(try Self.read("one-logit") { $0.activation = Activation.none }.activation == Activation.none)
    for name in ["one-logit", "one-sigmoid"] {
      #expect(
        errorLine { try Self.read(name) { $0.activation = .softmax } }
          == "\(Self.folder)/\(name).onnx: the network has one output, and the softmax of one number is always 1; "
          + "activation sigmoid or none suits it")
    }
    let network = try Network(Self.read("two-softmax") { $0.activation = Activation.none }, name: "m")
    #expect(network.activation.probabilities([1, 2]) == nil)
    #expect(network.activation.probability(of: 1, [1, 2]) == nil)
    #expect(network.predictions([1, 2]).map(\.probability) == [nil, nil])
    #expect(
      errorLine { try network.gradient(of: .crossEntropy(class: 0), at: Self.input) }
        == "the cross-entropy needs probabilities, which are not known; activation softmax or sigmoid makes them")
  }

  @Test func labelsOfOneOutputNameOneClassOrTwo() throws {
    func labels(_ names: [[String]]) throws -> [[String]] {
      try #require(try Self.read("one-logit") { $0.labels = try Labels(names: names) }.labels).names
    }
    #expect(try labels([["cat"], ["dog"]]) == [["cat"], ["dog"]])
    #expect(try labels([["dog", "hound"]]) == [["not dog", "not hound"], ["dog", "hound"]])
    #expect(
      errorLine { _ = try labels([["a"], ["b"], ["c"]]) }.hasSuffix(
        "one-logit.onnx: the network has 2 classes, labels names 3"))
    let named = try Labels(names: [["dog"]]).withOpposite
    #expect(try named.find("dog") == 1)
    #expect(try named.find("not dog") == 0)
  }

  @Test func convertedFileKeepsActivationAndClasses() throws {
    for activation in [nil, Activation.none] {
      let model = try Self.read("one-logit") {
        $0.activation = activation
        $0.labels = try Labels(names: [["dog"]])
      }
      let bytes = try model.safetensors().data()
      func again(_ change: (inout ModelSettings) throws -> Void = { _ in }) throws -> Model {
        var settings = ModelSettings()
        try change(&settings)
        return try ModelReader.read(ByteSource(bytes, name: "m"), settings)
      }
      let read = try again()
      #expect(read.activation == activation ?? .sigmoid)
      #expect(read.labels?.names == [["not dog"], ["dog"]])
      #expect(read.graph == model.graph)
      #expect(read.notes.isEmpty)
      #expect(try read.safetensors().data() == bytes)
      #expect(try again { $0.labels = try Labels(names: [["cat"]]) }.labels?.names == [["not cat"], ["cat"]])
      #expect(errorLine { try again { $0.activation = .softmax } }.hasPrefix("m: the network has one output, "))
    }
    var file = try Self.read("three-sigmoids").safetensors()
    #expect(file.metadata["activation"] == "sigmoid")
    #expect(try Self.read("two-softmax").safetensors().metadata["activation"] == nil)
    file.metadata["activation"] = "relu"
    let bytes = try file.data()
    #expect(
      errorLine { try ModelReader.read(ByteSource(bytes, name: "m")) }
        == "m: expected the activation softmax, sigmoid or none, found relu")
  }

  /// A network whose last layer looks like that of one output, but has other weights, has two outputs of its own.
  @Test func otherLayersOfTwoOutputsAreNotTakenForOne() throws {
    for values: [Float] in [[-1, 1], [-1, 2]] {
      var model = try Self.read("one-logit")
      model.parameters["fc/classes.weight"] = Parameter(Tensor(shape: [2, 1], values: values))
      model.activation = nil
      let bytes = try model.safetensors().data()
      #expect(try ModelReader.read(ByteSource(bytes, name: "m")).activation == (values[1] == 1 ? .sigmoid : .softmax))
    }
  }

  /// Returns the weights of a narrow VGG 4 with `outputs` outputs, as a state dict. Row 0 of the last matrix is always
  /// the same.
  private static func stateDict(outputs: Int) throws -> [UInt8] {
    var random = TestRandom(4)
    func tensor(_ shape: Int...) -> Tensor {
      Tensor(shape: shape, values: random.reals(shape.reduce(1, *)).map { Float($0) })
    }
    var tensors = [
      "features.0.weight": tensor(2, 3, 3, 3), "features.0.bias": tensor(2), "classifier.0.weight": tensor(4, 98),
      "classifier.0.bias": tensor(4), "classifier.3.weight": tensor(4, 4), "classifier.3.bias": tensor(4),
    ]
    let last = tensor(3, 4), bias = tensor(3)
    tensors["classifier.6.weight"] = Tensor(shape: [outputs, 4], values: Array(last.values.prefix(4 * outputs)))
    tensors["classifier.6.bias"] = Tensor(shape: [outputs], values: Array(bias.values.prefix(outputs)))
    return try Safetensors(tensors: tensors).data()
  }

  @Test func stateDictWithOneOutputHasTwoClasses() throws {
    let one = try Network(modelFile: Self.stateDict(outputs: 1), name: "one")
    let three = try Network(modelFile: Self.stateDict(outputs: 3), name: "three")
    #expect(one.labels.names == [["class 0"], ["class 1"]])
    #expect(one.activation == .sigmoid)
    #expect(three.activation == .softmax)
    var random = TestRandom(5)
    let image = Tensor(shape: [3, 20, 20], values: random.reals(1200).map { Float($0) })
    let score = try three.scores(of: image)[0]
    #expect(score != 0)
    #expect(try one.scores(of: image) == [-score, score])
    let gradient = try three.gradient(of: .score(class: 0), at: image).gradient.values
    #expect(gradient.contains { $0 != 0 })
    #expect(try one.gradient(of: .score(class: 1), at: image).gradient.values == gradient)
    #expect(try one.gradient(of: .score(class: 0), at: image).gradient.values == gradient.map { -$0 })
  }

  @Test func sigmoidIsRightForLargeScores() {
    #expect(sigmoid(0) == 0.5)
    #expect(sigmoid(-1000) == 0)
    #expect(sigmoid(1000) == 1)
    #expect(abs(sigmoid(2) - 0.880_797_077_977_882_4) < 1e-15)
    #expect(Activation.sigmoid.probabilities([-2, 0]) == [sigmoid(-2), 0.5])
    #expect(Activation.softmax.probabilities([3, 3]) == [0.5, 0.5])
  }
}
