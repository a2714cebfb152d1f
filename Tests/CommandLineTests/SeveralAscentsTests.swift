// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// `visualize` with several classes and seeds.
@Suite struct SeveralAscentsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder.withModelAndPhoto() }

  private static let small = "--init photo.png --iterations 3 --show-every 2"

  private func run(_ command: String) throws -> Program.Outcome {
    try Program.run(["visualize"] + command.split(separator: " ").map(String.init), in: folder)
  }

  private func names(_ sub: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/\(sub)").sorted()
  }

  @Test(
    "An ascent gives the same bytes among several as alone, on any number of threads",
    arguments: ["--size 32 --iterations 3", small, "--size 32 --iterations 3 --recipe simonyan"])
  func bytes(_ options: String) throws {
    let seeds = ["4", "0"], classes = ["gorilla", "wolf spider"], slugs = ["gorilla", "wolf-spider"]
    for threads in [1, 2, 3, 8] {
      let several = try run(
        "--class 366 --class 77 --seeds 4,0 \(options) --threads \(threads) --quiet -o \(threads)/ --figure \(threads)/ "
          + "--raw \(threads)/")
      #expect(several.status == 0)
      #expect(several.errors == "")
      #expect(several.lines.count == 4)
      for (index, line) in several.lines.enumerated() {
        let stem = "\(slugs[index / 2])-seed-\(seeds[index % 2])"
        #expect(line.hasPrefix("\(threads)/\(stem).png: \(classes[index / 2]) ("))
      }
    }
    for slug in slugs {
      for seed in seeds {
        let name = slug.replacing("-", with: " "), stem = "\(slug)-seed-\(seed)"
        let alone = try Program.run(
          ["visualize", "--class", name, "--seed", seed, "-o", "a.png", "--figure", "b.png", "--raw", "c.npy"]
            + options.split(separator: " ").map(String.init) + ["--threads", "3"], in: folder)
        #expect(alone.status == 0)
        #expect(alone.errors.contains("iteration 3/3  score "))
        for threads in [1, 2, 3, 8] {
          #expect(try folder.bytes("\(threads)/\(stem).png") == folder.bytes("a.png"))
          #expect(try folder.bytes("\(threads)/\(stem)-figure.png") == folder.bytes("b.png"))
          #expect(try folder.bytes("\(threads)/\(stem).npy") == folder.bytes("c.npy"))
        }
      }
    }
    #expect(try folder.bytes("1/gorilla-seed-4.png") != folder.bytes("1/gorilla-seed-0.png"))
  }

  @Test("--json prints one object per line, by class and then by seed, whichever ascent ends first")
  func records() throws {
    let outcome = try run("--class 9 --class 366 --class 130 --seeds 7,1-3,0 \(Self.small) --json --threads 4 -o out/")
    #expect(outcome.status == 0)
    let records = try outcome.lines.map { try JSONValue($0) }
    let classes: [Int] = [9, 366, 130], seeds: [Int] = [7, 1, 2, 3, 0]
    #expect(records.map { $0["class"]?.int } == (0..<15).map { (index: Int) -> Int? in classes[index / 5] })
    #expect(records.map { $0["seed"]?.int } == (0..<15).map { (index: Int) -> Int? in seeds[index % 5] })
    let form = JSONValue.Form.object([
      "class": .int, "label": .string, "recipe": .string, "seed": .int, "iterations": .int, "score": .number,
      "probability": .number, "seconds": .number, "output": .string,
    ])
    #expect(records.allSatisfy { $0.has(form) })
    #expect(try names("out") == records.compactMap { $0["output"]?.string?.replacing("out/", with: "") }.sorted())
  }

  @Test(
    "A default name has the seed only if there are several seeds",
    arguments: [
      ("--class 76 --class 366", ["gorilla.png", "tarantula.png"]),
      ("--class 76 --class 366 --seed 5", ["gorilla.png", "tarantula.png"]),
      ("--class 76 --class 366 --seeds 5", ["gorilla.png", "tarantula.png"]),
      ("--class 134 --class 517", ["crane-134.png", "crane-517.png"]),
      ("--class 76 --seeds 0-1", ["tarantula-seed-0.png", "tarantula-seed-1.png"]),
      (
        "--class 76 --seeds 18446744073709551614-18446744073709551615",
        ["tarantula-seed-18446744073709551614.png", "tarantula-seed-18446744073709551615.png"]
      ),
      ("--class 76 --seeds 5", ["tarantula.png"]),
      ("--class 76 --seeds 5 -o a.jpg", ["a.jpg"]),
    ])
  func defaultNames(_ options: String, _ expected: [String]) throws {
    let before = folder.names
    #expect(try run("\(options) \(Self.small) --quiet").status == 0)
    #expect(folder.names.filter { !before.contains($0) } == expected)
  }

  @Test("Several ascents print no iterations; a single one prints them, with --seeds as with --seed")
  func progress() throws {
    func iterations(_ options: String) throws -> String {
      try run("\(options) \(Self.small)").errors.split(separator: "\n").filter { $0.hasPrefix("iteration ") }
        .joined(separator: "\n")
    }
    #expect(try iterations("--class 76 --seeds 3,4") == "")
    #expect(try iterations("--class 76 --class 77") == "")
    #expect(try iterations("--class 76 --seeds 3") == iterations("--class 76 --seed 3"))
    #expect(try iterations("--class 76 --seeds 3").hasPrefix("iteration 1/3  score "))
  }

  @Test("The notes of several ascents name the class and the seed")
  func notes() throws {
    // The class with the lowest score has a score of zero, because the last ReLU is zero at every position. The image has the
    // size of the network's input, so classify does not resize it.
    try folder.add("square.png", Pictures.photo.resized(width: 40, height: 40).pngData())
    let classified = try Program.run(["classify", "square.png", "--top", "1000", "--json"], in: folder).record
    let last = try #require(classified["predictions"]?[999])
    #expect(last["score"]?.number == 0)
    let label = try #require(last["label"]?.string), index = try #require(last["class"]?.int)

    let options = "--class \(index) --init square.png --max-jitter 0 --learning-rate 1e-30 --iterations 3 --threads 1"
    let note =
      "the gradient of \(label)'s score was zero 3 times; "
      + "the ascent then followed the score before the last ReLU instead"
    #expect(
      try run("\(options) --seeds 1,8").errors
        == "note: \(label) (\(index)), seed 1: \(note)\nnote: \(label) (\(index)), seed 8: \(note)\n")
    #expect(try run("\(options) --seeds 1,8 --quiet").errors == "")
    #expect(try run(options).errors.hasSuffix("\nnote: \(note)\n"))
  }

  @Test(
    "An error names the ascent that failed, and the others are finished",
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "this system has no /dev/full"),
    arguments: [1, 2, 5], ["photo.png", "noise --size 32"])
  func failure(_ threads: Int, _ start: String) throws {
    try FileManager.default.createDirectory(atPath: folder.path + "/out", withIntermediateDirectories: false)
    let names = ["tarantula-seed-0.png", "wolf-spider-seed-1.png"]
    for name in names {
      try FileManager.default.createSymbolicLink(
        atPath: "\(folder.path)/out/\(name)", withDestinationPath: "/dev/full")
    }
    let outcome = try run(
      "--class 76 --class 77 --seeds 0-2 --init \(start) --iterations 2 --quiet --json --threads \(threads) -o out")
    #expect(outcome.status == 1)
    #expect(
      outcome.errors == """
        error: tarantula (76), seed 0: out/tarantula-seed-0.png: no space left on device
        error: wolf spider (77), seed 1: out/wolf-spider-seed-1.png: no space left on device
        error: 2 of 6 ascents failed

        """)
    let records = try outcome.lines.map { try JSONValue($0) }
    #expect(records.map { $0["class"]?.int } == [76, 76, 77, 77])
    #expect(records.map { $0["seed"]?.int } == [1, 2, 0, 2])
  }

  @Test("The error of an ascent that diverges names the ascent and the file that it started from")
  func divergence() throws {
    let options = "--init photo.png --recipe cs231n-pytorch --no-clamp --learning-rate 1e30 --iterations 9 --quiet"
    let line = "photo.png: the ascent's values are too large for a float: use a smaller --learning-rate or --l2\n"
    let outcome = try run("--class 76 --seeds 5-6 \(options)")
    #expect(outcome.status == 1)
    #expect(outcome.text == "")
    #expect(
      outcome.errors
        == "error: tarantula (76), seed 5: \(line)error: tarantula (76), seed 6: \(line)error: 2 of 2 ascents failed\n")
    #expect(try run("--class 76 --seed 5 \(options)").errors == "error: \(line)")
  }

  private static let tooMany =
    "One command makes at most 100000 ascents; --class, --objective, --recipe and --seeds ask for more."
  private static let form = "seeds are whole numbers from 0 to 18446744073709551615, written as 0-3 or 0,2,5-7"

  @Test(arguments: [
    Refusal.usage("visualize --class 76 --seed 1 --seeds 2", "Give --seed or --seeds, not both."),
    .usage("visualize --class 76 --seed 0 --seeds 0", "Give --seed or --seeds, not both."),
    .usage("visualize --class 76 --seeds", "Missing value for '--seeds <list>'"),
    .usage("visualize --class 76 --seeds 7-5", "The value '7-5' is invalid for '--seeds <list>': write 5-7, not 7-5"),
    .usage("visualize --class 76 --seeds 0-3,2", "The value '0-3,2' is invalid for '--seeds <list>': it names 2 twice"),
    .usage("visualize --class 76 --seeds 9,1,9", "The value '9,1,9' is invalid for '--seeds <list>': it names 9 twice"),
    .usage("visualize --class 76 --class tarantula", "--class 76 and --class tarantula are both tarantula (76)."),
    .usage("visualize --class 76 --class 77 --class 76", "--class 76 and --class 76 are both tarantula (76)."),
    .usage("visualize --class 76 --seeds 0-100000", tooMany),
    .usage(
      "visualize --class 76 --class 77 --seeds 0-49999,60000", tooMany),
    .usage(
      "visualize --class 76 --seeds 0-18446744073709551615", tooMany),
    .usage(
      "visualize --class 76 --class 77 -o a.png",
      "With several results -o must be a folder; write a.png/ for a new one."),
    .usage(
      "visualize --class 76 --seeds 0-1 --figure a.png",
      "With several results --figure must be a folder; write a.png/ for a new one."),
    .usage(
      "visualize --class 76 --seeds 0-1 -o a/ --raw a.npy",
      "With several results --raw must be a folder; write a.npy/ for a new one."),
    Refusal("visualize --class 76 --class crane", "error: class \"crane\" names 2 classes: …; use the index"),
    Refusal(
      "visualize --class 76 --class 77 --size 16",
      "error: a network input of 16×16 pixels is too small: the network needs at least 17×17"),
    Refusal(
      "visualize --class 76 --seeds 0-3 --size 224 --max-memory 1",
      "error: a network input of 224×224 pixels would take … MB of memory, more than the limit of 1 MB (--max-memory)"),
    Refusal("visualize --class 76 --seeds 0-3 --init missing.png", "error: missing.png: no such file"),
  ])
  func wrongClassesAndSeedsAreRefused(_ refusal: Refusal) throws {
    try refusal.check(in: folder)
  }

  @Test(
    "A text that is not a list of seeds is refused",
    arguments: [
      "", ",", "0,", "-", "1-", "-1", "1-2-3", "+1", "a", "0x1", "1.5", "0..3", "0, 1", "٣", "18446744073709551616",
    ])
  func malformed(_ list: String) throws {
    try Refusal(
      ["visualize", "--class", "76", "--seeds", list],
      "Error: The value '\(list)' is invalid for '--seeds <list>': \(Self.form)", status: 64
    ).check(in: folder)
  }

  @Test("The greatest allowed number of ascents is accepted; only the size is refused")
  func most() throws {
    try Refusal(
      "visualize --class 76 --seeds 18446744073709451616-18446744073709551615 --size 16",
      "error: a network input of 16×16 pixels is too small: the network needs at least 17×17"
    ).check(in: folder)
  }
}
