// SPDX-License-Identifier: MIT
internal import libnettle

/// SHA-256 digests (FIPS 180-4) in hexadecimal.
package enum SHA256 {
  /// Returns the digest of `bytes`.
  package static func digest(of bytes: some Sequence<UInt8>) -> String {
    var context = sha256_ctx()
    nettle_sha256_init(&context)
    let bytes = ContiguousArray(bytes)
    bytes.withUnsafeBufferPointer { nettle_sha256_update(&context, $0.count, $0.baseAddress) }
    return hexadecimal(&context)
  }

  /// Returns the digest of the bytes of all `files`, one file after another. The files are read in pieces.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile`.
  package static func digest(of files: [ByteSource]) throws(PixelAscentError) -> String {
    var context = sha256_ctx()
    nettle_sha256_init(&context)
    for file in files {
      for start in stride(from: 0, to: file.count, by: piece) {
        let bytes = try file.bytes(start..<min(start + piece, file.count))
        nettle_sha256_update(&context, bytes.count, bytes)
      }
    }
    return hexadecimal(&context)
  }

  private static let piece = 1 << 18

  private static func hexadecimal(_ context: inout sha256_ctx) -> String {
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_SIZE))
    pxa_sha256_digest(&context, &digest)
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
