// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

@Suite struct SafetensorsTests {
  private func read(_ bytes: [UInt8]) throws -> Safetensors { try Safetensors(bytes, name: "m.safetensors") }

  private func line(_ bytes: [UInt8]) -> String { errorLine { _ = try read(bytes) } }

  /// A file with this header and `size` bytes of data, all zero.
  private func file(_ header: String, size: Int) -> [UInt8] {
    var bytes = [UInt8]()
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { bytes += Array($0) }
    return bytes + Array(header.utf8) + Array(repeating: 0, count: size)
  }

  private let sample = Safetensors(
    metadata: ["note": "a \"quoted\" line\n/ é"],
    tensors: [
      "b": Tensor(shape: [2, 2], values: [1, -2, 3.5, 0]), "a/x": Tensor(shape: [], values: [7]),
      "none": Tensor(shape: [0, 5], values: []),
    ])

  @Test func readsWhatItWrites() throws {
    #expect(try read(sample.data()) == sample)
    #expect(try read(file("{}", size: 0)) == Safetensors(tensors: [:]))
  }

  @Test func writesTheFormat() throws {
    let bytes = try Safetensors(
      metadata: ["k": "v"],
      tensors: ["b": Tensor(shape: [2], values: [1, 2]), "a": Tensor(shape: [1, 1], values: [0.5])]
    ).data()
    let header =
      "{\"__metadata__\":{\"k\":\"v\"},\"a\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[0,4]},"
      + "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}"
    let padded = (header.utf8.count + 7) / 8 * 8
    let spaces = String(repeating: " ", count: padded - header.utf8.count)
    let values: [UInt8] = [0, 0, 0, 63, 0, 0, 128, 63, 0, 0, 0, 64]
    let length: [UInt8] = [UInt8(padded), 0, 0, 0, 0, 0, 0, 0]
    let expected: [UInt8] = length + Array((header + spaces).utf8) + values
    #expect(bytes == expected)
  }

  @Test func isDeterministic() throws {
    let bytes = try sample.data()
    for _ in 0..<20 {
      var copy = Safetensors(tensors: [:])
      for key in sample.tensors.keys.shuffled() { copy.tensors[key] = sample.tensors[key] }
      copy.metadata = sample.metadata
      #expect(try copy.data() == bytes)
    }
  }

  @Test(arguments: [
    ("[]", 0, "does not begin with {"),
    ("{", 0, "header: not valid JSON"),
    ("{\"a\":1}", 0, "header: a holds a value of the wrong kind"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "header: a lacks \"data_offsets\""),
    (
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}", 8,
      "data_offsets holds a value of the wrong kind"
    ),
    ("{\"__metadata__\":{\"a\":1}}", 0, "__metadata__.a holds a value of the wrong kind"),
    (
      "{\"a\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[0,2]}}", 2,
      "tensor a is of type BF16; this version reads F32"
    ),
    (
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
      "tensor a declares the shape (2), found 4 bytes"
    ),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "declares the shape (-1), found 4"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[0.5],\"data_offsets\":[0,4]}}", 4, "holds a number that does not fit"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}}", 0, "found 0 bytes"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387905],\"data_offsets\":[0,4]}}", 4, "found 4 bytes"),
    (
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}}", 4,
      "a number that does not fit"
    ),
    (
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 4,
      "declares bytes up to 8 of the data, found 4"
    ),
    (
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,9223372036854775807]}}", 4,
      "up to 9223372036854775807"
    ),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4, "impossible offsets 4 to 0"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}", 4, "impossible offsets -4 to 0"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 8, "the tensors declare 4 bytes, found 8"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "declares the offset 4, expected 0"),
    (
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
        + "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
      12, "tensor b declares the offset 4, expected 8: tensors overlap or leave a hole"
    ),
  ])
  func refuses(header: String, size: Int, expected: String) {
    let text = line(file(header, size: size))
    #expect(text.hasPrefix("m.safetensors: ") && text.contains(expected), "\(text)")
  }

  /// In names above all: there Swift 6.0's own decoder traps.
  @Test(arguments: [
    "\u{1A}", "\n", "\\q", "\\", "\\u12", "\\u12G4", "\\uD800", "\\uD800\\n", "\\uD800\\u0041", "\\uDC00", "\"",
  ])
  func refusesBrokenStrings(text: String) {
    for header in ["{\"\(text)\":{}}", "{\"__metadata__\":{\"a\":\"\(text)\"}}"] {
      #expect(line(file(header, size: 0)).contains("header: not valid JSON"))
    }
  }

  @Test func refusesWhatIsNotUTF8() {
    var bytes = file("{\"__metadata__\":{\"a\":\"b\"}}", size: 0)
    for byte in [0x80, 0xC0, 0xFF] as [UInt8] {
      bytes[8 + 22] = byte
      #expect(line(bytes).contains("header: not valid JSON"))
    }
  }

  @Test func readsEscapes() throws {
    let header = "{\"__metadata__\":{\"\\u00e9\\ud83d\\ude00\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}}"
    #expect(try read(file(header, size: 0)).metadata == ["é😀": "\"\\/\u{8}\u{C}\n\r\t"])
  }

  @Test(arguments: [1 << 63, UInt64.max, 1 << 62, 100]) func refusesHeaderLengths(length: UInt64) {
    var bytes = file("{}", size: 8)
    withUnsafeBytes(of: length.littleEndian) { bytes.replaceSubrange(0..<8, with: $0) }
    #expect(
      line(bytes)
        == "m.safetensors: the header declares \(length) bytes, found 10: truncated, or no safetensors file")
  }

  @Test func refusesWhatIsNoSafetensors() {
    #expect(line([]).contains("its 0 bytes can't hold the 8"))
    #expect(line(Array("just some text".utf8)).contains("the header declares"))
    #expect(line(Array(repeating: 0, count: 20)).contains("does not begin with {"))
    #expect(line(file("{\"a\":" + String(repeating: "[", count: 100_000) + "}", size: 0)).contains("header: "))
  }

  @Test(arguments: [0, 15, 16, 99], [Float.nan, .infinity, -.infinity])
  func refusesValuesThatAreNotFinite(index: Int, value: Float) throws {
    var tensor = Tensor(shape: [100], repeating: 1)
    tensor.values[index] = value
    let bytes = try Safetensors(tensors: ["conv1.weight": tensor]).data()
    #expect(
      line(bytes) == "m.safetensors: tensor conv1.weight holds a value that is not finite at index \(index)")
  }

  @Test func findsEveryValueThatIsNotFinite() {
    for count in 0...50 {
      let tensor = Tensor(shape: [count], repeating: .greatestFiniteMagnitude)
      #expect(tensor.isFinite && tensor.firstNonFiniteIndex == nil)
      for index in 0..<count {
        var changed = tensor
        changed.values[index] = .nan
        changed.values[count - 1] = .infinity
        #expect(!changed.isFinite && changed.firstNonFiniteIndex == index)
      }
    }
  }

  @Test func refusesTruncatedFiles() throws {
    let bytes = try Safetensors(tensors: ["a": Tensor(shape: [10, 100], repeating: 1)]).data()
    for part in 0..<16 {
      #expect(line(Array(bytes[..<(bytes.count * part / 16)])).contains("declare") || part == 0)
    }
    for count in bytes.indices { #expect(line(Array(bytes[..<count])).hasPrefix("m.safetensors: ")) }
  }

  @Test func survivesDamage() throws {
    try fuzz(sample.data(), seed: 7) { _ = try read($0) }
  }
}
