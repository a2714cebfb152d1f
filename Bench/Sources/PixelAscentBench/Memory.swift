// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent

/// Returns the peak of this process's resident memory since it began, in MB.
func peakResidentMegabytes() throws -> Double {
  #if canImport(Darwin)
    var usage = rusage()
    getrusage(RUSAGE_SELF, &usage)
    return Double(usage.ru_maxrss) / 1_048_576
  #else
    // The peak of getrusage would include the memory that the process had before it executed this program.
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    let kilobytes = line?.split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Double($0) }
    guard let kilobytes else { throw Failure("/proc/self/status: expected a line VmHWM, found none") }
    return kilobytes / 1024
  #endif
}

/// Measures the peak memory of a short class visualization and its picture. Call it before anything else allocates
/// memory.
func measureMemory(model: String, simd: String, threads: Int) throws -> Row {
  let network = try Network(
    contentsOf: model, options: ComputeOptions(threads: threads, instructionSet: try InstructionSet.named(simd)))
  var visualization = ClassVisualization()
  visualization.iterations = 3
  _ = try visualization.run(network, class: Layer.index)
  return Row(name: "memory", simd: simd, threads: threads, peakMegabytes: try peakResidentMegabytes())
}
