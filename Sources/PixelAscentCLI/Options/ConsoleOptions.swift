// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscentTool

/// The options that decide what a command prints, and in which form.
struct ConsoleOptions: ParsableArguments {
  @Flag(help: "Print the results as JSON on standard output, one object per line.")
  var json = false

  @Flag(help: "Print no progress and no notes on standard error.")
  var quiet = false

  var console: Console { Console(json: json, quiet: quiet) }
}
