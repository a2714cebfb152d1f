// SPDX-License-Identifier: MIT

import PixelAscent

/// The record that `saliency` prints about a map.
package struct SaliencyRecord: ResultRecord {
  package let image: String
  package let `class`: Int
  package let label: String
  package let score: Float
  package let height, width: Int
  package let output: String

  package var lines: [String] { ["\(output): \(label) (\(`class`)), score \(fixed(score, 3))"] }
}

/// The record that `visualize` prints about an ascent.
package struct VisualizeRecord: ResultRecord {
  /// The class; nil if the ascent had another objective.
  package let `class`: Int?
  /// The class's first synonym, or the text of the objective.
  package let label: String
  package let recipe: String
  package let seed: UInt64
  package let iterations: Int
  package let score: Float
  package let probability: Double?
  package let seconds: Double
  package let output: String

  package var lines: [String] {
    let likely = probability.map { ", probability \(fixed($0, 4))" } ?? ""
    let name = `class`.map { "\(label) (\($0)), score" } ?? "\(label), value"
    return ["\(output): \(name) \(fixed(score, 3))\(likely), \(fixed(seconds, 2)) s"]
  }
}

/// The record that `dream` and `invert` print about a picture.
package struct PhotoAscentRecord: ResultRecord {
  package let image: String
  /// The text of the objective.
  package let objective: String
  package let steps: Int
  package let before, value: Float
  package let height, width: Int
  package let seconds: Double
  package let output: String

  package var lines: [String] {
    ["\(output): \(objective), value \(fixed(before, 3)) → \(fixed(value, 3)), \(fixed(seconds, 2)) s"]
  }
}

extension AtlasRecord {
  /// Returns the lines of text about a picture that was made in the atlas's folder.
  package func lines(in folder: String) -> [String] {
    VisualizeRecord(
      class: self.class, label: label, recipe: recipe, seed: seed, iterations: iterations ?? 0, score: score ?? 0,
      probability: probability, seconds: seconds ?? 0, output: folder.withOneTrailingSlash + output
    ).lines
  }
}

/// The record that `fool` prints about a fooling image.
package struct FoolRecord: ResultRecord {
  /// A class, its score, and its probability if that is known.
  package struct Scored: Encodable, Sendable {
    package let `class`: Int
    package let label: String
    package let score: Float
    package let probability: Double?

    init(_ index: Int, _ scores: [Float], _ network: Network) {
      (self.class, label, score) = (index, network.labels[index], scores[index])
      probability = network.activation.probability(of: index, scores)
    }

    fileprivate var name: String { "\(label) (\(`class`))" }
  }

  package let image: String
  package let original, target: Scored
  /// The target in the photo, before the change; nil unless the network has sigmoid outputs, which decide about each
  /// class by itself.
  package let before: Scored?
  package let iterations: Int
  package let fooled, survives8Bit: Bool
  package let l2: Double
  package let linf8Bit: Int
  package let output: String
  /// The class that the network sees in the written file; not part of the JSON.
  package let seen: Scored

  private enum CodingKeys: String, CodingKey {
    case image, original, target, before, iterations, fooled, l2, output
    case survives8Bit = "survives_8bit"
    case linf8Bit = "linf_8bit"
  }

  package var lines: [String] {
    let done = "\(iterations) iteration\(iterations == 1 ? "" : "s")"
    let change = "\(done), L2 \(fixed(l2, 2)), at most \(linf8Bit)/255 per value"
    if let before = before?.probability, let after = target.probability {
      let rise = "\(output): \(target.name): probability \(fixed(before, 4)) → \(fixed(after, 4))"
      return ["\(rise)\(survives8Bit ? " in" : ", not above 0.5, after") \(change)"]
    }
    return survives8Bit
      ? ["\(output): \(original.name) → \(target.name) in \(change)"]
      : ["\(output): \(seen.name), not \(target.name), after \(change)"]
  }
}
