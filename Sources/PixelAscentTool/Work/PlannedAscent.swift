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

  /// Returns an ascent for every class, recipe and seed: first all ascents of the first class, then those of the
  /// second, and so on.
  ///
  /// - Throws: `UsageError` if a class is named twice; `PixelAscentError` if a class can't be found.
  package static func all(
    _ classes: [String], _ visualizations: [ClassVisualization], _ seeds: Seeds, _ labels: Labels
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
    return all(indices, visualizations, seeds, labels)
  }

  /// Returns an ascent for every class, recipe and seed. The classes must be different.
  package static func all(
    _ classes: [Int], _ visualizations: [ClassVisualization], _ seeds: Seeds, _ labels: Labels
  ) -> [PlannedAscent] {
    let seeds = seeds.values, isOnlyAscent = classes.count * visualizations.count * seeds.count == 1
    return zip(classes, labels.slugs(classes)).flatMap { (index: Int, slug: String) -> [PlannedAscent] in
      let label = "\(labels[index]) (\(index))"
      return visualizations.flatMap { (visualization: ClassVisualization) -> [PlannedAscent] in
        let recipe = visualization.recipe.rawValue, isOnlyRecipe = visualizations.count == 1
        return seeds.map { (seed: UInt64) -> PlannedAscent in
          var visualization = visualization
          visualization.seed = seed
          return PlannedAscent(
            class: index, label: labels[index], visualization: visualization,
            stem: slug + (isOnlyRecipe ? "" : "-\(recipe)") + (seeds.count == 1 ? "" : "-seed-\(seed)"),
            name: isOnlyAscent ? nil : label + (isOnlyRecipe ? "" : ", \(recipe)") + ", seed \(seed)")
        }
      }
    }
  }

  /// Returns an ascent for every objective, recipe and seed.
  ///
  /// - Throws: `UsageError` if an objective is named twice; `PixelAscentError` if an objective can't be read.
  package static func all(
    objectives: [String], _ visualizations: [ClassVisualization], _ seeds: Seeds, _ network: Network
  ) throws -> [PlannedAscent] {
    var texts: [String] = []
    for objective in objectives {
      let text = try ObjectiveText(objective, network).text
      if texts.contains(text) { throw UsageError("--objective \(text.oneLine) is given twice.") }
      texts.append(text)
    }
    let seeds = seeds.values, isOnlyRecipe = visualizations.count == 1
    let isOnlyAscent = texts.count * visualizations.count * seeds.count == 1
    return texts.enumerated().flatMap { (number: Int, text: String) -> [PlannedAscent] in
      let stem =
        fileStem(of: text)
        + (texts.prefix(number).contains { fileStem(of: $0) == fileStem(of: text) } ? "-\(number)" : "")
      return visualizations.flatMap { (visualization: ClassVisualization) -> [PlannedAscent] in
        let recipe = visualization.recipe.rawValue
        return seeds.map { (seed: UInt64) -> PlannedAscent in
          var visualization = visualization
          (visualization.seed, visualization.objective) = (seed, text)
          return PlannedAscent(
            class: nil, label: text, visualization: visualization,
            stem: stem + (isOnlyRecipe ? "" : "-\(recipe)") + (seeds.count == 1 ? "" : "-seed-\(seed)"),
            name: isOnlyAscent ? nil : text + (isOnlyRecipe ? "" : ", \(recipe)") + ", seed \(seed)")
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
