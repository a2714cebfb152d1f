// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool

/// One of the ascents that a command asks for.
struct PlannedAscent {
  let `class`: Int
  let visualization: ClassVisualization
  /// The default name of its picture, without the ending; no other ascent's.
  let stem: String
  /// What errors and notes call it; nil if it is the only one.
  let name: String?

  /// The most ascents that one command may ask for.
  static let most = 100_000

  /// An ascent for every class, recipe and seed: those of the first class, those of the second, and so on.
  ///
  /// - Throws: `UsageError` if a class is named twice; `PixelAscentError` if one can't be found.
  static func all(
    _ classes: [String], _ visualizations: [ClassVisualization], _ seeds: Seeds, _ labels: Labels
  ) throws -> [PlannedAscent] {
    var names: [Int: String] = [:]
    let indices = try classes.map { (text: String) -> Int in
      let index = try labels.find(text)
      if let other = names.updateValue(text, forKey: index) {
        throw UsageError(
          "--class \(other.oneLine) and --class \(text.oneLine) are both \(labels[index]) (\(index)).")
      }
      return index
    }
    return all(indices, visualizations, seeds, labels)
  }

  /// The same for classes that differ.
  static func all(
    _ classes: [Int], _ visualizations: [ClassVisualization], _ seeds: Seeds, _ labels: Labels
  ) -> [PlannedAscent] {
    let seeds = seeds.values, isAlone = classes.count * visualizations.count * seeds.count == 1
    return zip(classes, labels.slugs(classes)).flatMap { (index: Int, slug: String) -> [PlannedAscent] in
      let label = "\(labels[index]) (\(index))"
      return visualizations.flatMap { (visualization: ClassVisualization) -> [PlannedAscent] in
        let recipe = visualization.recipe.rawValue, isOnly = visualizations.count == 1
        return seeds.map { (seed: UInt64) -> PlannedAscent in
          var visualization = visualization
          visualization.seed = seed
          return PlannedAscent(
            class: index, visualization: visualization,
            stem: slug + (isOnly ? "" : "-\(recipe)") + (seeds.count == 1 ? "" : "-seed-\(seed)"),
            name: isAlone ? nil : label + (isOnly ? "" : ", \(recipe)") + ", seed \(seed)")
        }
      }
    }
  }

  /// What an ascent came to, with its parameters, and the shown iterations.
  struct Climb {
    var visualization: ClassVisualization
    let result: ClassVisualization.Result
    let shown: [ClassVisualization.Shown]
  }

  /// What is needed of the way of an ascent.
  struct Needs {
    /// The shown iterations, or the probability at every one.
    let shown, probabilities: Bool
  }

  /// Goes the ascent; says how far it is where no other ascent says so too.
  ///
  /// - Parameter needs: what will be written, if anything beside the last picture
  func climb(
    startFile: String?, _ network: Network, _ needs: Needs, _ console: Console, _ preview: Preview? = nil
  ) throws -> Climb {
    var visualization = visualization
    let iterations = visualization.iterations, isAlone = name == nil, begin = ContinuousClock.now
    var preview = preview
    var shown: [ClassVisualization.Shown] = [], progress = ProgressText("iteration", total: iterations),
      probability = ""
    let result = try withErrors(about: startFile) {
      try visualization.run(network, class: `class`, recordsProbabilities: needs.probabilities) { picture in
        if needs.shown { shown.append(picture) }
        preview?.show(picture.picture)
        probability = "probability \(fixed(picture.probability, 4))"
        if isAlone && !console.hasStatusLine {
          console.note(
            "iteration \(picture.iteration + 1)/\(iterations)  score \(fixed(picture.score, 3))  \(probability)")
        }
      } shouldStop: { done in
        if isAlone, let score = done.score {
          (progress.done, progress.details) = (done.iterations, ["score \(fixed(score, 3))", probability])
          console.progress { progress.line(width: $0, seconds: begin.secondsSince) }
        }
        return Interruption.isAsked
      }
    }
    if isAlone { StatusLine.clear() }
    visualization.iterations = result.iterations
    return Climb(visualization: visualization, result: result, shown: shown)
  }

  /// Writes the pictures of an ascent, and says what is to be known of it.
  func write(
    _ climb: Climb, _ network: Network, _ model: Provenance.Model, input: String?, _ outputs: Outputs,
    _ console: Console
  ) throws -> VisualizeRecord {
    let files = outputs.paths(for: stem), label = network.labels[`class`], result = climb.result
    let whose = name.map { "\($0): " } ?? "", isInterrupted = result.iterations < visualization.iterations
    if result.gradientsBeforeLastReLU > 0 {
      console.note(
        "note: \(whose)the score of \(label) was dead \(result.gradientsBeforeLastReLU) times: "
          + "there the ascent took the score before the last ReLU")
    }
    let provenance = Provenance(.visualization(climb.visualization), class: `class`, network, model, input: input)
    try outputs.makeFolders(for: stem)
    try result.picture.write(to: files.output, provenance)
    if let figure = files.figure {
      try RGBImage(row: climb.shown.map(\.picture)).write(to: figure, provenance.of(.figure))
    }
    if let raw = files.raw { try result.image.write(to: raw) }
    if let report = files.report {
      let page = try climb.visualization.report(
        of: result, class: `class`, shown: climb.shown, network: network,
        command: isInterrupted ? [] : Console.command)
      try Files.write(Array(page.utf8), to: report)
    }
    if isInterrupted {
      let done = "\(result.iterations) iteration\(result.iterations == 1 ? "" : "s")"
      console.note("\(whose)interrupted after \(done): the picture so far is in \(files.output)")
    }
    return VisualizeRecord(
      class: `class`, label: label, recipe: visualization.recipe.rawValue, seed: visualization.seed,
      iterations: result.iterations, score: result.scores[`class`], probability: result.probability,
      seconds: result.seconds, output: files.output)
  }
}
