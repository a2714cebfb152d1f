// SPDX-License-Identifier: MIT

extension Animation {
  /// Returns the bytes of an animated PNG file (APNG), in which every pixel is exact.
  ///
  /// The file is also a PNG of the last frame: programs that know no animation, this library among them, read the last
  /// frame and the comment. Delays are exact fractions of a second if their numbers have 16 bits, as those of most rates
  /// have; otherwise they are off by less than 1/100 second. The format is described in the third edition of the PNG
  /// specification (W3C, 2025). The same animation and comment give the same bytes.
  ///
  /// - Parameter comment: text to store in the file, as ``RGBImage/pngData(comment:)`` stores it
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if the animation has no frames, frames of several sizes or
  ///   a parameter out of range; `sizeLimit` if a side is 2³¹ or longer or memory runs out.
  public func apng(comment: String? = nil) throws(PixelAscentError) -> [UInt8] {
    let size = try checkedSize(.apng), last = frames.count - 1
    // The picture for programs that know no animation stands before the first "fcTL" chunk, so it is no frame.
    let still = PNGChunk.chunks(of: try frames[last].enlarged(scale).pngData(comment: comment))
    var file = ImageFormat.pngSignature, sequenceNumber = 0
    for chunk in still where chunk.type != "IEND" {
      file += chunk.bytes
      if chunk.type == "IHDR" { file += try PNGChunk.made("acTL", bigEndian(frames.count, 4) + bigEndian(0, 4)) }
    }
    for (index, frame) in frames.enumerated() {
      try Self.checkMemory(size, fileSize: file.count)
      let delay = apngDelay(index)
      var control: [UInt8] = []
      // At the left and top edges.
      for number in [sequenceNumber, size.width, size.height, 0, 0] { control += bigEndian(number, 4) }
      for number in [delay.numerator, delay.denominator] { control += bigEndian(number, 2) }
      control += [0, 0]  // the next frame replaces all of this one, without blending
      file += try PNGChunk.made("fcTL", control)
      sequenceNumber += 1
      let chunks = index == last ? still : PNGChunk.chunks(of: try frame.enlarged(scale).pngData())
      // libpng writes IDAT chunks of 8 KB. Joined to one fdAT chunk they could be more than 8 MB, which libpng refuses
      // to read by default.
      for chunk in chunks where chunk.type == "IDAT" {
        file += try PNGChunk.made("fdAT", bigEndian(sequenceNumber, 4) + chunk.data)
        sequenceNumber += 1
      }
    }
    return try file + PNGChunk.made("IEND", [])
  }

  /// Returns the seconds for which frame `index` is shown.
  private func apngDelay(_ index: Int) -> (numerator: Int, denominator: Int) {
    shortFraction(nearest: 1 / framesPerSecond + (index == frames.count - 1 ? hold : 0), below: 1 << 16)
  }
}

/// Returns the first convergent of the continued fraction of `value` that equals `value` as a Double, or the last one
/// whose numerator and denominator are below `limit`.
///
/// - Precondition: 0 ≤ `value` < `limit`
private func shortFraction(nearest value: Double, below limit: Int) -> (numerator: Int, denominator: Int) {
  var rest = value, (numerator, denominator) = (Int(value), 1), before = (numerator: 1, denominator: 0)
  while Double(numerator) / Double(denominator) != value {
    rest = 1 / (rest - rest.rounded(.down))
    guard rest < Double(limit) else { break }
    let next = (Int(rest) * numerator + before.numerator, Int(rest) * denominator + before.denominator)
    guard max(next.0, next.1) < limit else { break }
    before = (numerator, denominator)
    (numerator, denominator) = next
  }
  return (numerator, denominator)
}

/// Returns a number as `count` bytes, the most significant byte first.
private func bigEndian(_ value: Int, _ count: Int) -> [UInt8] {
  (1...count).map { (place: Int) -> UInt8 in UInt8(truncatingIfNeeded: value >> (8 * (count - place))) }
}
