// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport

/// A model in Tests/Golden/architectures.txt or names.txt; the scripts there that write these files describe the format.
struct ArchitectureFixture {
  /// The package that has the model.
  let package: String
  let name: String
  /// The side of the square input.
  let size: Int
  /// The epsilon of the batch norms; 0 if the model has none.
  let epsilon: Double
  /// Tensors and their shapes, in the order of the state dict.
  var tensors: [(name: String, shape: [Int])] = []
  /// The shapes of modules' outputs.
  var outputs: [String: [Int]] = [:]
  /// What names.txt says about the model besides its tensors.
  var values: [String: String] = [:]

  static let all = read(PackageFiles.folder + "/Tests/Golden/architectures.txt")
  /// The models' labels. (Debian's Swift 6.0.3 crashes on a closure in a test's arguments.)
  static let labels = all.map(\.label)

  var label: String { "\(package)/\(name)" }

  static func read(_ path: String) -> [ArchitectureFixture] {
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    var fixtures = [ArchitectureFixture]()
    var before = [Substring](), channels = 0
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words[0] == "#" {
        let parts = words[1].split(separator: "/").map(String.init)
        fixtures.append(
          ArchitectureFixture(
            package: parts[0], name: parts[1], size: Int(words[2]) ?? 0, epsilon: Double(words[3]) ?? 0))
        before = []
      } else if words[0] == "=" {
        fixtures[fixtures.count - 1].values[String(words[1])] = words.dropFirst(2).joined(separator: " ")
      } else {
        before = before.prefix(Int(words[0]) ?? 0) + words[1].split(separator: ".")
        let numbers = words[2].dropFirst().split(separator: ",").compactMap { Int($0) }
        let plane = words.dropFirst(3).compactMap { Int($0) }
        fixtures[fixtures.count - 1].add(
          before.joined(separator: "."), words[2].prefix(1), numbers, plane: plane, channels: &channels)
      }
    }
    return fixtures
  }

  static func named(_ name: String) throws -> ArchitectureFixture {
    guard let fixture = all.first(where: { $0.name == name }) else {
      throw PixelAscentError(.unreadableFile, "no fixture \(name)")
    }
    return fixture
  }

  private mutating func add(
    _ name: String, _ kind: Substring, _ numbers: [Int], plane: [Int], channels: inout Int
  ) {
    func tensor(_ suffix: String, _ shape: [Int]) { tensors.append(("\(name).\(suffix)", shape)) }
    switch kind {
    case "n":
      let count = numbers.first ?? channels
      for suffix in ["weight", "bias", "running_mean", "running_var"] { tensor(suffix, [count]) }
      tensor("num_batches_tracked", [])
    case "c", "C", "l":
      tensor("weight", numbers)
      if kind != "c" { tensor("bias", [numbers[0]]) }
      channels = numbers[0]
    case "s": tensors.append((name, numbers))
    default: break
    }
    if !plane.isEmpty { outputs[name] = [numbers[0], plane[0], plane[plane.count - 1]] }
  }

  /// Returns a state dict of these tensors, which all share the same zeros.
  func stateDict() throws -> StateDict { try Self.stateDict(tensors) }

  static func stateDict(_ tensors: [(name: String, shape: [Int])]) throws -> StateDict {
    try StateDict(entries(tensors), name: "net.pth")
  }

  /// Returns tensors that all begin at `offset`. Tensors with different offsets count as different tensors.
  static func entries(
    _ tensors: [(name: String, shape: [Int])], prefix: String = "", at offset: Int = 0
  ) throws -> [StateDict.Entry] {
    try tensors.map { tensor throws(PixelAscentError) in
      (prefix + tensor.name, try Parameter(zeros, at: offset, .uint8, shape: tensor.shape, name: tensor.name))
    }
  }

  /// A file that is one hole, longer than the largest tensor. The zeros in it are neither stored nor read.
  private static let zeros: ByteSource = {
    let path = NSTemporaryDirectory() + "/pixelascent-\(UUID().uuidString)"
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    defer { try? FileManager.default.removeItem(atPath: path) }
    do {
      let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try file.truncate(atOffset: 1 << 27)
      return try ByteSource(contentsOf: path)
    } catch {
      return ByteSource([], name: "net.pth")
    }
  }()
}
