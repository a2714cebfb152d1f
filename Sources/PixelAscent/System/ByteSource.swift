// SPDX-License-Identifier: MIT
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Bytes that are read where and when they are needed: those of a file, or an array.
package final class ByteSource: Sendable {
  /// What errors call it.
  package let name: String
  /// The number of bytes.
  package let count: Int
  private let content: Content

  private enum Content: Sendable {
    case array([UInt8])
    case file(Int32)
  }

  /// The bytes of an array.
  package init(_ bytes: [UInt8], name: String) {
    self.name = name
    count = bytes.count
    content = .array(bytes)
  }

  /// The file at `path`, which stays open. A pipe or device is read to its end at once.
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

  /// The bytes in a range.
  ///
  /// - Precondition: the range lies in 0 ..< count
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile` if the file is shorter now, or can't be read.
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
  /// - Precondition: they lie in 0 ..< count
  /// - Throws: as ``bytes(_:)`` does.
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
          throw PixelAscentError(.unreadableFile, "the file has become shorter while it was read", about: name)
        }
        done += got
      }
    }
  }
}

extension Array where Element: BitwiseCopyable {
  /// `count` elements that `fill` writes.
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
