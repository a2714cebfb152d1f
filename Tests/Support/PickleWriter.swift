// SPDX-License-Identifier: MIT

import PixelAscent

/// Writes pickles by hand, opcode by opcode.
package struct PickleWriter {
  package var bytes: [UInt8] = [0x80, 3]

  package init() {}

  package mutating func op(_ characters: String) { bytes += Array(characters.utf8) }

  package mutating func global(_ module: String, _ name: String) { op("c\(module)\n\(name)\n") }

  package mutating func string(_ text: String) {
    op("X")
    little(UInt32(text.utf8.count))
    op(text)
  }

  package mutating func data(_ data: [UInt8]) {
    op("B")
    little(UInt32(data.count))
    bytes += data
  }

  package mutating func int(_ value: Int) {
    bytes += [0x8A, 8]
    little(Int64(value))
  }

  package mutating func shape(_ shape: [Int]) {
    op("(")
    shape.forEach { int($0) }
    op("t")
  }

  package mutating func dtype(_ code: String, order: String = "<") {
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

  /// Writes an array as NumPy does.
  package mutating func array(shape: [Int], dtype code: String = "f4", data: [UInt8]) {
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

  package mutating func array(_ tensor: Tensor) {
    array(shape: tensor.shape, data: tensor.values.withUnsafeBytes { Array($0) })
  }

  package mutating func little(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes += Array($0) }
  }

  /// Returns the pickle that the calls in `body` write.
  package static func pickle(_ body: (inout PickleWriter) -> Void) -> [UInt8] {
    var writer = PickleWriter()
    body(&writer)
    writer.op(".")
    return writer.bytes
  }
}
