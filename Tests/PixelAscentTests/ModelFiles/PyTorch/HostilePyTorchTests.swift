// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// Damaged files, and files made to do harm. Each is refused in one line.
@Suite struct HostilePyTorchTests {
  private func read(_ bytes: [UInt8]) throws -> StateDict {
    try PyTorchFile.stateDict(ByteSource(bytes, name: "w.pth"))
  }

  private func line(_ bytes: [UInt8]) -> String { errorLine { _ = try read(bytes) } }

  private func refused(_ bytes: [UInt8], _ expected: String) {
    let text = line(bytes)
    #expect(text.hasPrefix("w.pth: "), "\(text)")
    #expect(text.contains(expected), "\(text)")
    #expect(!text.contains("\n"), "\(text)")
  }

  private static let fourFloats = [UInt8](repeating: 0, count: 16)

  /// Returns files with this pickle and these storages, in both formats.
  private func files(_ pickle: [UInt8], _ storages: [(String, count: Int, [UInt8])]) -> [[UInt8]] {
    [TorchFiles.archive(pickle, storages.map { ($0.0, $0.2) }), TorchFiles.legacy(pickle, storages)]
  }

  private func tensorFile(
    type: String = "FloatStorage", count: Int = 4, offset: Int = 0, _ shape: [Int], _ strides: [Int]
  ) -> [UInt8] {
    let pickle = PickleWriter.dictionary {
      $0.string("a")
      $0.tensor("0", type, count: count, offset: offset, shape: shape, strides: strides)
    }
    return TorchFiles.archive(pickle, [("0", HostilePyTorchTests.fourFloats)])
  }

