// SPDX-License-Identifier: MIT

/// The image file formats that this library reads. The first bytes of a file decide its format.
enum ImageFormat: String {
  case jpeg = "JPEG"
  case png = "PNG"

  /// Finds the format of a file with these `bytes`. Error lines call the file `name`.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidImage` if the file is neither JPEG nor PNG; the message says which
  ///   other format the file has, or how the file begins.
  init(of bytes: [UInt8], name: String) throws(PixelAscentError) {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if bytes.isEmpty {
      throw PixelAscentError(.invalidImage, "the file is empty", about: name)
    } else if let other = Self.otherFormat(of: bytes) {
      throw PixelAscentError(.invalidImage, "\(other) image; only JPEG and PNG images can be read", about: name)
    } else {
      throw PixelAscentError(
        .invalidImage, "not a JPEG or PNG image (starts with \(Self.excerpt(of: bytes)))", about: name)
    }
  }

  private static func otherFormat(of bytes: [UInt8]) -> String? {
    func holds(_ text: String, at offset: Int) -> Bool { bytes.dropFirst(offset).starts(with: text.utf8) }
    if holds("GIF87a", at: 0) || holds("GIF89a", at: 0) { return "a GIF" }
    if holds("RIFF", at: 0) && holds("WEBP", at: 8) { return "a WebP" }
    if holds("II*\0", at: 0) || holds("MM\0*", at: 0) { return "a TIFF" }
    // A text may begin with "BM" too, but only in a bitmap are the four reserved bytes zero.
    if holds("BM", at: 0) && holds("\0\0\0\0", at: 6) { return "a BMP" }
    guard holds("ftyp", at: 4) else { return nil }
    if holds("avif", at: 8) || holds("avis", at: 8) { return "an AVIF" }
    return ["heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"].contains { holds($0, at: 8) }
      ? "a HEIC" : nil
  }

  /// Returns the first bytes as quoted text, or in hexadecimal if they aren't printable ASCII.
  private static func excerpt(of bytes: [UInt8]) -> String {
    let line = bytes.prefix(16).prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    if !line.isEmpty && line.allSatisfy({ (0x20...0x7E).contains($0) }) {
      return "\"\(String(decoding: line, as: UTF8.self))\(bytes.count > line.count ? "…" : "")\""
    }
    let hexadecimal = bytes.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }
    return "bytes " + hexadecimal.joined(separator: " ")
  }
}
