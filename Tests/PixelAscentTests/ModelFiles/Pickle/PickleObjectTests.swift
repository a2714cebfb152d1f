// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Objects of classes that are not read: they are skipped, and nothing is called.
@Suite struct PickleObjectTests {
  private func load(_ body: (inout PickleWriter) -> Void) throws -> PickleValue {
    try Pickle.load(ByteSource(PickleWriter.pickle(body), name: "w.pkl"))
  }

  private func line(_ body: (inout PickleWriter) -> Void) -> String { errorLine { _ = try load(body) } }

  /// The ways in which a pickle makes an object of a class.
  private static let ways: [(how: String, write: @Sendable (inout PickleWriter) -> Void)] = [
    (
      "REDUCE",
      {
        $0.global("tool.options", "Options"); $0.op(")R")
      }
    ),
    (
      "STACK_GLOBAL",
      {
        $0.string("tool.options"); $0.string("Options"); $0.bytes += [0x93]; $0.op(")R")
      }
    ),
    ("INST", { $0.op("(K\u{1}itool.options\nOptions\n") }),
    (
      "OBJ",
      {
        $0.op("("); $0.global("tool.options", "Options"); $0.op("K\u{1}o")
      }
    ),
    (
      "NEWOBJ",
      {
        $0.global("tool.options", "Options"); $0.op(")"); $0.bytes += [0x81]
      }
    ),
    (
      "NEWOBJ_EX",
      {
        $0.global("tool.options", "Options"); $0.op(")}"); $0.bytes += [0x92]
      }
    ),
    (
      "BUILD",
      {
        $0.global("tool.options", "Options"); $0.op(")R}"); $0.string("x"); $0.op("K\u{1}sb")
      }
    ),
    (
      "APPENDS",
      {
        $0.global("tool.options", "Options"); $0.op(")R(K\u{1}K\u{2}e")
      }
    ),
    (
      "SETITEMS",
      {
        $0.global("tool.options", "Options"); $0.op(")R(K\u{1}K\u{2}u")
      }
    ),
    (
      "a call of what a call returns",
      {
        $0.global("tool.options", "Options"); $0.op(")R)R")
      }
    ),
    (
      "copyreg",
      {
        $0.global("copy_reg", "_reconstructor"); $0.op("("); $0.global("tool.options", "Options")
        $0.global("builtins", "object"); $0.op("NtR")
      }
    ),
  ]

  @Test(arguments: ways.indices) func skipsObjects(way: Int) throws {
    let (how, write) = PickleObjectTests.ways[way]
    #expect(try load(write) == .object(class: "tool.options.Options", holdsTensors: false), "\(how)")
    // An object on which an array hangs, next to one on which none does.
    let expected: [PickleValue] = [
      .object(class: "m.Holder", holdsTensors: true), .object(class: "tool.options.Options", holdsTensors: false),
    ]
    let value = try load { writer in
      writer.op("(")
      writer.global("m", "Holder")
      writer.op("(](")
      write(&writer)
      writer.array(Tensor(shape: [1], values: [1]))
      writer.op("etR")
      write(&writer)
      writer.op("t")
    }
    #expect(value == .tuple(expected), "\(how)")
  }

