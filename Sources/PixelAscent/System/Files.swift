// SPDX-License-Identifier: MIT

import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reads and writes whole files with POSIX calls. Every error is one line that names the file.
package enum Files {
  /// The size in bytes of the longest file that is read. The limit exists because a device may never end.
  static let longestFile = 1 << 30

  /// Returns all bytes of the file, pipe or device at `path`.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile`; of kind `sizeLimit` if the file holds more than 1 GiB.
  package static func read(_ path: String) throws(PixelAscentError) -> [UInt8] {
    let file = retrying { open(path, O_RDONLY | O_CLOEXEC) }
    guard file >= 0 else { throw failure(.unreadableFile, path, errno) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw failure(.unreadableFile, path, errno) }
    if status.isFolder { throw failure(.unreadableFile, path, EISDIR) }
    let tooLong = PixelAscentError(.sizeLimit, "more than \(longestFile >> 20) MB", about: shown(path))
    if status.isRegular && status.st_size > longestFile { throw tooLong }

    var bytes: [UInt8] = []
    // The capacity is one byte more than the file's size, so that the first read reaches the end.
    var capacity = status.isRegular ? min(Int(status.st_size), longestFile) + 1 : 1 << 20
    while true {
      do {
        if bytes.count + capacity >= 1 << 20 { try checkMemory(bytes.count + capacity, "it takes") }
      } catch {
        throw error.about(shown(path))
      }
      var problem: Int32 = 0
      let piece = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
        problem = fill(UnsafeMutableRawBufferPointer(buffer), from: file, count: &count)
      }
      guard problem == 0 else { throw failure(.unreadableFile, path, problem) }
      if bytes.isEmpty { bytes = piece } else { bytes += piece }
      guard bytes.count <= longestFile else { throw tooLong }
      if piece.count < capacity { return bytes }
      capacity = min(max(bytes.count, 1 << 12), 1 << 24)
    }
  }

  /// Writes `bytes` to the file at `path`, whole or not at all.
  ///
  /// A new or regular file is written as a temporary file in the same folder and then renamed. A symbolic link stays a
  /// link, and a file that is replaced keeps its permissions. Anything else, such as a pipe or a device, is written
  /// directly.
  ///
  /// - Parameter temporary: the name of the temporary file, if a later process must be able to remove the file after
  ///   this process was killed. No two processes may use the same name at the same time.
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`.
  package static func write(
    _ bytes: [UInt8], to path: String, temporary: String? = nil
  ) throws(PixelAscentError) {
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(PixelAscentError) in
        try write(to: path, temporary: temporary) { (file: Output) throws(PixelAscentError) in try file.append(buffer) }
      }
    }
    try result.get()
  }

  /// A file that is being written.
  package struct Output {
    fileprivate let file: Int32
    fileprivate let path: String

    /// Writes more bytes to the file.
    package func append(_ bytes: UnsafeRawBufferPointer) throws(PixelAscentError) {
      let problem = drain(bytes, into: file)
      if problem != 0 { throw failure(.unwritableFile, path, problem) }
    }

    /// Writes more elements to the file, as they lie in memory.
    package func append(_ elements: [some BitwiseCopyable]) throws(PixelAscentError) {
      let result = elements.withUnsafeBytes { buffer in Result { () throws(PixelAscentError) in try append(buffer) } }
      try result.get()
    }
  }

  /// Writes the file at `path`, whole or not at all, as ``write(_:to:temporary:)`` does. `body` appends the bytes.
  ///
  /// If `body` throws, the file at `path` stays as it was, unless it is written directly.
  ///
  /// - Throws: the error of `body`, or ``PixelAscentError`` of kind `unwritableFile`.
  package static func write(
    to path: String, temporary: String? = nil, _ body: (Output) throws(PixelAscentError) -> Void
  ) throws(PixelAscentError) {
    let target = try WriteTarget(path)
    var problem: PixelAscentError?
    func write(into file: Int32) -> Bool {
      do throws(PixelAscentError) { try body(Output(file: file, path: path)) } catch { problem = error }
      return problem == nil
    }
    let code =
      switch target {
      case .direct: writeDirectly(to: path, write)
      case .replace(let folder, let name, let mode): replace(name, in: folder, mode: mode, temporary, write)
      }
    if let problem { throw problem }
    if code != 0 { throw failure(.unwritableFile, path, code) }
  }

  /// Appends to the file, pipe or device at `path`; returns an `errno` code or 0.
  private static func writeDirectly(to path: String, _ write: (Int32) -> Bool) -> Int32 {
    let file = retrying { open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY) }
    if file < 0 { return errno }
    _ = write(file)
    return close(file) != 0 ? errno : 0
  }

  /// Makes the file `name`, or replaces the regular file of this name, once `write` has succeeded; returns an `errno`
  /// code or 0.
  private static func replace(
    _ name: String, in folder: String, mode: mode_t?, _ temporaryName: String?, _ write: (Int32) -> Bool
  ) -> Int32 {
    var (temporary, file, problem) = ("", Int32(-1), Int32(0))
    repeat {
      temporary = folder + (temporaryName ?? ".pixelascent-\(getpid())-\(UInt32.random(in: 0 ... .max)).tmp")
      // One lock covers the insertion and the opening, so that `end` knows every temporary file and can remove it.
      file = unfinished.withLock { unfinished in
        unfinished.insert(temporary)
        return retrying {
          open(
            temporary, O_WRONLY | O_CREAT | O_CLOEXEC | (temporaryName == nil ? O_EXCL : O_TRUNC | O_NOFOLLOW), 0o666)
        }
      }
      if file < 0 { problem = forget(temporary, errno) }
    } while file < 0 && problem == EEXIST
    if file < 0 { return problem }

    let isWritten = write(file)
    problem = 0
    if let mode, fchmod(file, mode) != 0 { problem = errno }
    if close(file) != 0 && problem == 0 { problem = errno }
    if isWritten && problem == 0 && rename(temporary, folder + name) != 0 { problem = errno }
    if !isWritten || problem != 0 { unlink(temporary) }
    return forget(temporary, problem)
  }

  /// The paths of the temporary files that are being written.
  private static let unfinished = Mutex<Set<String>>([])

  private static func forget(_ temporary: String, _ code: Int32) -> Int32 {
    unfinished.withLock { _ = $0.remove(temporary) }
    return code
  }

  /// Opens the file at `path` for reading and appending, and makes the file if it is missing. Returns a descriptor, or
  /// a negative number if that failed; the error code is then in `errno`.
  package static func openForAppending(_ path: String) -> Int32 {
    retrying { open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666) }
  }

  /// Removes the file at `path`, if one exists.
  package static func remove(_ path: String) { unlink(path) }

  /// Ends the program at once, from any thread, and removes the temporary files that are being written.
  package static func end(withCode code: Int32) -> Never {
    // A thread that is opening a file may hold the lock. Wait for that thread at most one second: its file system may
    // not answer.
    for _ in 0..<200 {
      unfinished.withLockIfAvailable { (paths: inout sending Set<String>) -> Void in
        for path in paths { unlink(path) }
        _exit(code)
      }
      usleep(5000)
    }
    _exit(code)
  }

  /// Reads until the buffer is full or the file ends; returns an `errno` code or 0.
  private static func fill(_ buffer: UnsafeMutableRawBufferPointer, from file: Int32, count: inout Int) -> Int32 {
    while count < buffer.count {
      let got = retrying { readSome(file, UnsafeMutableRawBufferPointer(rebasing: buffer[count...])) }
      if got < 0 { return errno }
      if got == 0 { break }
      count += got
    }
    return 0
  }

  /// Writes all bytes to the descriptor `file`; returns an `errno` code or 0.
  package static func drain(_ bytes: UnsafeRawBufferPointer, into file: Int32) -> Int32 {
    var done = 0
    while done < bytes.count {
      let put = retrying { writeSome(file, UnsafeRawBufferPointer(rebasing: bytes[done...])) }
      if put < 0 && errno == EAGAIN {
        // The program was started with a descriptor in non-blocking mode.
        var pipe = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
        poll(&pipe, 1, -1)
        continue
      }
      if put < 0 { return errno }
      done += put
    }
    return 0
  }

  /// The character that replaces bytes that are not UTF-8 in a `String`.
  static let replacement: Character = "\u{FFFD}"

  /// Returns the error for a call on `path` that failed with the `errno` code `code`.
  package static func failure(_ kind: PixelAscentError.Kind, _ path: String, _ code: Int32) -> PixelAscentError {
    let text =
      switch code {
      case ENOENT where path.contains(replacement): "can't be opened: its name is not UTF-8"
      case ENOENT: kind == .unwritableFile ? "no such folder" : "no such file"
      case EISDIR: "is a folder, not a file"
      case ENOTDIR: "a part of the path is not a folder"
      default: lowercasingFirst(String(cString: strerror(code)))
      }
    return PixelAscentError(kind, Message(text), about: shown(path))
  }

  /// Returns `path` as error lines show it: on one line, and `""` for an empty path.
  private static func shown(_ path: String) -> String {
    if path.isEmpty { return "\"\"" }
    return String(String.UnicodeScalarView(path.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
  }

  private static func lowercasingFirst(_ text: String) -> String { text.prefix(1).lowercased() + text.dropFirst() }

  /// Repeats `call` as long as a signal interrupts it, and returns its result.
  private static func retrying<Value: SignedInteger>(_ call: () -> Value) -> Value {
    while true {
      let value = call()
      if value >= 0 || errno != EINTR { return value }
    }
  }
}

// `readSome` and `writeSome` are not members of `Files`, because its own `read` and `write` would hide the system's.
// macOS refuses more than 2³¹ − 1 bytes per call.
private let mostAtOnce = 1 << 30

private func readSome(_ file: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
  read(file, buffer.baseAddress, min(buffer.count, mostAtOnce))
}

private func writeSome(_ file: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  write(file, bytes.baseAddress, min(bytes.count, mostAtOnce))
}
