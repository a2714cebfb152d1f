// SPDX-License-Identifier: MIT

/// How much of the machine a computation may use.
///
/// The number of threads doesn't change any result. Another instruction set rounds differently, and so does a memory limit
/// that leaves no room for the weights of Winograd's method.
public struct ComputeOptions: Hashable, Sendable {
  /// The maximum number of threads that work on one image at the same time; at least 1.
  public var threads: Int
  /// The limit, in bytes, on the memory of one image's evaluation. Resized images, and the pictures that are kept for a
  /// figure, must stay below the same limit. What is left of it, but at most 240 MiB, is for the weights of Winograd's
  /// method (Lavin and Gray 2016), which computes 3×3 convolutions faster.
  public var maxMemory: Int
  /// The instruction set of the kernels.
  public var instructionSet: InstructionSet
  /// Whether convolutions may be computed by Winograd's method. Tests that need exact sums set this to false.
  package var allowsWinograd = true

  /// The number of cores that this process may use: the least of the number of the machine's cores, the number of cores
  /// in the affinity mask, and the CPU quotas of the process's control groups, rounded down to whole cores; at least 1.
  public static var availableThreads: Int { SystemLimits.availableThreads }

  /// The memory limit of a computation that sets none: 2 GiB.
  public static let usualMaxMemory = 2 << 30

  /// Creates options; the defaults are every core that the process may use, 2 GiB, and the fastest instruction set.
  ///
  /// - Precondition: `threads` is at least 1 and `maxMemory` is not negative.
  public init(
    threads: Int = ComputeOptions.availableThreads, maxMemory: Int = ComputeOptions.usualMaxMemory,
    instructionSet: InstructionSet = .best
  ) {
    precondition(threads >= 1 && maxMemory >= 0)
    self.threads = threads
    self.maxMemory = maxMemory
    self.instructionSet = instructionSet
  }

  /// Checks that these options allow `bytes` of memory for `what`, and that the machine has them.
  ///
  /// - Throws: `PixelAscentError` of kind `sizeLimit` if `bytes` is more than these options allow, or than the machine
  ///   has.
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
