// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

@Suite struct ChartTests {
  private static let axes: [([Double], [String])] = [
    ([0, 1], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]), ([], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    ([3.9, 247.7], ["0", "50", "100", "150", "200", "250"]), ([-3, 8], ["-5", "0", "5", "10"]),
    ([0.6, 1], ["0.6", "0.7", "0.8", "0.9", "1.0"]), ([0.3, 0.9], ["0.2", "0.4", "0.6", "0.8", "1.0"]),
    ([5], ["4.0", "4.5", "5.0", "5.5", "6.0"]), ([0], ["-1.0", "-0.5", "0.0", "0.5", "1.0"]),
    ([0.0001, 0.0002], ["1.0e-4", "1.2e-4", "1.4e-4", "1.6e-4", "1.8e-4", "2.0e-4"]),
    ([-1e8, 3e8], ["-1e8", "0", "1e8", "2e8", "3e8"]),
  ]

  @Test(arguments: axes) func axisHasRoundNumbers(_ values: [Double], _ labels: [String]) {
    #expect(Axis(over: values).labels == labels)
  }

  private static let wholeAxes: [([Double], [String])] = [
    ([0], ["0", "1"]), ([0, 1], ["0", "1"]), ([0, 3], ["0", "1", "2", "3"]),
    ([0, 9], ["0", "2", "4", "6", "8", "10"]),
    ([0, 100], ["0", "20", "40", "60", "80", "100"]),
  ]

  @Test(arguments: wholeAxes) func wholeAxisHasIntegers(_ values: [Double], _ labels: [String]) {
    #expect(Axis(over: values, whole: true).labels == labels)
  }

  @Test func axisCoversItsValues() {
    var random = TestRandom(3)
    for size in [1e-30, 1e-3, 1, 1e3, 1e30] {
      for _ in 0..<200 {
        let values = random.reals(2).map { $0 * size }
        let axis = Axis(over: values)
        #expect((2...8).contains(axis.ticks.count), "\(values)")
        #expect(Set(axis.labels).count == axis.labels.count, "\(values)")
        for value in values { #expect((-1e-6...1 + 1e-6).contains(axis.fraction(value)), "\(value) of \(values)") }
      }
    }
  }

  @Test func pointsLieWhereTheAxesPutThem() {
    let points: [Chart.Point] = [.init(0, 0), .init(5, 0.5), .init(10, 1.0)]
    let chart = Chart("Probability", [.init("p", points)], including: [0, 1])
    // The chart has 360 × 220 units. Its margins are 14 + 3 · 6.5 at the left (for "0.0"), 14 at the right, 10 above,
    // 40 below.
    for (point, expected) in zip(points, [(33.5, 180.0), (189.75, 95.0), (346.0, 10.0)]) {
      let found = chart.position(of: point)
      #expect(abs(found.x - expected.0) < 1e-9)
      #expect(abs(found.y - expected.1) < 1e-9)
    }
    #expect(chart.html.text.contains(#"<polyline points="33.5,180.0 189.8,95.0 346.0,10.0"/>"#))
    #expect(
      chart.html.text.contains(#"aria-label="Probability: p from 0.000 at iteration 0 to 1.000 at iteration 10""#))
  }

  @Test func pointsThatAreNotFiniteAreLeftOut() {
    let points: [Chart.Point] = [.init(0, 1.0), .init(1, Double.nan), .init(2, Double.infinity), .init(3, 2.0)]
    let text = Chart("Score", [.init("s", points)]).html.text
    #expect(!text.contains("nan"))
    #expect(!text.contains("inf"))
    #expect(text.split(separator: "<circle").count == 3)
    #expect(Page.problems(text) == [])
    #expect(Page.problems(Chart("Score", [.init("s", [])]).html.text) == [])
  }

  @Test func manyPointsHaveNoDotsWithoutASlider() {
    let points = (0..<41).map { (iteration: Int) -> Chart.Point in .init(iteration, Double(iteration)) }
    #expect(!Chart("Score", [.init("s", points)]).html.text.contains("<circle"))
    let frames = Chart("Score", [.init("s", points, frames: [0, 40])]).html.text
    #expect(frames.components(separatedBy: "<circle data-iteration=").count == 3)
    let many = Chart("Score", [.init("s", points, frames: Set(0...40))]).html.text
    #expect(many.components(separatedBy: "<circle class=\"quiet\" data-iteration=").count == 42)
  }
}
