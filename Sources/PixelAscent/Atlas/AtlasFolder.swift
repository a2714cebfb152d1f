// SPDX-License-Identifier: MIT

/// A folder of class visualizations: the pictures, a manifest with a line for each, a contact sheet and a gallery page.
package struct AtlasFolder: Sendable {
  /// The folder's path, without a "/" at its end.
  package let path: String
  /// The part that this process makes; nil if it makes or joins all.
  package let shard: AtlasShard?

  private static let manifest = "manifest.jsonl"
  /// The names of the contact sheet and of the gallery page.
  package static let sheet = "contact-sheet.png", page = "index.html"

  /// The folder at `path`, made if it is not there.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`.
  package init(_ path: String, _ shard: AtlasShard? = nil) throws(PixelAscentError) {
    self.shard = shard
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    try Files.makeFolders(self.path)
  }

  private func place(_ name: String) -> String { "\(path)/\(name)" }

  /// All manifests, first the one to append to. Who makes all, or joins what shards have made, is alone in the folder, where
  /// shards are beside each other: the manifest of all says so, and those of other shards are only read.
  ///
  /// - Throws: as `AtlasManifest` does, or of kind `unreadableFile`.
  package func openManifests() throws(PixelAscentError) -> [AtlasManifest] {
    let whole = try AtlasManifest(place(Self.manifest), shard == nil ? .alone : .beside)
    let own = try shard.map { shard throws(PixelAscentError) in try AtlasManifest(place(shard.manifest), .alone) }
    var manifests = [own, whole].compactMap(\.self)
    for name in try Files.names(in: path).sorted() {
      guard let other = AtlasShard(manifest: name), other != shard else { continue }
      do throws(PixelAscentError) {
        manifests.append(try AtlasManifest(reading: place(name)))
      } catch {
        // A shard that had nothing to do removes its own.
        if Files.exists(place(name)) { throw error }
      }
    }
    return manifests
  }

  /// Which of the items are there, whole and made as they should be: the record of each, or nil.
  package func records(of items: [AtlasItem], _ manifests: [AtlasManifest], threads: Int) -> [AtlasRecord?] {
    sideBySide(items, threads: threads) { (item: AtlasItem) -> AtlasRecord? in
      let records = manifests.compactMap { $0[item.output] }
      guard !records.isEmpty, let bytes = try? Files.read(place(item.output)),
        (try? RGBImage.comment(inFile: bytes, name: item.output)) == item.provenance
      else { return nil }
      let sha256 = SHA256.digest(of: bytes)
      return records.first { $0.sha256 == sha256 }
    }
  }

  /// Why items that are not there could not be made.
  ///
  /// - Returns: a record of each
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile` if something else is known of one, or nothing.
  package func failures(
    of items: [AtlasItem], in count: Int, _ manifests: [AtlasManifest]
  ) throws(PixelAscentError) -> [AtlasRecord] {
    let records = items.map { item in manifests.compactMap { $0[item.output] } }
    let missing = zip(items, records).filter { item, records in
      records.isEmpty || !records.allSatisfy { $0.isFailure(of: item) }
    }
    if let first = missing.first?.0 {
      throw PixelAscentError(
        .unreadableFile,
        "\(path): \(missing.count) of \(count) pictures are missing, damaged or made otherwise, the first "
          + "\(first.output); run their shards again")
    }
    return records.map { $0[0] }
  }

  /// The records of pictures that another command has put here, and that are whole.
  private func otherRecords(_ items: [AtlasItem], _ manifests: [AtlasManifest]) -> [AtlasRecord] {
    let own = Set(items.map(\.output))
    var found: [String: AtlasRecord] = [:]
    for record in manifests.flatMap(\.records) where !own.contains(record.output) && !record.output.contains("/") {
      guard let sha256 = record.sha256, let bytes = try? Files.read(place(record.output)) else { continue }
      if SHA256.digest(of: bytes) == sha256 { found[record.output] = record }
    }
    return Array(found.values)
  }

  /// Writes the picture of an item, whole or not at all.
  ///
  /// - Returns: the file's bytes
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`.
  package func write(_ picture: RGBImage, _ item: AtlasItem) throws(PixelAscentError) -> [UInt8] {
    let bytes = try picture.data(for: item.output, comment: item.provenance)
    try write(bytes, item.output)
    return bytes
  }

  private func write(_ bytes: [UInt8], _ name: String) throws(PixelAscentError) {
    // No two processes have the same name for one: a shard's is in it.
    try Files.write(bytes, to: place(name), temporary: ".\(name)\(shard.map { ".\($0)" } ?? "").tmp")
  }

  /// Removes what a run that was killed has left of these items; of the pages and of other shards as well if this process is
  /// alone.
  package func removeUnfinished(_ items: [AtlasItem]) {
    guard let present = try? Files.names(in: path) else { return }
    let files = Set(items.map(\.output) + [Self.manifest, Self.sheet, Self.page])
    for name in present where name.hasPrefix(".") && name.hasSuffix(".tmp") {
      let file = name.dropFirst().dropLast(4), dot = file.lastIndex(of: ".")
      let owner = dot.flatMap { AtlasShard(String(file[file.index(after: $0)...])) }
      let isMeant = files.contains(String(owner == nil ? file : file[..<(dot ?? file.endIndex)]))
      if isMeant && (shard == nil || shard == owner) { Files.remove(place(name)) }
    }
  }

  /// Removes the manifest of a shard that had nothing to do.
  package func removeIfEmpty(_ manifest: AtlasManifest) {
    if shard != nil && manifest.records.isEmpty { Files.remove(manifest.path) }
  }

  /// Writes the manifest in the order of classes, recipes and seeds, the contact sheet and the page; other manifests are
  /// removed. Items that could not be made keep the line that says why.
  ///
  /// - Returns: the number of pictures
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`, or as reading a picture does.
  package func finish(_ items: [AtlasItem], _ manifests: [AtlasManifest], threads: Int) throws -> Int {
    let present = records(of: items, manifests, threads: threads)
    let own = zip(items, present).compactMap { item, record in
      record ?? manifests.lazy.compactMap { $0[item.output] }.first { $0.isFailure(of: item) }
    }
    let all = (own + otherRecords(items, manifests)).sorted(by: AtlasRecord.precedes)
    let pictures = all.filter { $0.sha256 != nil }
    if pictures.isEmpty {
      Files.remove(place(Self.sheet))
    } else {
      try write(ContactSheet(pictures, in: path, threads: threads).pngData(), Self.sheet)
    }
    try write(Array(AtlasPage(pictures).text.utf8), Self.page)
    try write(Array(all.map { try JSONText.encode($0) + "\n" }.joined().utf8), Self.manifest)
    // The manifest is another file now: a shard that has begun before this one is locked needs its own, and the next join
    // takes it.
    guard let whole = try? AtlasManifest(place(Self.manifest), .alone) else { return pictures.count }
    for manifest in manifests where manifest.path != whole.path { Files.remove(manifest.path) }
    return pictures.count
  }
}
