// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// The three kinds of report, for networks of two to seven classes and images of 8×8 pixels.
@Suite struct ReportTests {
  private static let hostile = "<img src=x onerror=alert(1)> \"'&\u{202E}\u{0}"
  private static let escaped = "&lt;img src=x onerror=alert(1)&gt; &quot;&#39;&amp;\u{FFFD}\u{FFFD}"

  /// A network in which the score of class 0 grows with red and that of class 1 with green. The scores of all other
  /// classes are lower constants.
  private static func network(names: [String]? = nil, source: String = "a test", classes: Int = 2) throws -> Network {
    let constants = (2..<max(2, classes)).map { (index: Int) -> PixelwiseNetwork.Class in
      .init(weight: [0, 0, 0], bias: 0.01 * Float(index))
    }
    return try PixelwiseNetwork.make(
      [.init(weight: [1, 0, 0], bias: 0.3), .init(weight: [0, 1, 0], bias: 0)] + constants, names: names, source: source
    )
  }

  private static let photo = RGBImage(width: 8, height: 8, pixels: Array(repeating: 140, count: 192))

  private static func pages(_ network: Network, name: String = "photo.png", command: [String] = []) throws -> [String] {
    let map = try Saliency().run(network, on: photo), (fooled, steps) = try fool(network)
    return [
      try map.report(name: name, network: network, command: command),
      try Fooling().report(of: fooled, target: 1, steps: steps, name: name, network: network, command: command),
      try visualization(network, command: command),
    ]
  }

  private static func fool(_ network: Network) throws -> (Fooling.Result, [FoolingAscent.Step]) {
    let ascent = try Fooling().begin(network, on: photo, target: 1)
    var steps: [FoolingAscent.Step] = []
    while let step = try ascent.next() { steps.append(step) }
    return (try ascent.result(), steps)
  }

  private static func visualization(_ network: Network, command: [String] = []) throws -> String {
    var ascent = ClassVisualization()
    (ascent.height, ascent.width, ascent.iterations, ascent.showEvery, ascent.seed) = (8, 9, 5, 2, 18)
    let climb = try ascent.begin(network, class: 1, recordsProbabilities: true)
    var shown: [ShownIteration] = []
    while let step = try climb.next() { if step.isShown { shown.append(try ShownIteration(step)) } }
    return try ascent.report(of: climb.result(), class: 1, shown: shown, network: network, command: command)
  }

  @Test func pagesAreWellFormedAndReproducible() throws {
    let network = try Self.network()
    let pages = try Self.pages(network)
    #expect(try pages == Self.pages(network))
    for (page, pictures) in zip(pages, [4, 4, 4]) {
      #expect(Page.problems(page) == [])
      #expect(page.hasPrefix("<!DOCTYPE html>"))
      #expect(page.hasSuffix("</html>\n"))
      #expect(page.components(separatedBy: "<img ").count == pictures + 1)
      #expect(page.contains("PixelAscent \(Release.version), instruction set \(network.options.instructionSet.name)"))
      #expect(page.contains("Model: <bdi>a test</bdi>; licence: <bdi>MIT</bdi>; 2 classes."))
      #expect(!page.contains("The command"))
    }
  }

  @Test func pagesEscapeAllForeignText() throws {
    let network = try Self.network(names: [Self.hostile, "b" + Self.hostile], source: Self.hostile)
    for page in try Self.pages(network, name: Self.hostile, command: ["pixelascent", Self.hostile]) {
      #expect(Page.problems(page) == [])
      #expect(!page.contains("<img src=x"))
      #expect(page.contains("Model: <bdi>\(Self.escaped)</bdi>"))
      let forbidden = page.unicodeScalars.first { $0.properties.isBidiControl || $0.value == 0 }
      #expect(forbidden == nil)
    }
  }

  @Test func pagesShowTheCommandQuoted() throws {
    for page in try Self.pages(Self.network(), command: ["pixelascent", "a b.png", "<i>"]) {
      let words = "<span>pixelascent</span> <span>&#39;a b.png&#39;</span> <span>&#39;&lt;i&gt;&#39;</span></pre>"
      #expect(page.contains(words))
    }
  }

  @Test func scoresListFiveClassesAndTheMarkedOne() throws {
    let network = try Self.network(classes: 7)
    let scores = try network.classify(Self.photo, top: 7)
    let map = try Saliency().run(network, on: Self.photo, class: 2)
    let page = try map.report(name: "photo.png", network: network)
    let ranks = [0, 1, 2, 3, 4, 6]
    #expect(scores[6].classIndex == 2)
    for (rank, score) in zip(ranks, ranks.map { scores[$0] }) {
      let bar = "width: \(fixed(100 * (score.probability ?? -1), 2))%"
      #expect(page.contains("<td>\(rank + 1)</td><th scope=\"row\"><span><bdi>class \(score.classIndex)</bdi>"))
      #expect(page.contains(bar))
      #expect(page.contains("<td>\(fixed(score.score, 3))</td>"))
    }
    #expect(page.components(separatedBy: "scope=\"row\"").count == 7)
    #expect(page.components(separatedBy: "class=\"marked\"").count == 2)
    #expect(page.contains("The gradient is zero everywhere"))
  }

