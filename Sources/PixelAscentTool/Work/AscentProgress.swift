// SPDX-License-Identifier: MIT

import PixelAscent

/// Shows the progress of an ascent, if it is the command's only one: in a terminal on the status line at every
/// iteration, elsewhere with one line for each shown iteration.
struct AscentProgress {
  private let console: Console
  private let isAlone: Bool
  private let begin = ContinuousClock.now
  private var text: ProgressText
  private var probability: String?

  init(_ console: Console, of iterations: Int, isAlone: Bool) {
    (self.console, self.isAlone) = (console, isAlone)
    text = ProgressText("iteration", total: iterations)
  }

  mutating func report(_ step: VisualizationAscent.Step, isShown: Bool) throws {
    if !isAlone { return }
    let score = "score \(fixed(step.score, 3))"
    if isShown {
      probability = try step.probability().map { "probability \(fixed($0, 4))" }
      if !console.hasStatusLine {
        let numbers = [score, probability].compactMap(\.self).joined(separator: "  ")
        console.note("iteration \(step.iteration + 1)/\(text.total)  \(numbers)")
      }
    }
    (text.done, text.details) = (step.iteration + 1, [score, probability].compactMap(\.self))
    let text = text, seconds = begin.secondsSince
    console.progress { text.line(width: $0, seconds: seconds) }
  }

  func end() { if isAlone { StatusLine.clear() } }
}
