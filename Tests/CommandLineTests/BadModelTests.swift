// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// Model files that are missing, damaged or of an unknown kind.
@Suite struct BadModelTests {
  private static let commands =
    ["classify photo.png", "saliency photo.png", "fool photo.png --target 76"]
    + ["visualize --class 76", "info"]

  static let expected = "expected a PyTorch, safetensors or ONNX file"

  private static let files = [
    ("missing.safetensors", "no such file"), ("Models", "is a folder without model.safetensors or pytorch_model.bin"),
    ("photo.png/m", "a part of the path is not a folder"),
    ("photo.png", "\(expected), found a PNG picture"), ("empty", "\(expected), found an empty file"),
  ]

  @Test(arguments: commands, files)
  func unreadableModelIsRefused(_ command: String, _ file: (name: String, message: String)) throws {
    let folder = try TemporaryFolder.withModelAndPhoto()
    try folder.add("empty", [])
    try Refusal("\(command) --model \(file.name)", "error: \(file.name): \(file.message)").check(in: folder)
  }

  /// A change of the tiny model's bytes, and the error that it causes.
  struct Damage: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let line: String
    let bytes: @Sendable ([UInt8]) -> [UInt8]

    /// Returns a change that replaces a part of the header by one of the same length.
    static func header(_ old: String, _ new: String, _ line: String) -> Damage {
      Damage(testDescription: new, line: line) { bytes in
        guard old.utf8.count == new.utf8.count, let range = Data(bytes).range(of: Data(old.utf8)) else { return [] }
        return bytes[..<range.lowerBound] + Array(new.utf8) + bytes[range.upperBound...]
      }
    }

    static let all = [
      Damage(
        testDescription: "header of 2^47 bytes", line: "the header declares 140737488355328 bytes, found …",
        bytes: { [0, 0, 0, 0, 0, 0x80, 0, 0] + $0[8...] }),
      Damage(
        testDescription: "header of 2^64 - 1 bytes", line: "\(BadModelTests.expected), found …",
        bytes: { [UInt8](repeating: 255, count: 8) + $0[8...] }),
      Damage(
        testDescription: "NaN", line: "tensor conv2.weight holds a value that is not finite at index 15999",
        bytes: { $0.dropLast(4) + [0, 0, 0xC0, 0x7F] }),
      Damage(
        testDescription: "longer", line: "the tensors declare 69792 bytes, found 69796", bytes: { $0 + [0, 0, 0, 0] }),
      header(
        "\"shape\":[16,3,3,3]", "\"shape\":[16,3,1,9]",
        "tensor conv1.weight: the graph declares the shape (16, 3, 3, 3), found (16, 3, 1, 9)"),
      header(
        "\"shape\":[16,3,3,3]", "\"shape\":[17,3,3,3]",
        "tensor conv1.weight declares the shape (17, 3, 3, 3), found …"),
      header(
        ",69792]", ",99792]",
        "tensor conv2.weight declares bytes up to 99792 of the data, found 69792: truncated or wrong offset"),
      header("[5792,69792]", "[5788,69792]", "tensor conv2.weight declares the offset 5788, expected 5792: …"),
      header("\"dtype\":\"F32\"", "\"dtype\":\"F64\"", "tensor conv1.bias declares the shape (16), found 64 bytes"),
      header("\"dtype\":\"F32\"", "\"dtype\":\"F31\"", "tensor conv1.bias has the type F31; supported are …"),
      header("pixelascent-1", "pixelascent-2", "expected the format pixelascent-1, found pixelascent-2"),
    ]
  }

  @Test(arguments: Damage.all)
  func damagedModelIsRefused(_ damage: Damage) throws {
    let folder = try TemporaryFolder.withModelAndPhoto()
    let bytes = damage.bytes(TinyModel.bytes)
    try #require(!bytes.isEmpty)
    try #require(bytes != TinyModel.bytes)
    try folder.add("m.safetensors", bytes)
    try Refusal("classify photo.png --model m.safetensors", "error: m.safetensors: \(damage.line)").check(in: folder)
  }

  @Test("A model that is cut off is refused, wherever the cut is", arguments: 0..<16)
  func truncated(_ sixteenths: Int) throws {
    let folder = try TemporaryFolder.withModelAndPhoto()
    try folder.add("m.safetensors", Array(TinyModel.bytes.prefix(TinyModel.bytes.count * sixteenths / 16)))
    try Refusal("visualize --class 76 --model m.safetensors", "error: m.safetensors: …").check(in: folder)
  }

  @Test(
    "A pickle that would run a command is refused, and the command does not run",
    arguments: [
      (
        "cos\nsystem\n(S'touch ran'\ntR.",
        "evil.pkl: refused: the pickle uses os.system; only plain data and NumPy arrays are read"
      ),
      (
        "\u{80}\u{3}cposix\nsystem\nX\u{9}\0\0\0touch ran\u{85}R.",
        "evil.pkl: refused: the pickle uses posix.system; only plain data and NumPy arrays are read"
      ),
      (
        "(c__builtin__\nexec\nS'open(\"ran\",\"w\")'\no.",
        "evil.pkl: refused: the pickle uses __builtin__.exec; only plain data and NumPy arrays are read"
      ),
    ])
  func hostilePickle(_ pickle: String, _ line: String) throws {
    let folder = try TemporaryFolder.withModelAndPhoto()
    try folder.add("evil.pkl", pickle.unicodeScalars.map { UInt8($0.value) })
    try Refusal("convert evil.pkl -o m.safetensors", "error: \(line)").check(in: folder)
  }

  // Debian's Swift 6.0.3 crashes on an interpolation inside `@Test(arguments:)`, so this list stands outside.
  private static let bareWeights = [
    ("missing.pkl", "no such file"), ("photo.png", "\(expected), found a PNG picture"),
    ("none.pkl", "expected a dictionary of SqueezeNet's layers"),
    ("nan.safetensors", "tensor conv2.weight holds a value that is not finite at index 15999"),
  ]

  @Test(arguments: bareWeights)
  func unreadableWeightsAreRefused(_ name: String, _ message: String) throws {
    let folder = try TemporaryFolder.withModelAndPhoto()
    try folder.add("none.pkl", [0x80, 2, UInt8(ascii: "N"), UInt8(ascii: ".")])
    try folder.add("nan.safetensors", TinyModel.bytes.dropLast(4) + [0, 0, 0xC0, 0x7F])
    try Refusal("convert \(name) -o m.safetensors", "error: \(name): \(message)").check(in: folder)
  }

  @Test("Weights of an unknown architecture are refused", arguments: ["torch-zip.pth", "torch-legacy.pth"])
  func unknownArchitecture(_ name: String) throws {
    let folder = try TemporaryFolder.withModelAndPhoto()
    let fixture = URL(fileURLWithPath: "\(PackageFiles.folder)/Tests/Golden/\(name)")
    try folder.add(name, Array(Data(contentsOf: fixture)))
    for command in ["classify photo.png --model \(name)", "convert \(name) -o m.safetensors"] {
      try Refusal(command, "error: \(name): …").check(in: folder)
    }
    try Refusal(
      "info --model \(name) --architecture resnet18", "error: \(name): …"
    ).check(in: folder)
  }
}
