// SPDX-License-Identifier: MIT

extension Animation {
  /// Returns the bytes of a GIF file (GIF89a).
  ///
  /// Frames that have at most 255 colours in all are exact. Otherwise 255 colours are chosen for all frames, and an
  /// ordered dither shows the others. The dither depends only on a pixel's colour and place, so what does not move does
  /// not flicker.
  ///
  /// Delays are whole hundredths of a second, chosen so that every frame ends within 1/200 second of its exact time.
  /// Many viewers show delays of 1/100 second as 1/10 second, so an animation of more than 50 frames per second is
  /// better a PNG. The same animation and comment give the same bytes.
  ///
  /// - Parameter comment: text to store in the file, in a comment extension, as UTF-8; the text ends before its first
  ///   null character
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if the animation has no frames, frames of several sizes or
  ///   a parameter out of range; `sizeLimit` if a side is longer than 65,535 or memory runs out.
  public func gif(comment: String? = nil) throws(PixelAscentError) -> [UInt8] {
    let size = try checkedSize(.gif), palette = GIFPalette(frames)
    // One number more than there are colours, for transparent pixels. Files have 2, 4, 8 … 256 colours.
    let transparent = UInt8(palette.colors.count), bits = 8 - transparent.leadingZeroBitCount
    var file = Array("GIF89a".utf8)
    file += littleEndian(size.width)
    file += littleEndian(size.height)
    file += [0xF0 | UInt8(bits - 1), 0, 0]  // a palette for all frames, of 8 bits per channel
    file += palette.colors.flatMap { [$0.red, $0.green, $0.blue] }
    file += [UInt8](repeating: 0, count: 3 * ((1 << bits) - palette.colors.count))
    // Repeats without end. Programs look for the name of the browser that had this extension first.
    file += [0x21, 0xFF, 11]
    file += Array("NETSCAPE2.0".utf8)
    file += [3, 1, 0, 0, 0]
    if let comment { file += [0x21, 0xFE] + subBlocks(Array(comment.utf8.prefix { $0 != 0 })) }

    var shown: [UInt8] = []
    for (index, frame) in frames.enumerated() {
      try Self.checkMemory(size, fileSize: file.count)
      var indices = palette.indices(of: frame.enlarged(scale))
      // The frame stays under the next one, whose transparent pixels show it.
      file += [0x21, 0xF9, 4, index == 0 ? 0b100 : 0b101]
      file += littleEndian(gifDelay(index)) + [transparent, 0]
      file.append(0x2C)
      for number in [0, 0, size.width, size.height] { file += littleEndian(number) }
      file.append(0)
      if index == 0 {
        shown = indices
      } else {
        for pixel in indices.indices {
          if indices[pixel] == shown[pixel] {
            indices[pixel] = transparent
          } else {
            shown[pixel] = indices[pixel]
          }
        }
      }
      let codeBits = max(bits, 2)
      file.append(UInt8(codeBits))
      file += subBlocks(compressedLZW(indices, bits: codeBits))
    }
    return file + [0x3B]
  }

  /// Returns the hundredths of a second for which frame `index` is shown.
  func gifDelay(_ index: Int) -> Int {
    func end(_ frame: Int) -> Int {
      Int((100 * (Double(frame + 1) / framesPerSecond + (frame == frames.count - 1 ? hold : 0))).rounded())
    }
    return end(index) - (index == 0 ? 0 : end(index - 1))
  }
}

/// Returns a number as two bytes, the less significant byte first.
private func littleEndian(_ value: Int) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8)] }

/// Returns data as a GIF stores it: blocks of at most 255 bytes, each after its length, and an empty block at the end.
private func subBlocks(_ data: [UInt8]) -> [UInt8] {
  var blocks: [UInt8] = []
  blocks.reserveCapacity(data.count + data.count / 255 + 2)
  for start in stride(from: 0, to: data.count, by: 255) {
    let block = data[start..<min(start + 255, data.count)]
    blocks.append(UInt8(block.count))
    blocks += block
  }
  return blocks + [0]
}
