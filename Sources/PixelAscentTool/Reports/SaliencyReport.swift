// SPDX-License-Identifier: MIT

import PixelAscent

extension SaliencyMap {
  /// Returns a page about the map, as one HTML file: the photo, the map, the map over the photo, and the scores.
  ///
  /// Equal arguments give equal text.
  ///
  /// - Parameters:
  ///   - name: the photo's name on the page
  ///   - network: the network whose gradient the map shows
  ///   - command: the words of the command that makes the page; empty if the page shows no command
  /// - Precondition: the map was made from a photo, not from a tensor.
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if memory runs out.
  package func report(
    name: String, network: Network, command: [String] = []
  ) throws(PixelAscentError) -> String {
    guard let photo else { preconditionFailure("a page about the map of a tensor") }
    let picture = picture, percentile = technique.percentile, label = network.labels[classIndex]
    let figures = [
      try ReportPage.figure(
        photo, alt: "The photo \(name)",
        caption: "<bdi>\(name)</bdi> as the network sees it: \(photo.width) × \(photo.height) pixels"),
      try ReportPage.figure(
        picture, alt: "Saliency map of \(label); the largest values are the brightest",
        caption: "The map: how much the class’s \(objectiveName) changes if a pixel changes a little\(top(percentile))"),
      """
      <figure>
      <div class="stack" id="overlay">
      \(try ReportPage.picture(photo, alt: "The photo, under the saliency map"))
      \(try ReportPage.picture(picture, alt: "The saliency map over the photo"))
      </div>
      <figcaption>The map over the photo
      <label hidden data-opacity="overlay">Opacity of the map
      <input type="range" min="0" max="100" value="60" autocomplete="off"><output>60 %</output></label></figcaption>
      </figure>

      """,
    ]
    let scores = ReportPage.scores(
      scores, network, marked: [classIndex], caption: "The highest scores for this photo")
    return ReportPage(
      kind: "Saliency map", title: label, lead: lead(network),
      sections: [
        ReportPage.section("Which pixels matter", [ReportPage.pictures(figures)]),
        ReportPage.section("The network’s predictions", [scores]),
      ], network: network, command: command
    ).text
  }

  private func lead(_ network: Network) -> HTML {
    let index = classIndex
    let probability: HTML =
      network.activation.probability(of: index, scores).map { " and the probability \(fixed($0, 4))" } ?? ""
    let dead: HTML =
      isZero
      ? """
       The gradient is zero everywhere, so the map shows nothing. Usually the reason is that a ReLU at the end of the network \
      outputs zero for this class.
      """ : ""
    return """
      The brighter a pixel of the map, the more the \(objectiveName) of \(ReportPage.name(index, network)) depends on it. \
      For this photo the score is \(fixed(scores[index], 3))\(probability).\(dead)
      """
  }

  private func top(_ percentile: Double) -> HTML {
    percentile < 100 ? "; all values above percentile \(ReportPage.number(percentile)) have the brightest colour" : ""
  }

  private var objectiveName: String {
    switch technique.objective {
    case .score: "score"
    case .crossEntropy: "cross-entropy loss"
    }
  }
}
