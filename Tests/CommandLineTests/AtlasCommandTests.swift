// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// The files that `atlas` leaves in its folder, after complete, interrupted, failed and repeated runs.
@Suite struct AtlasCommandTests: AtlasSuite {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder.withModelAndPhoto() }

  @Test("atlas writes the pictures that visualize makes, one line for each, the contact sheet and the page")
  func whole() throws {
    let outcome = try run("-o a/b \(Self.small) --json")
    #expect(outcome.status == 0)
    #expect(outcome.errors == "a/b: 6 pictures, contact-sheet.png and index.html\n")
    #expect(try names("a/b") == Self.all)
    let form = JSONValue.Form.object([
      "class": .int, "label": .string, "recipe": .string, "seed": .int, "iterations": .int, "score": .number,
      "probability": .number, "seconds": .number, "output": .string, "sha256": .string,
    ])
    let records = try outcome.lines.map { try JSONValue($0) }
    #expect(records.count == 6)
    #expect(records.allSatisfy { $0.has(form) })
    let lines = try String(decoding: folder.bytes("a/b/manifest.jsonl"), as: UTF8.self).split(separator: "\n")
    #expect(Set(lines.map(String.init)) == Set(outcome.lines))
    #expect(lines.count == 6)
    for record in records {
      let bytes = try folder.bytes("a/b/\(try #require(record["output"]?.string))")
      #expect(record["sha256"]?.string == SHA256.digest(of: bytes))
    }
    let alone = try Program.run(
      ["visualize", "--class", "366", "--seed", "1", "--size", "32", "--iterations", "3", "--quiet"], in: folder)
    #expect(alone.status == 0)
    #expect(try folder.bytes("gorilla.png") == folder.bytes("a/b/gorilla-seed-1.png"))
    let sheet = try folder.image("a/b/contact-sheet.png")
    #expect((sheet.width, sheet.height) == (3 * 234 + 10, 2 * 250 + 10))
    let page = String(decoding: try folder.bytes("a/b/index.html"), as: UTF8.self)
    #expect(Self.pictures.allSatisfy { page.contains("<img src=\"\($0)\"") })
    #expect(!page.contains("http://"))
    #expect(!page.contains("https://"))
  }

  @Test("A second run keeps the pictures that match, and makes missing, damaged and different ones again")
  func again() throws {
    #expect(try run("-o a \(Self.small) --quiet").status == 0)
    #expect(try run("-o b \(Self.small) --quiet").status == 0)
    // --show-every does not change a picture.
    let done = try run("-o b \(Self.small) --show-every 1 --json")
    #expect(done.text == "")
    #expect(done.errors.hasPrefix("6 of 6 pictures already exist\n"))

    try FileManager.default.removeItem(atPath: folder.path + "/b/gorilla-seed-0.png")
    try folder.add("b/tarantula-seed-1.png", folder.bytes("b/tarantula-seed-1.png").dropLast())
    let mended = try run("-o b \(Self.small) --json")
    #expect(mended.lines.count == 2)
    #expect(mended.errors.hasPrefix("4 of 6 pictures already exist\n"))
    try expectSame("b", as: "a")

    let other = try run("-o b \(Self.small) --learning-rate 24 --json")
    #expect(other.lines.count == 6)
    #expect(other.errors.hasPrefix("6 of 6 pictures do not match this command and will be made again\n"))
    #expect(try run("-o b \(Self.small) --json --quiet").lines.count == 6)
    try expectSame("b", as: "a")
  }

  @Test("Temporary files of a killed run are removed, but other files are not")
  func leftovers() throws {
    #expect(try run("-o a \(Self.small) --quiet").status == 0)
    #expect(try run("-o b \(Self.small) --shard 1/2 --quiet").status == 0)
    for name in [".gorilla-seed-0.png.tmp", ".manifest.jsonl.tmp", ".index.html.tmp", ".contact-sheet.png.tmp"] {
      try folder.add("b/\(name)", [1])
    }
    try folder.add("b/manifest-1-of-2.jsonl", folder.bytes("b/manifest-1-of-2.jsonl") + Array("{\"class\":3".utf8))
    try folder.add("b/.hidden.tmp", [2])
    #expect(try run("-o b \(Self.small) --quiet").status == 0)
    #expect(try folder.bytes("b/.hidden.tmp") == [2])
    try FileManager.default.removeItem(atPath: folder.path + "/b/.hidden.tmp")
    try expectSame("b", as: "a")
  }

  @Test("Shards and their merge make the same files as a single run")
  func shards() throws {
    #expect(try run("-o a \(Self.small) --quiet").status == 0)
    for index in [3, 1] { #expect(try run("-o b \(Self.small) --quiet --shard \(index)/3").status == 0) }
    let early = try run("-o b \(Self.small) --merge")
    #expect(early.status == 1)
    #expect(early.text == "")
    #expect(
      early.errors == """
        error: b: 2 of 6 pictures are missing, damaged or do not match this command; the first is \
        black-widow-seed-1.png; run their shards again

        """)
    // The program runs as task 2 of a Slurm array of tasks 0, 2 and 4.
    let slurm = [
      "SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_MAX": "4",
      "SLURM_ARRAY_TASK_STEP": "2",
      "SLURM_ARRAY_TASK_COUNT": "3",
    ]
    #expect(try run("-o b \(Self.small) --quiet --shard auto", slurm).lines.count == 2)
    for environment in [
      ["JOB_COMPLETION_INDEX": "1"], ["SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_MIN": "2"],
    ] {
      #expect(try run("-o b \(Self.small) --quiet --shard auto/3", environment).text == "")
    }
    let merged = try run("-o b \(Self.small) --merge")
    #expect(merged.status == 0)
    #expect(merged.errors == "b: 6 pictures, contact-sheet.png and index.html\n")
    try expectSame("b", as: "a")
    #expect(try run("-o b \(Self.small) --merge --quiet").status == 0)
    try expectSame("b", as: "a")
    #expect(try run("-o b \(Self.small) --shard 7/9").errors == "note: shard 7-of-9 has no pictures to make\n")
    // A shard of a finished atlas has nothing to do and leaves no file.
    #expect(try run("-o b \(Self.small) --shard 1/4").errors == "2 of 2 pictures already exist\n")
    try expectSame("b", as: "a")
  }

  @Test("A run with another number of shards keeps the pictures that are there")
  func otherShards() throws {
    #expect(try run("-o a \(Self.small) --quiet").status == 0)
    #expect(try run("-o b \(Self.small) --quiet --shard 1/2").lines.count == 3)
    try folder.add("b/manifest-list-of-friends.jsonl", Array("half a line".utf8))
    for index in 1...3 { #expect(try run("-o b \(Self.small) --quiet --shard \(index)/3").lines.count == 1) }
    for name in [".gorilla-seed-0.png.1-of-2.tmp", ".index.html.2-of-3.tmp"] { try folder.add("b/\(name)", [1]) }
    #expect(try run("-o b \(Self.small) --merge --quiet").status == 0)
    #expect(try folder.bytes("b/manifest-list-of-friends.jsonl") == Array("half a line".utf8))
    try FileManager.default.removeItem(atPath: folder.path + "/b/manifest-list-of-friends.jsonl")
    try expectSame("b", as: "a")
  }

  @Test("Shards run side by side; a run that makes or merges all pictures must be alone")
  func locks() throws {
    try FileManager.default.createDirectory(atPath: folder.path + "/a", withIntermediateDirectories: false)
    let line = "error: a/manifest.jsonl: another run is using this file\n"
    do {
      let shard = try AtlasFolder(folder.path + "/a", AtlasShard(1, of: 2)).openManifests(for: [])
      #expect(try run("-o a \(Self.small) --shard 2/2 --quiet").status == 0)
      for option in ["", " --merge"] { #expect(try run("-o a \(Self.small)\(option)").errors == line) }
      let same = try run("-o a \(Self.small) --shard 1/2")
      #expect(same.errors == "error: a/manifest-1-of-2.jsonl: another run is using this file\n")
      #expect(shard.allSatisfy { $0.isLocked })
    }
    let path = folder.path + "/a"
    let whole = try retryingWhileLocked { () throws(PixelAscentError) in try AtlasFolder(path).openManifests(for: []) }
    for option in ["", " --merge", " --shard 1/2"] { #expect(try run("-o a \(Self.small)\(option)").errors == line) }
    #expect(whole.count == 3)
  }

  @Test("After interrupted and killed runs, a last run leaves the same files as an undisturbed run")
  func interrupted() throws {
    signal(SIGINT, SIG_DFL)
    let long = "--classes 75-76,gorilla --seeds 0-1 --size 64 --iterations 5000 --threads 2"
    #expect(try run("-o a \(long) --quiet").status == 0)
    let interrupted = try Program.run(
      ["atlas", "-o", "b", "--quiet"] + long.split(separator: " ").map(String.init), in: folder
    ) { process, _ in
      let end = Date(timeIntervalSinceNow: 60)
      while !FileManager.default.fileExists(atPath: folder.path + "/b/manifest.jsonl") && Date() < end { usleep(5000) }
      usleep(100_000)
      kill(process, SIGINT)
    }
    #expect(interrupted.status == 130)
    #expect(interrupted.errors == "")
    #expect(try names("b").allSatisfy { !$0.hasPrefix(".") && $0 != "index.html" })
    for (round, number) in [SIGKILL, SIGTERM, SIGKILL].enumerated() {
      let outcome = try stopped(long, by: number, pictures: round + 1)
      #expect(outcome.status == 128 + number)
      #expect(try !names("b").contains("index.html"))
    }
    #expect(try run("-o b \(long) --quiet").status == 0)
    try expectSame("b", as: "a")
  }

  /// Runs `atlas` with the folder b, and sends the program the signal `number` when b holds `pictures` pictures.
  private func stopped(_ options: String, by number: Int32, pictures: Int) throws -> Program.Outcome {
    // The outer shell turns a death by a signal into an exit code; the inner one becomes the program.
    let command = "/bin/sh -c 'echo $$ > pid; exec \"$0\" \"$@\"' \"$0\" \"$@\"; exit $?"
    try? FileManager.default.removeItem(atPath: folder.path + "/pid")
    return try Program.run(
      ["-c", command, Program.path, "atlas", "-o", "b", "--quiet"] + options.split(separator: " ").map(String.init),
      in: folder, program: "/bin/sh"
    ) { _, _ in
      let end = Date(timeIntervalSinceNow: 60)
      func process() -> pid_t? {
        (try? folder.bytes("pid")).flatMap { pid_t(String(decoding: $0.dropLast(), as: UTF8.self)) }
      }
      while (process() == nil || ((try? names("b").count) ?? 0) < pictures + 1) && Date() < end { usleep(5000) }
      kill(try #require(process()), number)
    }
  }

  @Test("A picture that fails is recorded, the others are tried, and the next run tries it again")
  func failure() throws {
    let options = "--classes 75,76 --init photo.png --recipe cs231n-pytorch --no-clamp --iterations 9"
    let outcome = try run("-o a \(options) --learning-rate 1e30 --json")
    #expect(outcome.status == 1)
    #expect(outcome.text == "")
    let line = "photo.png: the ascent's values are too large for a float: use a smaller --learning-rate or --l2"
    #expect(
      outcome.errors == """
        error: black-widow.png: \(line)
        error: tarantula.png: \(line)
        a: 0 pictures and index.html
        error: 2 of 2 pictures failed

        """)
    let lines = String(decoding: try folder.bytes("a/manifest.jsonl"), as: UTF8.self).split(separator: "\n")
    #expect(try lines.map { try JSONValue(String($0))["error"]?.string } == [line, line])
    #expect(try names("a") == ["index.html", "manifest.jsonl"])
    #expect(try !String(decoding: folder.bytes("a/index.html"), as: UTF8.self).contains("contact-sheet"))
    // Shards have the same failures, and so does their merge.
    for index in 1...2 { #expect(try run("-o b \(options) --learning-rate 1e30 --shard \(index)/2").status == 1) }
    // A failure with other parameters does not count as a failure of this command.
    let other = try run("-o b \(options) --learning-rate 25 --merge")
    #expect(other.status == 1)
    #expect(other.errors.hasPrefix("error: b: 2 of 2 pictures are missing"))
    let merged = try run("-o b \(options) --learning-rate 1e30 --merge")
    #expect(merged.status == 1)
    #expect(merged.errors == outcome.errors.replacing("a: 0", with: "b: 0"))
    #expect(try manifest("b") == manifest("a"))
    #expect(try names("b") == names("a"))
    // The error of a single picture gives the reason too.
    let one = options.replacing("75,76", with: "76")
    for option in [" --shard 1/1", " --merge"] {
      let outcome = try run("-o c \(one) --learning-rate 1e30 --quiet\(option)")
      #expect(outcome.status == 1)
      #expect(outcome.errors == "error: tarantula.png: \(line)\n")
    }
    #expect(try run("-o a \(options) --learning-rate 25 --quiet --json").lines.count == 2)
    #expect(
      try names("a") == ["black-widow.png", "contact-sheet.png", "index.html", "manifest.jsonl", "tarantula.png"])
    // A picture that was made with other parameters is removed if this command fails to make it.
    #expect(try run("-o a \(options) --learning-rate 1e30 --quiet").status == 1)
    #expect(try names("a") == ["index.html", "manifest.jsonl"])
    #expect(try run("-o a \(options) --learning-rate 25 --quiet").status == 0)
    // If another manifest records a success, the merge does not count the failure.
    #expect(try run("-o a \(options) --learning-rate 1e30 --shard 1/1 --quiet").status == 1)
    try folder.add("a/tarantula.png", [1])
    #expect(try run("-o a \(options) --learning-rate 1e30 --merge").errors.hasPrefix("error: a: 2 of 2 pictures are"))
  }

  @Test(
    "A full disk ends the run, and no file is half written",
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "this system has no /dev/full"))
  func fullDisk() throws {
    try FileManager.default.createDirectory(atPath: folder.path + "/a", withIntermediateDirectories: false)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/a/black-widow-seed-1.png", withDestinationPath: "/dev/full")
    let outcome = try run("-o a \(Self.small) --threads 1 --json")
    #expect(outcome.status == 1)
    #expect(outcome.lines.count == 1)
    #expect(
      outcome.errors == """
        error: black-widow-seed-1.png: a/black-widow-seed-1.png: no space left on device
        error: 1 of 6 pictures failed, and 4 were not tried

        """)
    #expect(try names("a") == ["black-widow-seed-0.png", "black-widow-seed-1.png", "manifest.jsonl"])
  }

  @Test("If a picture can't be written completely, its file does not exist")
  func halfWritten() throws {
    let command = "ulimit -f 1; exec \"$0\" \"$@\""
    let outcome = try Program.run(
      ["-c", command, Program.path, "atlas", "-o", "a", "--quiet"] + Self.small.split(separator: " ").map(String.init),
      in: folder, program: "/bin/sh")
    #expect(outcome.status == 1)
    #expect(outcome.text == "")
    // Of the pictures that are made at the same time either may fail first.
    let lines = (0...1).map { "error: black-widow-seed-\($0).png: a/black-widow-seed-\($0).png: file too large\n" }
    #expect(lines.contains(where: outcome.errors.hasPrefix), "\(outcome.errors)")
    #expect(try names("a") == ["manifest.jsonl"])
    #expect(try run("-o a \(Self.small) --quiet").status == 0)
    #expect(try names("a") == Self.all)
  }
}
