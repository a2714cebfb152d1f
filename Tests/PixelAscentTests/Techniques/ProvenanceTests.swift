// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// The provenance in a picture's file.
@Suite struct ProvenanceTests {
  private func network() throws -> Network {
    try Network(SmallNetworks.random(SmallNetworks.squeezed, integers: true, seed: 1), name: "n")
  }

  private func provenance(_ technique: any Technique, input: String? = nil) throws -> Provenance {
    let network = try network()
    var settings = ModelSettings()
    (settings.mean, settings.isBGR, settings.resize) = ([0.25, 0.5, 0.75], true, .crop)
    settings.weights = "ema"
    return Provenance(technique, class: 1, network, try Provenance.Model(network, settings), input: input)
  }

  private func techniques() -> [any Technique] {
    var visualization = ClassVisualization(.simonyan)
    (visualization.seed, visualization.learningRate, visualization.height) = (.max, 0.1, 40)
    var other = ClassVisualization(.cs231nTensorFlow)
    other.start = .noise
    (visualization.showEvery, other.showEvery) = (0, 0)
    return [
      Saliency(), Saliency(.crossEntropy, colormap: .viridis, percentile: 99.5),
      Fooling(learningRate: 0.3, maxIterations: 7), visualization, other,
      Dream(objective: "layer:pool1"), Inversion(layer: "pool1"),
    ]
  }

  @Test("Provenance is read back from a PNG and a JPEG")
  func provenanceIsReadBack() throws {
    let image = RGBImage(width: 2, height: 1, pixels: [1, 2, 3, 4, 5, 6])
    for technique in techniques() {
      for kind in [Provenance.Kind.result, .figure, .overlay] {
        let provenance = try provenance(technique, input: "00ff").of(kind), text = try provenance.text()
        for bytes in [try image.pngData(comment: text), try image.jpegData(comment: text)] {
          let found = try Provenance(inFile: bytes, name: "f")
          #expect(found == provenance)
          #expect(try found.text() == text)
          #expect(found.model.settings.mean == [0.25, 0.5, 0.75])
          #expect(found.model.settings.isBGR)
          #expect(found.model.settings.weights == "ema")
        }
      }
    }
  }

  @Test("Of an image that an ascent starts from, the provenance holds the size and not the pixels")
  func startImageIsHeldByItsSize() throws {
    var visualization = ClassVisualization().starting(from: Tensor(shape: [3, 5, 7], repeating: 1))
    visualization.showEvery = 0
    let text = try provenance(visualization, input: "ab").text()
    let bytes = try RGBImage(width: 2, height: 1, pixels: [1, 2, 3, 4, 5, 6]).pngData(comment: text)
    #expect(try Provenance(inFile: bytes, name: "f").text() == text)
    #expect(text.contains("\"height\":5"))
    #expect(text.contains("\"width\":7"))
  }

  @Test("The text holds all that decides a picture's bytes, and no time, path or number of threads")
  func textHoldsWhatDecidesTheBytes() throws {
    let network = try network(), digest = try network.sha256(), simd = network.options.instructionSet.name
    let visualization = ClassVisualization().starting(from: Tensor(shape: [3, 5, 7], repeating: 0))
    let found = Provenance(visualization, class: 1, network, try Provenance.Model(network), input: "ab")
    let expected = """
      {"class":1,"input":"ab","label":"\(network.labels[1])","model":{"sha256":"\(digest)"},"picture":"result",\
      "program":"pixelascent","simd":"\(simd)","title":"class visualization of \(network.labels[1]) (1)",\
      "version":"\(Release.version)","visualize":{"blur_every":10,"blur_sigma":0.5,"clamp":true,"height":5,\
      "iterations":100,"l2":0.001,"learning_rate":25,"max_jitter":16,"recipe":"cs231n-pytorch-normalized","samples":1,\
      "seed":0,"show_every":0,"start":"image","width":7}}
      """
    #expect(try found.text() == expected)
    let figure = expected.replacing("\"result\"", with: "\"figure\"").replacing("every\":0", with: "every\":25")
      .replacing("\"height\":5", with: "\"figure\":{\"captions\":true,\"scale\":1},\"height\":5")
    #expect(try found.of(.figure).text() == figure)
  }

  private static let nothing = "f: the file has no provenance; only pictures that PixelAscent wrote have one"
  private static let unreadable = "f: its provenance can't be read: "

  @Test("A comment that is not provenance, or says something impossible, is refused")
  func refusesOtherComments() throws {
    let image = RGBImage(width: 1, height: 1, pixels: [1, 2, 3])
    func line(_ comment: String?) throws -> String {
      let bytes = try image.pngData(comment: comment)
      return errorLine { try Provenance(inFile: bytes, name: "f") }
    }
    #expect(try line(nil) == Self.nothing)
    for comment in ["hello", "CREATOR: gd-jpeg v1.0", "{}", "{\"program\":\"x\"}", "[1]"] {
      #expect(try line(comment) == Self.nothing)
    }
    let text = try provenance(techniques()[3]).text()
    for (part, change, why) in [
      ("\"sha256\":", "\"input_size\":-9223372036854775808,\"sha256\":", "model holds a value of the wrong kind"),
      ("\"sha256\":", "\"input_size\":65537,\"sha256\":", "model holds a value of the wrong kind"),
      ("\"picture\":\"result\"", "\"picture\":\"x\"", "picture holds a value of the wrong kind"),
      ("\"recipe\":\"simonyan\"", "\"recipe\":\"x\"", "visualize.recipe holds a value of the wrong kind"),
      ("\"seed\":18446744073709551615", "\"seed\":-1", "not valid JSON, or a number in it is out of range"),
      ("\"iterations\":150", "\"iterations\":0", "iterations must be 1 or more, found 0"),
      (
        "\"visualize\":", "\"visualise\":",
        "expected one of the techniques saliency, fool, visualize, dream, invert, found none"
      ),
    ] {
      #expect(text.contains(part))
      #expect(try line(text.replacing(part, with: change)) == Self.unreadable + why)
    }
  }
}
