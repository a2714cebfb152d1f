// SPDX-License-Identifier: MIT

import PixelAscent

/// An iteration of an ascent whose image is shown in a figure or on a page.
package struct ShownIteration: Sendable {
  /// The iteration's number, from 0.
  package let iteration: Int
  /// The score and, if it is known, the probability of the class before the iteration's step.
  package let score: Float, probability: Double?
  /// The image after the step.
  package let picture: RGBImage

  /// Takes from a step what a figure or page shows of it.
  package init(_ step: VisualizationAscent.Step) throws(PixelAscentError) {
    (iteration, score, picture) = (step.iteration, step.score, step.picture)
    probability = try step.probability()
  }
}

extension ClassVisualization {
  /// Returns a page about an ascent, as one HTML file: the shown iterations with a slider, curves of the score and the
  /// probability, and all parameters.
  ///
  /// Equal arguments give equal text, however long the ascent took.
  ///
  /// - Parameters:
  ///   - result: the result of the ascent; the page has a curve of probabilities only if the ascent recorded them
  ///   - index: the class whose score the ascent raised; nil if it raised ``ClassVisualization/objective``
  ///   - shown: the iterations whose images the page shows
  ///   - network: the network whose score the ascent raised
  ///   - command: the words of the command that makes the page; empty if the page shows no command
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if memory runs out.
  package func report(
    of result: Result, class index: Int?, shown: [ShownIteration], network: Network, command: [String] = []
  ) throws(PixelAscentError) -> String {
    let title = index.map { network.labels[$0] } ?? objective ?? ""
    return ReportPage(
      kind: index == nil ? "Visualization" : "Class visualization", title: title, lead: lead(result, index, network),
      sections: [
        ReportPage.section("Gradient ascent", [try ascent(result, shown, title)]),
        ReportPage.section("Parameters", [ReportPage.facts(parameters(index, result))]),
      ], network: network, command: command
    ).text
  }

  private func lead(_ result: Result, _ index: Int?, _ network: Network) -> HTML {
    let dead: HTML =
      result.gradientsBeforeLastReLU > 0
      ? """
       The gradient of the score was zero \(ReportPage.count(result.gradientsBeforeLastReLU, "time")); the ascent \
      then followed the score before the last ReLU instead.
      """ : ""
    guard let index else {
      let count = ReportPage.count(iterations, "iteration")
      return "After \(count) the objective has the value \(fixed(result.value, 3))."
    }
    let probability: HTML = result.probability.map { " and a probability of \(fixed($0, 4))" } ?? ""
    let top = network.topClass(result.scores)
    let other: HTML =
      top == index
      ? "" : " The highest score is that of \(ReportPage.name(top, network)), \(fixed(result.scores[top], 3))."
    return """
      After \(ReportPage.count(iterations, "iteration")) the network gives \(ReportPage.name(index, network)) a score of \
      \(fixed(result.scores[index], 3))\(probability).\(other)\(dead)
      """
  }

  private func ascent(_ result: Result, _ shown: [ShownIteration], _ label: String) throws(PixelAscentError) -> HTML {
    """
    <div class="ascent">
    <div>
    \(try frames(shown, label))</div>
    <div class="two">
    \(charts(result, shown))<p><small>The \(result.probability == nil ? "scores" : "scores and probabilities") are those of the image before each iteration’s step, \
    shifted by the jitter. The pictures show the image after the step\
    \(recipe.rendering == .clip ? "" : ", with its values stretched to the full range of colours").</small></p>
    </div>
    </div>

    """
  }

  private func charts(_ result: Result, _ shown: [ShownIteration]) -> [HTML] {
    let frames = Set(shown.map { $0.iteration + 1 })
    let scores = result.scoreHistory.enumerated().map { Chart.Point($0.offset + 1, $0.element) }
    let probabilities = result.probabilityHistory.enumerated().map { Chart.Point($0.offset + 1, $0.element) }
    let score = Chart("Score", [Chart.Line("Score", scores, frames: frames)])
    let probability = Chart(
      "Probability", [Chart.Line("Probability", probabilities, frames: frames)], including: [0, 1])
    return probabilities.isEmpty ? [score.html] : [score.html, probability.html]
  }

  private func frames(_ shown: [ShownIteration], _ label: String) throws(PixelAscentError) -> HTML {
    var figures: [HTML] = []
    for frame in shown {
      let iteration = frame.iteration + 1
      let probability: HTML = frame.probability.map { ", probability \(fixed($0, 4))" } ?? ""
      let figure: HTML = """
        <figure data-iteration="\(iteration)">
        \(try ReportPage.picture(frame.picture, alt: "\(label) after \(iteration) of \(iterations) iterations"))
        <figcaption>Iteration \(iteration): score \(fixed(frame.score, 3))\(probability)</figcaption>
        </figure>

        """
      figures.append(figure)
    }
    if figures.count < 2 { return ReportPage.pictures(figures) }
    return """
      <div class="pictures" id="frames">
      \(figures)</div>
      <label hidden data-frames="frames">Iteration
      <input type="range" min="0" max="\(figures.count - 1)" value="\(figures.count - 1)" autocomplete="off">\
      <output>\(iterations)</output></label>

      """
  }

  private func parameters(_ index: Int?, _ result: Result) -> [(name: String, value: HTML)] {
    let shape = result.image.shape
    let common: [(name: String, value: HTML)] = [
      index.map { ("Class index", "\($0)") } ?? ("Objective", "\(objective ?? "")"), ("Recipe", "\(recipe.rawValue)"),
      ("Start", "\(startName)"), ("Seed", "\(seed)"),
      ("Height × width", "\(shape[1]) × \(shape[2]) pixels"), ("Iterations", "\(iterations)"),
    ]
    let own: [(name: String, value: HTML)] = [
      (
        "Learning rate (\(optimizer == .normalized ? "length of each step" : "factor of the gradient"))",
        ReportPage.number(learningRate)
      ),
      ("Weight decay (L2)", ReportPage.number(l2)),
      ("Blur", blurEvery > 0 ? "every \(blurEvery) iterations, σ \(ReportPage.number(blurSigma)) pixels" : "none"),
      ("Largest jitter", "\(maxJitter) pixels"), ("Shifted copies per step", "\(samples)"),
      ("Clamped to valid colours", clamp ? "yes" : "no"),
      ("How the image is shown", "\(renderingName)"),
    ]
    return common + own + furtherParameters
  }

  /// The parameters that only some ascents have.
  private var furtherParameters: [(name: String, value: HTML)] {
    var further: [(name: String, value: HTML)] = []
    if parametrization != .pixels { further.append(("Parametrization", "\(parametrization.rawValue)")) }
    if ![.sgd, .normalized].contains(optimizer) { further.append(("Optimizer", "\(optimizer.rawValue)")) }
    if spectrum == .given { further.append(("Spectrum", "a given one")) }
    if !transforms.isEmpty {
      further.append(("Transforms", "\(transforms.map(\.description).joined(separator: " "))"))
    }
    for (name, weight) in [("Total variation", totalVariation), ("L1", l1), ("Sixth powers", alphaNorm)]
    where weight > 0 { further.append(("\(name), weight", ReportPage.number(weight))) }
    return further
  }

  private var startName: String {
    switch start {
    case .noise: "noise"
    case .zero: "the mean image"
    case .image: "an image"
    }
  }

  private var renderingName: String {
    switch recipe.rendering {
    case .clip: "clipped to valid colours"
    case .stretch: "stretched to the full range of colours"
    case .percentileStretch(let low, let high): "stretched from percentiles \(low) to \(high)"
    }
  }
}
