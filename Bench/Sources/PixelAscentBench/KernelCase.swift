// SPDX-License-Identifier: MIT

import CPixelKernels
import PixelAscent

typealias KernelTable = UnsafePointer<pxa_kernels>

extension pxa_clamp {
  static let relu = pxa_clamp(low: 0, high: .infinity)
}

extension KernelTable {
  /// The number of blocks in a convolution's tile.
  var tileBlocks: Int { Int(pointee.tile_blocks) }
}

/// A kernel with a shape and a kind of data: one line of the report.
struct KernelCase {
  /// The least work that a kernel has to do.
  enum Work {
    /// Floating point operations, including those with zeros.
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
  /// The largest error that integers may have, as a fraction of the greatest result; 0 if they must be exact.
  var tolerance = 0.0
  /// Sets the output back to its state before the first run.
  let reset: () -> Void
  /// Calls the kernel as an evaluation does.
  let run: (KernelTable, ThreadsProbe) -> Void
  /// Returns the output of a run.
  let found: () -> [Double]
  /// Computes the output with the reference.
  let expected: () -> [Double]
}

/// Returns the kernels of the instruction sets that this build has and this machine runs, slowest first.
func tables() -> [(name: String, table: KernelTable)] {
  (0..<pxa_kernels_count()).compactMap { (index: Int32) -> (name: String, table: KernelTable)? in
    guard let table = pxa_kernels_at(index), pxa_kernels_run_here(table) else { return nil }
    return (String(cString: table.pointee.name), table)
  }
}

extension KernelCase {
  /// Runs the kernel on small integers with each instruction set and number of threads.
  ///
  /// - Throws: `Failure` if one element differs from the reference by more than the job's tolerance.
  func verify(_ sets: [(name: String, table: KernelTable)], _ threads: [ThreadsProbe]) throws {
    let job = job(.integers), expected = job.expected()
    for set in sets {
      for threads in threads {
        job.reset()
        threads.withThreads { job.run(set.table, threads) }
        let found = job.found()
        guard found.count == expected.count else { throw Failure("\(name): \(expected.count) elements expected") }
        // The reference divides in double, so its results are rounded to floats here.
        let allowed = job.tolerance * (expected.map(\.magnitude).max() ?? 0)
        if let index = found.indices.first(where: { !((found[$0] - Double(Float(expected[$0]))).magnitude <= allowed) })
        {
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
