// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// `atlas` in a folder with files that another program, another machine or another command made.
@Suite struct AtlasFolderTests: AtlasSuite {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder.withModelAndPhoto() }

  @Test(
    "A file that can't be a part of the atlas is not replaced, and nothing else is changed",
    arguments: [
      ("gorilla-seed-0.png", "photo.png"), ("index.html", "report.html"), ("contact-sheet.png", "other.png"),
      ("manifest.jsonl", "notes"), ("manifest-1-of-2.jsonl", "notes"), ("gorilla-seed-0.png", "other.png"),
    ])
  func foreign(_ name: String, _ file: String) throws {
    try folder.add("notes", Array("{\"my\": \"list\"}\n".utf8))
    let made = [
      "visualize --class 76 --size 32 --iterations 2 -o other.png --report report.html",
      "saliency photo.png -o map.png",
    ]
    for command in made {
      #expect(try Program.run(command.split(separator: " ").map(String.init), in: folder).status == 0)
    }
    for shards in ["", " --shard 1/2"] {
      try? FileManager.default.removeItem(atPath: folder.path + "/a")
      try FileManager.default.createDirectory(atPath: folder.path + "/a", withIntermediateDirectories: false)
      // The first round runs before the folder holds an atlas, the second one after.
      for round in 0..<2 {
        try folder.add("a/\(name)", folder.bytes(file))
        let before = try names("a")
        let outcome = try run("-o a/ \(Self.small) --quiet\(shards)")
        // A shard writes neither the page nor the sheet. In the second round the manifest lists the gorilla's picture.
        // Then any picture of that name that the program made is replaced: an unfinished atlas may have left it.
        let isLeft = shards != "" && ["index.html", "contact-sheet.png"].contains(name)
        if isLeft || round == 1 && name.hasPrefix("gorilla") && file == "other.png" {
          #expect(outcome.status == 0)
        } else {
          let line =
            "a/\(name): is not a file of this atlas and would be overwritten; move it or choose another folder"
          #expect(outcome.status == 1, "\(shards) \(round)")
          #expect(outcome.errors == "error: \(line)\n", "\(shards) \(round)")
          #expect(try names("a") == before)
          #expect(try folder.bytes("a/\(name)") == folder.bytes(file))
        }
        try? FileManager.default.removeItem(atPath: "\(folder.path)/a/\(name)")
        #expect(try run("-o a/ \(Self.small) --quiet\(shards)").status == 0)
      }
    }
  }

  @Test("A folder with the name of one of the atlas's files is refused before any work")
  func folderInTheWay() throws {
    for name in ["index.html", "tarantula-seed-0.png", "manifest.jsonl"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/\(name)/\(name)", withIntermediateDirectories: true)
      let outcome = try run("-o \(name) \(Self.small)")
      #expect(outcome.status == 1)
      #expect(outcome.errors == "error: \(name)/\(name): is a folder, not a file\n")
      #expect(try names(name) == [name])
    }
  }

  @Test("Files that are empty or all zeros, as after a crash of the machine, are replaced")
  func emptyFiles() throws {
    #expect(try run("-o a \(Self.small) --quiet").status == 0)
    #expect(try run("-o b \(Self.small) --quiet").status == 0)
    let lines = String(decoding: try folder.bytes("b/manifest.jsonl"), as: UTF8.self).split(separator: "\n")
    try folder.add("b/manifest.jsonl", Array(lines.dropFirst().map { $0 + "\n" }.joined().utf8))
    try folder.add("b/black-widow-seed-0.png", [])
    for (name, bytes) in [("index.html", []), ("contact-sheet.png", [0, 0, 0])] as [(String, [UInt8])] {
      try folder.add("b/\(name)", bytes)
    }
    try folder.add("b/manifest-1-of-2.jsonl", [UInt8](repeating: 0, count: 4096))
    #expect(try run("-o b \(Self.small) --quiet").status == 0)
    try expectSame("b", as: "a")
  }

  @Test("A shard's picture exists exactly if the last run of the shard succeeded")
  func failedShard() throws {
    let options = "-o a --classes 76 --init photo.png --recipe cs231n-pytorch --no-clamp --iterations 9 --shard 1/1"
    for (rate, status) in [("25", 0), ("1e30", 1), ("24", 0)] {
      #expect(try run("\(options) --quiet --learning-rate \(rate)").status == Int32(status), "\(rate)")
      #expect(try names("a").contains("tarantula.png") == (status == 0))
    }
  }

  @Test("Shards may differ in their instruction sets; a merge names any other difference")
  func otherMachines() throws {
    let scalar = ["PIXELASCENT_SIMD": "scalar"]
    #expect(try run("-o a \(Self.small) --shard 1/2 --quiet", scalar).status == 0)
    #expect(try run("-o a \(Self.small) --shard 2/2 --quiet").status == 0)
    #expect(try run("-o a \(Self.small) --merge --quiet").status == 0)
    #expect(try run("-o a \(Self.small)").errors.hasPrefix("6 of 6 pictures already exist\n"))
    let other = try run("-o a \(Self.small) --learning-rate 24 --merge")
    #expect(
      other.errors == """
        error: a: 6 of 6 pictures are missing, damaged or do not match this command; the first is \
        black-widow-seed-0.png (it was made with other parameters); run their shards again

        """)
    try folder.add("other.safetensors", TinyModel.bytes.dropLast() + [(TinyModel.bytes.last ?? 0) ^ 1])
    let model = try run("-o a \(Self.small) --model other.safetensors --merge")
    #expect(model.errors.contains("seed-0.png (it was made with another model (SHA-256 "))
    // A failure with one instruction set counts for a merge with another.
    let failing = "--classes 76 --init photo.png --recipe cs231n-pytorch --no-clamp --iterations 9 --learning-rate 1e30"
    #expect(try run("-o b \(failing) --shard 1/1 --quiet", scalar).status == 1)
    #expect(
      try run("-o b \(failing) --merge").errors.contains(
        "error: tarantula.png: photo.png: the ascent's values are too large"))
  }
}
