// SPDX-License-Identifier: MIT

import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Memory that is filled with zeros and aligned to 64 bytes.
///
/// The system provides large memory page by page, each page when it is first written to. Linux is asked for pages of
/// 2 MiB: an ascent goes through all of its memory in every iteration, and small pages cost time in every iteration,
/// not only at the first access.
final class ZeroedMemory: @unchecked Sendable {  // because the owner decides which threads use it
  let base: UnsafeMutableRawPointer
  private let mapped: Int?

  private static let largePage = 2 << 20

  /// The bytes that were taken since the last time that memory was asked for.
  private static let unasked = Mutex(0)

  /// Takes memory of a size that a file decides. Several threads may do so at the same time.
  ///
  /// - Parameter what: the beginning of the error's message, as for ``Files/checkMemory(_:_:)``
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if the process can't get the memory, and some more for the pieces
  ///   of files that are read into it.
  convenience init(bytes: Int, for what: @autoclosure () -> Message) throws(PixelAscentError) {
    // While one thread asks and takes, no other may: both could find the same memory free.
    let taken = Self.unasked.withLock { unasked -> (base: UnsafeMutableRawPointer, isMapped: Bool)? in
      unasked += bytes
      if unasked > 1 << 20 {
        guard bytes <= Files.physicalMemory, Self.isAvailable(bytes + Files.reserve / 2) else { return nil }
        unasked = 0
      }
      return Self.take(bytes)
    }
    guard let taken else { throw Files.outOfMemory(bytes, what()) }
    self.init(taken, bytes)
  }

  /// Takes memory that is small, or that was asked for with ``Files/checkMemory(_:_:)``.
  convenience init(bytes: Int) { self.init(Self.take(bytes), bytes) }

  private init(_ taken: (base: UnsafeMutableRawPointer, isMapped: Bool), _ bytes: Int) {
    base = taken.base
    mapped = taken.isMapped ? bytes : nil
    if !taken.isMapped { base.initializeMemory(as: UInt8.self, repeating: 0, count: bytes) }
  }

  private static func take(_ bytes: Int) -> (base: UnsafeMutableRawPointer, isMapped: Bool) {
    if bytes >= largePage, let base = map(bytes) { return (base, true) }
    return (.allocate(byteCount: max(bytes, 1), alignment: 64), false)
  }

  deinit {
    if let mapped { munmap(base, mapped) } else { base.deallocate() }
  }

  /// Returns whether the system can provide `bytes` bytes at the moment. (Calling malloc would not tell: the optimizer
  /// removes a malloc whose memory is not used.)
  static func isAvailable(_ bytes: Int) -> Bool {
    guard let base = map(bytes) else { return false }
    munmap(base, bytes)
    return true
  }

  /// Maps new pages for `bytes` bytes, beginning at a multiple of 2 MiB. Returns nil if the system can't provide them.
  private static func map(_ bytes: Int) -> UnsafeMutableRawPointer? {
    let size = bytes + largePage
    let failed = UnsafeMutableRawPointer(bitPattern: -1)
    guard let start = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0), start != failed else {
      return nil
    }
    let base = start.alignedUp(toMultipleOf: largePage), before = base - start
    if before > 0 { munmap(start, before) }
    // Give back the whole pages that lie after the memory. `deinit` unmaps the pages of the memory itself.
    let end = (base + bytes).alignedUp(toMultipleOf: Int(sysconf(Int32(_SC_PAGESIZE))))
    if end < start + size { munmap(end, start + size - end) }
    #if os(Linux)
      madvise(base, bytes, 14)  // MADV_HUGEPAGE, which not every C library's header has
    #endif
    return base
  }
}
