// SPDX-License-Identifier: MIT
internal import CPixelCodec

/// A chunk of a PNG file.
struct PNGChunk {
  /// The whole chunk: four bytes of length, four of type, the data, four of checksum.
  let bytes: ArraySlice<UInt8>

  /// The four letters that name the kind of chunk, such as "IDAT".
  var type: String { String(decoding: bytes.dropFirst(4).prefix(4), as: UTF8.self) }
  /// The chunk's content.
  var data: ArraySlice<UInt8> { bytes.dropFirst(8).dropLast(4) }

  /// Returns the chunks of a file that ``RGBImage/pngData(comment:)`` made. Does not check the file.
  static func chunks(of file: [UInt8]) -> [PNGChunk] {
    var chunks: [PNGChunk] = [], start = ImageFormat.pngSignature.count
    while start < file.count {
      let length = file[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
      chunks.append(PNGChunk(bytes: file[start..<start + 12 + length]))
      start += 12 + length
    }
    return chunks
  }

  /// Returns the bytes of a new chunk, with the checksum that libpng computes.
  ///
  /// - Precondition: `type` is four letters; `data` has at most 2³¹ − 1 bytes.
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if memory runs out.
  static func made(_ type: String, _ data: [UInt8]) throws(PixelAscentError) -> [UInt8] {
    try codecBytes("a PNG's \(type) chunk") { pxa_png_chunk($0, type, data, data.count, $1) }
  }
}
