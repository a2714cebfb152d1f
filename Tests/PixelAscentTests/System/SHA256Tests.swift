// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

@Suite struct SHA256Tests {
  @Test(
    "The digests of the examples of FIPS 180-4 are right",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
    ])
  func digestsEqualTheStandardsExamples(_ text: String, _ digest: String) throws {
    #expect(SHA256.digest(of: text.utf8) == digest)
    #expect(try SHA256.digest(of: [ByteSource(Array(text.utf8), name: "t")]) == digest)
  }

  @Test("A million letters have the same digest in one piece and in several files")
  func longTextsHaveOneDigest() throws {
    let digest = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    let letters = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
    #expect(SHA256.digest(of: letters) == digest)
    let parts = [letters[..<300_000], letters[300_000..<300_001], letters[300_001...]]
    #expect(try SHA256.digest(of: parts.map { ByteSource(Array($0), name: "t") }) == digest)
  }

  @Test("A network's digest is the digest of its file")
  func digestOfANetworkIsItsFiles() throws {
    let bytes = try SmallNetworks.random(SmallNetworks.squeezed, integers: true, seed: 1).safetensors().data()
    #expect(try Network(modelFile: bytes, name: "m").sha256() == SHA256.digest(of: bytes))
  }
}
