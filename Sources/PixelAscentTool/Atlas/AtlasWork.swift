// SPDX-License-Identifier: MIT

import PixelAscent

/// The work of the command `atlas`: makes the missing pictures of a folder, and the contact sheet and page that show
/// them all.
package struct AtlasWork: Sendable {
  private let folder: AtlasFolder
  private let items: [AtlasItem]
  private let inputs: AscentInputs
  private let network: Network
  /// The memory that one ascent needs.
  private let bytes: Int
  /// The layout of the contact sheet.
  private let sheetStyle: Figure.Style
  private let console: Console

  /// Reads the network, decides which pictures belong in the folder, and creates the folder.
  ///
  /// - Parameters:
  ///   - output: the folder's path
  ///   - classes: a list of classes, or the path of a file with such a list; nil for all classes
  ///   - shard: the shard that this process makes; nil if this process makes or merges all pictures
  ///   - isMerge: whether this process merges what shards have made, so that the folder must exist
  package init(
    _ output: String, classes: String?, _ request: AscentRequest, _ shard: ShardRequest?, isMerge: Bool,
    _ source: NetworkSource
  ) throws {
    (sheetStyle, console) = (request.figure, source.console)
    let shard = try shard?.shard()
    if isMerge && !Files.isFolder(output) { throw PixelAscentError(.unreadableFile, "no such folder", about: output) }
    let (network, hashed) = try source.networkAndModel(), labels = network.labels
    self.network = network
    let inputs = try request.inputs(network, source.run)
    self.inputs = inputs
    bytes = try withErrors(about: inputs.subject) {
      try inputs.visualizations.map { try $0.check(network, inputs.subject()) }.max() ?? 0
    }
    let indices = try classes.map { try ClassList.find($0, labels) } ?? Array(0..<labels.count)
    let most = PlannedAscent.most
    guard request.count(classes: indices.count, most: most) <= most else {
      throw UsageError("An atlas has at most \(most) pictures; --classes, --recipe and --seeds ask for more.")
    }
    let model = try hashed.get()
    items = try PlannedAscent.all(indices, inputs.visualizations, request.seeds, labels).map { planned in
      guard let index = planned.class else { preconditionFailure("an atlas shows classes") }
      let provenance = inputs.provenance(planned.visualization, class: index, network, model)
      return AtlasItem(
        class: index, label: labels[index], planned.visualization, output: "\(planned.stem).png",
        provenance: try provenance.text())
    }
    let names = items.map(\.output) + [AtlasFolder.manifest, AtlasFolder.sheet, AtlasFolder.page]
    try Outputs.refuseToReplace(
      request.files + [classes].compactMap(\.self) + source.files(of: network),
      with: names.map { output.withOneTrailingSlash + $0 })
    folder = try AtlasFolder(output, shard)
  }

  /// Returns the lines that are printed about a picture that was made.
  package func lines(_ record: AtlasRecord) -> [String] { record.lines(in: folder.path) }

  /// Makes the missing pictures of the folder's shard, or of the whole atlas, and calls `report` with the record of
  /// each. If this process makes the whole atlas, it then writes the manifest, the contact sheet and the gallery page.
  ///
  /// - Throws: `ExitStatus` if a picture failed or the user pressed Ctrl-C.
  package func make(report: (AtlasRecord) throws -> Void) throws {
    let items = folder.shard?.items(of: items) ?? items, threads = network.options.threads
    let manifests = try openManifests(for: items), manifest = manifests[0]
    folder.removeUnfinished(items)
    let present = try folder.presence(of: items, manifests, threads: threads)
    let missing = zip(items, present).filter { $0.1.record == nil }.map(\.0)
    printNotes(on: present, missing: missing.count)

    var batch = Batch(of: Self.unit, network, console)
    batch.bytesEach = bytes
    batch.isFatal = { ($0 as? PixelAscentError)?.kind == .unwritableFile }
    let ending = try batch.run(missing, isDone: { $0 != nil }) {
      (item: AtlasItem, network: Network) -> AtlasRecord? in
      try withErrors(about: item.output) { try make(item, network, manifest) }
    } report: { (record: AtlasRecord?) in
      if let record { try report(record) }
    }
    if Interruption.isStopRequested {
      console.note("\(folder.path): run the same command again to make the missing pictures")
    }
    if folder.shard == nil && !ending.endedEarly { try finish(manifests, threads: threads) }
    if folder.shard != nil { folder.removeIfEmpty(manifest) }
    try ending.check()
  }

  /// Merges what the shards have made: writes the manifest, the contact sheet and the gallery page.
  ///
  /// - Throws: `ExitStatus` if a shard could not make a picture; `PixelAscentError` of kind `unreadableFile` if a picture
  ///   is missing.
  package func merge() throws {
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
    try Batch.Outcome(failures: failures.count, of: items.count, unit: Self.unit).check()
  }

  private static let unit = "pictures"

  private func openManifests(for items: [AtlasItem]) throws -> [AtlasManifest] {
    let manifests = try folder.openManifests(for: items)
    if let open = manifests.first(where: { !$0.isLocked }) {
      console.note("note: \(open.path) can't be locked here: make sure that no other run uses this folder")
    }
    return manifests
  }

  /// Prints how many of this process's pictures exist already, and how many must be made again.
  private func printNotes(on present: [AtlasFolder.Presence], missing: Int) {
    let count = present.count
    if let shard = folder.shard, count == 0 { console.note("note: shard \(shard) has no pictures to make") }
    if missing < count { console.note("\(count - missing) of \(count) pictures already exist") }
    let others = present.count { if case .mismatched = $0 { true } else { false } }
    if others > 0 { console.note("\(others) of \(count) pictures do not match this command and will be made again") }
  }

  private func finish(_ manifests: [AtlasManifest], threads: Int) throws {
    let count = try folder.finish(items, manifests, sheetStyle, threads: threads)
    let sheet = count > 0 ? ", \(AtlasFolder.sheet)" : ""
    console.note("\(folder.path): \(count) picture\(count == 1 ? "" : "s")\(sheet) and \(AtlasFolder.page)")
  }

  /// Makes the picture of an item, writes it, and appends its record to the manifest.
  ///
  /// - Returns: the picture's record; nil if Ctrl-C stopped the ascent
  private func make(_ item: AtlasItem, _ network: Network, _ manifest: AtlasManifest) throws -> AtlasRecord? {
    do {
      let result = try withErrors(about: inputs.subject) {
        let ascent = try item.visualization.begin(network, on: inputs.subject(class: item.class))
        while !Interruption.isStopRequested, try ascent.next() != nil {}
        return try ascent.result()
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
      // An older picture that was made with other parameters must not stay under this item's name.
      folder.remove(item)
      try manifest.append(AtlasRecord(item, error: error.line))
      throw error
    }
  }
}
