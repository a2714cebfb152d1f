// SPDX-License-Identifier: MIT

import PixelAscent

extension Fooling {
  /// Returns a page about a fooling image, as one HTML file: the four panels, the scores before and after, the size of
  /// the change, and the scores at each step.
  ///
  /// Equal arguments give equal text.
  ///
  /// - Parameters:
  ///   - result: the result of the ascent
  ///   - target: the class that the network should see in the image
  ///   - steps: all steps of the ascent
  ///   - name: the photo's name on the page
  ///   - network: the network that is fooled
  ///   - command: the words of the command that makes the page; empty if the page shows no command
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if memory runs out.
  package func report(
    of result: Result, target: Int, steps: [FoolingAscent.Step], name: String, network: Network, command: [String] = []
  ) throws(PixelAscentError) -> String {
    let original = network.topClass(result.originalScores), marked = [original, target]
    let before = ReportPage.scores(
      result.originalScores, network, marked: marked, caption: "Before: the photo")
    let after = ReportPage.scores(
      result.scores, network, marked: marked, caption: "After: the changed image, rounded to 8 bits")
    let from = network.activation == .sigmoid ? "" : "\(network.labels[original]) → "
    return ReportPage(
      kind: "Fooling image", title: "\(from)\(network.labels[target])",
      lead: lead(result, original, target, network),
      sections: [
        ReportPage.section(
          "Before and after", [ReportPage.pictures(try panels(result, original, target, name, network))]),
        ReportPage.section("The network’s predictions", ["<div class=\"two\">\n\(before)\(after)</div>\n"]),
        ReportPage.section("How large the change is", [ReportPage.facts(size(result))]),
        ReportPage.section(
          "How the scores changed", [chart(original, target, steps, network).html, notes(result, steps)]),
      ], network: network, command: command
    ).text
  }

  private func lead(_ result: Result, _ original: Int, _ target: Int, _ network: Network) -> HTML {
    let to = ReportPage.name(target, network), iterations = ReportPage.count(result.iterations, "iteration")
    if network.activation == .sigmoid { return sigmoidLead(result, target, network) }
    if result.survives8Bit {
      return """
        The network classifies the photo as \(ReportPage.name(original, network)). \
        After \(iterations) it classifies the changed image as \(to), even when the image is rounded to 8 bits.
        """
    }
    let found = ReportPage.name(network.topClass(result.scores), network)
    return result.isFooled
      ? "After \(iterations) the network classifies the image as \(to), but as \(found) when it is rounded to 8 bits."
      : "Not fooled: after \(iterations) the network classifies the image as \(found), not as \(to)."
  }

  /// Returns the lead for a network with sigmoid outputs, which decides about the target by its probability alone.
  private func sigmoidLead(_ result: Result, _ target: Int, _ network: Network) -> HTML {
    func probability(_ scores: [Float]) -> String { fixed(network.activation.probability(of: target, scores) ?? 0, 4) }
    let iterations = ReportPage.count(result.iterations, "iteration"), after = probability(result.scores)
    let end: HTML =
      if result.survives8Bit {
        "it is \(after), above 0.5, even when the image is rounded to 8 bits."
      } else if result.isFooled {
        "it is above 0.5, but \(after) when the image is rounded to 8 bits."
      } else {
        "it is \(after), not above 0.5."
      }
    return """
      In the photo the probability of \(ReportPage.name(target, network)) is \(probability(result.originalScores)). \
      After \(iterations) \(end)
      """
  }

  private func panels(
    _ result: Result, _ original: Int, _ target: Int, _ name: String, _ network: Network
  ) throws(PixelAscentError) -> [HTML] {
    let names = (network.labels[original], network.labels[target])
    let decision = network.activation == .sigmoid ? "" : ", classified as \(names.0)"
    return [
      try ReportPage.figure(
        result.original, alt: "The photo \(name)\(decision)", caption: "Original: <bdi>\(name)</bdi>"),
      try ReportPage.figure(
        result.image, alt: "The photo, changed towards \(names.1)", caption: "The changed image"),
      try ReportPage.figure(
        result.image.difference(from: result.original),
        alt: "The difference between the two images; grey means no change", caption: "Difference; grey means no change"),
      try ReportPage.figure(
        result.image.difference(from: result.original, gain: 10),
        alt: "Ten times the difference between the two images; grey means no change", caption: "Difference × 10"),
    ]
  }

  private func size(_ result: Result) -> [(name: String, value: HTML)] {
    let psnr: HTML = result.psnr.isFinite ? "\(fixed(result.psnr, 2)) dB" : "∞: no pixel has changed"
    return [
      ("Largest change of a pixel value", "\(result.linf8Bit) of 255"),
      ("Root mean square change", "\(fixed(result.rms8Bit, 2)) of 255"),
      ("Peak signal-to-noise ratio (PSNR)", psnr),
      ("L2 norm of the change before rounding, in normalised pixel values", "\(fixed(result.l2, 3))"),
      ("Iterations", "\(result.iterations) of at most \(maxIterations)"),
      ("Length of each step, in normalised pixel values", ReportPage.number(learningRate)),
    ]
  }

  private func chart(_ original: Int, _ target: Int, _ steps: [FoolingAscent.Step], _ network: Network) -> Chart {
    let classes = original == target ? [target] : [target, original]
    return Chart(
      "Scores by iteration",
      classes.map { (index: Int) -> Chart.Line in
        Chart.Line(network.labels[index], steps.map { Chart.Point($0.iteration, $0.scores[index]) })
      })
  }

  private func notes(_ result: Result, _ steps: [FoolingAscent.Step]) -> HTML {
    var notes: [HTML] = []
    if let first = steps.first(where: \.isRounded)?.iteration {
      notes.append(
        """
        At iteration \(first) the image was rounded to 8 bits for the first time: the second values at this \
        iteration, and all later values, are those of the rounded image.\u{20}
        """)
    }
    if result.gradientsBeforeLastReLU > 0 {
      let steps = ReportPage.count(result.gradientsBeforeLastReLU, "step")
      notes.append(
        "\(steps) followed the score before the last ReLU, because the gradient of the score itself was zero.")
    }
    return "<p><small>\(notes)</small></p>\n"
  }
}