  @Test func foolingReportSaysHowLargeTheChangeIs() throws {
    let network = try Self.network()
    let (result, steps) = try Self.fool(network)
    let page = try Fooling().report(of: result, target: 1, steps: steps, name: "photo.png", network: network)
    #expect(page.contains("<dd>\(result.linf8Bit) of 255</dd>"))
    #expect(page.contains("<dd>\(fixed(result.psnr, 2)) dB</dd>"))
    #expect(page.contains("<dd>\(result.iterations) of at most 100</dd>"))
    // Each of the two curves has a dot before every step, after the last step, and for the rounded image.
    #expect(page.components(separatedBy: "<circle").count == 2 * (result.iterations + 2) + 1)
    #expect(
      page.contains("At iteration \(result.iterations) the image was rounded to 8 bits for the first time: the second"))
  }

  @Test func foolingReportSaysThatNothingHasChanged() throws {
    let fooling = Fooling(maxIterations: 0)
    let network = try Self.network()
    let result = try fooling.run(network, on: Self.photo, target: 1)
    let page = try fooling.report(of: result, target: 1, steps: [], name: "photo.png", network: network)
    let lead = "Not fooled: after 0 iterations the network classifies the image as <span><bdi>class 0</bdi>"
    #expect(page.contains(lead))
    #expect(page.contains("∞: no pixel has changed"))
    #expect(Page.problems(page) == [])
  }

  @Test func visualizationReportNamesTheClassWithTheHighestScore() throws {
    let network = try PixelwiseNetwork.make([
      .init(weight: [0, 0, 0], bias: 9), .init(weight: [0, 1, 0], bias: 0.5),
    ])
    var ascent = ClassVisualization()
    (ascent.height, ascent.width, ascent.iterations) = (8, 8, 1)
    let result = try ascent.run(network, class: 1)
    let page = try ascent.report(of: result, class: 1, shown: [], network: network)
    #expect(page.contains(" The highest score is that of <span><bdi>class 0</bdi> <small>(0)</small></span>, 9.000."))
    #expect(!page.contains("<polyline points=\"\""))
    #expect(page.components(separatedBy: "<polyline").count == 2)
    #expect(try !Self.visualization(Self.network()).contains(" The highest score is "))
  }

  @Test func visualizationReportShowsIterationsAndAllParameters() throws {
    let page = try Self.visualization(Self.network())
    for iteration in [1, 2, 4, 5] { #expect(page.contains("<figure data-iteration=\"\(iteration)\">")) }
    #expect(page.contains("<input type=\"range\" min=\"0\" max=\"3\" value=\"3\""))
    for iteration in 1...5 {
      let dots = page.components(separatedBy: "<circle data-iteration=\"\(iteration)\"").count - 1
      #expect(dots == (iteration == 3 ? 0 : 2), "one on each curve, if a picture is shown")
    }
    let curves = page.components(separatedBy: "<polyline points=\"").dropFirst()
    #expect(curves.map { $0.prefix { $0 != "\"" }.split(separator: " ").count } == [5, 5], "a point per iteration")
    let facts = [
      ("Class index", "1"), ("Recipe", "cs231n-pytorch-normalized"), ("Start", "noise"), ("Seed", "18"),
      ("Height × width", "8 × 9 pixels"), ("Iterations", "5"), ("Learning rate (length of each step)", "25"),
      ("Weight decay (L2)", "0.001"),
      ("Blur", "every 10 iterations, σ 0.5 pixels"), ("Largest jitter", "16 pixels"),
      ("Shifted copies per step", "1"), ("Clamped to valid colours", "yes"),
      ("How the image is shown", "stretched to the full range of colours"),
    ]
    for (name, value) in facts { #expect(page.contains("<dt>\(name)</dt><dd>\(value)</dd>"), "\(name)") }
    #expect(page.components(separatedBy: "<dt>").count == facts.count + 1)
  }

  /// Returns the three pages about a network whose class 0 has the score red + 0.3, and class 1 green − 0.3.
  private static func pages(_ activation: Activation) throws -> (network: Network, pages: [String]) {
    let network = try PixelwiseNetwork.make(
      [.init(weight: [1, 0, 0], bias: 0.3), .init(weight: [0, 1, 0], bias: -0.3)], clamp: .none, activation: activation)
    return (network, try pages(network))
  }

  @Test func pagesGiveEachSigmoidItsOwnProbability() throws {
    let (network, pages) = try Self.pages(.sigmoid), scores = try network.classify(Self.photo)
    #expect(pages.map(Page.problems) == [[], [], []])
    for score in scores {
      let probability = sigmoid(Double(score.score))
      #expect(score.probability == probability)
      let row = "<td>\(fixed(score.score, 3))</td><td>\(fixed(probability, 4))</td></tr>"
      #expect(pages[0].contains(row))
      #expect(pages[1].contains(row))
    }
    #expect(pages[0].contains(" and the probability \(fixed(sigmoid(Double(scores[0].score)), 4))."))
    let (result, _) = try Self.fool(network), before = fixed(sigmoid(Double(result.originalScores[1])), 4)
    let after = fixed(sigmoid(Double(result.scores[1])), 4)
    #expect(pages[1].contains("<h1><bdi>class 1</bdi></h1>"))
    #expect(
      pages[1].contains(
        "In the photo the probability of <span><bdi>class 1</bdi> <small>(1)</small></span> is \(before). "
          + "After 1 iteration it is \(after), above 0.5, even when the image is rounded to 8 bits."))
    #expect(!pages[1].contains("classifie"))
    let same = try Fooling(maxIterations: 0).run(network, on: Self.photo, target: 1)
    let page = try Fooling(maxIterations: 0).report(of: same, target: 1, steps: [], name: "p.png", network: network)
    #expect(page.contains("After 0 iterations it is \(before), not above 0.5."))
  }

  @Test func pagesHaveNoProbabilitiesThatAreNotKnown() throws {
    let (_, pages) = try Self.pages(.none)
    for page in pages {
      #expect(Page.problems(page) == [])
      #expect(!page.lowercased().contains("probabilit"))
      #expect(!page.contains("class=\"bar\""))
    }
    #expect(pages[1].contains("The network classifies the photo as <span><bdi>class 0</bdi>"))
    #expect(pages[2].components(separatedBy: "<polyline").count == 2)
  }
}
