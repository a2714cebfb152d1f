// SPDX-License-Identifier: MIT

import PixelAscent

/// A line of an atlas's manifest: what is known about a picture, or the reason why the picture could not be made.
package struct AtlasRecord: Codable, Hashable, Sendable {
  package let `class`: Int
  package let label, recipe: String
  package let seed: UInt64
  /// The picture's file name in the atlas's folder.
  package let output: String
  package private(set) var iterations: Int?
  package private(set) var score: Float?
  package private(set) var probability: Double?
  /// The time that the iterations took, without reading and writing files.
  package private(set) var seconds: Double?
  /// The SHA-256 of the picture's file; nil if the picture could not be made.
  package private(set) var sha256: String?
  package private(set) var error: String?
  /// The item's ``AtlasItem/digest`` if the picture could not be made, else nil.
  private var provenance: String?

  /// Makes the record of a picture whose file holds `bytes`.
  package init(_ item: AtlasItem, _ result: ClassVisualization.Result, bytes: [UInt8]) {
    self.init(item)
    (iterations, score) = (result.iterations, result.scores[item.class])
    (probability, seconds) = (result.probability, result.seconds)
    sha256 = SHA256.digest(of: bytes)
  }

  /// Makes the record of a picture that could not be made.
  package init(_ item: AtlasItem, error: String) {
    self.init(item)
    self.error = error
    provenance = item.digest
  }

  /// Returns whether the record says that `item` failed with the parameters that `item` has now.
  package func isFailure(of item: AtlasItem) -> Bool {
    error != nil && provenance == item.digest
  }

  private init(_ item: AtlasItem) {
    (self.class, label, output) = (item.class, item.label, item.output)
    (recipe, seed) = (item.visualization.recipe.rawValue, item.visualization.seed)
  }

  /// Returns whether `one` comes before `other` in a manifest, which is sorted by class, recipe and seed.
  package static func precedes(_ one: AtlasRecord, _ other: AtlasRecord) -> Bool {
    (one.class, one.recipe, one.seed, one.output) < (other.class, other.recipe, other.seed, other.output)
  }
}

/// A picture of an atlas, whether it has already been made or not.
package struct AtlasItem: Sendable {
  package let `class`: Int
  package let label: String
  package let visualization: ClassVisualization
  /// The picture's file name in the atlas's folder. No two items have the same.
  package let output: String
  /// The provenance that is written into the picture's file; see ``Provenance/text()``.
  package let provenance: String

  package init(
    class: Int, label: String, _ visualization: ClassVisualization, output: String, provenance: String
  ) {
    (self.class, self.label, self.visualization) = (`class`, label, visualization)
    (self.output, self.provenance) = (output, provenance)
  }

  /// Returns whether a picture with the provenance `made` is this item's picture. The instruction set may differ,
  /// because several machines may make an atlas.
  func matches(_ made: Provenance) -> Bool {
    guard let own = try? Provenance(text: provenance, name: output) else { return false }
    return own.withoutInstructionSet == made.withoutInstructionSet
  }

  /// The SHA-256 of the item's provenance without the instruction set.
  var digest: String {
    let own = try? Provenance(text: provenance, name: output).withoutInstructionSet.text()
    return SHA256.digest(of: Array((own ?? provenance).utf8))
  }

  /// Returns why a picture with the provenance `made` is not this item's picture.
  func difference(from made: Provenance) -> String {
    guard let own = try? Provenance(text: provenance, name: output) else { return "" }
    let reasons = made.differences(
      version: own.version, instructionSet: made.instructionSet, maxMemory: own.maxMemory, model: own.model.sha256,
      input: own.input)
    return reasons.isEmpty ? "it was made with other parameters" : reasons.joined(separator: ", ")
  }
}

/// A share of an atlas's items that one process makes: every `count`-th item, beginning with the `index`-th.
package struct AtlasShard: Hashable, Sendable, CustomStringConvertible {
  /// The shard's number, from 1 to `count`, and the number of shards.
  package let index, count: Int

  /// The largest number of shards.
  package static let most = 100_000

  /// Makes shard `index` of `count`; nil unless 1 ≤ index ≤ count ≤ ``most``.
  package init?(_ index: Int, of count: Int) {
    guard 1 <= index, index <= count, count <= Self.most else { return nil }
    (self.index, self.count) = (index, count)
  }

  /// Makes the shard whose ``description`` is `text`; nil if there is none.
  package init?(_ text: String) {
    let parts = text.split(separator: "-of-", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1], let shard = AtlasShard(index, of: count),
      shard.description == text
    else { return nil }
    self = shard
  }

  /// Makes the shard whose manifest has this file name; nil if there is none.
  init?(manifestName name: String) {
    guard name.hasPrefix("manifest-"), name.hasSuffix(".jsonl") else { return nil }
    self.init(String(name.dropFirst(9).dropLast(6)))
  }

  /// The shard as it is written in file names, such as "3-of-8".
  package var description: String { "\(index)-of-\(count)" }

  /// The file name of the shard's manifest.
  var manifestName: String { "manifest-\(self).jsonl" }

  /// Returns the items that belong to the shard.
  package func items(of items: [AtlasItem]) -> [AtlasItem] {
    stride(from: index - 1, to: items.count, by: count).map { items[$0] }
  }
}
