// SPDX-License-Identifier: MIT
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The bytes of an array, or of a file whose parts are read when they are needed.
package final class ByteSource: Sendable {
  /// The name of the source in error lines.
  package let name: String
  /// The number of bytes.
  package let count: Int
  private let content: Content
  /// Whether the bytes are those of a file on disk.
  package var isFile: Bool { if case .file = content { true } else { false } }

  private enum Content: Sendable {
    case array([UInt8])
    case file(Int32)
  }

  /// Creates a source of the bytes of an array.
  package init(_ bytes: [UInt8], name: String) {
    self.name = name
    count = bytes.count
    content = .array(bytes)
  }

  /// Opens the file at `path` and keeps it open. A pipe or a device is read to its end at once.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile` or `sizeLimit`.
  package init(contentsOf path: String) throws(PixelAscentError) {
    name = path
    guard Files.isRegular(path) else {
      let bytes = try Files.read(path)
      (count, content) = (bytes.count, .array(bytes))
      return
    }
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw Files.failure(.unreadableFile, path, errno) }
    var status = stat()
    guard fstat(file, &status) == 0 else {
      let problem = errno
      close(file)
      throw Files.failure(.unreadableFile, path, problem)
    }
    (count, content) = (Int(status.st_size), .file(file))
  }

  deinit {
    if case .file(let file) = content { close(file) }
  }

  /// Returns the bytes in `range`.
  ///
  /// - Precondition: `range` lies within 0 ..< ``count``
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile` if the file has become shorter, or can't be read.
  package func bytes(_ range: Range<Int>) throws(PixelAscentError) -> [UInt8] {
    let result = Result { () throws(PixelAscentError) in
      try [UInt8].read(count: range.count) { buffer throws(PixelAscentError) in
        try read(into: UnsafeMutableRawBufferPointer(buffer), at: range.lowerBound)
      }
    }
    return try result.get()
  }

  /// Fills a buffer with the bytes from `offset` on.
  ///
  /// - Precondition: these bytes lie within 0 ..< ``count``
  /// - Throws: the errors of ``bytes(_:)``.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(PixelAscentError) {
    precondition(offset >= 0 && buffer.count <= count - offset)
    switch content {
    case .array(let bytes):
      bytes.withUnsafeBytes { buffer.copyMemory(from: .init(rebasing: $0[offset..<offset + buffer.count])) }
    case .file(let file):
      var done = 0
      while done < buffer.count {
        let got = pread(
          file, buffer.baseAddress.map { $0 + done }, min(buffer.count - done, 1 << 30), off_t(offset + done))
        if got < 0 && errno == EINTR { continue }
        if got < 0 { throw Files.failure(.unreadableFile, name, errno) }
        if got == 0 {
          throw PixelAscentError(.unreadableFile, "the file became shorter while it was read", about: name)
        }
        done += got
      }
    }
  }
}

extension Array where Element: BitwiseCopyable {
  /// Returns an array of `count` elements, which `fill` writes.
  package static func read(
    count: Int, _ fill: (UnsafeMutableBufferPointer<Element>) throws(PixelAscentError) -> Void
  ) throws(PixelAscentError) -> [Element] {
    var problem: PixelAscentError?
    let elements = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(PixelAscentError) {
        try fill(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
        initialized = count
      } catch {
        problem = error
      }
    }
    if let problem { throw problem }
    return elements
  }
}
