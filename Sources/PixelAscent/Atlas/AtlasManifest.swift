// SPDX-License-Identifier: MIT

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
    /// Anything: it is only looked at.
    case looking
  }

  /// The file.
  package let path: String
  /// Whether other processes are kept away as they should be.
  package let isLocked: Bool
  private let file: Int32
  private let last: Mutex<[String: AtlasRecord]>

  /// Opens the manifest at `path`, or makes an empty one; cuts a half-written last line off if it is alone.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile` if that is not possible, or another process has it open.
  package init(_ path: String, _ access: Access = .alone) throws(PixelAscentError) {
    self.path = path
    (file, isLocked) = try Self.open(path, access)
    last = Mutex(try Self.read(path, access == .alone ? file : nil, cuts: isLocked))
  }

  /// The last line of each picture; a line that can't be read is none.
  ///
  /// - Parameters:
  ///   - file: where lines will be appended; nil if none will
  ///   - cuts: whether a half-written line can only be one that was left
  private static func read(
    _ path: String, _ file: Int32?, cuts: Bool
  ) throws(PixelAscentError) -> [String: AtlasRecord] {
    let bytes = try Files.read(path)
    let end = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    if let file, end < bytes.count {
      let done = cuts ? ftruncate(file, off_t(end)) == 0 : write(file, "\n", 1) == 1
      if !done { throw Files.failure(.unwritableFile, path, errno) }
    }
    var last: [String: AtlasRecord] = [:]
    for line in bytes[..<end].split(separator: UInt8(ascii: "\n")) {
      guard let record = try? JSONText.decode(AtlasRecord.self, from: line, name: path) else { continue }
      last[record.output] = record
    }
    return last
  }

  deinit { close(file) }

  /// What it holds of a picture: the last line about it.
  package subscript(output: String) -> AtlasRecord? { last.withLock { $0[output] } }

  /// The last line of each picture, in no order.
  package var records: [AtlasRecord] { last.withLock { Array($0.values) } }

  /// Appends a line, or nothing.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`, for example where the disk is full.
  package func append(_ record: AtlasRecord) throws {
    let line = Array((try JSONText.encode(record) + "\n").utf8)
    let problem = last.withLock { last -> Int32 in
      let end = lseek(file, 0, SEEK_END)
      let problem = line.withUnsafeBytes { Files.drain($0, into: file) }
      if problem == 0 { last[record.output] = record } else if end >= 0 { ftruncate(file, end) }
      return problem
    }
    if problem != 0 { throw Files.failure(.unwritableFile, path, problem) }
  }

  private static func open(
    _ path: String, _ access: Access
  ) throws(PixelAscentError) -> (file: Int32, isLocked: Bool) {
    while true {
      let file = Files.openForAppending(path)
      guard file >= 0 else { throw Files.failure(.unwritableFile, path, errno) }
      if access == .looking { return (file, true) }
      var isLocked = true
      if flock(file, (access == .alone ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0 {
        let problem = errno
        if problem == EINTR { close(file); continue }
        if problem == EWOULDBLOCK {
          close(file)
          throw PixelAscentError(.unwritableFile, "\(path): another run is at work on it")
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
