// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import Testing

/// The lines that `reproduce` prints.
@Suite struct ReproduceRecordTests {
  private static let picture = RGBImage(width: 2, height: 1, pixels: [0, 0, 0, 0, 0, 0])

  private func record(_ other: RGBImage, isSame: Bool = false, reasons: [String] = []) -> ReproduceRecord {
    ReproduceRecord("a.png", title: "a title", isSame: isSame, Self.picture.distance(from: other), reasons: reasons)
  }

  @Test func same() {
    #expect(record(Self.picture, isSame: true).lines == ["a.png: a title: the same bytes"])
  }

  @Test("The line says how many values differ, and by how much")
  func differs() {
    let other = RGBImage(width: 2, height: 1, pixels: [0, 255, 0, 0, 0, 0])
    #expect(record(other).lines == ["a.png: a title: differs: 1 values, by at most 255/255, PSNR 7.8 dB"])
  }

  @Test func samePixels() {
    #expect(
      record(Self.picture).lines == [
        "a.png: a title: the same pixels, but other bytes: other versions of the image libraries wrote the file, "
          + "or it was changed"
      ])
  }

  @Test("If no value differs, the PSNR is nil: JSON has no infinity")
  func infinitePSNR() { #expect(record(Self.picture).psnr == nil) }

  @Test func otherSize() {
    let other = RGBImage(width: 1, height: 2, pixels: Self.picture.pixels)
    #expect(record(other).lines == ["a.png: a title: differs in size"])
  }

  @Test("The reasons follow, one per line")
  func reasons() {
    #expect(record(Self.picture, isSame: true, reasons: ["one", "two"]).lines.dropFirst() == ["  one", "  two"])
  }
}
