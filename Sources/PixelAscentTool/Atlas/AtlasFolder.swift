// SPDX-License-Identifier: MIT

import PixelAscent

/// A folder of class visualizations: the pictures, a manifest with one line per picture, a contact sheet and a gallery
/// page.
package struct AtlasFolder: Sendable {
  /// The folder's path, without a trailing "/".
  package let path: String
  /// The shard that this process makes; nil if this process makes all pictures or merges the shards.
  package let shard: AtlasShard?

  /// The file names of the whole atlas's manifest, of the contact sheet and of the gallery page.
  package static let manifest = "manifest.jsonl", sheet = "contact-sheet.png", page = "index.html"

  /// Opens the folder at `path`, and creates it if it does not exist.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`.
  package init(_ path: String, _ shard: AtlasShard? = nil) throws(PixelAscentError) {
    self.shard = shard
    self.path = path.withoutTrailingSlashes
    try Files.makeFolders(self.path)
  }

  private func path(of name: String) -> String { path.withOneTrailingSlash + name }

  /// Opens and locks the manifests that this process needs, and reads the other shards' manifests.
  ///
  /// A process that makes all pictures or merges the shards must be alone in the folder, so it locks the whole atlas's
  /// manifest exclusively. Shards run side by side: each locks that manifest shared, and its own manifest exclusively.
  ///
  /// - Parameter items: the items that this process is going to make; their pictures may replace pictures of this
  ///   atlas, but no other files
  /// - Returns: all manifests; the first is the one to append to
  /// - Throws: ``PixelAscentError`` as `AtlasManifest` does; of kind `unreadableFile` if a file can't be read; of kind
  ///   `unwritableFile`, before anything in the folder is changed, if a file that would be overwritten does not belong
  ///   to this atlas.
  package func openManifests(for items: [AtlasItem]) throws(PixelAscentError) -> [AtlasManifest] {
    let names = Set([Self.manifest] + [shard?.manifestName].compactMap(\.self))
    try checkOverwrites(of: items, readManifests { names.contains($0) || AtlasShard(manifestName: $0) != nil })
    let whole = try AtlasManifest(path(of: Self.manifest), shard == nil ? .exclusive : .shared)
    let own = try shard.map { shard throws(PixelAscentError) in
      try AtlasManifest(path(of: shard.manifestName), .exclusive)
    }
    return try [own, whole].compactMap(\.self)
      + readManifests { name in AtlasShard(manifestName: name).map { $0 != shard } ?? false }
  }

  /// Reads those manifests in the folder whose names `isIncluded` accepts, without locking them.
  private func readManifests(_ isIncluded: (String) -> Bool) throws(PixelAscentError) -> [AtlasManifest] {
    var manifests: [AtlasManifest] = []
    for name in try Files.names(in: path).sorted() where isIncluded(name) {
      do throws(PixelAscentError) {
        manifests.append(try AtlasManifest(reading: path(of: name)))
      } catch {
        // If the file is gone, a shard that had nothing to do has removed its manifest in the meantime.
        if Files.exists(path(of: name)) { throw error }
      }
    }
    return manifests
  }

  /// Throws if this process would overwrite a file that does not belong to this atlas. A picture that a manifest lists
  /// belongs to the atlas, even if its file is damaged; so does a picture with the provenance of one of `items`.
  private func checkOverwrites(of items: [AtlasItem], _ manifests: [AtlasManifest]) throws(PixelAscentError) {
    func check(_ name: String, _ isOwn: ([UInt8]) -> Bool) throws(PixelAscentError) {
      let path = path(of: name)
      if Files.isFolder(path) { throw PixelAscentError(.unwritableFile, "is a folder, not a file", about: path) }
      if !Files.isRegular(path) { return }
      let bytes = try Files.read(path)
      // A machine that crashed may have left an empty file, or one of zeros only.
      if !isOwn(bytes) && !bytes.allSatisfy({ $0 == 0 }) { throw Self.foreign(path) }
    }
    for manifest in manifests where manifest.isForeign { throw Self.foreign(manifest.path) }
    if shard == nil {
      try check(Self.sheet, Provenance.isContactSheet)
      try check(Self.page, AtlasPage.isGallery)
    }
    for item in items where !manifests.contains(where: { $0[item.output]?.sha256 != nil }) {
      try check(item.output) { (try? Provenance(inFile: $0, name: item.output)).map(item.matches) ?? false }
    }
  }

  private static func foreign(_ path: String) -> PixelAscentError {
    PixelAscentError(
      .unwritableFile, "is not a file of this atlas and would be overwritten; move it or choose another folder",
      about: path)
  }

  /// What the folder holds of an item.
  package enum Presence: Sendable {
    /// The item's picture, undamaged, and made as this command would make it.
    case whole(AtlasRecord)
    /// An undamaged picture that was made in another way, for example with other parameters or by another model; and
    /// the picture's provenance, if that can be read.
    case mismatched(Provenance?)
    /// No file, a damaged one, or one that no manifest lists.
    case missing
    /// A picture of another program under the item's name.
    case foreign

    /// The record of the item's picture; nil if the folder does not hold that picture whole.
    package var record: AtlasRecord? { if case .whole(let record) = self { record } else { nil } }
  }

  /// Returns what the folder holds of each item.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile` if a file with an item's name is a picture that this
  ///   program did not make.
  package func presence(
    of items: [AtlasItem], _ manifests: [AtlasManifest], threads: Int
  ) throws(PixelAscentError) -> [Presence] {
    let found = sideBySide(items, threads: threads) { (item: AtlasItem) -> Presence in
      let records = manifests.compactMap { $0[item.output] }
      guard !records.isEmpty, let bytes = try? Files.read(path(of: item.output)) else { return .missing }
      let sha256 = SHA256.digest(of: bytes)
      guard let record = records.first(where: { $0.sha256 == sha256 }) else {
        return Self.isForeignPicture(bytes) ? .foreign : .missing
      }
      let comment = try? RGBImage.comment(inFile: bytes, name: item.output)
      if comment == item.provenance { return .whole(record) }
      let made = try? Provenance(text: comment, name: item.output)
      return made.map(item.matches) ?? false ? .whole(record) : .mismatched(made)
    }
    for (item, presence) in zip(items, found) {
      if case .foreign = presence { throw Self.foreign(path(of: item.output)) }
    }
    return found
  }

  /// Returns whether the bytes are a picture that this program did not make. Damage can't turn one of the program's own
  /// pictures into one that can be decoded and has no comment of the program.
  private static func isForeignPicture(_ bytes: [UInt8]) -> Bool {
    !Provenance.isOwn(bytes) && (try? RGBImage(decoding: bytes, name: "")) != nil
  }

  /// Returns the records that say why items without a picture could not be made.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile` if the manifests have no record of such an item, or one
  ///   that does not say that the item failed.
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
    if case .mismatched(let made?) = first.presence { reason = " (\(first.item.difference(from: made)))" }
    throw PixelAscentError(
      .unreadableFile,
      Message(
        "\(missing.count) of \(items.count) pictures are missing, damaged or do not match this command; the first is "
          + "\(first.item.output)\(reason); run their shards again"), about: path)
  }

  /// Returns the records of the undamaged pictures in this folder that are not among `items`: another command made
  /// them.
  private func otherRecords(_ items: [AtlasItem], _ manifests: [AtlasManifest]) -> [AtlasRecord] {
    let own = Set(items.map(\.output))
    var found: [String: AtlasRecord] = [:]
    for record in manifests.flatMap(\.records) where !own.contains(record.output) && !record.output.hasSlash {
      guard let sha256 = record.sha256, let bytes = try? Files.read(path(of: record.output)) else { continue }
      if SHA256.digest(of: bytes) == sha256 { found[record.output] = record }
    }
    return Array(found.values)
  }

  /// Writes the picture of an item to a file, whole or not at all.
  ///
  /// - Returns: the file's bytes
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`.
  package func write(_ picture: RGBImage, _ item: AtlasItem) throws(PixelAscentError) -> [UInt8] {
    let bytes = try picture.data(for: item.output, comment: item.provenance)
    try write(bytes, item.output)
    return bytes
  }

  /// Removes the file of an item's picture.
  package func remove(_ item: AtlasItem) { Files.remove(path(of: item.output)) }

  private func write(_ bytes: [UInt8], _ name: String) throws(PixelAscentError) {
    // The shard is part of the temporary file's name, so that no two processes write to the same temporary file.
    try Files.write(bytes, to: path(of: name), temporary: ".\(name)\(shard.map { ".\($0)" } ?? "").tmp")
  }

  /// Removes the temporary files that killed runs have left: a shard removes its own, and a process that is alone in
  /// the folder removes those of every shard.
  ///
  /// - Parameter items: the items whose temporary files are removed; those of the manifest, the contact sheet and the
  ///   page are removed too, and files with other names stay
  package func removeUnfinished(_ items: [AtlasItem]) {
    guard let present = try? Files.names(in: path) else { return }
    let files = Set(items.map(\.output) + [Self.manifest, Self.sheet, Self.page])
    for name in present where name.hasPrefix(".") && name.hasSuffix(".tmp") {
      let file = name.dropFirst().dropLast(4), dot = file.lastIndex(of: ".")
      let owner = dot.flatMap { AtlasShard(String(file[file.index(after: $0)...])) }
      let isOfAtlas = files.contains(String(owner == nil ? file : file[..<(dot ?? file.endIndex)]))
      if isOfAtlas && (shard == nil || shard == owner) { Files.remove(path(of: name)) }
    }
  }

  /// Removes the file of a manifest that has no records.
  package func removeIfEmpty(_ manifest: AtlasManifest) {
    if manifest.records.isEmpty { Files.remove(manifest.path) }
  }

  /// Writes the contact sheet, the gallery page and the manifest, and removes the shards' manifests. The manifest is
  /// sorted by class, recipe and seed. For an item that could not be made, it keeps the line that says why.
  ///
  /// - Parameter sheetStyle: whether the contact sheet has captions, and its scale
  /// - Returns: the number of pictures
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`, or of another kind if a picture can't be read.
  package func finish(
    _ items: [AtlasItem], _ manifests: [AtlasManifest], _ sheetStyle: Figure.Style, threads: Int
  ) throws -> Int {
    let own = zip(items, try presence(of: items, manifests, threads: threads)).compactMap { item, presence in
      presence.record ?? manifests.lazy.compactMap { $0[item.output] }.first { $0.isFailure(of: item) }
    }
    let all = (own + otherRecords(items, manifests)).sorted(by: AtlasRecord.precedes)
    let pictures = all.filter { $0.sha256 != nil }
    if pictures.isEmpty {
      Files.remove(path(of: Self.sheet))
    } else {
      try write(ContactSheet(pictures, in: path, sheetStyle, threads: threads).pngData(), Self.sheet)
    }
    try write(Array(AtlasPage(pictures).text.utf8), Self.page)
    try write(Array(all.map { try JSONText.encode($0) + "\n" }.joined().utf8), Self.manifest)
    // The manifest is a new file now, which this process has not locked. If a shard has locked the new file in the
    // meantime, all shards' manifests stay: that shard appends to its own, and the next merge removes them.
    guard let whole = try? AtlasManifest(path(of: Self.manifest), .exclusive) else { return pictures.count }
    for manifest in manifests where manifest.path != whole.path { Files.remove(manifest.path) }
    return pictures.count
  }
}
