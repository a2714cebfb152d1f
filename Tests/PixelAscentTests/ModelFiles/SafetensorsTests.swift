// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

@Suite struct SafetensorsTests {
  private func read(_ bytes: [UInt8]) throws -> Safetensors {
    try Safetensors(ByteSource(bytes, name: "m.safetensors"))
  }

  private func line(_ bytes: [UInt8]) -> String { errorLine { _ = try read(bytes) } }

  /// Returns a file with this header and `size` bytes of data, all zero.
  private func file(_ header: String, size: Int) -> [UInt8] {
    var bytes = [UInt8]()
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { bytes += Array($0) }
    return bytes + Array(header.utf8) + Array(repeating: 0, count: size)
  }

  private static let metadata = ["note": "a \"quoted\" line\n/ é"]
  private static let tensors = [
    "b": Tensor(shape: [2, 2], values: [1, -2, 3.5, 0]), "a/x": Tensor(shape: [], values: [7]),
    "none": Tensor(shape: [0, 5], values: []),
  ]

  private func sample() throws -> Safetensors {
    try Safetensors(metadata: SafetensorsTests.metadata, tensors: SafetensorsTests.tensors)
  }

  private func tensors(_ file: Safetensors) throws -> [String: Tensor] {
    try file.parameters.mapValues { try $0.tensor() }
  }

  @Test func readsWhatItWrites() throws {
    let file = try read(sample().data())
    #expect(file.metadata == SafetensorsTests.metadata)
    #expect(try tensors(file) == SafetensorsTests.tensors)
    #expect(try read(self.file("{}", size: 0)).stateDict().entries.isEmpty)
  }

