// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

@Suite struct PixelAscentErrorTests {
  private let plain = PixelAscentError(.invalidModel, "found none")
  private let advising = PixelAscentError(
    .sizeLimit, "more than 20 MB (\(advice: .maxMemory)); \(advice: .resize) stretch", about: "photo.jpg")

  @Test("Without a subject an error reads as its message")
  func errorWithoutSubjectReadsAsItsMessage() {
    #expect(plain.subject.isEmpty)
    #expect(plain.description == "found none")
  }

  @Test("Subjects come before the message, the outermost first")
  func subjectsComeBeforeTheMessage() {
    let error = plain.about("layer fc").about("net.onnx")
    #expect(error.subject == ["net.onnx", "layer fc"])
    #expect(error.message == "found none")
    #expect(error.kind == .invalidModel)
    #expect(error.description == "net.onnx: layer fc: found none")
    #expect(error == PixelAscentError(.invalidModel, "found none", about: "net.onnx", "layer fc"))
  }

  @Test("An error that already names a file doesn't name it twice")
  func fileIsNotNamedTwice() {
    let error = plain.about("layer fc").about("net.onnx")
    #expect(error.about("net.onnx") == error)
  }

  @Test("Something inside may have the name of what is around it")
  func nameMayRepeatFurtherInside() {
    #expect(plain.about("a").about("b").about("a").subject == ["a", "b", "a"])
  }

  @Test("A message that begins with the subject's name gets the subject all the same")
  func messageThatBeginsLikeItsSubjectGetsIt() {
    #expect(PixelAscentError(.invalidImage, "a: empty").about("a").description == "a: a: empty")
  }

  @Test("Advice reads as the library's names")
  func adviceReadsAsTheLibrarysNames() {
    #expect(advising.advice == [.maxMemory, .resize])
    #expect(advising.description == "photo.jpg: more than 20 MB (maxMemory); resize stretch")
    #expect(plain.advice.isEmpty)
  }

  @Test("A program can put its own words in place of the advice")
  func adviceCanReadAsAProgramsWords() {
    #expect(advising.line { "<\($0.rawValue)>" } == "photo.jpg: more than 20 MB (<maxMemory>); <resize> stretch")
  }

  @Test("A message made of other messages keeps their advice")
  func nestedMessagesKeepTheirAdvice() {
    let message: Message = "\(advising.message); \("then") \(2)"
    #expect(message.advice == [.maxMemory, .resize])
    #expect(message.description == "more than 20 MB (maxMemory); resize stretch; then 2")
  }

  @Test("Messages of the same text are equal however they were made, but advice is not text")
  func messagesOfTheSameTextAreEqual() {
    let word = "found"
    #expect(("\(word) \("none")" as Message) == "found none")
    #expect(Message("found none") == "found none")
    #expect(Message("") == "\("")")
    #expect(Message("maxMemory") != "\(advice: .maxMemory)")
  }

  @Test("The library's names of advice are not written like flags")
  func adviceHasNoHyphens() { #expect(Advice.allCases.allSatisfy { !$0.rawValue.contains("-") }) }

  @Test("The readers of files say which file")
  func readersNameTheFile() {
    func subject(_ work: () throws -> Void) -> [String]? {
      do { try work() } catch { return (error as? PixelAscentError)?.subject }
      return nil
    }
    let path = "/nowhere/a.png"
    #expect(subject { _ = try RGBImage(contentsOf: path) } == [path])
    #expect(subject { _ = try RGBImage(decoding: [], name: "a.png") } == ["a.png"])
    #expect(subject { _ = try RGBImage.comment(inFile: [], name: "a.png") } == ["a.png"])
    #expect(subject { _ = try Tensor(npy: [], name: "a.npy") } == ["a.npy"])
    #expect(subject { _ = try Network(contentsOf: path) } == [path])
    #expect(subject { _ = try Network(modelFile: [], name: "m") } == ["m"])
    #expect(subject { _ = try Labels(contentsOf: path) } == [path])
    #expect(subject { try Tensor(shape: [0], values: []).write(to: path) } == [path])
  }
}
