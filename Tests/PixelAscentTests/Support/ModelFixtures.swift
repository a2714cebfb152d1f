// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport

/// Runs `read` on every truncation of `bytes` and on 5000 copies with one byte changed. `read` may return, or throw a
/// `PixelAscentError` of one line; another error fails the test.
func fuzz(_ bytes: [UInt8], seed: UInt64, _ read: ([UInt8]) throws -> Void) throws {
  func tryRead(_ bytes: [UInt8]) throws {
    do {
      try read(bytes)
    } catch let error as PixelAscentError {
      let line = error.description
      if line.isEmpty || line.contains(where: \.isNewline) { throw FuzzFailure(line: line) }
    }
  }
  for count in bytes.indices { try tryRead(Array(bytes[..<count])) }
  var random = TestRandom(seed)
  for _ in 0..<5000 {
    var changed = bytes
    changed[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
    try tryRead(changed)
  }
}

struct FuzzFailure: Error {
  let line: String
}
