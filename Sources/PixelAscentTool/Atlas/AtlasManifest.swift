// SPDX-License-Identifier: MIT

import PixelAscent
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The list of an atlas's pictures, one JSON object a line, to which lines are appended whole.
package final class AtlasManifest: Sendable {
  /// What a process that has it open leaves to others.
  package enum Access: Sendable {
    /// No other has it open: lines may be appended.
    case alone
    /// Others may have it open in this way too, and read it.
    case beside
  }

  /// The file.
  package let path: String
  /// Whether other processes are kept away as they should be.
  package let isLocked: Bool
  /// Whether it is a file of another kind: no line of it is a record, nor its half-written first one.
  let isForeign: Bool
  private let file: Int32?
  private let last: Mutex<[String: AtlasRecord]>

  /// Opens the manifest at `path`, or makes an empty one. A half-written last line is cut off if this process is alone.
  ///
  /// - Parameter lock: what locks a file as `flock` does, but in tests
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile` if that is not possible, or another process has it open.
  package init(
    _ path: String, _ access: Access, lock: (Int32, Int32) -> Int32 = flock
  ) throws(PixelAscentError) {
    let (file, isLocked) = try Self.open(path, access, lock), bytes = try Files.read(path), end = Self.end(bytes)
    if access == .alone && end < bytes.count {
      // Without a lock it may be one that another process is at.
      let done = isLocked ? ftruncate(file, off_t(end)) == 0 : write(file, "\n", 1) == 1
      if !done { throw Files.failure(.unwritableFile, path, errno) }
    }
    (self.path, self.file, self.isLocked, isForeign) = (path, file, isLocked, false)
    last = Mutex(Self.last(bytes[..<end], path))
  }

  /// What the manifest at `path` holds now, whoever has it open.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile`.
  package init(reading path: String) throws(PixelAscentError) {
    let bytes = try Files.read(path), records = Self.last(bytes[..<Self.end(bytes)], path)
    (self.path, file, isLocked) = (path, nil, true)
    // Where the machine itself has died there may be zeros.
    isForeign = records.isEmpty && !zip(bytes, #"{"class":"#.utf8).allSatisfy(==) && !bytes.allSatisfy { $0 == 0 }
    last = Mutex(records)
  }

  /// Where the last whole line ends.
  private static func end(_ bytes: [UInt8]) -> Int { bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0 }

  /// The last line of each picture; a line that can't be read is none.
  private static func last(_ bytes: ArraySlice<UInt8>, _ path: String) -> [String: AtlasRecord] {
    var last: [String: AtlasRecord] = [:]
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      guard let record = try? JSONText.decode(AtlasRecord.self, from: line) else { continue }
      last[record.output] = record
    }
    return last
  }

  deinit {
    if let file { close(file) }
  }

  /// What it holds of a picture: the last line about it.
  package subscript(output: String) -> AtlasRecord? { last.withLock { $0[output] } }

  /// The last line of each picture, in no order.
  package var records: [AtlasRecord] { last.withLock { Array($0.values) } }

  /// Appends a line, or nothing, to a manifest that is open.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`, for example where the disk is full.
  package func append(_ record: AtlasRecord) throws {
    let line = Array((try JSONText.encode(record) + "\n").utf8)
    guard let file else { preconditionFailure("\(path) is only read") }
    let problem = last.withLock { last -> Int32 in
      let end = lseek(file, 0, SEEK_END)
      let problem = line.withUnsafeBytes { Files.drain($0, into: file) }
      if problem == 0 { last[record.output] = record } else if end >= 0 { ftruncate(file, end) }
      return problem
    }
    if problem != 0 { throw Files.failure(.unwritableFile, path, problem) }
  }

  private static func open(
    _ path: String, _ access: Access, _ lock: (Int32, Int32) -> Int32
  ) throws(PixelAscentError) -> (file: Int32, isLocked: Bool) {
    while true {
      let file = Files.openForAppending(path)
      guard file >= 0 else { throw Files.failure(.unwritableFile, path, errno) }
      var isLocked = true
      if lock(file, (access == .alone ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0 {
        let problem = errno
        if problem == EINTR { close(file); continue }
        if problem == EWOULDBLOCK {
          close(file)
          throw PixelAscentError(.unwritableFile, "another run is at work on it", about: path)
        }
        isLocked = false
      }
      // The one before may have put another file in its place.
      var opened = stat(), present = stat()
      if fstat(file, &opened) == 0, stat(path, &present) == 0, opened.st_ino == present.st_ino {
        return (file, isLocked)
      }
      close(file)
    }
  }
}
