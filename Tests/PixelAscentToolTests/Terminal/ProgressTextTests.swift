// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import Testing

@Suite struct ProgressTextTests {
  @Test(
    "A long time is told in its largest unit",
    arguments: [
      (0.5, "a moment"), (95, "95 seconds"), (119, "119 seconds"), (120, "2 minutes"), (7200, "2 hours"),
      (86400 * 12, "12 days"), (3.15576e10, "1000 years"), (1e18, "more than a million years"),
      (.infinity, "more than a million years"),
    ] as [(Double, String)])
  func words(_ seconds: Double, _ expected: String) { #expect(ProgressText.words(seconds) == expected) }

  private var progress: ProgressText {
    var progress = ProgressText("iteration", total: 300)
    (progress.done, progress.details) = (100, ["score 12.345", "probability 0.5000"])
    return progress
  }

  @Test(
    "A narrow terminal gets fewer details",
    arguments: [
      (200, "iteration 100/300  score 12.345  probability 0.5000  20/s  0:10 left"),
      (68, "iteration 100/300  score 12.345  probability 0.5000  20/s  0:10 left"),
      (67, "iteration 100/300  score 12.345  20/s  0:10 left"),
      (48, "iteration 100/300  score 12.345  20/s  0:10 left"),
      (47, "iteration 100/300  20/s  0:10 left"), (33, "iteration 100/300  0:10 left"), (26, "iteration 100/300"),
      (16, "100/300"), (6, "..."), (2, ".."), (0, ""), (-1, ""),
    ])
  func widths(_ width: Int, _ line: String) {
    #expect(progress.line(width: width, seconds: 5) == line)
  }

  @Test("East Asian characters are two columns wide")
  func wide() {
    var progress = ProgressText("u", total: 9)
    progress.details = ["狼蛛", "é→"]
    #expect(progress.line(width: 16, seconds: 0) == "u 0/9  狼蛛  é→")
    #expect(progress.line(width: 15, seconds: 0) == "u 0/9  狼蛛")
    #expect(progress.line(width: 10, seconds: 0) == "u 0/9")
  }

  @Test("The line has no rate before the first item is done")
  func nothing() {
    #expect(ProgressText("images", total: 7).line(width: 80, seconds: 0) == "images 0/7")
    #expect(ProgressText("images", total: 7).line(width: 80, seconds: 9) == "images 0/7")
  }

  @Test(
    "A rate is given per second, or per hour if it is low",
    arguments: [
      (1000, 1.0, "1000/s"), (95, 10, "9.5/s"), (1, 4, "0.3/s"), (1, 60, "60/h"), (1, 7200, "1/h"),
    ])
  func rates(_ done: Int, _ seconds: Double, _ rate: String) {
    var progress = ProgressText("u", total: done)
    progress.done = done
    #expect(progress.line(width: 80, seconds: seconds) == "u \(done)/\(done)  \(rate)  0:00 left")
  }

  @Test(
    "A time has hours only from one hour on",
    arguments: [
      (0, "0:00"), (0.1, "0:01"), (59, "0:59"), (59.5, "1:00"), (3599, "59:59"), (3600, "1:00:00"),
      (86_400, "24:00:00"), (.infinity, "long"),
    ] as [(Double, String)])
  func clock(_ seconds: Double, _ text: String) {
    #expect(ProgressText.clock(seconds) == text)
  }
}
