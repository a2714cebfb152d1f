// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscentTool

/// What a command says, and in which form.
struct ConsoleOptions: ParsableArguments {
  @Flag(help: "Print one JSON object a line on standard output.")
  var json = false

  @Flag(help: "No progress and no notes on standard error.")
  var quiet = false

  var console: Console { Console(json: json, quiet: quiet) }
}
