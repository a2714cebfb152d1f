// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

/// The options of every command that makes a figure or a contact sheet.
struct FigureOptions: ParsableArguments {
  @Flag(help: "Leave out the captions of figures and contact sheets.")
  var noCaptions = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Enlarge figures, contact sheets and animations this many times, with sharp captions: from 1 to 16.",
      valueName: "n"))
  var scale = 1

  func validate() throws {
    try validated { try UsageError.checking { try style.validate() } }
  }

  var style: Figure.Style { Figure.Style(hasCaptions: !noCaptions, scale: scale) }
}
