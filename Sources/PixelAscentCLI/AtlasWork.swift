// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent

/// Makes the pictures of an atlas that are missing, and what shows them.
struct AtlasWork {
  let folder: AtlasFolder
  let items: [AtlasItem]
  let startFile: String?
  let console: Console

  /// Makes what is missing of a shard, or of all; then, of all, the pages.
  func make(_ shard: AtlasShard?, _ network: Network, bytesEach: Int) throws {
    let items = shard?.of(items) ?? items, threads = network.options.threads
    let manifest = try folder.openManifest(shard), others = shard == nil ? try folder.openShards() : []
    if !manifest.isLocked {
      console.note("note: \(manifest.path) can't be locked here: take care that no other run works on it")
    }
    folder.removeUnfinished(items, isWhole: shard == nil)
    let present = folder.records(of: items, [manifest] + others, threads: threads)
    let missing = zip(items, present).filter { $0.1 == nil }.map(\.0)
    if missing.count < items.count {
      console.note("\(items.count - missing.count) of \(items.count) pictures are there")
    }

    let ending = try Batch.attempt(
      missing, network, unit: "pictures", bytesEach: bytesEach, console,
      isFatal: { ($0 as? PixelAscentError)?.kind == .unwritableFile }
    ) { (item: AtlasItem, network: Network) -> AtlasRecord? in
      try naming(item.output) { try make(item, network, manifest) }
    } report: { (record: AtlasRecord?) in
      guard let record else { return }
      try console.result(record) {
        "\(folder.path)/\(record.output): \(record.label) (\(record.class)), score \(fixed(record.score ?? 0, 3)), "
          + "probability \(fixed(record.probability ?? 0, 4)), \(fixed(record.seconds ?? 0, 2)) s"
      }
    }
    if shard == nil && !ending.isCutShort { try finish([manifest] + others, threads: threads) }
    try ending.check()
  }

  /// Joins what shards have made.
  func merge(_ network: Network) throws {
    let manifest = try folder.openManifest(), shards = try folder.openShards()
    folder.removeUnfinished(items, isWhole: true)
    let present = folder.records(of: items, [manifest] + shards, threads: network.options.threads)
    if let first = zip(items, present).first(where: { $0.1 == nil })?.0 {
      let count = present.filter { $0 == nil }.count
      throw PixelAscentError(
        .unreadableFile,
        "\(folder.path): \(count) of \(items.count) pictures are missing, damaged or made otherwise, the first \(first.output); "
          + "run their shards again")
    }
    try finish([manifest] + shards, threads: network.options.threads)
  }

  private func finish(_ manifests: [AtlasManifest], threads: Int) throws {
    let count = try folder.finish(items, manifests, threads: threads)
    console.note("\(folder.path): \(count) pictures, \(AtlasFolder.sheet) and \(AtlasFolder.page)")
  }

  /// The record of a picture that is made and written; nil if the ascent was stopped before its end.
  private func make(_ item: AtlasItem, _ network: Network, _ manifest: AtlasManifest) throws -> AtlasRecord? {
    do {
      let result = try naming(startFile) {
        try item.visualization.run(network, class: item.class, shouldStop: { _ in Interruption.isAsked })
      }
      if result.iterations < item.visualization.iterations { return nil }
      let record = AtlasRecord(item, result, bytes: try folder.write(result.picture, item))
      try manifest.append(record)
      return record
    } catch let error as PixelAscentError where error.kind != .unwritableFile {
      try manifest.append(AtlasRecord(item, error: error.message))
      throw error
    }
  }
}
