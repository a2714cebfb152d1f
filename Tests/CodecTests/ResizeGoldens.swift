// SPDX-License-Identifier: MIT
// Made by Tests/Golden/make_resize_goldens.py with Pillow 13.0.0.

struct ResizeGolden: Sendable {
  let from, to: (width: Int, height: Int)
  /// The 64-bit FNV-1a hash of the resized picture's interleaved bytes.
  let checksum: UInt64

  init(from: (Int, Int), to: (Int, Int), checksum: UInt64) {
    (self.from, self.to, self.checksum) = (from, to, checksum)
  }
}

let resizeGoldens: [ResizeGolden] = [
  .init(from: (1, 1), to: (224, 224), checksum: 0x8D544354254F2325),
  .init(from: (16, 300), to: (224, 4200), checksum: 0xB14B758CD8036D24),
  .init(from: (300, 16), to: (420, 22), checksum: 0xEB5A6F2F4BAB39D3),
  .init(from: (640, 457), to: (313, 224), checksum: 0x8127E51626D0BF01),
  .init(from: (375, 500), to: (224, 298), checksum: 0xF4E7F68816485898),
  .init(from: (500, 375), to: (298, 224), checksum: 0xA6A8E45C8E63322A),
  .init(from: (97, 33), to: (224, 1), checksum: 0xB6371A3A97DD655A),
  .init(from: (17, 333), to: (2, 50), checksum: 0xD0CCF12B800C826E),
  .init(from: (3, 7), to: (7, 1), checksum: 0xCA5F6642A10CE1B5),
  .init(from: (33, 29), to: (33, 7), checksum: 0x0F55BAFBCD1DBFBE),
  .init(from: (29, 33), to: (7, 33), checksum: 0x62BA1BC72A1CBA1B),
  .init(from: (2000, 3), to: (5, 3), checksum: 0xA0E3BC1DD409A392),
  .init(from: (64, 64), to: (32, 32), checksum: 0xEA00E2DD2B7F1770),
  .init(from: (31, 37), to: (61, 73), checksum: 0x41FBAF4EDE9D475A),
  .init(from: (5, 4), to: (5, 4), checksum: 0x64A010DA0FCDEA50),
  .init(from: (1, 9000), to: (2, 3), checksum: 0xBAC3741FE59DD867),
  .init(from: (2, 1), to: (301, 299), checksum: 0x0F5554BE59ECB17D),
]
