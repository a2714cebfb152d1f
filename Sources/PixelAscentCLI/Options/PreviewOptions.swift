// SPDX-License-Identifier: MIT

import ArgumentParser

struct PreviewOptions: ParsableArguments {
  @Flag(help: "Show the picture in the terminal while it changes, even with --quiet or NO_COLOR.")
  var preview = false
}
