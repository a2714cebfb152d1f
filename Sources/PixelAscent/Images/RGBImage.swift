// SPDX-License-Identifier: MIT

/// A picture of 8-bit red, green and blue values.
public struct RGBImage: Sendable, Hashable {
  /// The number of pixels in a row.
  public let width: Int
  /// The number of rows.
  public let height: Int
  /// The values 0…255, interleaved: height × width × 3, rows from top to bottom, without padding.
  public var pixels: [UInt8] {
    didSet { precondition(pixels.count == oldValue.count, "an image's size can't change") }
  }

  /// Creates a picture of `height` × `width` interleaved `pixels`.
  ///
  /// - Precondition: `width` and `height` are at least 1 and `pixels` holds 3 · `width` · `height` values.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width >= 1 && height >= 1, "an image can't be \(width)×\(height)")
    precondition(pixels.count == 3 * width * height, "\(width)×\(height) pixels can't be \(pixels.count) values")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Returns the smallest size that covers `target` with the aspect ratio of a `width` × `height` picture: one side has
  /// the length that `target` has, the other is at least as long and is rounded down. For a square `target` the short side
  /// gets the square's length.
  ///
  /// - Precondition: all numbers are at least 1 and the result is representable.
  public static func size(width: Int, height: Int, covering target: PixelSize) -> PixelSize {
    precondition(min(width, height, target.width, target.height) >= 1, "sizes are at least 1")
    if width * target.height <= height * target.width {
      return PixelSize(height: target.width * height / width, width: target.width)
    }
    return PixelSize(height: target.height, width: target.height * width / height)
  }

  /// Returns the picture resized so that its short side is `shortSide`. ``size(width:height:covering:)`` computes the new
  /// size. A picture whose short side already has that length is returned as it is.
  public func resized(shortSide: Int) -> RGBImage {
    let size = Self.size(width: width, height: height, covering: PixelSize(square: shortSide))
    return min(width, height) == shortSide ? self : resized(width: size.width, height: size.height)
  }

  /// Returns the offset of the middle `part` pixels in a side of `side` pixels: (side − part) / 2. A half is rounded to
  /// even, as torchvision's `CenterCrop` does.
  static func middle(_ part: Int, of side: Int) -> Int {
    let rest = side - part
    return rest / 2 + (rest % 4 == 3 ? 1 : 0)
  }

  /// Returns the middle `width` × `height` pixels, the same ones as torchvision's `CenterCrop`.
  ///
  /// - Precondition: the picture is at least `width` × `height` pixels large.
  public func cropped(width newWidth: Int, height newHeight: Int) -> RGBImage {
    precondition((1...width).contains(newWidth) && (1...height).contains(newHeight))
    let left = Self.middle(newWidth, of: width), top = Self.middle(newHeight, of: height)
    var rows: [UInt8] = []
    for row in top..<top + newHeight {
      let start = 3 * (row * width + left)
      rows += pixels[start..<start + 3 * newWidth]
    }
    return RGBImage(width: newWidth, height: newHeight, pixels: rows)
  }

  /// Creates a white picture that shows `pictures`, each `left` pixels from the left and `top` pixels from the top. All
  /// of them must lie inside the new picture.
  package init(width: Int, height: Int, showing pictures: [(picture: RGBImage, left: Int, top: Int)]) {
    var pixels = [UInt8](repeating: 255, count: 3 * width * height)
    for (picture, left, top) in pictures {
      for row in 0..<picture.height {
        let to = 3 * ((top + row) * width + left), from = 3 * row * picture.width
        pixels.replaceSubrange(to..<to + 3 * picture.width, with: picture.pixels[from..<from + 3 * picture.width])
      }
    }
    self.init(width: width, height: height, pixels: pixels)
  }

  /// The grey values of the height × width pixels: (299·R + 587·G + 114·B) / 1000 in fixed point, rounded as in Pillow.
  var greyValues: [UInt8] {
    var grey: [UInt8] = []
    grey.reserveCapacity(width * height)
    for start in stride(from: 0, to: pixels.count, by: 3) {
      let red: Int = 19595 * Int(pixels[start]), green: Int = 38470 * Int(pixels[start + 1])
      let blue: Int = 7471 * Int(pixels[start + 2])
      grey.append(UInt8((red + green + blue + 0x8000) >> 16))
    }
    return grey
  }

  /// Creates a picture of grey values.
  init(width: Int, height: Int, grey: [UInt8]) {
    self.init(width: width, height: height, pixels: grey.flatMap { [$0, $0, $0] })
  }
}
