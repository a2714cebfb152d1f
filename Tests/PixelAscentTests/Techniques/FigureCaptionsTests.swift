// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// The captions of the techniques' figures, and how figures are made again.
@Suite struct FigureCaptionsTests {
  private let photo = RGBImage(width: 8, height: 8, pixels: [UInt8](repeating: 140, count: 192))

  private func network(
    _ activation: Activation? = nil, names: [String] = ["goose", "tarantula"], inputSize: PixelSize = 8
  ) throws -> Network {
    try PixelwiseNetwork.make(
      [.init(weight: [1, 0, 0], bias: 1.1), .init(weight: [0, 1, 0], bias: 0)], names: names, inputSize: inputSize,
      activation: activation)
  }

  private func texts(_ figure: Figure) -> [String] {
    figure.panels.map { ($0.caption?.text ?? "") + ($0.caption?.ending ?? "") }
  }

  private func probability(_ index: Int, _ scores: [Float], _ network: Network) throws -> String {
    fixed(try #require(network.activation.probability(of: index, scores)), 2)
  }

  @Test("A fooling image's figure names the classes that the network sees, with their probabilities")
  func fooling() throws {
    let network = try network(), result = try Fooling().run(network, on: photo, target: 1)
    try #require(result.survives8Bit)
    let before = try probability(0, result.originalScores, network), after = try probability(1, result.scores, network)
    let figure = result.figure(network)
    #expect(texts(figure) == ["goose \(before)", "tarantula \(after)", "difference", "difference × 10"])
    #expect(before.hasPrefix("0.7"))

    let short = try Fooling(learningRate: 0.5, maxIterations: 1).run(network, on: photo, target: 1)
    let goose = try probability(0, short.scores, network)
    #expect(texts(short.figure(network))[1] == "goose \(goose)")
    let pictures = short.figure(network).panels.map(\.picture)
    let differences = [1, 10].map { short.image.difference(from: short.original, gain: $0) }
    #expect(pictures == [short.original, short.image] + differences)
  }

  @Test("With sigmoid outputs the figure names the target if the network sees it, and without probabilities only names")
  func otherActivations() throws {
    let sigmoid = try network(.sigmoid), result = try Fooling(learningRate: 0.5).run(sigmoid, on: photo, target: 1)
    try #require(result.survives8Bit)
    try #require(result.scores[0] > result.scores[1])
    let expected = "tarantula \(try probability(1, result.scores, sigmoid))"
    #expect(texts(result.figure(sigmoid))[1] == expected)
    let none = try network(Activation.none), map = try Saliency().run(none, on: photo)
    #expect(texts(map.figure(none)) == ["goose", "saliency"])
  }

  @Test("A saliency map's figure names the map's class")
  func saliency() throws {
    let network = try network(), map = try Saliency().run(network, on: photo, class: 1)
    let tarantula = try probability(1, map.scores, network)
    #expect(texts(map.figure(network)) == ["tarantula \(tarantula)", "saliency"])
    let ofTensor = try Saliency().run(network, onInput: network.tensor(from: photo))
    #expect(texts(ofTensor.figure(network)) == ["saliency"])
  }

  @Test("A visualization's figure counts the iterations from 1")
  func visualization() {
    var visualization = ClassVisualization()
    visualization.iterations = 100
    let figure = visualization.figure([(0, photo), (24, photo)], label: "gorilla")
    #expect(texts(figure) == ["gorilla · iteration 1/100", "gorilla · iteration 25/100"])
  }

  /// Techniques with figures of 2, 4 and 3 pictures, and the subjects that they are applied to.
  private func examples(_ style: Figure.Style) -> [(any Technique, Subject)] {
    var visualization = ClassVisualization()
    (visualization.height, visualization.width, visualization.iterations, visualization.showEvery) = (8, 8, 3, 1)
    visualization.figure = style
    let photo = Subject(photo: photo, class: 1)
    return [
      (Saliency(figure: style), photo), (Fooling(maxIterations: 2, figure: style), photo),
      (visualization, Subject(class: 1)),
    ]
  }

  private static let styles: [Figure.Style] = [
    Figure.Style(), Figure.Style(hasCaptions: false), Figure.Style(columns: 2, scale: 3), Figure.Style.row,
  ]

  @Test("A figure's provenance holds its layout, and makes the picture again", arguments: styles)
  func provenance(_ style: Figure.Style) throws {
    let network = try network()
    for (technique, subject) in examples(style) {
      let provenance = Provenance(technique, class: 1, network, try Provenance.Model(network)).of(.figure)
      let text = try provenance.text()
      #expect(text.contains("\"figure\":{") == (style != .row))
      let read = try Provenance(text: text, name: "f")
      #expect(read == provenance)
      #expect(try read.text() == text)
      let picture = try technique.picture(.figure, network, of: subject)
      #expect(try read.picture(by: network, of: subject) == picture)
    }
  }

  @Test("A figure of the first versions, whose provenance has no layout, is one row without captions")
  func oldProvenance() throws {
    let network = try network(),
      text = """
        {"class":1,"input":"ab","label":"tarantula","model":{"sha256":"\(try network.sha256())"},"picture":"figure",\
        "program":"pixelascent","saliency":{"colormap":"hot","objective":"score","percentile":100},"simd":"scalar",\
        "title":"saliency map of tarantula (1)","version":"0.1.0"}
        """
    let old = try Provenance(text: text, name: "f"), map = try Saliency().run(network, on: photo, class: 1)
    #expect(try old.text() == text)
    #expect(try old.picture(by: network, of: Subject(photo: photo)) == RGBImage(row: [photo, map.picture]))
  }

  @Test("The layout of figures changes neither the provenance nor the bytes of the other pictures")
  func otherPictures() throws {
    let network = try network()
    let texts = try Self.styles.map { (style: Figure.Style) -> [String] in
      try examples(style).map { technique, _ in
        try Provenance(technique, class: 1, network, try Provenance.Model(network)).text()
      }
    }
    for others in texts { #expect(others == texts[0]) }
  }

  @Test("A figure that is made again has the names that the classes had, whatever labels the network has now")
  func names() throws {
    let named = try network(inputSize: 64), other = try network(names: ["a", "b"], inputSize: 64)
    let fooling = Fooling(maxIterations: 2), result = try fooling.run(named, on: photo, target: 1)
    let picture = try result.figure(named).image()
    let provenance = Provenance(fooling, class: 1, named, try Provenance.Model(named))
      .of(.figure, naming: result.names(named))
    let text = try provenance.text()
    #expect(text.contains("\"names\":{\"0\":\"goose\"}"))
    let read = try Provenance(text: text, name: "f"), subject = Subject(photo: photo)
    #expect(try read.picture(by: other, of: subject) == picture)
    #expect(try provenance.of(.figure).picture(by: other, of: subject) != picture)
    #expect(read != provenance.of(.figure))
  }

  @Test("A figure that takes more memory than the network's options allow is refused")
  func memory() throws {
    var network = try network()
    network.options.maxMemory = 1 << 20
    let panels = [Figure.Panel](repeating: Figure.Panel(photo), count: 40)
    let figure = Figure(panels, style: Figure.Style(scale: 16))
    #expect(
      errorLine { try figure.image(allowedBy: network) }
        == "a figure at scale 16 would take 3 MB of memory, more than the limit of 1 MB (maxMemory)")
    #expect(try Figure(panels).image(allowedBy: network).height == 8)
  }

  @Test("A scale out of range is refused by every technique")
  func scales() {
    for (technique, _) in examples(Figure.Style(scale: 17)) {
      #expect(errorLine { try technique.validate() } == "scale must be from 1 to 16, found 17")
    }
  }
}
