// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

/// How a command does its work, whatever that is.
struct RunOptions: ParsableArguments {
  @Option(
    name: .customLong("threads"), parsing: .unconditional,
    help: ArgumentHelp("Threads to use (default: every core).", valueName: "n"))
  var threadsOption: Int?

  @OptionGroup var consoleOptions: ConsoleOptions

  @Option(parsing: .unconditional, help: ArgumentHelp("Refuse images of more megapixels.", valueName: "n"))
  var maxMegapixels = 100.0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The most memory one image's way through the network may take.", valueName: "MB"))
  var maxMemory = 2048

  private static let mostThreads = 1024

  private var threads: Int { threadsOption ?? min(Self.mostThreads, ComputeOptions.availableThreads) }

  func validate() throws {
    guard (1...Self.mostThreads).contains(threads) else {
      throw ValidationError("--threads must be from 1 to \(Self.mostThreads), found \(threads).")
    }
    guard maxMegapixels > 0 else { throw ValidationError("--max-megapixels must be above 0, found \(maxMegapixels).") }
    guard (1...(1 << 40)).contains(maxMemory) else {
      throw ValidationError("--max-memory must be 1 or more, found \(maxMemory).")
    }
  }

  var settings: RunSettings {
    RunSettings(
      threads: threads, maxMegapixels: maxMegapixels, maxMemory: maxMemory << 20, console: consoleOptions.console)
  }
}
