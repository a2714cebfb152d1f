// SPDX-License-Identifier: MIT

/// The directory of a zip archive, zip64 included. It gives the ranges of the entries that are not compressed.
///
/// See <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>.
struct ZipArchive {
  struct Entry {
    /// The range of the entry's bytes in the file.
    let range: Range<Int>
    let isStored: Bool
  }

  let source: ByteSource
  private(set) var entries = [String: Entry]()

  /// The first four bytes of an archive in which nothing precedes the first entry.
  static let signature: [UInt8] = Array("PK\u{3}\u{4}".utf8)

  /// Reads the directory at the file's end, and the header of each entry.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the directory contradicts itself or the file, or entries
  ///   overlap.
  init(_ source: ByteSource) throws(PixelAscentError) {
    self.source = source
    let directory = try self.directory()
    var rest = try Fields(source, directory.range)
    var headers = [(name: String, offset: Int, size: Int, isStored: Bool)]()
    while rest.count > 0 {
      guard let header = Self.header(&rest) else { throw fail("directory is damaged at entry \(headers.count)") }
      headers.append(header)
    }
    guard headers.count == directory.count else {
      throw fail("directory declares \(directory.count) entries, found \(headers.count)")
    }

    var end = 0
    for header in headers.sorted(by: { $0.offset < $1.offset }) {
      let name = header.name.oneLine
      guard header.offset >= end else { throw fail("entry \(name) overlaps another") }
      guard header.offset <= directory.range.lowerBound - 30 else { throw fail("entry \(name) has no header") }
      var local = try Fields(source, header.offset..<header.offset + 30)
      guard local.take(4) == 0x0403_4B50, local.skip(22), let nameLength = local.take(2), let extra = local.take(2)
      else { throw fail("entry \(name) has no header") }
      let start = header.offset + 30 + nameLength + extra
      guard start <= directory.range.lowerBound, header.size <= directory.range.lowerBound - start else {
        let found = max(0, directory.range.lowerBound - start)
        throw fail("entry \(name) declares \(header.size) bytes, found \(found): truncated or wrong")
      }
      end = start + header.size
      let entry = Entry(range: start..<end, isStored: header.isStored)
      guard entries.updateValue(entry, forKey: header.name) == nil else { throw fail("entry \(name) occurs twice") }
    }
  }

  /// Returns the range of an entry's bytes in the file; nil if the archive has no entry of this name.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the entry is compressed or encrypted.
  func range(of name: String) throws(PixelAscentError) -> Range<Int>? {
    guard let entry = entries[name] else { return nil }
    guard entry.isStored else {
      throw fail(
        "entry \(name.oneLine) is compressed or encrypted, but PyTorch's entries never are; unpack the archive, and "
          + "pack it again with zip -0"
      )
    }
    return entry.range
  }

  private func fail(_ message: String) -> PixelAscentError {
    source.fail("the zip archive's \(message)")
  }

  /// Returns the directory's range in the file, and its number of entries.
  private func directory() throws(PixelAscentError) -> (range: Range<Int>, count: Int) {
    let missing = fail("directory is missing at the file's end: truncated, or not a zip archive")
    let tailStart = max(0, source.count - 22 - Int(UInt16.max))
    let tail = try source.bytes(tailStart..<source.count)
    // A comment follows the record at the end of the directory; the record gives the comment's length.
    let record = stride(from: tail.count - 22, through: 0, by: -1).first { start in
      guard tail[start] == UInt8(ascii: "P") else { return false }
      var record = Fields(tail[start...])
      return record.take(4) == 0x0605_4B50 && record.skip(16) && record.take(2) == tail.count - start - 22
    }
    guard let record else { throw missing }
    let end = tailStart + record
    var fields = Fields(tail[record...])
    guard fields.skip(10), let count = fields.take(2), let size = fields.take(4), let offset = fields.take(4) else {
      throw missing
    }
    var directory = (offset: offset, size: size, count: count, end: end)
    if end >= 20, let large = try zip64(locatorAt: end - 20) { directory = large }
    guard directory.offset <= directory.end, directory.size <= directory.end - directory.offset else {
      let found = max(0, directory.end - directory.offset)
      throw fail(
        "directory declares \(directory.size) bytes at byte \(directory.offset), found \(found): truncated or wrong")
    }
    return (directory.offset..<directory.offset + directory.size, directory.count)
  }

  /// Returns the contents of the zip64 record that the locator at `position` points to; nil if no locator lies there.
  private func zip64(
    locatorAt position: Int
  ) throws(PixelAscentError) -> (offset: Int, size: Int, count: Int, end: Int)? {
    var locator = try Fields(source, position..<position + 20)
    guard locator.take(4) == 0x0706_4B50 else { return nil }
    guard locator.skip(4), let start = locator.take(8), position >= 56, start <= position - 56 else {
      throw fail("zip64 record is missing")
    }
    var record = try Fields(source, start..<start + 56)
    guard record.take(4) == 0x0606_4B50, record.skip(28), let count = record.take(8), let size = record.take(8),
      let offset = record.take(8)
    else { throw fail("zip64 record is damaged") }
    return (offset, size, count, start)
  }

  /// Returns the directory's next entry; nil if it is damaged.
  private static func header(_ rest: inout Fields) -> (name: String, offset: Int, size: Int, isStored: Bool)? {
    guard rest.take(4) == 0x0201_4B50, rest.skip(4), let flags = rest.take(2), let method = rest.take(2), rest.skip(8),
      var size = rest.take(4), var fullSize = rest.take(4), let nameLength = rest.take(2),
      let extraLength = rest.take(2), let commentLength = rest.take(2), rest.skip(8), var offset = rest.take(4),
      let name = rest.bytes(nameLength), var extra = rest.bytes(extraLength).map({ Fields($0) }),
      rest.skip(commentLength), let name = String(validating: name, as: UTF8.self)
    else { return nil }
    while extra.count >= 4, let kind = extra.take(2), let length = extra.take(2), let content = extra.bytes(length) {
      guard kind == 1 else { continue }
      // Only the numbers that don't fit in 32 bits are here, in this order.
      var large = Fields(content)
      let limit = Int(UInt32.max)
      if fullSize == limit { fullSize = large.take(8) ?? -1 }
      if size == limit { size = large.take(8) ?? -1 }
      if offset == limit { offset = large.take(8) ?? -1 }
    }
    guard size >= 0, offset >= 0 else { return nil }
    return (name, offset, size, method == 0 && flags & 1 == 0 && size == fullSize)
  }
}

/// Reads little-endian numbers one after another.
private struct Fields {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  init(_ source: ByteSource, _ range: Range<Int>) throws(PixelAscentError) { rest = try source.bytes(range)[...] }

  var count: Int { rest.count }

  /// Returns the next number, of `size` bytes; nil if fewer bytes are left, or if the number exceeds `Int`.
  mutating func take(_ size: Int) -> Int? {
    bytes(size).flatMap { Int(exactly: UInt64(littleEndianBytes: $0)) }
  }

  mutating func skip(_ size: Int) -> Bool { bytes(size) != nil }

  mutating func bytes(_ size: Int) -> ArraySlice<UInt8>? {
    guard size <= rest.count else { return nil }
    defer { rest = rest.dropFirst(size) }
    return rest.prefix(size)
  }
}
