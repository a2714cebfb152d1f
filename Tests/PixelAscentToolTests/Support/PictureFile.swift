// SPDX-License-Identifier: MIT

import PixelAscent

/// Returns the PNG file of a picture with the comment `comment`.
func picture(comment: String? = nil) throws -> [UInt8] {
  try RGBImage(width: 1, height: 1, pixels: [1, 2, 3]).pngData(comment: comment)
}
