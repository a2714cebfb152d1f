// SPDX-License-Identifier: MIT

import ArgumentParser

struct PreviewOptions: ParsableArguments {
  @Flag(help: "Show the pictures in the terminal while they change, also with --quiet or NO_COLOR.")
  var preview = false
}
