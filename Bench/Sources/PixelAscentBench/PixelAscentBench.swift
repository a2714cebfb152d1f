// SPDX-License-Identifier: MIT

import ArgumentParser
import Foundation
import PixelAscent

@main
struct PixelAscentBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pixelascent-bench",
    abstract: "Times PixelAscent's kernels, its forward pass and its ascent; verifies every kernel first.",
    discussion: """
      Names: conv1, fire2/squeeze1x1, …, conv10, total, pool1, scores, normalize, …, resize, hot, forward, \
      allocations, iteration, many-ascents,
      many-gradients, memory.

      Examples:
        pixelascent-bench --simd all --threads 1
        pixelascent-bench --only fire2,total --json
        pixelascent-bench --short --simd all
        pixelascent-bench --gradient --model resnet18.pth --threads 2 --rounds 20
      """)

  @Option(help: ArgumentHelp("Names of instruction sets, or \"all\" (default: the fastest).", valueName: "names"))
  var simd: String?

  @Option(help: ArgumentHelp("Numbers of threads (default: 1 and every core).", valueName: "n,…"))
  var threads: String?

  @Option(help: ArgumentHelp("Measure only what has a name that begins with one of these.", valueName: "names"))
  var only: String?

  @Option(help: ArgumentHelp("The duration of one measurement in seconds.", valueName: "s"))
  var seconds = 0.3

  @Option(
    help: ArgumentHelp("The model (default: Models/squeezenet1_1.safetensors, here or in ..).", valueName: "file"))
  var model: String?

  @Flag(help: "Print one JSON object per line.")
  var json = false

  @Flag(help: "Verify everything, run everything a few times, and print no times.")
  var short = false

  @Flag(help: "Time only the model's forward pass with gradient, and print one JSON object per round.")
  var gradient = false

  @Option(help: ArgumentHelp("The number of rounds of --gradient.", valueName: "n"))
  var rounds = 10

  func validate() throws {
    guard rounds >= 1 else { throw ValidationError("--rounds must be 1 or more, found \(rounds).") }
    guard seconds > 0, seconds <= 3600 else {
      throw ValidationError("--seconds must be above 0 and at most 3600, found \(seconds).")
    }
    guard !(json && short) else { throw ValidationError("--json prints times, and --short measures none.") }
    _ = try threadCounts
    _ = try sets
  }

  private var sets: [(name: String, table: KernelTable)] {
    get throws {
      let runnable = tables()
      guard let simd else { return runnable.suffix(1) }
      if simd == "all" { return runnable.reversed() }
      return try simd.split(separator: ",").map { (name: Substring) -> (name: String, table: KernelTable) in
        guard let set = runnable.first(where: { $0.name == name }) else {
          let names = runnable.map(\.name).joined(separator: ", ")
          throw ValidationError("--simd must be one of \(names) on this machine, found \(name).")
        }
        return set
      }
    }
  }

  private var threadCounts: [Int] {
    get throws {
      guard let threads else { return Set([1, ComputeOptions.availableThreads]).sorted() }
      return try threads.split(separator: ",").map { (text: Substring) -> Int in
        guard let count = Int(text), (1...1024).contains(count) else {
          throw ValidationError("--threads must be from 1 to 1024, found \(text).")
        }
        return count
      }
    }
  }

  /// Returns whether `--only` selects this name.
  private func wants(_ name: String) -> Bool {
    guard let only else { return true }
    return only.split(separator: ",").contains { name.hasPrefix($0) }
  }

  private func findModel() throws -> String? {
    let name = "squeezenet1_1.safetensors"
    if let model {
      guard FileManager.default.fileExists(atPath: model) else { throw Failure("\(model): no such file") }
      return model
    }
    return ["Models/\(name)", "../Models/\(name)"].first { FileManager.default.fileExists(atPath: $0) }
  }

  func run() throws {
    do {
      try measure()
    } catch let error where error is Failure || error is PixelAscentError {
      FileHandle.standardError.write(Data("error: \(error)\n".utf8))
      throw ExitCode.failure
    }
  }

  private func measure() throws {
    let sets = try sets, threads = try threadCounts.map { ThreadsProbe($0) }
    let report = Report(style: short ? .ok : json ? .json : .table)
    let stopwatch = Stopwatch(seconds: seconds, isShort: short)
    let model = try findModel()
    if gradient {
      guard let model, let threads = threads.last?.count else { throw Failure("--gradient needs a --model") }
      return try measureGradient(model: model, threads: threads, rounds: rounds)
    }
    if model == nil {
      report.note(
        "no model: forward, allocations, iteration, many-ascents, many-gradients and memory are skipped (make model)")
    }

    if let model, wants("memory"), let set = sets.first, let most = threads.map(\.count).max() {
      report.add(try measureMemory(model: model, simd: set.name, threads: most))
    }
    let cases = convolutionCases() + layerKernelCases() + imageKernelCases()
    let kernels = cases.filter { wants($0.name) || $0.isTotalled && wants("total") }
    for kernel in kernels { try kernel.verify(sets, threads) }
    if !kernels.isEmpty { report.note("\(kernels.count) kernels give exactly the reference's results on their shapes") }

    for set in sets {
      for threads in threads {
        let peak = try Peak(set.name, threads, stopwatch)
        for _ in 0..<5 { peak.sample() }
        report.begin(set.name, threads: threads.count, peak: peak.median)
        var totals = Totals()
        for kernel in kernels {
          let row = time(kernel, set, threads, stopwatch, peak)
          totals.add(row, kernel)
          if wants(kernel.name) { report.add(row) }
        }
        if wants("total") { totals.rows(set.name, threads.count).forEach(report.add) }
        for picture in pictureCases() where threads.count == 1 && wants(picture.name) {
          let timing = stopwatch.measure(picture.run)
          var row = Row(name: picture.name, simd: set.name, threads: 1, timing: timing)
          row.gigabytes = timing.map { Double(picture.bytes) / $0.median * 1e-9 }
          report.add(row)
        }
        if let model {
          let ascents = Ascents(
            model: model, simd: set.name, threads: threads.count, stopwatch: stopwatch, peak: peak, report: report)
          if wants("forward") { try ascents.forward() }
          if wants("allocations") { try ascents.allocations() }
          if wants("iteration") { try ascents.iteration() }
          if wants("many-ascents"), threads.count > 1 { try ascents.manyAscents() }
          if wants("many-gradients"), threads.count > 1 { try ascents.manyGradients() }
        }
        if !short {
          report.add(Row(name: "peak", simd: set.name, threads: threads.count, gflops: peak.median))
        }
      }
    }
  }

  private func time(
    _ kernel: KernelCase, _ set: (name: String, table: KernelTable), _ threads: ThreadsProbe, _ stopwatch: Stopwatch,
    _ peak: Peak
  ) -> Row {
    let job = kernel.job(.reals)
    let measured = peak.around {
      var timing: Timing?
      threads.withThreads { timing = stopwatch.measure { job.run(set.table, threads) } }
      return timing
    }
    var row = Row(name: kernel.name, pass: kernel.pass, data: kernel.data, simd: set.name, threads: threads.count)
    row.timing = measured.timing
    guard let timing = measured.timing else { return row }
    switch kernel.work {
    case .operations(let count): (row.gflops, row.peak) = (count / timing.median * 1e-9, measured.peak)
    case .bytes(let count): row.gigabytes = Double(count) / timing.median * 1e-9
    }
    return row
  }
}
