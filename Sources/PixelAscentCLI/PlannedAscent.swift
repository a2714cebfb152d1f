// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent

/// One of the ascents that a command asks for.
struct PlannedAscent {
  let `class`: Int
  let seed: UInt64
  /// The default name of its picture, without the ending; no other ascent's.
  let stem: String
  /// What errors and notes call it; nil if it is the only one.
  let name: String?

  /// The most ascents that one command may ask for.
  static let most = 100_000

  /// An ascent for every class and every seed: those of the first class, those of the second, and so on.
  ///
  /// - Throws: `ValidationError` if a class is named twice; `PixelAscentError` if one can't be found.
  static func all(_ classes: [String], _ seeds: Seeds, _ labels: Labels) throws -> [PlannedAscent] {
    let seeds = seeds.values
    var names: [Int: String] = [:]
    return try classes.flatMap { (text: String) -> [PlannedAscent] in
      let index = try labels.find(text), label = "\(labels[index]) (\(index))"
      if let other = names.updateValue(text, forKey: index) {
        throw ValidationError("--class \(other.oneLine) and --class \(text.oneLine) are both \(label).")
      }
      let slug = labels.slug(index), isAlone = classes.count == 1 && seeds.count == 1
      return seeds.map { (seed: UInt64) -> PlannedAscent in
        PlannedAscent(
          class: index, seed: seed, stem: seeds.count == 1 ? slug : "\(slug)-seed-\(seed)",
          name: isAlone ? nil : "\(label), seed \(seed)")
      }
    }
  }

  /// Goes the ascent and writes its pictures; says how far it is where no other ascent says so too.
  func make(
    _ visualization: ClassVisualization, startFile: String?, _ network: Network, _ outputs: Outputs, _ console: Console
  ) throws -> VisualizeRecord {
    let files = outputs.paths(for: stem), label = network.labels[`class`]
    var visualization = visualization
    visualization.seed = seed
    var pictures: [RGBImage] = []
    let result = try naming(startFile) {
      try visualization.run(network, class: `class`) { shown in
        if files.figure != nil { pictures.append(shown.picture) }
        if name != nil { return }
        console.note(
          "iteration \(shown.iteration + 1)/\(visualization.iterations)  score \(fixed(shown.score, 3))  "
            + "probability \(fixed(shown.probability, 4))")
      }
    }
    if result.gradientsBeforeLastReLU > 0 {
      let whose = name.map { "\($0): " } ?? ""
      console.note(
        "note: \(whose)the score of \(label) was dead \(result.gradientsBeforeLastReLU) times: "
          + "there the ascent took the score before the last ReLU")
    }
    try outputs.makeFolders()
    try result.picture.write(to: files.output)
    if let figure = files.figure { try RGBImage(row: pictures).write(to: figure) }
    if let raw = files.raw { try result.image.write(to: raw) }
    return VisualizeRecord(
      class: `class`, label: label, recipe: visualization.recipe.rawValue, seed: seed,
      iterations: visualization.iterations, score: result.scores[`class`], probability: result.probability,
      seconds: result.seconds, output: files.output)
  }
}
