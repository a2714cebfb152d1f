// SPDX-License-Identifier: MIT
internal import CPixelCodec

extension RGBImage {
  /// Reads the picture in the JPEG or PNG file at `path`, upright and as RGB.
  ///
  /// The format is found from the file's content, not from its name. The EXIF orientation is applied, grey values are
  /// copied to all three channels, CMYK and YCCK are converted to RGB, alpha is composited on `background`, and 16 bits
  /// are rounded to 8. There is no colour management. Damage to a part of the file that no pixel depends on, such as
  /// a colour profile, is ignored. A file that declares more than `maxMegapixels` · 10⁶ pixels is
  /// refused before memory for the pixels is allocated.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile`, `invalidImage` or `sizeLimit`.
  public init(
    contentsOf path: String, maxMegapixels: Double = 100, background: RGBColor = .white
  ) throws(PixelAscentError) {
    try self.init(decoding: Files.read(path), name: path, maxMegapixels: maxMegapixels, background: background)
  }

  /// Decodes the picture in the `bytes` of a JPEG or PNG file; see ``init(contentsOf:maxMegapixels:background:)``.
  ///
  /// Error lines call the file `name`.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidImage` or `sizeLimit`.
  public init(
    decoding bytes: [UInt8], name: String, maxMegapixels: Double = 100, background: RGBColor = .white
  ) throws(PixelAscentError) {
    self = try EncodedImage(bytes, name: name, maxMegapixels: maxMegapixels).decoded(over: background).image
  }

  /// Returns the bytes of an 8-bit RGB PNG file of this picture. The same picture and comment give the same bytes.
  ///
  /// - Parameter comment: text to store in the file, in an international text chunk with the keyword "pixelascent"; the
  ///   text ends before its first null character.
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if a side is 2³¹ or longer or memory runs out.
  public func pngData(comment: String? = nil) throws(PixelAscentError) -> [UInt8] {
    try encoded(format: .png) { pxa_png_encode($0, pixels, $1, $2, comment, $3) }
  }

  /// Returns the bytes of a baseline JPEG file of this picture, with full chroma resolution (4:4:4) from quality 90 on
  /// and half the resolution (4:2:0) below.
  ///
  /// - Parameters:
  ///   - quality: 1 (small) … 100 (faithful)
  ///   - comment: text to store in the file, in a COM segment; the text ends before its first null character
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if `quality` is outside its range, `sizeLimit` if a side
  ///   is longer than 65,500, the comment takes more than 65,533 bytes, or memory runs out.
  public func jpegData(quality: Int = 95, comment: String? = nil) throws(PixelAscentError) -> [UInt8] {
    guard (1...100).contains(quality) else {
      throw PixelAscentError(.invalidParameter, "JPEG quality is 1 to 100, not \(quality)")
    }
    let most = Int(PXA_JPEG_COMMENT_SIZE)
    if let size = comment?.utf8.count, size > most {
      throw PixelAscentError(
        .sizeLimit, "a JPEG's comment is at most \(most) bytes long, found \(size); a PNG's may be longer")
    }
    return try encoded(format: .jpeg) {
      pxa_jpeg_encode($0, pixels, $1, $2, Int32(quality), comment, $3)
    }
  }

  /// Returns the comment in the `bytes` of a JPEG or PNG file, as ``pngData(comment:)`` and
  /// ``jpegData(quality:comment:)`` write it. Nil if the file has no comment, or the comment is not UTF-8. The picture
  /// is not decoded.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidImage` if the file is not a JPEG or PNG. Error lines call the file
  ///   `name`.
  public static func comment(inFile bytes: [UInt8], name: String) throws(PixelAscentError) -> String? {
    let bytes = ImageFormat.content(of: bytes)
    let find = try ImageFormat(of: bytes, name: name) == .jpeg ? pxa_jpeg_comment : pxa_png_comment
    let range = find(bytes, bytes.count)
    if range.length == 0 { return nil }
    return String(validating: bytes[range.offset..<range.offset + range.length], as: UTF8.self)
  }

  private typealias Encoder = (
    UnsafeMutablePointer<pxa_codec_bytes>, UInt32, UInt32, UnsafeMutablePointer<CChar>?
  ) -> pxa_codec_status

  /// Checks that a picture of `width` × `height` pixels can be written in a format.
  ///
  /// - Throws: `PixelAscentError` of kind `sizeLimit`.
  static func checkSides(width: Int, height: Int, _ format: ImageFormat) throws(PixelAscentError) {
    let longest = format == .jpeg ? 65500 : 0x7FFF_FFFF
    guard max(width, height) <= longest else {
      let other = format == .jpeg ? "; a PNG may be larger" : ""
      throw PixelAscentError(
        .sizeLimit,
        "a \(width)×\(height) \(format.rawValue) can't be written: a side is at most \(longest) pixels long\(other)")
    }
  }

  private func encoded(format: ImageFormat, encode: Encoder) throws(PixelAscentError) -> [UInt8] {
    try Self.checkSides(width: width, height: height, format)
    return try codecBytes("a \(width)×\(height) \(format.rawValue)") { encode($0, UInt32(width), UInt32(height), $1) }
  }
}

/// Returns the bytes that a function of the C codec makes.
///
/// - Parameters:
///   - what: the name of the bytes, at the beginning of an error's message
///   - make: calls the function with the place for the bytes and the place for the codec's own message
/// - Throws: ``PixelAscentError`` of kind `sizeLimit` if memory runs out.
func codecBytes(
  _ what: String, _ make: (UnsafeMutablePointer<pxa_codec_bytes>, UnsafeMutablePointer<CChar>?) -> pxa_codec_status
) throws(PixelAscentError) -> [UInt8] {
  var made = pxa_codec_bytes()
  var message = [CChar](repeating: 0, count: Int(PXA_CODEC_MESSAGE_SIZE))
  let status = message.withUnsafeMutableBufferPointer { make(&made, $0.baseAddress) }
  defer { pxa_codec_bytes_free(&made) }
  try checkCodec(status, message, what)
  return Array(UnsafeBufferPointer(start: made.data, count: made.size))
}
