// SPDX-License-Identifier: MIT

import PixelAscent

/// One of the ascents that a command asks for.
package struct PlannedAscent: Sendable {
  /// The class; nil if the visualization has another objective.
  package let `class`: Int?
  /// The class's first synonym, or the text of the objective.
  package let label: String
  package let visualization: ClassVisualization
  /// The default name of the picture's file, without its ending. No two ascents of a command have the same one.
  package let stem: String
  /// The name of the ascent in errors and notes; nil if it is the command's only one.
  package let name: String?

  /// The most ascents that one command may ask for.
  package static let most = 100_000

  /// What an ascent raises, and how its files and its messages name that.
  private struct Target {
    let `class`: Int?
    let objective: String?
    let label, stem, name: String
  }

  /// Returns an ascent for every class or objective, recipe and seed: first all ascents of the first class, then those of
  /// the second, and so on; the objectives come after the classes.
  ///
  /// - Throws: `UsageError` if a class or an objective is named twice; `PixelAscentError` if a class can't be found.
  package static func all(
    _ classes: [String], objectives: [ObjectiveText] = [], _ visualizations: [ClassVisualization], _ seeds: Seeds,
    _ labels: Labels
  ) throws -> [PlannedAscent] {
    var names: [Int: String] = [:]
    let find = classes.count > 1 ? LabelFinder(labels).find : labels.find
    let indices = try classes.map { (text: String) -> Int in
      let index = try find(text)
      if let other = names.updateValue(text, forKey: index) {
        throw UsageError(
          "--class \(other.oneLine) and --class \(text.oneLine) are both \(labels[index]) (\(index)).")
      }
      return index
    }
    return all(targets(indices, labels) + (try targets(objectives)), visualizations, seeds)
  }

  /// Returns an ascent for every class, recipe and seed. The classes must be different.
  package static func all(
    _ classes: [Int], _ visualizations: [ClassVisualization], _ seeds: Seeds, _ labels: Labels
  ) -> [PlannedAscent] {
    all(targets(classes, labels), visualizations, seeds)
  }

  private static func targets(_ classes: [Int], _ labels: Labels) -> [Target] {
    zip(classes, labels.slugs(classes)).map { (index: Int, slug: String) -> Target in
      Target(
        class: index, objective: nil, label: labels[index], stem: slug, name: "\(labels[index]) (\(index))")
    }
  }

  private static func targets(_ objectives: [ObjectiveText]) throws -> [Target] {
    var targets: [Target] = []
    for text in objectives.map(\.text) {
      if targets.contains(where: { $0.objective == text }) {
        throw UsageError("--objective \(text.oneLine) is given twice.")
      }
      var stem = fileStem(of: text)
      if targets.contains(where: { $0.stem == stem }) { stem += "-\(targets.count)" }
      targets.append(Target(class: nil, objective: text, label: text, stem: stem, name: text))
    }
    return targets
  }

  private static func all(
    _ targets: [Target], _ visualizations: [ClassVisualization], _ seeds: Seeds
  ) -> [PlannedAscent] {
    let seeds = seeds.values, isOnlyRecipe = visualizations.count == 1
    let isOnlyAscent = targets.count * visualizations.count * seeds.count == 1
    return targets.flatMap { (target: Target) -> [PlannedAscent] in
      visualizations.flatMap { (visualization: ClassVisualization) -> [PlannedAscent] in
        let recipe = visualization.recipe.rawValue
        return seeds.map { (seed: UInt64) -> PlannedAscent in
          var visualization = visualization
          (visualization.seed, visualization.objective) = (seed, target.objective)
          return PlannedAscent(
            class: target.class, label: target.label, visualization: visualization,
            stem: target.stem + (isOnlyRecipe ? "" : "-\(recipe)") + (seeds.count == 1 ? "" : "-seed-\(seed)"),
            name: isOnlyAscent ? nil : target.name + (isOnlyRecipe ? "" : ", \(recipe)") + ", seed \(seed)")
        }
      }
    }
  }

  /// Returns a name for files from an objective's text: its letters and digits in lower case, with "-" between them.
  private static func fileStem(of text: String) -> String {
    let words = text.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    return String(words.joined(separator: "-").prefix(80))
  }
}
