// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscentTool

struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Show the version, the instruction sets, the number of threads and the model.",
    discussion: """
      The environment variable PIXELASCENT_SIMD forces one of the selectable instruction sets.

      Example:
        PIXELASCENT_SIMD=scalar pixelascent info
      """)

  @OptionGroup var common: CommonOptions

  func run() throws {
    let source = common.source
    try source.console.print(InfoRecord(source))
  }
}
