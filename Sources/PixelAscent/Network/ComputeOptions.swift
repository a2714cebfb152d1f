// SPDX-License-Identifier: MIT

/// How much of the machine a computation may use. Threads and memory change no result; another instruction set rounds otherwise.
public struct ComputeOptions: Hashable, Sendable {
  /// The most threads that work on one image at once; at least 1.
  public var threads: Int
  /// The most memory, in bytes, that one image's way through the network may take.
  public var maxMemory: Int
  /// The instruction set of the kernels.
  public var instructionSet: InstructionSet

  /// The number of cores this process may use: those of the machine, of the affinity mask, and of the CPU quotas of its
  /// control groups, whichever is least. At least 1; a quota's last fraction of a core does not count.
  public static var availableThreads: Int { SystemLimits.availableThreads }

  /// Options; the defaults are every core the process may use, 2 GiB, and the fastest instruction set.
  public init(
    threads: Int = ComputeOptions.availableThreads, maxMemory: Int = 2 << 30,
    instructionSet: InstructionSet = .best
  ) {
    precondition(threads >= 1 && maxMemory >= 0)
    self.threads = threads
    self.maxMemory = maxMemory
    self.instructionSet = instructionSet
  }

  /// Checks that `bytes` of memory for `what` are allowed and there.
  ///
  /// - Throws: `PixelAscentError` of kind `sizeLimit` if they are more than these options allow, or than this machine has.
  func checkMemory(_ bytes: Int, of what: Message) throws(PixelAscentError) {
    if bytes > maxMemory {
      let megabytes = (bytes - 1) >> 20 + 1
      throw PixelAscentError(
        .sizeLimit,
        """
        \(what) would take \(megabytes) MB of memory, more than the limit of \(maxMemory >> 20) MB \
        (\(advice: .maxMemory))
        """)
    }
    try Files.checkMemory(bytes, "\(what) would take")
  }
}
