// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

@Suite struct NumPyFileTests {
  private func read(_ bytes: [UInt8]) throws -> Tensor { try Tensor(npy: bytes, name: "x.npy") }

  private func file(_ header: String, size: Int, version: UInt8 = 1) -> [UInt8] {
    let count = header.utf8.count
    var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8)
    bytes += [version, 0, UInt8(count & 255), UInt8(count >> 8)]
    if version > 1 { bytes += [0, 0] }
    bytes += Array(header.utf8)
    return bytes + Array(repeating: 0, count: size)
  }

  @Test func writesTheBytesThatNumPyWrites() {
    // np.save(file, np.arange(6, dtype="<f4").reshape(2, 3) / 4)
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
    let padded = header + String(repeating: " ", count: 117 - header.utf8.count) + "\n"
    let values: [UInt8] = [0, 0, 0, 0, 0, 0, 128, 62, 0, 0, 0, 63, 0, 0, 64, 63, 0, 0, 128, 63, 0, 0, 160, 63]
    let tensor = Tensor(shape: [2, 3], values: [0, 0.25, 0.5, 0.75, 1, 1.25])
    let start: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 118, 0]
    let expected: [UInt8] = start + Array(padded.utf8) + values
    #expect(tensor.npyData() == expected)
  }

  @Test(arguments: [[], [5], [0], [2, 3], [3, 2, 4], Array(repeating: 1, count: 40)])
  func readsWhatItWrites(shape: [Int]) throws {
    var tensor = Tensor(shape: shape, repeating: -1.5)
    if !tensor.values.isEmpty { tensor.values[0] = .infinity }
    let bytes = tensor.npyData()
    #expect((bytes.count - 4 * tensor.values.count) % 64 == 0)
    #expect(try read(bytes) == tensor)
  }

  @Test(arguments: [
    "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }\n", "{'shape':(3,),'descr':'<f4','fortran_order':False}",
    " { \"descr\" : \"<f4\" ,\n 'fortran_order' :False , 'shape' : ( 3 , ) } ",
  ])
  func toleratesSpaceAndOrder(header: String) throws {
    for version in 1...3 as ClosedRange<UInt8> {
      #expect(try read(file(header, size: 12, version: version)) == Tensor(shape: [3], repeating: 0))
    }
  }

  @Test(arguments: [
    ("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", "expected the type <f4 (float32), found <f8"),
    ("{'descr': '>f4', 'fortran_order': False, 'shape': (2,)}", "found >f4"),
    ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", "found a structured type"),
    ("{'descr': '<f4', 'fortran_order': True, 'shape': (2,)}", "expected an array in C order, found Fortran order"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", "declares the shape (3) of float32, found 8 bytes"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "declares the shape (1) of float32, found 8 bytes"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", "found 8 bytes"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387906,)}", "found 8 bytes"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2)}", "the header is not"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': [2]}", "the header is not"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}", "the header is not"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)", "the header is not"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x", "the header is not"),
    ("{'descr': '<f4', 'fortran_order': False}", "the header is not"),
    ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "the header is not"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}", "the header is not"),
    ("", "the header is not"),
  ])
  func refusesOtherHeaders(header: String, expected: String) {
    let text = errorLine { _ = try read(file(header, size: 8)) }
    #expect(text.hasPrefix("x.npy: "), "\(text)")
    #expect(text.contains(expected), "\(text)")
  }

  @Test func refusesWhatIsNoNumPyFile() {
    #expect(errorLine { _ = try read([]) } == "x.npy: not a NumPy .npy file: its first bytes are wrong or missing")
    #expect(errorLine { _ = try read(Array("text, long enough".utf8)) }.contains("not a NumPy .npy file"))
    #expect(errorLine { _ = try read(file("{}", size: 0, version: 4)) }.contains("found 4.0"))
  }

  @Test func survivesDamage() throws {
    let bytes = Tensor(shape: [3, 4], repeating: 1).npyData()
    try fuzz(bytes, seed: 3) { _ = try read($0) }
    for count in bytes.indices { #expect(errorLine { _ = try read(Array(bytes[..<count])) }.hasPrefix("x.npy: ")) }
  }
}
