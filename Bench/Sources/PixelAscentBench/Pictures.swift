// SPDX-License-Identifier: MIT

import PixelAscent

/// Work on pictures through the library's public API.
struct PictureCase {
  let name: String
  /// Bytes that must be read and written.
  let bytes: Int
  let run: () -> Void
}

func pictureCases() -> [PictureCase] {
  var random = Random()
  let bytes = (0..<500 * 375 * 3).map { (_: Int) -> UInt8 in UInt8(truncatingIfNeeded: random.next()) }
  let photo = RGBImage(width: 500, height: 375, pixels: bytes)
  let small = photo.resized(shortSide: Layer.imageSize)
  let map = Tensor(
    shape: [Layer.imageSize, Layer.imageSize],
    values: random.values(Layer.imageSize * Layer.imageSize, .reals).map { (value: Double) -> Float in Float(value) })
  return [
    PictureCase(name: "resize", bytes: bytes.count + small.pixels.count) {
      keep(photo.resized(shortSide: Layer.imageSize))
    },
    PictureCase(name: "hot", bytes: (4 + 3) * map.values.count) { keep(RGBImage(map: map)) },
  ]
}

/// Uses an image, so that the compiler can't leave out the work that makes it.
@inline(never) private func keep(_ image: RGBImage) { precondition(image.width > 0) }
