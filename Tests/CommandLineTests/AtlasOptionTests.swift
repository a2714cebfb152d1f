// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// The options of `atlas`, and the command lines that it refuses.
@Suite struct AtlasOptionTests: AtlasSuite {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder.withModelAndPhoto() }

  @Test("The names of pictures differ even if classes share a name or have the contact sheet's name")
  func sameNames() throws {
    try folder.add(
      "labels.txt", Array("a\na\na 1\nContact sheet\n犬\n".utf8) + Array((5..<1000).map { "c\($0)\n" }.joined().utf8))
    let options = "--classes 0-4 --labels labels.txt --size 32 --iterations 1"
    #expect(try run("-o a \(options) --quiet").lines.count == 5)
    #expect(
      try names("a") == [
        "a-0.png", "a-1-1.png", "a-1.png", "contact-sheet-3.png", "contact-sheet.png", "index.html", "manifest.jsonl",
        "犬.png",
      ])
    #expect(try run("-o a \(options)").errors.hasPrefix("5 of 5 pictures already exist\n"))
  }

  @Test("--classes reads a file, and with several recipes every picture has its recipe in its name")
  func classes() throws {
    try folder.add("list.txt", Array("tarantula\n\n 366 \n".utf8))
    let options = "--classes list.txt --recipe simonyan --recipe cs231n-tensorflow --size 32 --iterations 1"
    #expect(try run("-o a \(options) --quiet").status == 0)
    #expect(
      try names("a").filter { $0.hasSuffix("png") } == [
        "contact-sheet.png", "gorilla-cs231n-tensorflow.png", "gorilla-simonyan.png", "tarantula-cs231n-tensorflow.png",
        "tarantula-simonyan.png",
      ])
  }

  @Test("A text that is a list of classes is read as one, even if a file has that name")
  func listBeforeFile() throws {
    for name in ["76", "gorilla"] { try folder.add(name, Array("3\n".utf8)) }
    // "shark" is part of several classes' names, so "shark,3" is not a list of classes and means the file.
    try folder.add("shark,3", Array("gorilla\n".utf8))
    let options = "--size 32 --iterations 1 --quiet"
    for (classes, name) in [("76", "tarantula"), ("gorilla", "gorilla"), ("shark,3", "gorilla")] {
      try? FileManager.default.removeItem(atPath: folder.path + "/a")
      #expect(try run("-o a --classes \(classes) \(options)").lines.count == 1)
      #expect(try names("a").contains("\(name).png"), "\(classes)")
    }
  }

  @Test("A result never replaces a file that the command reads")
  func inputsStay() throws {
    try FileManager.default.createDirectory(atPath: folder.path + "/a", withIntermediateDirectories: false)
    try folder.add("a/tarantula.png", folder.bytes("photo.png"))
    try folder.add("a/index.html", Array("tarantula\n".utf8))
    try folder.add("a/manifest.jsonl", Array((0..<1000).map { "c\($0)\n" }.joined().utf8))
    for (options, name) in [
      ("--classes 76 --init a/tarantula.png", "tarantula.png"), ("--classes a/../a/index.html", "index.html"),
      ("--labels a/manifest.jsonl", "manifest.jsonl"),
    ] {
      try Refusal.usage(
        "atlas -o a/ --iterations 1 \(options)", "A result would replace a/\(name), which the command reads."
      ).check(in: folder)
    }
  }

  @Test(arguments: [
    Refusal("atlas -o a --classes empty.txt", "error: empty.txt: has no class; write one per line"),
    Refusal(
      "atlas -o a --classes wrong.txt", "error: wrong.txt: class 1000 is out of range: the model has classes 0 to 999"),
  ])
  func wrongClassFilesAreRefused(_ refusal: Refusal) throws {
    try folder.add("empty.txt", Array(" \n\n".utf8))
    try folder.add("wrong.txt", Array("3\n1000\n".utf8))
    try refusal.check(in: folder)
  }

  @Test(arguments: [
    Refusal("atlas -o a --classes 3,3", "error: --classes names tiger shark (3) twice"),
    Refusal("atlas -o a --classes 0-5,tarantula,70-80", "error: --classes names tarantula (76) twice"),
    Refusal(["atlas", "-o", "a", "--classes", ""], "error: a class name can't be empty"),
    Refusal("atlas -o a --classes 3,,4", "error: a class name can't be empty"),
    Refusal("atlas -o a --classes 9-7", "error: --classes: write 7-9, not 9-7"),
    Refusal("atlas -o a --classes 990-1000", "error: class 1000 is out of range: the model has classes 0 to 999"),
    Refusal("atlas -o a --classes nothing-at-all", "error: no class is called \"nothing-at-all\"; nearest: …"),
    Refusal(
      "atlas -o a --size 16", "error: a network input of 16×16 pixels is too small: the network needs at least 17×17"),
    Refusal("atlas -o photo.png", "error: photo.png: is a file, not a folder"),
    .usage("atlas -o a --shard 0/3", "The value '0/3' is invalid for '--shard <k/n>': of 3 shards, K is …"),
    .usage(
      "atlas -o a --shard 4/3", "The value '4/3' is invalid for '--shard <k/n>': of 3 shards, K is from 1 to 3, not 4"),
    .usage("atlas -o a --shard auto/0", "The value 'auto/0' is invalid for '--shard <k/n>': there are …"),
    .usage("atlas -o -", "An atlas is a folder; -o must name one, found \"-\"."),
    Refusal("atlas -o a --merge", "error: a: no such folder"),
    Refusal("atlas -o Models --classes 3-5 --merge", "error: Models: 3 of 3 pictures are missing, …"),
    Refusal(
      ["atlas", "-o", "a", "--shard", "auto/2"],
      "Error: --shard auto: JOB_COMPLETION_INDEX must be a whole number, found \"one\".", status: 64,
      environment: ["JOB_COMPLETION_INDEX": "one"]),
    .usage("atlas -o a --shard 1/3 --merge", "Give --shard or --merge, not both."),
    .usage(
      "atlas -o a --shard auto",
      "--shard auto: neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set."),
    Refusal(
      ["atlas", "-o", "a", "--shard", "auto"],
      "Error: --shard auto: SLURM_ARRAY_TASK_COUNT is not set; write --shard auto/N.", status: 64,
      environment: ["SLURM_ARRAY_TASK_ID": "1"]),
    Refusal(
      ["atlas", "-o", "a", "--shard", "auto"],
      "Error: --shard auto: needs a complete Slurm array that starts at task 0 or 1, found tasks 5 to 5 (1 in all); …",
      status: 64,
      environment: [
        "SLURM_ARRAY_TASK_ID": "5", "SLURM_ARRAY_TASK_MIN": "5", "SLURM_ARRAY_TASK_MAX": "5",
        "SLURM_ARRAY_TASK_COUNT": "1",
      ]),
    Refusal(
      ["atlas", "-o", "a", "--shard", "auto/2"],
      "Error: --shard auto/2: SLURM_ARRAY_TASK_ID must be from 1 to 2, found 0.", status: 64,
      environment: ["SLURM_ARRAY_TASK_ID": "0"]),
    Refusal(
      ["atlas", "-o", "a", "--shard", "auto"],
      "Error: --shard auto: Kubernetes does not tell the number of shards; write --shard auto/N.", status: 64,
      environment: ["JOB_COMPLETION_INDEX": "0"]),
    Refusal(
      ["atlas", "-o", "a", "--shard", "auto/2"],
      "Error: --shard auto/2: JOB_COMPLETION_INDEX must be from 0 to 1, found 2.", status: 64,
      environment: ["JOB_COMPLETION_INDEX": "2"]),
    .usage(
      "atlas -o a --seeds 0-100", "An atlas has at most 100000 pictures; --classes, --recipe and --seeds ask for more."),
    .usage("visualize --class 3 --recipe simonyan --recipe simonyan", "The same --recipe is given twice."),
  ])
  func wrongOptionsAreRefused(_ refusal: Refusal) throws {
    try refusal.check(in: folder)
  }
}
