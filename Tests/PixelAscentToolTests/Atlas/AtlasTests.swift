// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// The manifest, the shards and the gallery page of an atlas.
@Suite struct AtlasTests {
  private static func item(_ name: String, class: Int = 3, seed: UInt64 = 0) -> AtlasItem {
    var visualization = ClassVisualization()
    visualization.seed = seed
    return AtlasItem(class: `class`, label: name, visualization, output: "\(name).png", provenance: "{}")
  }

  private static func line(_ name: String, _ error: String = "why") throws -> String {
    try JSONText.encode(AtlasRecord(item(name), error: error)) + "\n"
  }

  private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  @Test("Appended lines are whole, and can be read again")
  func appends() throws {
    let folder = try TemporaryFolder(), path = folder.path + "/m.jsonl"
    do {
      let manifest = try AtlasManifest(path, .exclusive)
      #expect(manifest.records.isEmpty)
      for name in ["a", "ü\"\n", "a"] { try manifest.append(AtlasRecord(Self.item(name), error: name)) }
      #expect(manifest["a.png"]?.error == "a")
      #expect(manifest.records.count == 2)
    }
    let (a, u) = (try Self.line("a", "a"), try Self.line("ü\"\n", "ü\"\n"))
    #expect(try text(path) == a + u + a)
    let again = try retryingWhileLocked { () throws(PixelAscentError) in try AtlasManifest(path, .exclusive) }
    #expect(Set(again.records.map(\.label)) == ["a", "ü\"\n"])
  }

  @Test("Reading and shared access change nothing; shared access keeps exclusive access away")
  func sharedAccess() throws {
    let folder = try TemporaryFolder(), path = folder.path + "/m.jsonl", half = "{\"class\":"
    try folder.add("m.jsonl", try Self.line("a") + half)
    #expect(try AtlasManifest(reading: path).records.map(\.label) == ["a"])
    #expect(try AtlasManifest(path, .shared).records.map(\.label) == ["a"])
    #expect(try text(path) == Self.line("a") + half)
    let shared = try AtlasManifest(path, .shared)
    #expect(throws: Never.self) { try AtlasManifest(path, .shared) }
    #expect(throws: PixelAscentError.self) { try AtlasManifest(path, .exclusive) }
    #expect(throws: Never.self) { try AtlasManifest(reading: path) }
    #expect(shared.isLocked)
  }

