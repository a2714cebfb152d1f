// SPDX-License-Identifier: MIT

import CPixelKernels
@_spi(Benchmark) import PixelAscent

typealias KernelTable = UnsafePointer<pxa_kernels>

extension pxa_clamp {
  static let relu = pxa_clamp(low: 0, high: .infinity)
}

extension KernelTable {
  /// Blocks that a convolution computes together.
  var tileBlocks: Int { Int(pointee.tile_blocks) }
}

/// What makes a line: a kernel, its shape, its kind of data.
struct KernelCase {
  enum Work {
    /// Floating point operations, zeros too.
    case operations(Double)
    /// Bytes that must be read and written.
    case bytes(Int)
  }

  let name: String
  var pass: String?
  var data: String?
  let work: Work
  let job: (Numbers) -> KernelJob
}

/// A kernel with its data.
struct KernelJob {
  /// Makes the output as it was before the first run.
  let reset: () -> Void
  /// Calls the kernel as an evaluation does.
  let run: (KernelTable, ThreadsProbe) -> Void
  /// The output of one run.
  let found: () -> [Double]
  /// The output as the reference has it, made when asked for.
  let expected: () -> [Double]
}

/// The instruction sets of this build that this machine runs, slowest first.
func tables() -> [(name: String, table: KernelTable)] {
  (0..<pxa_kernels_count()).compactMap { (index: Int32) -> (name: String, table: KernelTable)? in
    guard let table = pxa_kernels_at(index), pxa_kernels_run_here(table) else { return nil }
    return (String(cString: table.pointee.name), table)
  }
}

extension KernelCase {
  /// Runs the kernel on small integers with each instruction set and number of threads.
  ///
  /// - Throws: `Failure` if one element differs from the reference.
  func verify(_ sets: [(name: String, table: KernelTable)], _ threads: [ThreadsProbe]) throws {
    let job = job(.integers), expected = job.expected()
    for set in sets {
      for threads in threads {
        job.reset()
        threads.withThreads { job.run(set.table, threads) }
        let found = job.found()
        guard found.count == expected.count else { throw Failure("\(name): \(expected.count) elements expected") }
        // What the reference divides, it does in double.
        if let index = found.indices.first(where: { found[$0] != Double(Float(expected[$0])) }) {
          let line = [name, pass, data, set.name].compactMap(\.self).joined(separator: " ")
          throw Failure(
            "\(line) --threads \(threads.count): element \(index) is \(found[index]), expected \(expected[index])")
        }
      }
    }
  }
}

struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
