// SPDX-License-Identifier: MIT

/// The image file formats that this library reads. The first bytes of a file decide its format.
enum ImageFormat: String {
  case jpeg = "JPEG"
  case png = "PNG"

  /// Returns the bytes of a file without line breaks and spaces before the picture, which careless servers put there.
  static func content(of bytes: [UInt8]) -> [UInt8] {
    guard let first = bytes.first, isSpace(first), let start = bytes.firstIndex(where: { !isSpace($0) }) else {
      return bytes
    }
    let isPicture = [jpegSignature, pngSignature].contains { bytes[start...].starts(with: $0) }
    return isPicture ? Array(bytes[start...]) : bytes
  }

  private static let jpegSignature: [UInt8] = [0xFF, 0xD8, 0xFF]
  static let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  private static func isSpace(_ byte: UInt8) -> Bool { " \t\r\n".utf8.contains(byte) }

  /// Finds the format of a file with these `bytes`. Error lines call the file `name`.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidImage` if the file is neither JPEG nor PNG; the message says which
  ///   other format the file has, or how the file begins.
  init(of bytes: [UInt8], name: String) throws(PixelAscentError) {
    if bytes.starts(with: Self.jpegSignature) {
      self = .jpeg
    } else if bytes.starts(with: Self.pngSignature) {
      self = .png
    } else if bytes.isEmpty {
      throw PixelAscentError(.invalidImage, "the file is empty", about: name)
    } else if let other = Self.otherFormat(of: bytes) {
      throw PixelAscentError(.invalidImage, Message(other), about: name)
    } else {
      throw PixelAscentError(
        .invalidImage, "not a JPEG or PNG image (starts with \(Self.excerpt(of: bytes)))", about: name)
    }
  }

  /// Returns what the bytes of a file are that is no JPEG or PNG, and what to do; nil if that is not known.
  private static func otherFormat(of bytes: [UInt8]) -> String? {
    if isWebPage(bytes) { return "a web page; download the picture itself, not the page about it" }
    guard let other = convertible(bytes) else { return nil }
    // A GIF and a video have several pictures.
    let file = ["a GIF image", "a video"].contains(other) ? "'FILE[0]'" : "FILE"
    return "\(other); only JPEG and PNG are read: convert it, for example with ImageMagick: magick \(file) photo.png"
  }

  /// Returns what a file is that other programs can convert to PNG; nil if that is not known.
  private static func convertible(_ bytes: [UInt8]) -> String? {
    func holds(_ text: String, at offset: Int = 0) -> Bool { bytes.dropFirst(offset).starts(with: text.utf8) }
    if holds("GIF87a") || holds("GIF89a") { return "a GIF image" }
    if holds("RIFF") && holds("WEBP", at: 8) { return "a WebP image" }
    if holds("II*\0") || holds("MM\0*") || holds("II+\0") || holds("MM\0+") { return "a TIFF image" }
    // A text may begin with "BM" too, but only in a bitmap are the four reserved bytes zero.
    if holds("BM") && holds("\0\0\0\0", at: 6) { return "a BMP image" }
    if holds("%PDF-") { return "a PDF document" }
    if holds("8BPS") { return "a Photoshop document" }
    if bytes.starts(with: [0xFF, 0x0A]) || holds("JXL ", at: 4) { return "a JPEG XL image" }
    if holds("jP  ", at: 4) || bytes.starts(with: [0xFF, 0x4F, 0xFF, 0x51]) { return "a JPEG 2000 image" }
    if holds("ftyp", at: 4) {
      if holds("avif", at: 8) || holds("avis", at: 8) { return "an AVIF image" }
      let brands = ["heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"]
      return brands.contains { holds($0, at: 8) } ? "a HEIC image" : "a video"
    }
    let text = markup(bytes), isXML = ["<svg", "<?xml", "<!--", "<!doctype svg"].contains(where: text.hasPrefix)
    return isXML && text.contains("<svg") ? "an SVG drawing" : nil
  }

  private static func isWebPage(_ bytes: [UInt8]) -> Bool {
    let text = markup(bytes)
    return text.hasPrefix("<!doctype html") || text.hasPrefix("<html")
  }

  /// Returns the beginning of a text in lower case, without what comes before the first tag.
  private static func markup(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.prefix(1024).drop { $0 <= 0x20 || $0 >= 0x80 }, as: UTF8.self).lowercased()
  }

  /// Returns the first bytes as quoted text, or in hexadecimal if they aren't printable ASCII.
  static func excerpt(of bytes: [UInt8]) -> String {
    let line = bytes.prefix(16).prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    if !line.isEmpty && line.allSatisfy({ (0x20...0x7E).contains($0) }) {
      return "\"\(String(decoding: line, as: UTF8.self))\(bytes.count > line.count ? "…" : "")\""
    }
    let hexadecimal = bytes.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }
    return "bytes " + hexadecimal.joined(separator: " ")
  }
}