  @Test(arguments: ["os.system", "posix.system", "builtins.eval", "__builtin__.eval", "builtins.exec", "torch.load"])
  func refusesToCallFunctions(name: String) {
    let parts = name.split(separator: ".").map(String.init)
    let pickles = [
      PickleWriter.pickle {
        $0.global(parts[0], parts[1])
        $0.string("touch pickle-was-executed")
        $0.bytes += [0x85]
        $0.op("R")
      },
      PickleWriter.dictionary {
        $0.string("a")
        $0.tensor(count: 4, shape: [4], strides: [1])
        $0.string("b")
        $0.string(parts[0])
        $0.string(parts[1])
        $0.bytes += [0x93]
      },
      PickleWriter.pickle {
        $0.op("(")
        $0.string("touch pickle-was-executed")
        $0.op("i\(parts[0])\n\(parts[1])\n")
      },
      PickleWriter.pickle {
        $0.global(parts[0], parts[1])
        $0.op(")")
        $0.bytes += [0x81]
      },
    ]
    for file in pickles.flatMap({ files($0, [("0", count: 4, HostilePyTorchTests.fourFloats)]) }) {
      #expect(
        line(file)
          == "w.pth: refused: the pickle uses \(name); only plain data and tensors of floats or integers are read")
    }
    #expect(!FileManager.default.fileExists(atPath: "pickle-was-executed"))
  }

  @Test(arguments: ["numpy.load", "torch.storage._load_from_bytes", "torch.jit.load", "shutil.rmtree"])
  func refusesFunctionsThatReadFiles(name: String) {
    let parts = name.split(separator: ".").map(String.init)
    let pickle = PickleWriter.pickle { $0.global(parts.dropLast().joined(separator: "."), parts.last ?? "") }
    refused(TorchFiles.archive(pickle, []), "refused: the pickle uses \(name); only plain data and tensors")
  }

  @Test(arguments: ["zip", "legacy-checkpoint"]) func survivesDamage(name: String) throws {
    let bytes = try Files.read(PackageFiles.torchFixture(name))
    try fuzz(bytes, seed: 3) { bytes in
      for entry in try read(bytes).entries { _ = try entry.parameter.tensor() }
    }
    let sizes = (0..<50).map { bytes.count * $0 / 50 } + [bytes.count - 1]
    let accepted = sizes.filter { !line(Array(bytes[..<$0])).hasPrefix("w.pth: ") }
    #expect(accepted == [], "the file was read although it was truncated to these sizes")
  }

  @Test func refusesTensorsOutOfRange() {
    refused(tensorFile([5], [1]), "tensor a declares the shape (5), 5 elements of 4 bytes at byte ")
    refused(tensorFile([2, 2], [3, 1]), "tensor a declares the shape (2, 2), 5 elements of 4 bytes")
    refused(tensorFile(offset: 1, [4], [1]), "tensor a declares the shape (4), 4 elements of 4 bytes at byte ")
    refused(tensorFile(offset: 5, [], []), "tensor a begins at element 5 of a storage of 16 bytes")
    refused(tensorFile(offset: -1, [1], [1]), "tensor a begins at element -1")
    refused(tensorFile(offset: .max, [1], [1]), "tensor a begins at element 9223372036854775807")
    refused(tensorFile([1_000_000_000], [1]), "declares the shape (1000000000)")
    refused(tensorFile([1_000_000_000], [0]), "declares the shape (1000000000)")
    refused(tensorFile(count: 1_000_000_000, [1_000_000_000], [1]), "storage 0 declares 1000000000 elements of 4 bytes")
    refused(tensorFile(count: 1 << 61, [1], [1]), "storage 0 declares 2305843009213693952 elements")
    refused(tensorFile(count: 1 << 62, [1], [1]), "storage 0 declares 4611686018427387904 elements")
    refused(tensorFile(count: -1, [1], [1]), "storage 0 declares -1 elements")
    refused(tensorFile(type: "DoubleStorage", [1], [1]), "storage 0 declares 4 elements of 8 bytes, found 16 bytes")
    refused(tensorFile([1 << 32, 1 << 32], [1, 1]), "declares the shape (4294967296, 4294967296)")
    refused(tensorFile([2, 2], [.max, .max]), "declares strides")
    refused(tensorFile([2], [-1]), "declares strides (-1)")
    refused(tensorFile([-2], [1]), "declares the shape (-2)")
    refused(tensorFile([2, 2], [1]), "declares strides (1) for the shape (2, 2)")
    refused(tensorFile(Array(repeating: 1, count: 65), [1]), "lacks its storage, offset, shape or strides")
  }

  @Test func refusesMissingStorages() {
    let pickle = PickleWriter.dictionary {
      $0.string("a")
      $0.tensor("7", count: 4, shape: [4], strides: [1])
    }
    for file in files(pickle, []) { refused(file, "tensor a lies in storage 7, which is missing") }
    let data = HostilePyTorchTests.fourFloats
    refused(TorchFiles.legacy(pickle, [("7", count: 5, data)]), "storage 7 declares 5 elements of 4 bytes, found 16")
    refused(TorchFiles.legacy(pickle, [("7", count: -1, data)]), "declares 18446744073709551615 elements")
    refused(TorchFiles.legacy(pickle, [("7", count: 3, data)]), "declares 4 elements of 4 bytes, found 12 bytes")
    refused(TorchFiles.legacy(pickle, [("7", count: 2, data), ("7", count: 0, [])]), "storage 7 occurs twice")
    refused(TorchFiles.legacy(pickle, [("8", count: 4, data)]), "a storage that no tensor refers to")
  }

  @Test func refusesBrokenReferences() {
    func pickle(_ body: (inout PickleWriter) -> Void) -> [UInt8] { TorchFiles.archive(PickleWriter.pickle(body), []) }
    refused(pickle { $0.op("K\u{1}Q") }, "refers to something that is not a storage")
    refused(pickle { $0.op("(X\u{6}\0\0\0moduleNNNNtQ") }, "refers to something that is not a storage")
    refused(pickle { $0.op("P0\n") }, "refused: opcode persid (0x50)")
    refused(pickle { $0.storage("0", "float32", count: 1) }, "refers to something that is not a storage")
    refused(
      pickle {
        $0.global("torch._utils", "_rebuild_tensor_v2"); $0.op(")R")
      }, "in another way than PyTorch")
    refused(
      pickle {
        $0.global("torch", "FloatStorage"); $0.op("(K\u{1}tR")
      }, "in another way than PyTorch")
    refused(
      pickle {
        $0.global("collections", "OrderedDict"); $0.op("(](K\u{1}etR")
      }, "in another way than PyTorch")
  }

  private static let state = PickleWriter.dictionary {
    $0.string("a")
    $0.tensor(count: 4, shape: [4], strides: [1])
  }

  private func entries() -> [TorchFiles.Entry] {
    [.init("archive/data.pkl", HostilePyTorchTests.state), .init("archive/data/0", HostilePyTorchTests.fourFloats)]
  }

  @Test(arguments: [false, true]) func refusesBrokenArchives(zip64: Bool) {
    func refused(_ expected: String, _ change: (inout [TorchFiles.Entry]) -> Void) {
      var entries = entries()
      change(&entries)
      self.refused(TorchFiles.zip(entries, zip64: zip64), expected)
    }
    #expect(throws: Never.self) { try read(TorchFiles.zip(entries(), zip64: zip64)) }
    refused("entry archive/data/0 is compressed or encrypted") { $0[1].method = 8 }
    refused("entry archive/data.pkl is compressed or encrypted") { $0[0].method = 8 }
    refused("entry archive/data/0 overlaps another") { $0[0].declaredSize = $0[0].data.count + 1 }
    refused("overlaps another") { $0[1].declaredOffset = 0 }
    refused("entry archive/data/0 occurs twice") { $0.append($0[1]) }
    refused("entry archive/data/0 has no header") { $0[1].declaredOffset = 1_000_000 }
    refused("has no header") { $0[1].declaredOffset = 301 }
    refused("entry archive/data/0 declares 4294967294 bytes, found ") { $0[1].declaredSize = 4_294_967_294 }
    refused("expected one entry data.pkl, found 2") { $0.append(.init("b/data.pkl", [])) }
    refused("expected one entry data.pkl, found 0") { $0.removeFirst() }
    refused("a TorchScript archive, which holds a program") { $0.append(.init("archive/constants.pkl", [])) }
    refused("a TorchScript archive, which holds a program") { $0.append(.init("archive/code/a.py", [])) }
    refused("expected numbers in the byte order \"little\", found \"big\"") {
      $0.append(.init("archive/byteorder", Array("big".utf8)))
    }
    refused("expected no bytes after the pickle's end, found 1") { $0[0].data.append(0) }
    if zip64 {
      refused("directory is damaged at entry 1") { $0[1].declaredSize = -1 }
    }
  }

  @Test func refusesBrokenDirectories() {
    let bytes = TorchFiles.zip(entries())
    refused(Array(bytes.dropLast()), "the zip archive's directory is missing at the file's end: truncated")
    refused(bytes + [0], "the zip archive's directory is missing at the file's end: truncated")
    func changed(_ offset: Int, _ value: UInt8) -> [UInt8] {
      var copy = bytes
      copy[bytes.count - 22 + offset] = value
      return copy
    }
    refused(changed(10, 3), "the zip archive's directory declares 3 entries, found 2")
    refused(changed(15, 1), "the zip archive's directory declares 167")
    refused(changed(19, 1), "the zip archive's directory declares ")
    refused(changed(12, 100), "directory is damaged at entry 1")
  }

  /// Many tensors share one long shape, and many dictionaries one long list.
  @Test(.timeLimit(.minutes(120))) func refusesAmplification() {
    let shapes = PickleWriter.dictionary { writer in
      writer.string("x")
      writer.tensor(count: 4, shape: [], strides: [])
      writer.op("(")
      for _ in 0..<64 { writer.op("K\u{1}") }
      writer.op("tq\u{1}0ctorch._utils\n_rebuild_tensor\nq\u{3}0")
      writer.storage("0", count: 4)
      writer.op("q\u{2}0")
      writer.op("(h\u{2}K\0h\u{1}h\u{1}tq\u{4}0")
      for _ in 0..<200_000 { writer.op("h\u{3}h\u{4}R0") }
    }
    refused(TorchFiles.archive(shapes, [("0", HostilePyTorchTests.fourFloats)]), "larger than the pickle")
    let lists = PickleWriter.pickle { writer in
      writer.op("](")
      for _ in 0..<10_000 { writer.op("(NNt") }
      writer.op("eq\u{1}0(h\u{1}tq\u{2}0ccollections\nOrderedDict\nq\u{3}0")
      for _ in 0..<10_000 { writer.op("h\u{3}h\u{2}R0") }
    }
    refused(TorchFiles.archive(lists, []), "larger than the pickle")
    let prefixes = String(repeating: "module.", count: 100_000)
    let long = PickleWriter.dictionary {
      $0.string(prefixes + "a")
      $0.tensor(count: 4, shape: [4], strides: [1])
    }
    #expect(throws: Never.self) { try read(TorchFiles.archive(long, [("0", HostilePyTorchTests.fourFloats)])) }
  }
}
