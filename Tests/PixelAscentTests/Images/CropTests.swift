// SPDX-License-Identifier: MIT

import PixelAscent
import Testing

@Suite struct CropTests {
  /// torchvision's `CenterCrop` begins at Python's `round((side - part) / 2)`, which rounds a half to even.
  @Test func middleIsThatOfTorchvision() {
    let part = 8
    for side in part..<part + 400 {
      let offset = Int((Double(side - part) / 2).rounded(.toNearestOrEven))
      let columns = (0..<side).flatMap { (column: Int) -> [UInt8] in [UInt8(column & 255), UInt8(column >> 8), 0] }
      let wide = RGBImage(width: side, height: 1, pixels: columns).cropped(width: part, height: 1)
      #expect(wide.pixels == Array(columns[3 * offset..<3 * (offset + part)]), "\(side) columns")
      let high = RGBImage(width: 1, height: side, pixels: columns).cropped(width: 1, height: part)
      #expect(high.pixels == wide.pixels, "\(side) rows")
    }
  }
}
