// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Tests of the files that animations are written to, and of the errors.
@Suite struct AnimationTests {
  private func picture(_ width: Int, _ height: Int, _ value: UInt8 = 7) -> RGBImage {
    RGBImage(width: width, height: height, pixels: [UInt8](repeating: value, count: 3 * width * height))
  }

  private var animation: Animation { Animation(frames: [picture(4, 3), picture(4, 3, 8)]) }

  /// Returns the error line of making both files, which must be the same.
  private func line(_ animation: Animation) -> String {
    let png = errorLine { try animation.apng() }, gif = errorLine { try animation.gif() }
    #expect(png == gif)
    return png
  }

  @Test("The end of the file's name chooses the format", arguments: ["a.png", "a.apng", "a.PNG", "a.gif", "a.GIF"])
  func endingsChooseTheFormat(_ name: String) throws {
    let folder = try TemporaryFolder(), path = folder.path + "/" + name
    try animation.write(to: path, comment: "c")
    let isGIF = name.lowercased().hasSuffix("gif")
    let expected = isGIF ? try animation.gif(comment: "c") : try animation.apng(comment: "c")
    #expect(try Files.read(path) == expected)
    #expect(folder.names == [name])
  }

  @Test("Other endings are refused, and no file is made", arguments: ["a.jpg", "a", "gif", "a.gif.txt"])
  func otherEndingsAreRefused(_ name: String) throws {
    let folder = try TemporaryFolder(), path = folder.path + "/" + name
    let expected = "\(path): the name of an animation's file must end in .png, .apng or .gif"
    #expect(errorLine { try animation.write(to: path) } == expected)
    #expect(errorLine { try animation.check(width: 4, height: 3, for: path) } == expected)
    #expect(folder.names == [])
  }

  @Test("An animation that can't be made leaves the file as it was, and the error line names the file")
  func errorsLeaveTheFile() throws {
    let folder = try TemporaryFolder(), path = try folder.add("a.gif", "old")
    let expected = "\(path): an animation must have at least one frame, found none"
    #expect(errorLine { try Animation().write(to: path) } == expected)
    #expect(try Files.read(path) == Array("old".utf8))
  }

  @Test func refusesNoFrames() {
    #expect(line(Animation()) == "an animation must have at least one frame, found none")
  }

  @Test func refusesFramesOfSeveralSizes() {
    let frames = [picture(4, 3), picture(4, 3), picture(3, 4)]
    let expected = "all frames of an animation must have the size of the first, 4×3, found 3×4 in frame 3"
    #expect(line(Animation(frames: frames)) == expected)
  }

  @Test(arguments: [0, -1, 0.09, 100.1, Double.infinity, Double.nan])
  func refusesRates(_ rate: Double) {
    var animation = animation
    animation.framesPerSecond = rate
    #expect(line(animation) == "the frames per second of an animation must be 0.1 to 100, found \(rate)")
  }

  @Test(arguments: [-0.1, 600.1, Double.infinity, Double.nan])
  func refusesHolds(_ hold: Double) {
    var animation = animation
    animation.hold = hold
    #expect(line(animation) == "the last frame of an animation can be held for 0 to 600 seconds, found \(hold)")
  }

  @Test(arguments: [0, -1, 65, Int.max])
  func refusesScales(_ scale: Int) {
    var animation = animation
    animation.scale = scale
    #expect(line(animation) == "the scale of an animation must be 1 to 64, found \(scale)")
  }

  @Test func takesTheEndsOfTheRanges() throws {
    for (rate, hold, scale) in [(0.1, 600.0, 64), (100.0, 0.0, 1)] {
      let animation = Animation(frames: [picture(1, 1)], framesPerSecond: rate, hold: hold, scale: scale)
      #expect(line(animation) == "(no error)")
    }
  }

  @Test func refusesLongSides() {
    let wide = Animation(frames: [picture(1024, 1)], scale: 64)
    let expected =
      "an animation of 1024×1 pixels with the scale 64 can't be written as a GIF: "
      + "a side is at most 65535 pixels long"
    #expect(errorLine { try wide.gif() } == expected)
    #expect(errorLine { try wide.check(width: 1023, height: 1, for: "a.gif") } == "(no error)")
    #expect(errorLine { try wide.check(width: 1024, height: 1, for: "a.png") } == "(no error)")
    let longest =
      "a.png: an animation of 1×33554432 pixels with the scale 64 can't be written as a PNG: "
      + "a side is at most 2147483647 pixels long"
    #expect(errorLine { try wide.check(width: 1, height: 33_554_432, for: "a.png") } == longest)
  }

  @Test func refusesMoreMemoryThanThereIs() {
    let line = errorLine { try Animation().check(width: 1 << 30, height: 1 << 30, for: "a.png") }
    // 12 bytes per pixel are above 10¹⁸, the number at which the count ends.
    #expect(
      line == "a.png: an animation of 1073741824×1073741824 pixels takes 953674316407 MB, "
        + "more memory than this machine has")
  }
}