  @Test("A half-written last line is cut off, however much of it was written; the other lines stay")
  func halfLine() throws {
    let folder = try TemporaryFolder(), path = folder.path + "/m.jsonl"
    let (a, b) = (try Self.line("a"), try Self.line("b"))
    for length in 0..<b.utf8.count {
      try folder.add("m.jsonl", a + String(decoding: b.utf8.prefix(length), as: UTF8.self))
      let manifest = try retryingWhileLocked { () throws(PixelAscentError) in try AtlasManifest(path, .exclusive) }
      #expect(manifest.records.map(\.label) == ["a"])
      #expect(try text(path) == a)
    }
    try folder.add("m.jsonl", String(a.dropLast()))
    #expect(
      try retryingWhileLocked { () throws(PixelAscentError) in try AtlasManifest(path, .exclusive) }.records.isEmpty)
    #expect(try text(path) == "")
  }

  @Test("A line that can't be decoded is ignored")
  func damage() throws {
    let folder = try TemporaryFolder(), path = folder.path + "/m.jsonl"
    let (a, b) = (try Self.line("a"), try Self.line("b"))
    try folder.add("m.jsonl", "\n{}\n[1]\n\u{0}\n" + a + "{\"class\":1e999}\n" + b)
    #expect(try AtlasManifest(path, .exclusive).records.map(\.label).sorted() == ["a", "b"])
  }

  @Test("The last line about a picture counts")
  func last() throws {
    let folder = try TemporaryFolder(), path = folder.path + "/m.jsonl"
    try folder.add("m.jsonl", Self.line("a", "first") + Self.line("a", "second"))
    #expect(try AtlasManifest(path, .exclusive).records.map(\.error) == ["second"])
  }

  @Test("Two runs can't both open a manifest with exclusive access")
  func lock() throws {
    let folder = try TemporaryFolder(), path = folder.path + "/m.jsonl"
    do {
      let first = try AtlasManifest(path, .exclusive)
      #expect(first.isLocked)
      #expect(errorLine { try AtlasManifest(path, .exclusive) } == "\(path): another run is using this file")
      withExtendedLifetime(first) {}
    }
    _ = try retryingWhileLocked { () throws(PixelAscentError) in try AtlasManifest(path, .exclusive) }
  }

  @Test("Without a lock, a half-written line may be another process's: it is ended, not cut off")
  func withoutLocks() throws {
    let folder = try TemporaryFolder(), path = folder.path + "/m.jsonl", half = "{\"class\":"
    try folder.add("m.jsonl", try Self.line("a") + half)
    let manifest = try AtlasManifest(path, .exclusive) { _, _ in
      errno = ENOLCK
      return -1
    }
    #expect(!manifest.isLocked)
    #expect(manifest.records.map(\.label) == ["a"])
    try manifest.append(AtlasRecord(Self.item("b"), error: "why"))
    #expect(try text(path) == Self.line("a") + half + "\n" + Self.line("b"))
  }

  @Test("Every item is in exactly one shard", arguments: [1, 2, 3, 7, 20])
  func shards(_ count: Int) throws {
    let items = (0..<13).map { Self.item("i\($0)") }
    var outputs: [String] = []
    for index in 1...count {
      let shard = try #require(AtlasShard(index, of: count))
      let own = shard.items(of: items)
      #expect((13 / count...13 / count + 1).contains(own.count))
      outputs += own.map(\.output)
    }
    #expect(outputs.sorted() == items.map(\.output).sorted())
    #expect(AtlasShard(0, of: count) == nil)
    #expect(AtlasShard(count + 1, of: count) == nil)
  }

  @Test("A shard's name is read; other texts are not")
  func shardNames() {
    #expect(AtlasShard("3-of-8") == AtlasShard(3, of: 8))
    #expect(AtlasShard(3, of: 8)?.description == "3-of-8")
    for text in ["", "3", "3-of-", "-of-8", "9-of-8", "0-of-8", "03-of-8", "+3-of-8", "3-of-8-of-9", "list-of-friends"]
    {
      #expect(AtlasShard(text) == nil)
    }
  }

  @Test("The gallery page escapes what a hostile manifest says")
  func gallery() throws {
    let folder = try TemporaryFolder(), atlas = try AtlasFolder(folder.path)
    let label = "\"><script>alert(1)</script>'&\u{202E}", picture = RGBImage(width: 1, height: 1, pixels: [1, 2, 3])
    try picture.write(to: folder.path + "/a\"<b>%.png")
    let digest = SHA256.digest(of: try Files.read(folder.path + "/a\"<b>%.png"))
    let lines = ["1e300", "-7", "0.5"].map { probability in
      #"{"class":1,"label":"LABEL","output":"a\"<b>%.png","recipe":"<i>","seed":2,"probability":PROBABILITY,"sha256":"SHA"}"#
        .replacing("LABEL", with: label.replacing("\"", with: #"\""#)).replacing("PROBABILITY", with: probability)
        .replacing("SHA", with: digest)
    }
    for (line, percent) in zip(lines, ["100\u{A0}%", "0\u{A0}%", "50\u{A0}%"]) {
      try folder.add("manifest.jsonl", line + "\n")
      let manifests = try retryingWhileLocked { () throws(PixelAscentError) in try atlas.openManifests(for: []) }
      #expect(try atlas.finish([], manifests, Figure.Style(), threads: 1) == 1)
      let page = try text(folder.path + "/index.html")
      let image =
        #"<img src="a%22%3Cb%3E%25.png" alt="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;&amp;\#u{FFFD}""#
      #expect(page.contains(image))
      #expect(page.contains("<small>probability \(percent)</small>"))
      #expect(page.components(separatedBy: "<script>").count == 2)
      #expect(!page.contains("<i>"))
    }
  }

  @Test("The gallery page shows the score of a picture whose probability is not known")
  func galleryWithoutProbability() throws {
    let folder = try TemporaryFolder(), atlas = try AtlasFolder(folder.path)
    try RGBImage(width: 1, height: 1, pixels: [1, 2, 3]).write(to: folder.path + "/a.png")
    let digest = SHA256.digest(of: try Files.read(folder.path + "/a.png"))
    let line = #"{"class":1,"label":"a","output":"a.png","recipe":"r","seed":2,"score":1.5,"sha256":"SHA"}"#
    try folder.add("manifest.jsonl", line.replacing("SHA", with: digest) + "\n")
    let manifests = try retryingWhileLocked { () throws(PixelAscentError) in try atlas.openManifests(for: []) }
    #expect(manifests[0]["a.png"]?.lines(in: "f") == ["f/a.png: a (1), score 1.500, 0.00 s"])
    #expect(try atlas.finish([], manifests, Figure.Style(), threads: 1) == 1)
    #expect(try text(folder.path + "/index.html").contains("<small>score 1.500</small>"))
  }

  @Test("Records are sorted by class, recipe and seed; numbers are compared as numbers: 9 before 10")
  func order() {
    let items = [(10, 0), (9, 10), (9, 9), (100, 1)].map { Self.item("x", class: $0.0, seed: UInt64($0.1)) }
    let records = items.map { AtlasRecord($0, error: "") }.sorted(by: AtlasRecord.precedes)
    #expect(records.map { [$0.class, Int($0.seed)] } == [[9, 9], [9, 10], [10, 0], [100, 1]])
  }
}
