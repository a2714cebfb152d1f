// SPDX-License-Identifier: MIT
internal import CPixelCodec

/// A JPEG or PNG file whose header has been read, so that the picture's size is known before memory for the pixels is
/// allocated.
package struct EncodedImage: Sendable {
  /// The file's bytes.
  package let bytes: [UInt8]
  /// The name of the file in error lines.
  package let name: String
  /// The number of values of the picture: three per pixel.
  package let valueCount: Int
  /// Whether pixels of the picture may be transparent.
  package var isTransparent: Bool { header.transparent != 0 }
  private let format: ImageFormat
  private let header: pxa_image_header
  /// The file's bytes without what comes before the picture.
  private let content: [UInt8]

  /// Reads the header of the JPEG or PNG file in `bytes`.
  ///
  /// - Throws: the errors of ``RGBImage/init(decoding:name:maxMegapixels:background:)``.
  package init(_ bytes: [UInt8], name: String, maxMegapixels: Double) throws(PixelAscentError) {
    let content = ImageFormat.content(of: bytes), format = try ImageFormat(of: content, name: name)
    var header = pxa_image_header()
    var message = [CChar](repeating: 0, count: Int(PXA_CODEC_MESSAGE_SIZE))
    let probe = format == .jpeg ? pxa_jpeg_probe : pxa_png_probe
    let probed = probe(&header, content, content.count, &message)
    try checkCodec(probed, message, format.rawValue, byteCount: bytes.count, name: name)

    let (width, height) = (Int(header.width), Int(header.height))
    let (valueCount, overflow) = (width * height).multipliedReportingOverflow(by: 3)
    let megapixels = Double(width) * Double(height) / 1e6
    guard !overflow && megapixels <= maxMegapixels else {
      let size = "\(width)×\(height) pixels are \(Self.short(megapixels)) megapixels"
      throw PixelAscentError(
        .sizeLimit, "\(size), more than the limit of \(Self.short(maxMegapixels)) (\(advice: .maxMegapixels))",
        about: name)
    }
    do {
      try Files.checkMemory(valueCount, "\(width)×\(height) pixels take")
    } catch {
      throw error.about(name)
    }
    (self.bytes, self.name, self.valueCount) = (bytes, name, valueCount)
    (self.format, self.header, self.content) = (format, header, content)
  }

  /// Returns the picture, upright and as RGB, with its transparent parts over `background`. Also returns a note for the
  /// user if the file is damaged in a part that no pixel depends on.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidImage`, or `sizeLimit` if memory runs out.
  package func decoded(over background: RGBColor) throws(PixelAscentError) -> (image: RGBImage, note: String?) {
    var header = header
    var message = [CChar](repeating: 0, count: Int(PXA_CODEC_MESSAGE_SIZE))
    let color = [background.red, background.green, background.blue]
    var decoded = PXA_CODEC_OK
    let pixels = [UInt8](unsafeUninitializedCapacity: valueCount) { buffer, count in
      decoded =
        switch format {
        case .jpeg: pxa_jpeg_decode(buffer.baseAddress, &header, content, content.count, &message)
        case .png: pxa_png_decode(buffer.baseAddress, &header, color, content, content.count, &message)
        }
      count = decoded == PXA_CODEC_OK ? valueCount : 0
    }
    try checkCodec(decoded, message, format.rawValue, byteCount: bytes.count, name: name)
    let (width, height) = (Int(header.width), Int(header.height)), isTurned = header.orientation >= 5
    let image = RGBImage(width: isTurned ? height : width, height: isTurned ? width : height, pixels: pixels)
    let chunk = String(beforeZero: message)
    return (image, chunk.isEmpty ? nil : "the checksum of its \(chunk) chunk is wrong, but no pixel depends on it")
  }

  /// Returns a number of megapixels as text, without a needless ".0".
  private static func short(_ megapixels: Double) -> String {
    megapixels == megapixels.rounded() && megapixels < 1e15 ? "\(Int(megapixels))" : "\(megapixels)"
  }
}

/// Throws the error that the C codec reports in `status` and `message`, if it reports one.
///
/// - Parameters:
///   - status: the codec's result
///   - message: the codec's own message, which ends before a zero
///   - what: the name of the picture or its format, at the beginning of the error's message
///   - byteCount: the size of the file that was read
///   - name: the name of the file in error lines; nil if there is no file
func checkCodec(
  _ status: pxa_codec_status, _ message: [CChar], _ what: String, byteCount: Int = 0, name: String? = nil
) throws(PixelAscentError) {
  let text = String(beforeZero: message), error: PixelAscentError
  switch status {
  case PXA_CODEC_OK: return
  case PXA_CODEC_CUT_OFF:
    error = PixelAscentError(.invalidImage, "\(what) is cut off: it ends after \(byteCount) bytes (\(text))")
  case PXA_CODEC_NO_MEMORY:
    error = PixelAscentError(.sizeLimit, "\(what) needs more memory than is available (\(text))")
  case PXA_CODEC_UNSUPPORTED:
    error = PixelAscentError(
      .invalidImage, "\(text), which can't be read; save it as a baseline or progressive JPEG of 8 bits, or as PNG")
  default: error = PixelAscentError(.invalidImage, "\(what) is broken (\(text))")
  }
  throw name.map(error.about) ?? error
}
