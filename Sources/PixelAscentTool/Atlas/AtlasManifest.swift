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

/// The list of an atlas's pictures: a file with one JSON object per line, to which only whole lines are appended.
package final class AtlasManifest: Sendable {
  /// What other processes may do while this process has the manifest open.
  package enum Access: Sendable {
    /// Other processes can only read the manifest, so this process may append lines.
    case exclusive
    /// Other processes can open the manifest with shared access too.
    case shared
  }

  /// The path of the manifest's file.
  package let path: String
  /// Whether the lock that the file needs was obtained; false if the file system has no locks, true if the file was
  /// only read.
  package let isLocked: Bool
  /// Whether the file is not a manifest: no line is a record, and the file does not begin like a half-written record.
  let isForeign: Bool
  private let file: Int32?
  private let last: Mutex<[String: AtlasRecord]>

  /// Opens the manifest at `path`, and creates an empty one if there is none. With exclusive access, this also cuts off
  /// a last line that was only half written, or ends that line if the file could not be locked.
  ///
  /// - Parameter lock: the function that locks the file; tests pass one that fails
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile` if the file can't be opened or created, or if another
  ///   process has it open and `access` or that process's access is exclusive.
  package init(
    _ path: String, _ access: Access, lock: (Int32, Int32) -> Int32 = flock
  ) throws(PixelAscentError) {
    let (file, isLocked) = try Self.open(path, access, lock), bytes = try Files.read(path), end = Self.end(bytes)
    if access == .exclusive && end < bytes.count {
      // Without a lock, another process may still be writing the last line: end the line rather than cut it off.
      let done = isLocked ? ftruncate(file, off_t(end)) == 0 : write(file, "\n", 1) == 1
      if !done { throw Files.failure(.unwritableFile, path, errno) }
    }
    (self.path, self.file, self.isLocked, isForeign) = (path, file, isLocked, false)
    last = Mutex(Self.last(bytes[..<end], path))
  }

  /// Reads what the manifest at `path` holds now, even if another process has it open.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile`.
  package init(reading path: String) throws(PixelAscentError) {
    let bytes = try Files.read(path), records = Self.last(bytes[..<Self.end(bytes)], path)
    (self.path, file, isLocked) = (path, nil, true)
    // A machine that crashed may have left a file of zeros.
    isForeign = records.isEmpty && !zip(bytes, #"{"class":"#.utf8).allSatisfy(==) && !bytes.allSatisfy { $0 == 0 }
    last = Mutex(records)
  }

  /// Returns the offset at which the last whole line ends.
  private static func end(_ bytes: [UInt8]) -> Int { bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0 }

  /// Returns the last record of each picture, by the picture's file name. Lines that can't be decoded are ignored.
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

  /// The last record of the picture with the file name `output`; nil if the manifest has none.
  package subscript(output: String) -> AtlasRecord? { last.withLock { $0[output] } }

  /// The last record of each picture, in no particular order.
  package var records: [AtlasRecord] { last.withLock { Array($0.values) } }

  /// Appends a record as a whole line. If that fails, the file keeps its former length.
  ///
  /// - Precondition: the manifest was opened, not only read.
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`, for example if the disk is full.
  package func append(_ record: AtlasRecord) throws {
    let line = Array((try JSONText.encode(record) + "\n").utf8)
    guard let file else { preconditionFailure("\(path) was opened only for reading") }
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
      if lock(file, (access == .exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0 {
        let problem = errno
        if problem == EINTR { close(file); continue }
        if problem == EWOULDBLOCK {
          close(file)
          throw PixelAscentError(.unwritableFile, "another run is using this file", about: path)
        }
        isLocked = false
      }
      // The process that held the lock before may have replaced the file. Then the new file must be opened.
      var opened = stat(), present = stat()
      if fstat(file, &opened) == 0, stat(path, &present) == 0, opened.st_ino == present.st_ino {
        return (file, isLocked)
      }
      close(file)
    }
  }
}
