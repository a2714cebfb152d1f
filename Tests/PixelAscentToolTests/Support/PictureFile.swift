// SPDX-License-Identifier: MIT

import PixelAscent

/// A picture's file, whose comment is `comment`.
func picture(comment: String? = nil) throws -> [UInt8] {
  try RGBImage(width: 1, height: 1, pixels: [1, 2, 3]).pngData(comment: comment)
}
