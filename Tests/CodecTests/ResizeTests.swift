// SPDX-License-Identifier: MIT
import PixelAscent
import Testing

@Suite struct ResizeTests {
  @Test("Resizing gives Pillow's bytes", arguments: resizeGoldens)
  func goldens(_ golden: ResizeGolden) {
    let source = generatedImage(width: golden.from.width, height: golden.from.height)
    let result = source.resized(width: golden.to.width, height: golden.to.height)
    #expect((result.width, result.height) == golden.to)
    let checksum = result.pixels.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    #expect(checksum == golden.checksum)
  }

  @Test(
    "The long side is rounded down",
    arguments: [
      (640, 457, 313, 224), (457, 640, 224, 313), (224, 500, 224, 500), (1, 1, 224, 224), (16, 300, 224, 4200),
      (8000, 6000, 298, 224), (4, 30000, 224, 1_680_000), (225, 225, 224, 224),
    ])
  func shortSide(_ width: Int, _ height: Int, _ newWidth: Int, _ newHeight: Int) {
    let size = PixelSize(height: newHeight, width: newWidth)
    #expect(RGBImage.size(width: width, height: height, covering: 224) == size)
    if newWidth * newHeight < 1_000_000 && width * height < 1_000_000 {
      let image = generatedImage(width: width, height: height)
      let result = image.resized(shortSide: 224)
      #expect(result == (min(width, height) == 224 ? image : image.resized(width: newWidth, height: newHeight)))
      #expect((result.width, result.height) == (newWidth, newHeight))
    }
  }

  @Test(
    "A flat picture keeps its value, within ±1 if there are tens of thousands of taps",
    arguments: [0, 1, 127, 254, 255] as [UInt8])
  func flat(_ value: UInt8) {
    for (from, to) in [((70_001, 2), (1, 1)), ((2, 70_001), (3, 1)), ((5, 5), (40, 3))] {
      let image = RGBImage(
        width: from.0, height: from.1, pixels: [UInt8](repeating: value, count: 3 * from.0 * from.1))
      let values = image.resized(width: to.0, height: to.1).pixels
      #expect(values.allSatisfy { abs(Int($0) - Int(value)) <= (from.0 + from.1 > 70_000 ? 1 : 0) })
    }
  }
}
