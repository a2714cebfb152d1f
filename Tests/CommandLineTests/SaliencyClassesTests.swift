// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// `saliency` with several classes.
@Suite struct SaliencyClassesTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder.withModelAndPhoto() }

  private func run(_ command: String) throws -> Program.Outcome {
    try Program.run(["saliency"] + command.split(separator: " ").map(String.init), in: folder)
  }

  @Test("Every class gets the bytes that it gets alone", arguments: [1, 3])
  func bytes(_ threads: Int) throws {
    let options = "--class tarantula --class 366 --class 134 --figure out/ --overlay out/ --raw out/"
    let outcome = try run("photo.png \(options) -o out/ --quiet --threads \(threads)")
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    let classes = [("tarantula", "tarantula (76)"), ("gorilla", "gorilla (366)"), ("crane-134", "crane (134)")]
    #expect(outcome.lines.count == 3)
    for (line, (slug, label)) in zip(outcome.lines, classes) {
      let stem = "out/photo-saliency-\(slug)", index = label.split(separator: "(")[1].dropLast()
      #expect(line.hasPrefix("\(stem).png: \(label), score "))
      let alone = try run(
        "photo.png --class \(index) -o a.png --figure b.png --overlay c.png --raw d.npy --quiet --threads 2")
      #expect(alone.text.hasSuffix(line.dropFirst(stem.count + 4) + "\n"))
      for (mine, other) in [
        ("\(stem).png", "a.png"), ("\(stem)-figure.png", "b.png"), ("\(stem)-overlay.png", "c.png"),
        ("\(stem).npy", "d.npy"),
      ] {
        #expect(try folder.bytes(mine) == folder.bytes(other), "\(mine)")
      }
      for name in ["\(stem).png", "\(stem)-figure.png", "\(stem)-overlay.png"] {
        let again = try Program.run(["reproduce", name, "--input", "photo.png"], in: folder)
        #expect(again.text.hasSuffix(": the same bytes\n"), "\(again.text)\(again.errors)")
      }
    }
  }

  @Test("Without room for a copy of the activations the maps are the same")
  func littleMemory() throws {
    try #require(run("photo.png --class 1 --class 2 --class 3 -o a/ --max-memory 1 --quiet").status == 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/a").sorted()
    #expect(names.count == 3)
    for (index, name) in zip(1...3, names) {
      try #require(run("photo.png --class \(index) -o b.png --max-memory 1 --quiet").status == 0)
      #expect(try folder.bytes("a/\(name)") == folder.bytes("b.png"), "\(name)")
    }
  }

  @Test("A class that is named twice is mapped once, with a note")
  func twice() throws {
    let outcome = try run("photo.png --class 76 --class tarantula --class TARANTULA")
    let notes = outcome.errors.split(separator: "\n").filter { $0.contains("twice") }
    #expect(notes == ["note: tarantula (76) is named twice; its map is made once"])
    #expect(outcome.lines.count == 1)
    #expect(outcome.text.hasPrefix("photo-saliency.png: tarantula (76), score "))
  }

  @Test("--json prints an object for each photo and class; a folder of maps mirrors the folder of photos")
  func records() throws {
    try folder.add("in/sub/b.png", folder.bytes("photo.png"))
    try folder.add("in/a.png", folder.bytes("photo.png"))
    let outcome = try run("in --class 5 --class 3 -o maps/ --json --quiet")
    #expect(outcome.status == 0)
    let records = try outcome.lines.map { try JSONValue($0) }
    #expect(records.map { $0["class"]?.int } == [5, 3, 5, 3])
    #expect(records.map { $0["image"]?.string } == ["in/a.png", "in/a.png", "in/sub/b.png", "in/sub/b.png"])
    let outputs = records.compactMap { $0["output"]?.string }
    #expect(outputs[2].hasPrefix("maps/sub/b-saliency-"))
    #expect(Set(outputs).count == 4)
    for output in outputs { #expect(try folder.image(output).height == TinyModel.inputSize) }
  }

  @Test(arguments: [
    Refusal.usage(
      "saliency photo.png --class 1 --class 2 --report r.html",
      "--report makes a page about a single result, and this command makes 2."),
    Refusal(
      "saliency photo.png --class 1 --class 1000", "error: class 1000 is out of range: the model has classes 0 to 999"),
  ])
  func refusals(_ refusal: Refusal) throws { try refusal.check(in: folder) }
}
