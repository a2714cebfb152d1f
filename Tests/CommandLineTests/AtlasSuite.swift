// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// A suite of tests that run `atlas` in a temporary folder.
protocol AtlasSuite {
  var folder: TemporaryFolder { get }
}

extension AtlasSuite {
  /// The options of an atlas of six small pictures.
  static var small: String { "--classes 75-76,gorilla --seeds 0-1 --size 32 --iterations 3" }
  /// The names of the files of the six pictures.
  static var pictures: [String] {
    ["black-widow", "gorilla", "tarantula"].flatMap { (slug: String) -> [String] in
      ["\(slug)-seed-0.png", "\(slug)-seed-1.png"]
    }
  }
  /// The names of all files of the finished atlas, sorted.
  static var all: [String] { (pictures + ["contact-sheet.png", "index.html", "manifest.jsonl"]).sorted() }

  func run(_ command: String, _ environment: [String: String] = [:]) throws -> Program.Outcome {
    try Program.run(
      ["atlas"] + command.split(separator: " ").map(String.init), in: folder, environment: environment)
  }

  func names(_ name: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/\(name)").sorted()
  }

  /// Returns the lines of a folder's manifest without the seconds, sorted.
  func manifest(_ name: String) throws -> [String] {
    String(decoding: try folder.bytes("\(name)/manifest.jsonl"), as: UTF8.self).split(separator: "\n").map {
      String($0).replacing(/"seconds":[^,}]*/, with: "")
    }.sorted()
  }

  /// Expects that a folder holds the finished atlas, and that its files equal those of another folder; only the seconds
  /// in the manifests may differ.
  func expectSame(_ name: String, as other: String) throws {
    #expect(try names(name) == Self.all)
    for file in Self.all where file != "manifest.jsonl" {
      #expect(try folder.bytes("\(name)/\(file)") == folder.bytes("\(other)/\(file)"), "\(file)")
    }
    #expect(try manifest(name) == manifest(other))
  }
}
