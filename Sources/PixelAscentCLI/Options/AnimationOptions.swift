// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

/// The options of every command that can show its steps as an animation.
struct AnimationOptions: ParsableArguments {
  @Option(
    name: .customLong("animate"),
    help: ArgumentHelp(
      "Also write the steps as an animation: an animated PNG, or a GIF if the name ends in .gif.", valueName: "png|gif"),
    completion: .file())
  var animation: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Make every n-th iteration a frame of the animation (default: 4).", valueName: "n"))
  var every: Int?

  @Option(
    name: .customLong("fps"), parsing: .unconditional,
    help: ArgumentHelp("Frames per second of the animation (default: 12).", valueName: "f"))
  var framesPerSecond: Double?

  func validate() throws {
    guard animation != nil || (every == nil && framesPerSecond == nil) else {
      throw ValidationError("\(every == nil ? "--fps" : "--every") belongs to --animate.")
    }
    try validated { try UsageError.checking { try style(scale: 1)?.validate() } }
  }

  /// Returns how the animation shows the steps; nil if there is none.
  func style(scale: Int) -> Animation.Style? {
    if animation == nil { return nil }
    var style = Animation.Style(scale: scale)
    if let every { style.every = every }
    if let framesPerSecond { style.framesPerSecond = framesPerSecond }
    return style
  }
}
