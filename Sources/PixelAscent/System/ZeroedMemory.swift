// SPDX-License-Identifier: MIT

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Zero bytes, aligned to 64.
///
/// Large memory comes from the system page by page as it is written to, in pages of 2 MiB where Linux has them: an
/// ascent goes through all of its memory again and again, and small pages cost time at the first touch and at every other.
final class ZeroedMemory: @unchecked Sendable {  // because it is the owner's to share
  let base: UnsafeMutableRawPointer
  private let mapped: Int?

  private static let largePage = 2 << 20

  init(bytes: Int) {
    if bytes >= Self.largePage, let found = Self.map(bytes) {
      (base, mapped) = (found, bytes)
      return
    }
    base = .allocate(byteCount: max(bytes, 1), alignment: 64)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    mapped = nil
  }

  deinit {
    if let mapped { munmap(base, mapped) } else { base.deallocate() }
  }

  /// Whether there is so much at the moment. (The optimizer takes a malloc away whose memory nobody uses.)
  static func isAvailable(_ bytes: Int) -> Bool {
    guard let base = map(bytes) else { return false }
    munmap(base, bytes)
    return true
  }

  /// Pages of their own, from the beginning of a large one on.
  private static func map(_ bytes: Int) -> UnsafeMutableRawPointer? {
    let size = bytes + largePage
    let failed = UnsafeMutableRawPointer(bitPattern: -1)
    guard let start = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0), start != failed else {
      return nil
    }
    let base = start.alignedUp(toMultipleOf: largePage), before = base - start
    if before > 0 { munmap(start, before) }
    // What is left over after it is given back page by page when the mapping goes; cut it off where a page begins.
    let end = (base + bytes).alignedUp(toMultipleOf: Int(sysconf(Int32(_SC_PAGESIZE))))
    if end < start + size { munmap(end, start + size - end) }
    #if os(Linux)
      madvise(base, bytes, 14)  // MADV_HUGEPAGE, which not every C library's header has
    #endif
    return base
  }
}
