// SPDX-License-Identifier: MIT

import PixelAscent

/// A folder of class visualizations: the pictures, a manifest with a line for each, a contact sheet and a gallery page.
package struct AtlasFolder: Sendable {
  /// The folder's path, without a "/" at its end.
  package let path: String
  /// The part that this process makes; nil if it makes or joins all.
  package let shard: AtlasShard?

  /// The names of the manifest of all, of the contact sheet and of the gallery page.
  package static let manifest = "manifest.jsonl", sheet = "contact-sheet.png", page = "index.html"

  /// The folder at `path`, made if it is not there.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`.
  package init(_ path: String, _ shard: AtlasShard? = nil) throws(PixelAscentError) {
    self.shard = shard
    self.path = path.withoutLastSlash
    try Files.makeFolders(self.path)
  }

  private func place(_ name: String) -> String { "\(path)/\(name)" }

  /// All manifests, first the one to append to. Who makes all, or joins what shards have made, is alone in the folder, where
  /// shards are beside each other: the manifest of all says so, and those of other shards are only read.
  ///
  /// - Parameter items: what will be made, whose pictures may replace an atlas's but nothing else
  /// - Throws: as `AtlasManifest` does, of kind `unreadableFile`, or `unwritableFile` if a file that would be replaced is not
  ///   an atlas's, before anything in the folder is changed.
  package func openManifests(for items: [AtlasItem]) throws(PixelAscentError) -> [AtlasManifest] {
    let names = Set([Self.manifest] + [shard?.manifest].compactMap(\.self))
    try checkPlaces(of: items, readManifests { names.contains($0) || AtlasShard(manifest: $0) != nil })
    let whole = try AtlasManifest(place(Self.manifest), shard == nil ? .alone : .beside)
    let own = try shard.map { shard throws(PixelAscentError) in try AtlasManifest(place(shard.manifest), .alone) }
    return try [own, whole].compactMap(\.self)
      + readManifests { name in AtlasShard(manifest: name).map { $0 != shard } ?? false }
  }

  /// What the manifests of such names hold now.
  private func readManifests(_ isMeant: (String) -> Bool) throws(PixelAscentError) -> [AtlasManifest] {
    var manifests: [AtlasManifest] = []
    for name in try Files.names(in: path).sorted() where isMeant(name) {
      do throws(PixelAscentError) {
        manifests.append(try AtlasManifest(reading: place(name)))
      } catch {
        // A shard that had nothing to do removes its own.
        if Files.exists(place(name)) { throw error }
      }
    }
    return manifests
  }

  /// Refuses to replace what is not this atlas's: a picture is if it is in a manifest, damaged or not, or says so itself.
  private func checkPlaces(of items: [AtlasItem], _ manifests: [AtlasManifest]) throws(PixelAscentError) {
    func check(_ name: String, _ isOwn: ([UInt8]) -> Bool) throws(PixelAscentError) {
      let path = place(name)
      if Files.isFolder(path) { throw PixelAscentError(.unwritableFile, "is a folder, not a file", about: path) }
      if !Files.isRegular(path) { return }
      let bytes = try Files.read(path)
      // Where the machine itself has died there may be a file of nothing.
      if !isOwn(bytes) && !bytes.allSatisfy({ $0 == 0 }) { throw Self.foreign(path) }
    }
    for manifest in manifests where manifest.isForeign { throw Self.foreign(manifest.path) }
    if shard == nil {
      try check(Self.sheet, Provenance.isContactSheet)
      try check(Self.page, AtlasPage.isOne)
    }
    for item in items where !manifests.contains(where: { $0[item.output]?.sha256 != nil }) {
      try check(item.output) { (try? Provenance(inFile: $0, name: item.output)).map(item.isMade) ?? false }
    }
  }

  private static func foreign(_ path: String) -> PixelAscentError {
    PixelAscentError(
      .unwritableFile, "would be replaced, and this atlas has not made it; move it, or take another folder", about: path
    )
  }

  /// What there is of an item.
  package enum Presence: Sendable {
    /// Its picture, whole and made as it should be.
    case whole(AtlasRecord)
    /// A whole picture that was made with other parameters, by another model or in another way.
    case madeOtherwise(Provenance?)
    /// Nothing, or a damaged file.
    case missing
    /// Somebody else's picture.
    case foreign

    /// The record of a whole picture.
    package var record: AtlasRecord? { if case .whole(let record) = self { record } else { nil } }
  }

  /// What there is of each item.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile` if somebody has put a picture in the place of one.
  package func presence(
    of items: [AtlasItem], _ manifests: [AtlasManifest], threads: Int
  ) throws(PixelAscentError) -> [Presence] {
    let found = sideBySide(items, threads: threads) { (item: AtlasItem) -> Presence in
      let records = manifests.compactMap { $0[item.output] }
      guard !records.isEmpty, let bytes = try? Files.read(place(item.output)) else { return .missing }
      let sha256 = SHA256.digest(of: bytes)
      guard let record = records.first(where: { $0.sha256 == sha256 }) else {
        return Self.isAnother(bytes) ? .foreign : .missing
      }
      let comment = try? RGBImage.comment(inFile: bytes, name: item.output)
      if comment == item.provenance { return .whole(record) }
      let made = try? Provenance(text: comment, name: item.output)
      return made.map(item.isMade) ?? false ? .whole(record) : .madeOtherwise(made)
    }
    for (item, presence) in zip(items, found) { if case .foreign = presence { throw Self.foreign(place(item.output)) } }
    return found
  }

  /// Whether bytes are a whole picture, and not of this program: no damage makes that of one of its own.
  private static func isAnother(_ bytes: [UInt8]) -> Bool {
    !Provenance.isOwn(bytes) && (try? RGBImage(decoding: bytes, name: "")) != nil
  }

  /// Why items that are not there could not be made.
  ///
  /// - Returns: a record of each
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile` if something else is known of one, or nothing.
  package func failures(
    of items: [AtlasItem], _ presence: [Presence], _ manifests: [AtlasManifest]
  ) throws(PixelAscentError) -> [AtlasRecord] {
    var failures: [AtlasRecord] = [], missing: [(item: AtlasItem, presence: Presence)] = []
    for (item, presence) in zip(items, presence) where presence.record == nil {
      let records = manifests.compactMap { $0[item.output] }
      if let first = records.first, records.allSatisfy({ $0.isFailure(of: item) }) {
        failures.append(first)
      } else {
        missing.append((item, presence))
      }
    }
    guard let first = missing.first else { return failures }
    var reason = ""
    if case .madeOtherwise(let made?) = first.presence { reason = " (\(first.item.difference(from: made)))" }
    throw PixelAscentError(
      .unreadableFile,
      Message(
        "\(missing.count) of \(items.count) pictures are missing, damaged or made otherwise, the first "
          + "\(first.item.output)\(reason); run their shards again"), about: path)
  }

  /// The records of pictures that another command has put here, and that are whole.
  private func otherRecords(_ items: [AtlasItem], _ manifests: [AtlasManifest]) -> [AtlasRecord] {
    let own = Set(items.map(\.output))
    var found: [String: AtlasRecord] = [:]
    for record in manifests.flatMap(\.records) where !own.contains(record.output) && !record.output.hasSlash {
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

  /// Removes the picture of an item.
  package func remove(_ item: AtlasItem) { Files.remove(place(item.output)) }

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

  /// Removes a manifest that nothing was put into.
  package func removeIfEmpty(_ manifest: AtlasManifest) {
    if manifest.records.isEmpty { Files.remove(manifest.path) }
  }

  /// Writes the manifest in the order of classes, recipes and seeds, the contact sheet and the page; other manifests are
  /// removed. Items that could not be made keep the line that says why.
  ///
  /// - Returns: the number of pictures
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`, or as reading a picture does.
  package func finish(_ items: [AtlasItem], _ manifests: [AtlasManifest], threads: Int) throws -> Int {
    let own = zip(items, try presence(of: items, manifests, threads: threads)).compactMap { item, presence in
      presence.record ?? manifests.lazy.compactMap { $0[item.output] }.first { $0.isFailure(of: item) }
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
