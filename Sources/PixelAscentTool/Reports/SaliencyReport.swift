// SPDX-License-Identifier: MIT

import PixelAscent

extension SaliencyMap {
  /// A page about the map, as HTML in one file: the photo, the map, the map over the photo, and the scores.
  ///
  /// The same arguments give the same text.
  ///
  /// - Parameters:
  ///   - name: what the page calls the photo
  ///   - network: whose map it is
  ///   - command: the words of a command that makes the map again, to be shown; none if there is none
  /// - Precondition: the map is that of a photo.
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if memory runs out.
  package func report(
    name: String, network: Network, command: [String] = []
  ) throws(PixelAscentError) -> String {
    guard let photo else { preconditionFailure("a page about the map of a tensor") }
    let picture = picture, percentile = technique.percentile, label = network.labels[classIndex]
    let figures = [
      try ReportPage.figure(
        photo, alt: "The photo \(name)",
        caption: "<bdi>\(name)</bdi> as the network gets it, \(photo.width) × \(photo.height) pixels"),
      try ReportPage.figure(
        picture, alt: "Saliency map of \(label), the greatest values brightest",
        caption: "The map: how far a small change of a pixel moves the \(objectiveName)\(top(percentile))"),
      """
      <figure>
      <div class="stack" id="overlay">
      \(try ReportPage.picture(photo, alt: "The photo below"))
      \(try ReportPage.picture(picture, alt: "The saliency map over the photo"))
      </div>
      <figcaption>The map over the photo
      <label hidden data-opacity="overlay">Opacity
      <input type="range" min="0" max="100" value="60" autocomplete="off"><output>60 %</output></label></figcaption>
      </figure>

      """,
    ]
    let scores = ReportPage.scores(
      scores, network, marked: [classIndex], caption: "The first five classes for this photo")
    return ReportPage(
      kind: "Saliency map", title: label, lead: lead(network),
      sections: [
        ReportPage.section("The pixels that decided", [ReportPage.pictures(figures)]),
        ReportPage.section("What the network sees", [scores]),
      ], network: network, command: command
    ).text
  }

  private func lead(_ network: Network) -> HTML {
    let index = classIndex
    let dead: HTML =
      isZero
      ? " The gradient is zero everywhere, and so is the map: the last ReLU lets nothing of this class through." : ""
    return """
      The brighter a pixel of the map, the more of \(ReportPage.name(index, network)) hangs on it. \
      Score \(fixed(scores[index], 3)), probability \(fixed(softmax(scores)[index], 4)).\(dead)
      """
  }

  private func top(_ percentile: Double) -> HTML {
    percentile < 100 ? "; the last colour is for all above percentile \(ReportPage.number(percentile))" : ""
  }

  private var objectiveName: String {
    switch technique.objective {
    case .score: "class’s score"
    case .crossEntropy: "class’s loss −log softmax"
    }
  }
}
