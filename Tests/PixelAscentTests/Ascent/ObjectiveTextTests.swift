// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Objectives as text.
@Suite struct ObjectiveTextTests {
  private static func network() throws -> Network {
    try Network(SmallNetworks.random(SmallNetworks.squeezed, integers: false, seed: 7), name: "small")
  }

  private static let image = Tensor(shape: [3, 32, 40], values: RandomSource(seed: 4).normals(3 * 32 * 40))

  /// The written text gives the same objective: the same value, and the same text again.
  @Test func writtenTextIsReadAgain() throws {
    let network = try Self.network(), layer = network.layerNames[2], evaluation = try network.evaluation(of: Self.image)
    let texts = [
      "class:1", " score:0 ", "log-probability:1", "probability:1", "margin:0", "minus-others:1", "contrast:1, 0,2",
      "layer:#2", "channel:\(layer), 1", "neuron:\(layer),1", "neuron:\(layer), 1, 0 ,1", "-class:1", "-2 * class:1",
      "class:1 + 0.5*channel:#1,0 - 1e-3*tv - l1 - 2*alpha-norm", "3*layer:#0 - class:0 + class:1",
    ]
    for text in texts {
      let read = try ObjectiveText(text, network), again = try ObjectiveText(read.text, network)
      #expect(again.text == read.text && again.regularizers == read.regularizers, "\(text)")
      #expect(try evaluation.value(of: again.objective) == evaluation.value(of: read.objective), "\(text)")
    }
  }

  @Test func termsAreAddedWithTheirWeights() throws {
    let network = try Self.network(), evaluation = try network.evaluation(of: Self.image)
    let scores = try evaluation.scores().map(Double.init)
    let read = try ObjectiveText("2*class:1 - 0.5*class:0 - 0.25*tv", network)
    #expect(abs(try evaluation.value(of: read.objective) - (2 * scores[1] - 0.5 * scores[0])) < 1e-9)
    #expect(read.regularizers == [.totalVariation(weight: 0.25)])
    #expect(read.text == "2*class:1 - 0.5*class:0 - 0.25*tv")
  }

  /// torchvision calls the output of SqueezeNet's last fire module features.12.
  @Test(.enabled(if: Resources.hasModel, Resources.needsModel)) func layersHaveTorchvisionsNames() throws {
    let network = try Resources.network()
    #expect(try ObjectiveText("channel:features.12,30", network).text == "channel:fire9/concat,30")
    #expect(try ObjectiveText("class:goose + layer:features.3", network).text == "class:99 + layer:fire2/concat")
  }

  @Test func mistakesAreNamed() throws {
    let network = try Self.network(), name = network.layerNames[0], count = network.layerNames.count
    func line(_ text: String) -> String { errorLine { _ = try ObjectiveText(text, network) } }
    func expect(_ text: String, _ position: Int, _ expected: String, _ found: String) {
      #expect(
        line(text) == "objective \"\(text)\": at character \(position): expected \(expected), found \"\(found)\"")
    }
    expect("x*class:1", 1, "a number before *", "x")
    expect("nan*class:1", 1, "a number before *", "nan")
    expect("class:1 + *class:1", 11, "a number before *", "")
    expect("class:", 1, "class:C with a class C", "class:")
    expect("class:1 + margin", 11, "margin:C with a class C", "margin")
    expect("contrast:1", 1, "contrast:C,D with at least two classes", "contrast:1")
    expect("channel:\(name)", 1, "channel:L,c with whole numbers after the layer L", name)
    expect("channel:\(name),1x", 1, "channel:L,c with whole numbers after the layer L", "\(name),1x")
    expect("neuron:\(name)", 1, "neuron:L,c or neuron:L,c,y,x with whole numbers after the layer L", name)
    expect("layer:#999", 1, "a layer from #0 to #\(count - 1)", "#999")
    expect("class:1 - tv:2", 11, "tv without \":\"", "2")
    expect("class:1 + tv", 11, "\" - \" before tv, which is subtracted", "tv")
    #expect(line("channel:\(name),9999").contains("expected a channel from 0 to "))
    #expect(line("class:1 + jump:3").contains("at character 11: expected class:C, log-probability:C"))
    #expect(line("").contains("at character 1: expected class:C"))
    #expect(line("-tv").hasSuffix("expected a term of a class, a neuron, a channel or a layer"))
    #expect(line("class:nobody").hasPrefix("no class is called \"nobody\""))
    #expect(line("layer:\(name)x").hasPrefix("the network has no layer \"\(name)x\"; nearest: \(name) (#0)"))
    #expect(line(String(repeating: "class:1 + ", count: 200) + "class:1").contains("expected at most 100 terms"))
    #expect(line(String(repeating: "é", count: 10_000)).utf8.count < 100_000)
  }

  /// An ascent of an objective raises it, and its picture can be made again from its parameters.
  @Test(arguments: [ClassVisualization.Recipe.lucid, .soft, .cs231nPyTorchNormalized])
  func ascentRaisesTheObjective(recipe: ClassVisualization.Recipe) throws {
    let network = try Self.network()
    var visualization = ClassVisualization(recipe)
    (visualization.height, visualization.width, visualization.iterations) = (32, 40, 12)
    visualization.objective = try ObjectiveText("layer:#3 + 0.1*class:1", network).text
    let result = try visualization.run(network)
    #expect(result.value > result.scoreHistory[0] && result.probability == nil)
    let again = try JSONText.decode(ClassVisualization.self, from: JSONText.encode(visualization).utf8)
    #expect(try again.run(network).image == result.image)
  }

  /// A channel that is 0 everywhere is raised from before its ReLU.
  @Test(.enabled(if: Resources.hasModel, Resources.needsModel)) func deadChannelClimbs() throws {
    let network = try Resources.network()
    var visualization = ClassVisualization(.lucid)
    (visualization.height, visualization.width, visualization.iterations) = (96, 96, 40)
    visualization.objective = "channel:fire9/concat,12"
    let result = try visualization.run(network)
    #expect(result.scoreHistory[0] == 0 && result.gradientsBeforeLastReLU > 0 && result.value > 0)
  }

  @Test func classOrObjectiveIsNeeded() throws {
    let network = try Self.network()
    #expect(errorLine { _ = try ClassVisualization().run(network) } == "the subject has no class")
    var visualization = ClassVisualization()
    visualization.objective = "nothing"
    #expect(errorLine { _ = try visualization.run(network) }.hasPrefix("objective \"nothing\": at character 1"))
  }
}
