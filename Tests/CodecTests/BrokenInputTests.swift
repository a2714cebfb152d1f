// SPDX-License-Identifier: MIT
import PixelAscent
import TestSupport
import Testing

@Suite struct BrokenInputTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let file: [UInt8]

    static let all =
      jpegFixtures.map { Case(testDescription: $0.name, file: $0.file) } + [
        Case(testDescription: "png", file: png(isInterlaced: false)),
        Case(testDescription: "interlaced png", file: png(isInterlaced: true)),
      ]

    private static func png(isInterlaced: Bool) -> [UInt8] {
      PNGWriter(
        width: 11, height: 9, bitDepth: 8, colorType: .rgbAlpha, isInterlaced: isInterlaced,
        samples: { x, y in [x * 20, y * 25, 128, 255 - x - y] }
      ).file()
    }
  }

  @Test(
    "A file cut off at any byte gives an error, or the whole picture if only a JPEG's end marker is missing",
    arguments: Case.all)
  func everyLength(_ input: Case) throws {
    let whole = try RGBImage(decoding: input.file, name: "a")
    for length in 0..<input.file.count {
      let cut = Array(input.file.prefix(length))
      do {
        let image = try RGBImage(decoding: cut, name: "photo.jpg")
        #expect(image == whole, "\(length) of \(input.file.count) bytes were decoded")
        #expect(length >= input.file.count - 2, "\(length) of \(input.file.count) bytes were decoded")
      } catch {
        #expect(error.kind == .invalidImage, "\(error)")
        #expect(isOneLine(error.description, naming: "photo.jpg"), "\(error)")
      }
    }
  }

  @Test("A larger file cut off at any sixteenth gives an error that says after how many bytes the file ends")
  func sixteenths() throws {
    let image = generatedImage(width: 40, height: 30).resized(width: 400, height: 300)
    for file in [try image.jpegData(quality: 90), try image.pngData()] {
      for part in 1..<16 {
        let error = failure {
          try RGBImage(decoding: Array(file.prefix(file.count * part / 16)), name: "photo")
        }
        #expect(error?.kind == .invalidImage)
        #expect(error?.description.contains("is cut off: it ends after \(file.count * part / 16) bytes") == true)
      }
    }
  }

  @Test("Each of 2000 randomly changed files gives a picture or an error", arguments: Case.all)
  func mutations(_ input: Case) {
    var generator = TestRandom(1)
    func random(below bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }
    var errorCount = 0
    for _ in 0..<2000 {
      var file = input.file
      for _ in 0...random(below: 4) { file[random(below: file.count)] = UInt8(random(below: 256)) }
      if random(below: 8) == 0 { file.removeSubrange(random(below: file.count)...) }
      do {
        let image = try RGBImage(decoding: file, name: "photo", maxMegapixels: 1)
        #expect(image.pixels.count == 3 * image.width * image.height)
      } catch {
        errorCount += 1
        #expect(isOneLine(error.description, naming: "photo"), "\(error)")
      }
    }
    #expect(errorCount > 200)
  }

  @Test(
    "The error for another kind of file names that kind",
    arguments: [
      ("", "the file is empty"),
      ("Hello, world of pixels\n", "not a JPEG or PNG image (starts with \"Hello, world of …\")"),
      ("Hi\nthere", "not a JPEG or PNG image (starts with \"Hi…\")"),
      ("\u{1}\u{2}", "not a JPEG or PNG image (starts with bytes 01 02)"),
      ("GIF89a......", otherFormat("a GIF image", "'FILE[0]'")),
      ("RIFF....WEBPVP8 ", otherFormat("a WebP image", "FILE")),
      ("II*\0........", otherFormat("a TIFF image", "FILE")),
      ("MM\0+........", otherFormat("a TIFF image", "FILE")),
      ("BM....\0\0\0\0....", otherFormat("a BMP image", "FILE")),
      ("....ftypheic....", otherFormat("a HEIC image", "FILE")),
      ("....ftypavif....", otherFormat("an AVIF image", "FILE")),
      ("....ftypisom....", otherFormat("a video", "'FILE[0]'")),
      ("%PDF-1.7", otherFormat("a PDF document", "FILE")),
      ("8BPS....", otherFormat("a Photoshop document", "FILE")),
      ("....JXL ....", otherFormat("a JPEG XL image", "FILE")),
      ("....jP  ....", otherFormat("a JPEG 2000 image", "FILE")),
      ("<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\">", otherFormat("an SVG drawing", "FILE")),
      ("<svg width=\"1\">", otherFormat("an SVG drawing", "FILE")),
      ("<!DOCTYPE html><title>404</title>", "a web page; download the picture itself, not the page about it"),
    ])
  func otherContent(_ content: String, _ message: String) {
    let error = failure { try RGBImage(decoding: Array(content.utf8), name: "photo.jpg") }
    #expect(error == PixelAscentError(.invalidImage, Message(message), about: "photo.jpg"))
  }

  private static func otherFormat(_ what: String, _ file: String) -> String {
    "\(what); only JPEG and PNG are read: convert it, for example with ImageMagick: magick \(file) photo.png"
  }

  private func isOneLine(_ message: String, naming name: String) -> Bool {
    message.hasPrefix(name) && !message.contains(where: \.isNewline) && message.count < 300
  }
}