  @Test func skipsSetsTypesAndLongIntegers() throws {
    #expect(
      try load { writer in
        writer.op("(")
        writer.bytes += [0x8F]
        writer.op("(K\u{1}")
        writer.bytes += [0x90]
        writer.op("(K\u{1}")
        writer.bytes += [0x91]
        writer.global("numpy", "ndarray")
        writer.bytes += [0x8A, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1]
        writer.op("L36893488147419103232L\nt")
      }
        == .tuple([
          .object(class: "set", holdsTensors: false), .object(class: "frozenset", holdsTensors: false), .other, .other,
          .other,
        ]))
    #expect(line { $0.op("L3689348814741910323x\n") }.contains("expected an integer"))
  }

  @Test(arguments: [
    ("O8", 8, false), ("U3", 12, false), ("b1", 1, false), ("c8", 8, true), ("f1", 1, true), ("V8", 8, true),
    ("f0000000004", 4, true),
  ])
  func skipsArraysOfOtherTypes(type: String, size: Int, mayBeWeights: Bool) throws {
    let value = try load { $0.array(shape: [1], dtype: type, data: Array(repeating: 0, count: size)) }
    #expect(value == .object(class: "NumPy array of type \"\(type)\"", holdsTensors: mayBeWeights))
  }

  /// Python would call `__reduce__`'s function and `__setstate__` here. The reader calls nothing.
  @Test func callsNothing() throws {
    let command = "touch pickle-object-was-executed"
    let value = try load { writer in
      writer.op("(")
      for (module, name) in [("evil", "system"), ("functools", "partial"), ("builtins", "getattr")] {
        writer.global(module, name)
        writer.string(command)
        writer.bytes += [0x85]
        writer.op("R}")
        writer.string("__setstate__")
        writer.string(command)
        writer.op("sb")
      }
      writer.op("t")
    }
    #expect(
      value
        == .tuple(
          ["evil.system", "functools.partial", "builtins.getattr"].map { .object(class: $0, holdsTensors: false) }))
    #expect(!FileManager.default.fileExists(atPath: "pickle-object-was-executed"))
  }

  /// A kind of dictionary that holds arrays is read as a dictionary.
  @Test func readsKindsOfDictionaries() throws {
    let array = Tensor(shape: [1], values: [1])
    let value = try load { writer in
      writer.global("munch", "Munch")
      writer.op(")R(")
      writer.string("a")
      writer.array(array)
      writer.op("u")
    }
    #expect(value == .dict([.init(key: .string("a"), value: .array(array))]))
  }

  @Test(.timeLimit(.minutes(120))) func takesCirclesOfObjects() throws {
    // An object, a list in its state, the object in the list.
    let circle = try load {
      $0.global("m", "A"); $0.op(")Rq\u{1}](h\u{1}h\u{1}eb")
    }
    #expect(circle == .object(class: "m.A", holdsTensors: false))
    let holder = try load {
      $0.global("m", "A")
      $0.op(")Rq\u{1}](h\u{1}")
      $0.array(Tensor(shape: [1], values: [1]))
      $0.op("h\u{1}eb")
    }
    #expect(holder == .object(class: "m.A", holdsTensors: true))
    // 200,000 objects, each inside the next.
    let deep = try load { writer in
      writer.global("m", "A")
      writer.op("q\u{1})R")
      for _ in 0..<200_000 { writer.op("q\u{2}0h\u{1}(h\u{2}tR") }
    }
    #expect(deep == .object(class: "m.A", holdsTensors: false))
    // Each object is in two places of the next: 2^90 paths.
    let shared = try load { writer in
      writer.global("m", "A")
      writer.op("q\u{1}0")
      writer.array(Tensor(shape: [1], values: [1]))
      for _ in 0..<90 { writer.op("q\u{2}0h\u{1}(h\u{2}h\u{2}tR") }
    }
    #expect(shared == .object(class: "m.A", holdsTensors: true))
  }

  @Test(.timeLimit(.minutes(120))) func refusesAmplification() {
    // Two long texts, joined to a name again and again.
    let long = line { writer in
      writer.string(String(repeating: "x", count: 600))
      writer.op("q\u{1}0")
      writer.string(String(repeating: "y", count: 600))
      writer.op("q\u{2}0")
      for _ in 0..<100_000 {
        writer.op("h\u{1}h\u{2}")
        writer.bytes += [0x93, 0x30]
      }
    }
    #expect(long.contains("the name of a class is longer than 1024 bytes"))
    let many = line { writer in
      for index in 0..<200 {
        writer.string("\(index)" + String(repeating: "x", count: 500))
        writer.op("r")
        writer.little(UInt32(index))
        writer.op("0")
      }
      for first in 0..<200 {
        for second in 0..<200 {
          writer.op("j")
          writer.little(UInt32(first))
          writer.op("j")
          writer.little(UInt32(second))
          writer.bytes += [0x93, 0x30]
        }
      }
    }
    #expect(many.contains("the names of the pickle's classes are longer than 1048576 bytes"))
    // A huge tuple of arguments, used by many objects.
    let tuples = line { writer in
      writer.op("(")
      for _ in 0..<100_000 { writer.op("N") }
      writer.op("tq\u{1}0")
      writer.global("m", "A")
      writer.op("q\u{2}0(")
      for _ in 0..<1_000_000 { writer.op("h\u{2}h\u{1}R") }
      writer.op("t")
    }
    #expect(tuples.contains("more than 2097152 objects"))
    let damaged = ["R", ")R", "(o", "im\nA\n", "\u{85}b", "cm\nA\n)Rs", "cm\nA\n)R(K\u{1}u", "cm\nA\nNR", "cm\nA\n}b"]
    for code in damaged { #expect(line { $0.op(code) }.hasPrefix("w.pkl: "), "\(code)") }
  }
}