  @Test func writesAFileTensorByTensor() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/m.safetensors"
    try sample().write(to: path)
    #expect(try Files.read(path) == sample().data())
    // Here the tensors are read from the very file that is replaced.
    let lazy = try Safetensors(ByteSource(contentsOf: path))
    try Safetensors(metadata: lazy.metadata, parameters: lazy.parameters).write(to: path)
    #expect(try Files.read(path) == sample().data())
    #expect(folder.names == ["m.safetensors"])
  }

  @Test(
    arguments: [
      ("F16", [0, 0x3E, 0, 0xB4], [1.5, -0.25]), ("BF16", [0xC0, 0x3F, 0x80, 0xBE], [1.5, -0.25]),
      ("F32", [0, 0, 0xC0, 0x3F, 0, 0, 0x80, 0xBE], [1.5, -0.25]),
      ("F64", [0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0, 0, 0, 0, 0, 0, 0xD0, 0xBF], [1.5, -0.25]),
      ("I8", [3, 0xFE], [3, -2]), ("U8", [3, 0xFE], [3, 254]), ("BOOL", [1, 0], [1, 0]),
      ("I16", [3, 0, 0xFE, 0xFF], [3, -2]), ("I32", [3, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF], [3, -2]),
      ("I64", [3, 0, 0, 0, 0, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [3, -2]),
    ] as [(String, [UInt8], [Float])])
  func readsTypes(type: String, data: [UInt8], values: [Float]) throws {
    let header = "{\"a\":{\"dtype\":\"\(type)\",\"shape\":[2],\"data_offsets\":[0,\(data.count)]}}"
    let read = try read(file(header, size: 0) + data)
    #expect(try tensors(read) == ["a": Tensor(shape: [2], values: values)])
  }

  @Test func stateDictHasTheOrderOfTheOffsets() throws {
    let entries = ["b", "none", "c", "a"].enumerated().map { index, name in
      "\"\(name)\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[\(index),\(index + 1)]}"
    }
    let file = try read(file("{\(entries.sorted().joined(separator: ","))}", size: 4))
    let dict = file.stateDict()
    #expect(dict.entries.map(\.name) == ["b", "none", "c", "a"])
    #expect(dict.shape("c") == [1])
    #expect(dict["d"] == nil)
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

  @Test func bytesDoNotDependOnTheOrderOfADictionary() throws {
    let bytes = try sample().data()
    for _ in 0..<20 {
      var tensors = [String: Tensor]()
      for key in SafetensorsTests.tensors.keys.shuffled() { tensors[key] = SafetensorsTests.tensors[key] }
      #expect(try Safetensors(metadata: SafetensorsTests.metadata, tensors: tensors).data() == bytes)
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
      "{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1,
      "tensor a has the type F8_E4M3; supported are F16, BF16, F32, F64, I8 to I64, U8 and BOOL"
    ),
    (
      "{\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8,
      "tensor a declares the shape (2), found 8 bytes"
    ),
    (
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[1000000000],\"data_offsets\":[0,4]}}", 4,
      "tensor a declares the shape (1000000000), found 4 bytes"
    ),
    (
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
      "tensor a declares the shape (2), found 4 bytes"
    ),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "declares the shape (-1), found 4"),
    (
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[0.5],\"data_offsets\":[0,4]}}", 4,
      "not valid JSON, or a number in it is out of range"
    ),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}}", 0, "found 0 bytes"),
    ("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387905],\"data_offsets\":[0,4]}}", 4, "found 4 bytes"),
    (
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}}", 4,
      "a number in it is out of range"
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
      12, "tensor b declares the offset 4, expected 8: tensors overlap or leave a gap"
    ),
  ])
  func refusesWrongHeaders(header: String, size: Int, expected: String) {
    let text = line(file(header, size: size))
    #expect(text.hasPrefix("m.safetensors: "), "\(text)")
    #expect(text.contains(expected), "\(text)")
  }

  /// Swift 6.0's own decoder traps on a broken string in a name.
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

  @Test(
    "Every form of JSON gives the same tensors",
    arguments: [
      "\"a\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[0,2]},\"é\":{\"dtype\":\"I8\",\"shape\":[],\"data_offsets\":[2,3]}",
      "\n \"\\u00e9\" : { \"shape\" : [ ] , \"data_offsets\":[ 2 , 3],\"dtype\":\"I8\"\t},\r\"a\":{\"data_offsets\":[0,2],\"shape\":[2],\"dtype\":\"I8\"} ",
      "\"é\":{\"dtype\":\"I8\",\"x\":[{}],\"shape\":[],\"data_offsets\":[2,3]},\"a\":{\"dtype\":\"\\u0049\\u0038\",\"shape\":[2],\"data_offsets\":[0,2]}",
    ])
  func readsEveryForm(_ tensors: String) throws {
    let metadata = "\"__metadata__\" : {\"k}\\\"\":\"{\\\\\"}"
    for header in ["{\(metadata),\(tensors)}", "{\(tensors), \(metadata)}  "] {
      let file = try read(file(header, size: 3))
      #expect(file.metadata == ["k}\"": "{\\"])
      #expect(file.stateDict().entries.map(\.name) == ["a", "é"])
      #expect(try self.tensors(file)["a"] == Tensor(shape: [2], values: [0, 0]))
    }
  }

  @Test(arguments: [
    "{\"a\":X}x", "{\"a\":X", "{\"a\" X}", "{,\"a\":X}", "{\"a\":X \"b\":X}",
    "{\"__metadata__\":{\"a\":\"b\"},\"a\":X]",
    "{\"a\":{\"dtype\":\"I8\",\"shape\":[01],\"data_offsets\":[0,1]}}",
  ])
  func refusesWhatIsNotJSON(_ text: String) {
    let header = text.replacingOccurrences(of: "X", with: "{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]}")
    #expect(line(file(header, size: 1)).contains("header: not valid JSON"))
  }

  @Test func refusesATensorThatOccursTwice() {
    let empty = "\"a\":{\"dtype\":\"I8\",\"shape\":[0],\"data_offsets\":[0,0]}"
    #expect(line(file("{\(empty),\(empty)}", size: 0)) == "m.safetensors: tensor a occurs twice")
  }

  @Test(arguments: [1 << 63, UInt64.max, 1 << 62, 100]) func refusesHeaderLengths(length: UInt64) {
    var bytes = file("{}", size: 8)
    withUnsafeBytes(of: length.littleEndian) { bytes.replaceSubrange(0..<8, with: $0) }
    #expect(
      line(bytes)
        == "m.safetensors: the header declares \(length) bytes, found 10: truncated, or not a safetensors file")
  }

  @Test func refusesWhatIsNoSafetensors() {
    #expect(line([]).contains("expected at least the 8 bytes of the header's length, found 0"))
    #expect(line(Array("just some text".utf8)).contains("the header declares"))
    #expect(line(Array(repeating: 0, count: 20)).contains("does not begin with {"))
    #expect(line(file("{\"a\":" + String(repeating: "[", count: 100_000) + "}", size: 0)).contains("header: "))
  }

  @Test func refusesLongHeaders() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/m.safetensors"
    try Files.write([0x81, 0x96, 0x98, 0, 0, 0, 0, 0, UInt8(ascii: "{")], to: path)
    // The rest of the file is a hole, which takes no space on the disk and is never read.
    #expect(truncate(path, 200_000_000) == 0)
    let text = errorLine { _ = try Safetensors(ByteSource(contentsOf: path)) }
    #expect(text.contains("the header declares 10000001 bytes, more than the 10000000"), "\(text)")
  }

  @Test func refusesTruncatedFiles() throws {
    let bytes = try Safetensors(tensors: ["a": Tensor(shape: [10, 100], repeating: 1)]).data()
    for part in 0..<16 {
      #expect(line(Array(bytes[..<(bytes.count * part / 16)])).contains("declare") || part == 0)
    }
    for count in bytes.indices { #expect(line(Array(bytes[..<count])).hasPrefix("m.safetensors: ")) }
  }

  @Test func survivesDamage() throws {
    try fuzz(sample().data(), seed: 7) { _ = try tensors(read($0)) }
  }
}
