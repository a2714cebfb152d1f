// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite struct PickleTests {
  private func load(_ bytes: [UInt8]) throws -> PickleValue { try Pickle.load(ByteSource(bytes, name: "w.pkl")) }

  private func line(_ bytes: [UInt8]) -> String { errorLine { _ = try load(bytes) } }

  private func line(_ body: (inout PickleWriter) -> Void) -> String { line(PickleWriter.pickle(body)) }

  @Test(arguments: 0...5) func readsWhatNumPyWrites(protocol version: Int) throws {
    let data = try #require(Data(base64Encoded: numPyPickles[version]))
    let shared = PickleValue.list([.int(1), .int(2)])
    let plain: [PickleValue] = [
      .none, .bool(true), .bool(false), .int(-1), .int(255), .int(65535), .int(1 << 31), .int(-(1 << 40)),
      .int(1 << 62), .float(1.5), .string("h\u{E9}llo\n\\"), .bytes([0, 255]), .tuple([]), .tuple([.int(1)]),
      .tuple([.int(1), .int(2), .int(3), .int(4)]),
    ]
    let expected: [(String, PickleValue)] = [
      ("plain", .list(plain)),
      ("shared", .list([shared, shared])),
      ("f4", .array(Tensor(shape: [2, 3], values: [0, 0.25, 0.5, 0.75, 1, 1.25]))),
      ("fortran", .array(Tensor(shape: [2, 3, 4], values: (0..<24).map(Float.init)))),
      ("big", .array(Tensor(shape: [2], values: [1.5, -2]))),
      ("f8", .array(Tensor(shape: [2], values: [0.1, -3]))),
      ("f2", .array(Tensor(shape: [4], values: [1.5, -0.25, 0x1p-24, .infinity]))),
      ("i2", .array(Tensor(shape: [2, 1], values: [-2, 300]))),
      ("u1", .array(Tensor(shape: [2], values: [0, 255]))),
      ("empty", .array(Tensor(shape: [0, 3], values: []))),
      ("scalar", .array(Tensor(shape: [], values: [2.5]))),
    ]
    guard case .dict(let entries) = try load(Array(data)) else {
      Issue.record("not a dictionary")
      return
    }
    #expect(entries.map(\.key) == expected.map { .string($0.0) })
    for (entry, (key, value)) in zip(entries, expected) { #expect(entry.value == value, "\(key)") }
  }

  @Test func readsPython2Strings() throws {
    let short = PickleWriter.pickle { $0.op("U\u{3}abc") }
    #expect(try load(short) == .string("abc"))
    #expect(try load(Array("S'a\\x00\\n\\'\\xff'\n.".utf8)) == .bytes([97, 0, 10, 39, 255]))
    #expect(line(Array("S'a\\xg0'\n.".utf8)).contains("broken escape"))
    let ascii = PickleWriter.pickle {
      $0.global("numpy.core.multiarray", "_reconstruct")
      $0.global("numpy", "ndarray")
      $0.op("(K\0tU\u{1}bt")
    }
    #expect(line(ascii).contains("mark is missing"))
    let zeros = PickleWriter.pickle {
      $0.op("cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tU\u{1}btR(K\u{1}(K\u{1}t")
      $0.dtype("f4")
      $0.op("I00\nU\u{4}\0\0\0\0tb")
    }
    #expect(try load(zeros) == .array(Tensor(shape: [1], values: [0])))
  }

  private static let command = "touch pickle-was-executed"

  /// Pickles that name posix.system (Python's os.system), most of them to call the function, each in a different way.
  private static let attacks: [(how: String, bytes: [UInt8])] = [
    (
      "REDUCE",
      attack {
        $0.global("posix", "system"); $0.string(command); $0.bytes += [0x85]; $0.op("R")
      }
    ),
    (
      "STACK_GLOBAL",
      attack {
        $0.string("posix")
        $0.string("system")
        $0.bytes += [0x93]
        $0.string(command)
        $0.bytes += [0x85]
        $0.op("R")
      }
    ),
    (
      "INST",
      attack {
        $0.op("("); $0.string(command); $0.op("iposix\nsystem\n")
      }
    ),
    (
      "OBJ",
      attack {
        $0.op("("); $0.global("posix", "system"); $0.string(command); $0.op("o")
      }
    ),
    (
      "NEWOBJ",
      attack {
        $0.global("posix", "system"); $0.string(command); $0.bytes += [0x85, 0x81]
      }
    ),
    (
      "NEWOBJ_EX",
      attack {
        $0.global("posix", "system"); $0.string(command); $0.bytes += [0x85, 0x7D, 0x92]
      }
    ),
    (
      "BUILD",
      attack {
        $0.global("posix", "system"); $0.op("}"); $0.string("x"); $0.string(command); $0.op("sb")
      }
    ),
    ("never called", attack { $0.global("posix", "system") }),
    (
      "behind an array",
      attack {
        $0.array(shape: [1], data: [0, 0, 0, 0]); $0.op("0"); $0.global("posix", "system")
      }
    ),
  ]

  private static func attack(_ body: (inout PickleWriter) -> Void) -> [UInt8] { PickleWriter.pickle(body) }

  @Test(arguments: attacks.indices) func refusesToCallFunctions(attack: Int) {
    #expect(
      line(PickleTests.attacks[attack].bytes)
        == "w.pkl: refused: the pickle uses posix.system; only plain data and NumPy arrays are read",
      "\(PickleTests.attacks[attack].how)")
    #expect(!FileManager.default.fileExists(atPath: "pickle-was-executed"))
  }

  @Test(arguments: ["builtins.eval", "os.system", "numpy.load", "importlib.metadata.import_module", "sys.exit"])
  func refusesDangerousGlobals(name: String) {
    let parts = name.split(separator: ".").map(String.init)
    let text = line { $0.global(parts.dropLast().joined(separator: "."), parts.last ?? "") }
    #expect(text.hasPrefix("w.pkl: refused: the pickle uses \(name);"))
  }

  @Test(arguments: [
    ("Pid\n", "persid (0x50)"), ("K\u{1}Q", "binpersid (0x51)"),
  ])
  func refusesOpcodes(code: String, name: String) {
    #expect(line { $0.op(code) }.contains("refused: opcode \(name) at byte "))
  }

  @Test(arguments: [0x82, 0x83, 0x84, 0x97, 0x98] as [UInt8])
  func refusesBinaryOpcodes(code: UInt8) {
    #expect(line([0x80, 4, code]).contains("(0x\(String(code, radix: 16))) at byte 2"))
  }

  @Test func refusesUnknownOpcodesAndProtocols() {
    #expect(line([0x80, 2, 0xFF]) == "w.pkl: not a pickle, or a damaged one: unknown opcode 0xff at byte 2")
    #expect(line([0x80, 6]) == "w.pkl: expected a pickle of protocol 0 to 5, found 6")
    #expect(line(Array("hello".utf8)).contains("before it is made"))
    #expect(line([]) == "w.pkl: truncated: expected more of the pickle at byte 0, found the end")
    #expect(
      line(PickleWriter.pickle { $0.op("N") } + [0]) == "w.pkl: expected no bytes after the pickle's end, found 1")
  }

  @Test func refusesBrokenPrograms() {
    for code in ["0", "t", "K\u{1}\u{85}0R", "K\u{1}a", "K\u{1}K\u{2}s", "(K\u{1}d", "]s", "h\0", "q\0", "(a", "Vx"] {
      #expect(line { $0.op(code) }.hasPrefix("w.pkl: "), "\(code)")
    }
    #expect(line { $0.op("K\u{1}K\u{2}R") }.contains("with arguments that are not a tuple"))
    #expect(line { $0.op("K\u{1})R") }.contains("calls something that is not a global"))
    #expect(line { $0.op("(K\u{1}o") }.contains("calls something that is not a global"))
    #expect(line { $0.op("(o") }.contains("an object has no class"))
    #expect(line { $0.op("(inumpy\nndarray\n") }.contains("with other arguments than NumPy"))
    #expect(line { $0.op("K\u{1})b") }.contains("builds something that is not an array"))
    #expect(
      line {
        $0.global("numpy", "ndarray"); $0.op(")R")
      }.contains("with other arguments than NumPy"))
    #expect(
      line {
        $0.global("_codecs", "encode"); $0.string("x"); $0.string("rot13"); $0.bytes += [0x86, 0x52]
      }
      .contains("with other arguments than NumPy"))
  }

  @Test(arguments: [
    ("f4", [3, 2], 20, "an array of type <f4 declares the shape (3, 2), found 20 bytes of data"),
    ("f4", [-1], 4, "declares the shape (-1), found 4"),
    ("f8", [1 << 62, 4], 8, "declares the shape (4611686018427387904, 4), found 8"),
    ("f8", [1 << 61], 0, "found 0 bytes"),
    ("f4", Array(repeating: 1, count: 65), 4, "more than 64 dimensions"),
  ])
  func refusesArraysOfOtherShapes(dtype: String, shape: [Int], size: Int, expected: String) {
    let text = line { $0.array(shape: shape, dtype: dtype, data: Array(repeating: 0, count: size)) }
    #expect(text.hasPrefix("w.pkl: "), "\(text)")
    #expect(text.contains(expected), "\(text)")
  }

  @Test func refusesArraysWithoutContents() {
    let text = line {
      $0.global("numpy.core.multiarray", "_reconstruct")
      $0.global("numpy", "ndarray")
      $0.bytes += [0x85, 0x52]
    }
    #expect(text == "w.pkl: damaged: an array has no contents")
  }

  @Test(
    arguments: [
      [0x8E] + Array(repeating: 0xFF, count: 8), [0x8E, 0, 0, 0, 0, 0, 0, 0, 0x80],
      [0x8D] + Array(repeating: 0x7F, count: 8),
      [0x58, 0xFF, 0xFF, 0xFF, 0xFF], [0x42, 0xFF, 0xFF, 0xFF, 0x7F], [0x95] + Array(repeating: 0xFF, count: 8),
      [0x8B, 0xFF, 0xFF, 0xFF, 0xFF], [0x54, 0, 0, 0, 0x80], [0x8A, 200],
    ] as [[UInt8]])
  func checksLengthsBeforeTakingMemory(code: [UInt8]) {
    #expect(line([0x80, 4] + code + [0, 0, 0]).hasPrefix("w.pkl: truncated: "))
  }

  @Test func refusesDeepNestingAndCycles() {
    let deep =
      Array(repeating: UInt8(ascii: "]"), count: 200_000) + Array(repeating: UInt8(ascii: "a"), count: 199_999)
    #expect(line(deep + [0x2E]) == "w.pkl: refused: the pickle nests deeper than 100")
    let tuples = [UInt8(ascii: "N")] + Array(repeating: 0x85, count: 200_000)
    #expect(line(tuples + [0x2E]) == "w.pkl: refused: the pickle nests deeper than 100")
    #expect(line { $0.op("]q\0h\0a") }.contains("contains itself"))
    // Each link alone is within the limit, but the chain is not.
    let link: [UInt8] = Array(repeating: 0x85, count: 90) + [0x71, 1, 0x30, 0x5D, 0x68, 1, 0x61]
    let chain = (0..<20).flatMap { _ in link }
    #expect(line([UInt8(ascii: "N")] + chain + [0x2E]).contains("nests deeper"))
  }

  // The time limit counts from when the test is scheduled. On an emulated machine the other tests may run for an
  // hour first.
  @Test(.timeLimit(.minutes(120))) func readsSharedListsOnce() throws {
    // Without sharing, this value would have 2^90 elements.
    let doubling: [UInt8] = [0x32, 0x86]
    let doublings = (0..<90).flatMap { _ in doubling }
    let bytes = [UInt8(ascii: "N")] + doublings + [0x2E]
    guard case .tuple(let pair) = try load(bytes) else {
      Issue.record("not a tuple")
      return
    }
    #expect(pair.count == 2)
  }

  @Test(.timeLimit(.minutes(120))) func refusesAmplification() {
    let megabyte = Array(repeating: UInt8(0), count: 1 << 20)
    let shared = line {
      $0.data(megabyte)
      $0.op("q\u{1}0")
      $0.dtype("f4")
      $0.op("q\u{2}0")
      for _ in 0..<10_000 {
        $0.op("cnumpy.core.numeric\n_frombuffer\n(h\u{1}h\u{2}(J")
        $0.little(Int32(1 << 18))
        $0.op("tX\u{1}\0\0\0CtR")
      }
    }
    #expect(shared.contains("larger than the pickle"))
    let encoded = line {
      $0.string(String(repeating: "x", count: 1 << 20))
      $0.op("q\u{1}0")
      for _ in 0..<10_000 { $0.op("c_codecs\nencode\n(h\u{1}X\u{6}\0\0\0latin1tR") }
    }
    #expect(encoded.contains("larger than the pickle"))
    let many = [UInt8](repeating: 0x4E, count: 3_000_000)
    #expect(line(many).contains("more than 2097152 objects"))
  }

  @Test(arguments: 0...5) func survivesDamage(protocol version: Int) throws {
    let data = try #require(Data(base64Encoded: numPyPickles[version]))
    try fuzz(Array(data), seed: UInt64(version)) { _ = try load($0) }
    let accepted = (0..<data.count).filter { !line(Array(data.prefix($0))).hasPrefix("w.pkl: ") }
    #expect(accepted == [], "the file was read although it was truncated to these sizes")
  }
}
