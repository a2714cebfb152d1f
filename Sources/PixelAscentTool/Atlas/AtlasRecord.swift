// SPDX-License-Identifier: MIT

import PixelAscent

/// A line of an atlas's manifest: a picture that was made, or why it could not be.
package struct AtlasRecord: Codable, Hashable, Sendable {
  package let `class`: Int
  package let label, recipe: String
  package let seed: UInt64
  /// The picture's file name in the atlas's folder.
  package let output: String
  package private(set) var iterations: Int?
  package private(set) var score: Float?
  package private(set) var probability: Double?
  /// The time of the ascent's loop alone.
  package private(set) var seconds: Double?
  /// Of the picture's file.
  package private(set) var sha256: String?
  package private(set) var error: String?
  /// ``AtlasItem/digest``, where there is an error instead of a picture.
  private var provenance: String?

  /// The record of a picture whose file holds `bytes`.
  package init(_ item: AtlasItem, _ result: ClassVisualization.Result, bytes: [UInt8]) {
    self.init(item)
    (iterations, score) = (result.iterations, result.scores[item.class])
    (probability, seconds) = (result.probability, result.seconds)
    sha256 = SHA256.digest(of: bytes)
  }

  /// The record of a picture that could not be made.
  package init(_ item: AtlasItem, error: String) {
    self.init(item)
    self.error = error
    provenance = item.digest
  }

  /// Whether it says why this item could not be made, as it is to be made now.
  package func isFailure(of item: AtlasItem) -> Bool {
    error != nil && provenance == item.digest
  }

  private init(_ item: AtlasItem) {
    (self.class, label, output) = (item.class, item.label, item.output)
    (recipe, seed) = (item.visualization.recipe.rawValue, item.visualization.seed)
  }

  /// Its place among others: by class, recipe, seed.
  package static func precedes(_ one: AtlasRecord, _ other: AtlasRecord) -> Bool {
    (one.class, one.recipe, one.seed, one.output) < (other.class, other.recipe, other.seed, other.output)
  }
}

/// A picture that an atlas is to hold.
package struct AtlasItem: Sendable {
  package let `class`: Int
  package let label: String
  package let visualization: ClassVisualization
  /// The picture's file name in the atlas's folder; no other item's.
  package let output: String
  /// What the picture's file says of itself; see ``Provenance/text()``.
  package let provenance: String

  package init(
    class: Int, label: String, _ visualization: ClassVisualization, output: String, provenance: String
  ) {
    (self.class, self.label, self.visualization) = (`class`, label, visualization)
    (self.output, self.provenance) = (output, provenance)
  }

  /// Whether a picture whose file says so is this one, on whatever instruction set: the machines of an atlas may differ.
  func isMade(as made: Provenance) -> Bool {
    guard let own = try? Provenance(text: provenance, name: output) else { return false }
    return own.onAnyInstructionSet == made.onAnyInstructionSet
  }

  /// SHA-256 of what the picture would say of itself, but for the instruction set.
  var digest: String {
    let own = try? Provenance(text: provenance, name: output).onAnyInstructionSet.text()
    return SHA256.digest(of: Array((own ?? provenance).utf8))
  }

  /// Why a picture is not this one.
  func difference(from made: Provenance) -> String {
    guard let own = try? Provenance(text: provenance, name: output) else { return "" }
    let reasons = made.differences(
      version: own.version, instructionSet: made.instructionSet, model: own.model.sha256, input: own.input)
    return reasons.isEmpty ? "it was made with other parameters" : reasons.joined(separator: ", ")
  }
}

/// A part of an atlas's items that a process of its own makes: every `count`-th, from number `index` on.
package struct AtlasShard: Hashable, Sendable, CustomStringConvertible {
  /// From 1 to `count`.
  package let index, count: Int

  /// nil unless 1 ≤ index ≤ count ≤ 100,000.
  package init?(_ index: Int, of count: Int) {
    guard 1 <= index, index <= count, count <= 100_000 else { return nil }
    (self.index, self.count) = (index, count)
  }

  /// The shard whose ``description`` a text is.
  package init?(_ text: String) {
    let parts = text.split(separator: "-of-", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1], let shard = AtlasShard(index, of: count),
      shard.description == text
    else { return nil }
    self = shard
  }

  /// The shard that has a manifest of this name.
  init?(manifest name: String) {
    guard name.hasPrefix("manifest-"), name.hasSuffix(".jsonl") else { return nil }
    self.init(String(name.dropFirst(9).dropLast(6)))
  }

  /// As file names have it: "3-of-8".
  package var description: String { "\(index)-of-\(count)" }

  /// The name of its manifest.
  var manifest: String { "manifest-\(self).jsonl" }

  /// Its items.
  package func of(_ items: [AtlasItem]) -> [AtlasItem] {
    stride(from: index - 1, to: items.count, by: count).map { items[$0] }
  }
}
