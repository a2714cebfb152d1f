// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport

/// Writes pickles by hand, opcode by opcode.
struct PickleWriter {
  var bytes: [UInt8] = [0x80, 3]

  mutating func op(_ characters: String) { bytes += Array(characters.utf8) }

  mutating func global(_ module: String, _ name: String) { op("c\(module)\n\(name)\n") }

  mutating func string(_ text: String) {
    op("X")
    little(UInt32(text.utf8.count))
    op(text)
  }

  mutating func data(_ data: [UInt8]) {
    op("B")
    little(UInt32(data.count))
    bytes += data
  }

  mutating func int(_ value: Int) {
    bytes += [0x8A, 8]
    little(Int64(value))
  }

  mutating func shape(_ shape: [Int]) {
    op("(")
    shape.forEach { int($0) }
    op("t")
  }

  mutating func dtype(_ code: String, order: String = "<") {
    global("numpy", "dtype")
    string(code)
    bytes += [0x85]
    op("R(")
    int(3)
    string(order)
    op("NNN")
    int(-1)
    int(-1)
    int(0)
    op("tb")
  }

  /// An array as NumPy writes it.
  mutating func array(shape: [Int], dtype code: String = "f4", data: [UInt8]) {
    global("numpy.core.multiarray", "_reconstruct")
    global("numpy", "ndarray")
    self.shape([0])
    self.data([0x62])
    bytes += [0x87]
    op("R(")
    int(1)
    self.shape(shape)
    dtype(code)
    bytes += [0x89]
    self.data(data)
    op("tb")
  }

  mutating func array(_ tensor: Tensor) {
    array(shape: tensor.shape, data: tensor.values.withUnsafeBytes { Array($0) })
  }

  mutating func little(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes += Array($0) }
  }

  /// The pickle that the calls in `body` write.
  static func pickle(_ body: (inout PickleWriter) -> Void) -> [UInt8] {
    var writer = PickleWriter()
    body(&writer)
    writer.op(".")
    return writer.bytes
  }
}

/// Every truncation of `bytes`, and 5000 copies with one byte changed.
///
/// Runs `read` on each; it may return or throw a `PixelAscentError` of one line, but nothing else.
func fuzz(_ bytes: [UInt8], seed: UInt64, _ read: ([UInt8]) throws -> Void) throws {
  func tryRead(_ bytes: [UInt8]) throws {
    do {
      try read(bytes)
    } catch let error as PixelAscentError {
      if error.message.isEmpty || error.message.contains(where: \.isNewline) { throw FuzzFailure(line: error.message) }
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
