// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

/// The options of every command that runs a network: threads, output and limits.
struct RunOptions: ParsableArguments {
  @Option(
    name: .customLong("threads"), parsing: .unconditional,
    help: ArgumentHelp("The number of threads (default: one per core).", valueName: "n"))
  var threadsOption: Int?

  @OptionGroup var consoleOptions: ConsoleOptions

  @Option(parsing: .unconditional, help: ArgumentHelp("Refuse images with more megapixels than this.", valueName: "n"))
  var maxMegapixels = 100.0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The most memory that the network may take for one image.", valueName: "MB"))
  var maxMemory = 2048

  private static let mostThreads = 1024

  private var threads: Int { threadsOption ?? min(Self.mostThreads, ComputeOptions.availableThreads) }

  func validate() throws {
    guard (1...Self.mostThreads).contains(threads) else {
      throw ValidationError("--threads must be from 1 to \(Self.mostThreads), found \(threads).")
    }
    guard maxMegapixels > 0 else { throw ValidationError("--max-megapixels must be above 0, found \(maxMegapixels).") }
    guard (1...(1 << 40)).contains(maxMemory) else {
      throw ValidationError("--max-memory must be from 1 to 1099511627776, found \(maxMemory).")
    }
  }

  var settings: RunSettings {
    RunSettings(
      threads: threads, maxMegapixels: maxMegapixels, maxMemory: maxMemory << 20, console: consoleOptions.console)
  }
}
