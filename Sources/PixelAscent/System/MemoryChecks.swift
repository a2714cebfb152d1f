// SPDX-License-Identifier: MIT

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// If the process can't get memory, Swift ends it. So memory whose size a file, an image or an option decides is asked
// for here before it is taken.
extension Files {
  /// The size of this machine's memory in bytes.
  package static var physicalMemory: Int { sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) }

  /// The bytes of memory that a check leaves for everything that is too small to be checked. ``requireReserve()`` names
  /// the number.
  static let reserve = 16 << 20

  /// Ends the program with an error line and exit code 1 if the process can't get the memory that even small work takes.
  /// Even an error would take memory, so the line is written as it lies in the program.
  package static func requireReserve() {
    if ZeroedMemory.isAvailable(reserve) { return }
    let line: StaticString = "error: the program needs 16 MB of memory for its work, more than this process can get\n"
    _ = drain(UnsafeRawBufferPointer(start: line.utf8Start, count: line.utf8CodeUnitCount), into: STDERR_FILENO)
    _exit(1)
  }

  /// Throws an error if the machine has fewer than `bytes` bytes of memory, or the process can't get that many and some
  /// more for smaller things. Call this before memory is taken whose size a file, an image or an option decides.
  ///
  /// - Parameter what: the beginning of the error's message, such as "4000×3000 pixels take"
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit`.
  package static func checkMemory(_ bytes: Int, _ what: Message) throws(PixelAscentError) {
    if bytes > physicalMemory || !ZeroedMemory.isAvailable(bytes + reserve) { throw outOfMemory(bytes, what) }
  }

  /// Returns the error of ``checkMemory(_:_:)``.
  static func outOfMemory(_ bytes: Int, _ what: Message) -> PixelAscentError {
    let megabytes = (max(bytes, 1) - 1) >> 20 + 1
    let limit = bytes > physicalMemory ? "this machine has" : "this process can get"
    return PixelAscentError(.sizeLimit, "\(what) \(megabytes) MB, more memory than \(limit)")
  }
}

/// A check of the memory for things of which a file may hold any number, while their number grows.
struct GrowingMemory {
  /// The most bytes that one thing takes, with the space into which the arrays that hold the things grow.
  private let each: Int
  private let what: String
  /// The number of things for which there is memory.
  private var enough: Int

  /// - Parameter what: the things, such as "the pickle's objects"
  init(each: Int, _ what: String) {
    (self.each, self.what) = (each, what)
    enough = (1 << 20) / each
  }

  /// Checks that there is memory for `count` things.
  ///
  /// The check looks ahead: it asks for twice the memory, so that it is made only when the number has doubled.
  ///
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit`.
  mutating func check(_ count: Int) throws(PixelAscentError) {
    if count > enough { try ask(2 * count) }
  }

  private mutating func ask(_ count: Int) throws(PixelAscentError) {
    try Files.checkMemory(count * each, "\(what) may take")
    enough = count
  }
}
