// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import Testing

/// The library's advice in the program's words.
@Suite struct AdviceTextTests {
  private static let words: [(Advice, String)] = [
    (.maxMemory, "--max-memory"), (.maxMegapixels, "--max-megapixels"), (.resize, "--resize"), (.mean, "--mean"),
    (.std, "--std"), (.bgr, "--bgr"), (.inputSize, "--input-size"), (.onnxOutput, "--onnx-output"),
    (.labels, "--labels"), (.activation, "--activation"), (.architecture, "--architecture"), (.weights, "--weights"),
    (.showEvery, "--show-every"), (.scale, "--scale"), (.learningRate, "--learning-rate"),
    (.iterations, "--iterations"),
    (.maxIterations, "--max-iterations"), (.l2, "--l2"), (.totalVariation, "--tv"), (.l1, "--l1"),
    (.alphaNorm, "--alpha-norm"), (.transforms, "--transforms"), (.spectrum, "--spectrum"), (.clamp, "--clamp"),
    (.blurEvery, "--blur-every"), (.blurSigma, "--blur-sigma"),
    (.maxJitter, "--max-jitter"), (.every, "--every"), (.octaves, "--octaves"),
    (.octaveScale, "--octave-scale"), (.stepSize, "--step-size"), (.longestSide, "--longest-side"),
    (.zoomFrames, "--zoom-frames"), (.samples, "--samples"), (.percentile, "--percentile"),
    (.inspection, "pixelascent inspect"),
  ]

  @Test("Each kind of advice names an option or a command", arguments: words)
  func advice(_ advice: Advice, _ text: String) { #expect(advice.words == text) }

  @Test("Every kind of advice is tested")
  func all() { #expect(Self.words.map(\.0) == Advice.allCases) }

  @Test("The line of an error names the option")
  func line() {
    let error = PixelAscentError(.sizeLimit, "more than 20 MB (\(advice: .maxMemory))", about: "photo.png")
    #expect(error.line == "photo.png: more than 20 MB (--max-memory)")
  }

  @Test("The text of a note names the option")
  func note() {
    let note: Message = "\(advice: .architecture) vgg16 is for bare weights"
    #expect(note.text == "--architecture vgg16 is for bare weights")
  }

  @Test("A usage error names the options")
  func usage() {
    #expect(throws: UsageError("--mean and --std have 1.")) {
      try UsageError.checking {
        throw PixelAscentError(.invalidParameter, "\(advice: .mean) and \(advice: .std) have 1")
      }
    }
  }
}
