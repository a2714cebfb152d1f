// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool

/// Makes the pictures of an atlas that are missing, and what shows them.
struct AtlasWork {
  let folder: AtlasFolder
  let items: [AtlasItem]
  let startFile: String?
  let console: Console

  /// Makes what is missing of the folder's shard, or of all; then, of all, the pages.
  func make(_ network: Network, bytesEach: Int) throws {
    let items = folder.shard?.of(items) ?? items, threads = network.options.threads
    let manifests = try openManifests(for: items), manifest = manifests[0]
    folder.removeUnfinished(items)
    let present = try folder.presence(of: items, manifests, threads: threads)
    let missing = zip(items, present).filter { $0.1.record == nil }.map(\.0)
    if let shard = folder.shard, items.isEmpty { console.note("note: shard \(shard) has no picture to make") }
    if missing.count < items.count {
      console.note("\(items.count - missing.count) of \(items.count) pictures are there")
    }
    let others = present.count { if case .madeOtherwise = $0 { true } else { false } }
    if others > 0 { console.note("\(others) of \(items.count) pictures were made otherwise, and are made anew") }

    let ending = try Batch.attempt(
      missing, network, unit: Self.unit, bytesEach: bytesEach, console, isDone: { $0 != nil },
      isFatal: { ($0 as? PixelAscentError)?.kind == .unwritableFile }
    ) { (item: AtlasItem, network: Network) -> AtlasRecord? in
      try withErrors(about: item.output) { try make(item, network, manifest) }
    } report: { (record: AtlasRecord?) in
      guard let record else { return }
      try console.result(record) {
        ascentLine(
          "\(folder.path)/\(record.output)", record.label, record.class, score: record.score ?? 0,
          probability: record.probability ?? 0, seconds: record.seconds ?? 0)
      }
    }
    if Interruption.isAsked { console.note("\(folder.path): the same command makes what is missing") }
    if folder.shard == nil && !ending.isCutShort { try finish(manifests, threads: threads) }
    if folder.shard != nil { folder.removeIfEmpty(manifest) }
    try ending.check()
  }

  /// Joins what shards have made.
  func merge(_ network: Network) throws {
    let threads = network.options.threads, manifests = try openManifests(for: items)
    folder.removeUnfinished(items)
    let present = try folder.presence(of: items, manifests, threads: threads)
    let failures: [AtlasRecord]
    do {
      failures = try folder.failures(of: items, present, manifests)
    } catch {
      folder.removeIfEmpty(manifests[0])
      throw error
    }
    for record in failures { Console.error("\(record.output): \(record.error ?? "")") }
    try finish(manifests, threads: threads)
    try Batch.Ending(failures: failures.count, count: items.count, unit: Self.unit).check()
  }

  private static let unit = "pictures"

  private func openManifests(for items: [AtlasItem]) throws -> [AtlasManifest] {
    let manifests = try folder.openManifests(for: items)
    if let open = manifests.first(where: { !$0.isLocked }) {
      console.note("note: \(open.path) can't be locked here: take care that no other run works on it")
    }
    return manifests
  }

  private func finish(_ manifests: [AtlasManifest], threads: Int) throws {
    let count = try folder.finish(items, manifests, threads: threads)
    let sheet = count > 0 ? ", \(AtlasFolder.sheet)" : ""
    console.note("\(folder.path): \(count) picture\(count == 1 ? "" : "s")\(sheet) and \(AtlasFolder.page)")
  }

  /// The record of a picture that is made and written; nil if the ascent was stopped before its end.
  private func make(_ item: AtlasItem, _ network: Network, _ manifest: AtlasManifest) throws -> AtlasRecord? {
    do {
      let result = try withErrors(about: startFile) {
        try item.visualization.run(network, class: item.class, shouldStop: { _ in Interruption.isAsked })
      }
      if result.iterations < item.visualization.iterations { return nil }
      let record = AtlasRecord(item, result, bytes: try folder.write(result.picture, item))
      do {
        try manifest.append(record)
      } catch {
        folder.remove(item)
        throw error
      }
      return record
    } catch let error as PixelAscentError where error.kind != .unwritableFile {
      // One that was made otherwise is not this item's.
      folder.remove(item)
      try manifest.append(AtlasRecord(item, error: error.message))
      throw error
    }
  }
}
