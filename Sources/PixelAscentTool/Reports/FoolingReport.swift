// SPDX-License-Identifier: MIT

import PixelAscent

extension Fooling {
  /// A page about a fooling image, as HTML in one file: the four panels, the scores before and after, how large the push is,
  /// and how the scores went.
  ///
  /// The same arguments give the same text.
  ///
  /// - Parameters:
  ///   - result: what this run came to
  ///   - target: the class it was to be
  ///   - steps: what the network saw, step by step
  ///   - name: what the page calls the photo
  ///   - network: the network that is fooled
  ///   - command: the words of a command that makes the image again, to be shown; none if there is none
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if memory runs out.
  package func report(
    of result: Result, target: Int, steps: [FoolingAscent.Step], name: String, network: Network, command: [String] = []
  ) throws(PixelAscentError) -> String {
    let original = network.topClass(result.originalScores), marked = [original, target]
    let before = ReportPage.scores(
      result.originalScores, network, marked: marked, caption: "Before: the photo")
    let after = ReportPage.scores(result.scores, network, marked: marked, caption: "After: the 8-bit image")
    return ReportPage(
      kind: "Fooling image", title: "\(network.labels[original]) → \(network.labels[target])",
      lead: lead(result, original, target, network),
      sections: [
        ReportPage.section("The pictures", [ReportPage.pictures(try panels(result, original, target, name, network))]),
        ReportPage.section("What the network sees", ["<div class=\"two\">\n\(before)\(after)</div>\n"]),
        ReportPage.section("How large the push is", [ReportPage.facts(size(result))]),
        ReportPage.section("How it got there", [chart(original, target, steps, network).html, notes(result, steps)]),
      ], network: network, command: command
    ).text
  }

  private func lead(_ result: Result, _ original: Int, _ target: Int, _ network: Network) -> HTML {
    let to = ReportPage.name(target, network), steps = ReportPage.count(result.iterations, "step")
    if result.survives8Bit {
      return """
        The network took the photo for \(ReportPage.name(original, network)). \
        After \(steps) it takes it for \(to), as a file of 8 bits too.
        """
    }
    let found = ReportPage.name(network.topClass(result.scores), network)
    return result.isFooled
      ? "After \(steps) the network takes the image for \(to), but for \(found) once it is rounded to 8 bits."
      : "Not fooled: after \(steps) the network takes the image for \(found), not for \(to)."
  }

  private func panels(
    _ result: Result, _ original: Int, _ target: Int, _ name: String, _ network: Network
  ) throws(PixelAscentError) -> [HTML] {
    let names = (network.labels[original], network.labels[target])
    return [
      try ReportPage.figure(
        result.original, alt: "The photo \(name), \(names.0)", caption: "Original: <bdi>\(name)</bdi>"),
      try ReportPage.figure(
        result.image, alt: "The photo after a push towards \(names.1)", caption: "After the push"),
      try ReportPage.figure(
        result.image.difference(from: result.original), alt: "The difference of the two, around grey",
        caption: "Difference, around grey"),
      try ReportPage.figure(
        result.image.difference(from: result.original, gain: 10), alt: "Ten times the difference, around grey",
        caption: "Difference × 10"),
    ]
  }

  private func size(_ result: Result) -> [(name: String, value: HTML)] {
    let psnr: HTML = result.psnr.isFinite ? "\(fixed(result.psnr, 2)) dB" : "∞: nothing has changed"
    return [
      ("Largest change of a value", "\(result.linf8Bit) of 255"),
      ("Root mean square change", "\(fixed(result.rms8Bit, 2)) of 255"),
      ("Peak signal-to-noise ratio (PSNR)", psnr),
      ("L2, before rounding, in normalised space", "\(fixed(result.l2, 3))"),
      ("Steps", "\(result.iterations) of at most \(maxIterations)"),
      ("Length of a step, in normalised space", ReportPage.number(learningRate)),
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
        "The second values at iteration \(first), and all after them, are those of the image rounded to 8 bits. ")
    }
    if result.stepsBeforeLastReLU > 0 {
      let steps = ReportPage.count(result.stepsBeforeLastReLU, "step")
      notes.append("\(steps) ascended the score before the last ReLU, where the score itself was dead.")
    }
    return "<p><small>\(notes)</small></p>\n"
  }
}
