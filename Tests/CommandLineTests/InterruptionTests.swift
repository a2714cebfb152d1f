// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// Ctrl-C and the other signals that end a program.
@Suite struct InterruptionTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder.withModelAndPhoto()
    // A shell makes its background jobs ignore SIGINT, and the program would inherit that.
    signal(SIGINT, SIG_DFL)
  }

  /// Runs a command that would take very long, and sends it the signals once standard error contains `sign`.
  private func run(_ command: String, _ signals: [Int32], after sign: String) throws -> Program.Outcome {
    try Program.run(command.split(separator: " ").map(String.init), in: folder) { process, errors in
      waitFor(sign, errors)
      for number in signals {
        kill(process, number)
        // Two signals of the same kind at the same time would arrive as one.
        usleep(50_000)
      }
    }
  }

  /// Waits until `errors` contains `sign`, but at most two minutes.
  private func waitFor(_ sign: String, _ errors: () -> String) {
    let end = Date(timeIntervalSinceNow: 120)
    while !errors().contains(sign) && Date() < end { usleep(10_000) }
  }

  private static let long = "visualize --class 76 --size 32 --iterations 100000000 --show-every 5"

  @Test("After one SIGINT the iteration is finished, and the result is that of a shorter ascent")
  func once() throws {
    // With more iterations, the figure of all shown pictures would exceed the memory limit.
    let long = Self.long.replacing("100000000", with: "500000")
    let outcome = try run("\(long) --figure f.png -o o.png --json", [SIGINT], after: "iteration 5/")
    #expect(outcome.status == 130)
    let iterations = try #require(outcome.record["iterations"]?.int)
    #expect(outcome.errors.contains("\niteration \(iterations)/500000  score "))
    #expect(outcome.errors.hasSuffix("\ninterrupted after \(iterations) iterations: the picture so far is in o.png\n"))
    let again = try Program.run(
      [
        "visualize", "--class", "76", "--size", "32", "--iterations", "\(iterations)", "--show-every", "5", "--quiet",
        "--figure", "g.png", "-o", "p.png",
      ], in: folder)
    #expect(again.status == 0)
    #expect(try folder.bytes("o.png") == folder.bytes("p.png"))
    #expect(try folder.bytes("f.png") == folder.bytes("g.png"))
    #expect(folder.names.allSatisfy { !$0.hasSuffix(".tmp") })
  }

  @Test("If fool is interrupted, it writes the image so far, and reproduce makes that image again")
  func fooling() throws {
    let outcome = try run(
      "fool photo.png --target 76 --learning-rate 1e-9 --max-iterations 100000000 -o o.png --json", [SIGINT],
      after: "iteration 3 ")
    #expect(outcome.status == 130)
    let iterations = try #require(outcome.record["iterations"]?.int)
    #expect(outcome.errors.hasSuffix("interrupted after \(iterations) iterations: the image so far is in o.png\n"))
    #expect(try Program.run(["reproduce", "o.png", "--input", "photo.png"], in: folder).status == 0)
  }

  @Test("If a dream is interrupted, it writes the image so far, and reproduce makes that image again")
  func dream() throws {
    let outcome = try run(
      "dream photo.png --layer #1 --octaves 20 --octave-scale 1.01 --iterations 1000 --animate a.png --every 900 -o o.png --json",
      [SIGINT], after: "step 1000/")
    #expect(outcome.status == 130)
    let steps = try #require(outcome.record["steps"]?.int)
    #expect(outcome.errors.hasSuffix("interrupted after \(steps) steps: the image so far is in o.png\n"))
    for file in ["o.png", "a.png"] {
      #expect(try Program.run(["reproduce", file, "--input", "photo.png"], in: folder).status == 0)
    }
  }

  @Test("Of several ascents, those under way are written, and no other begins")
  func several() throws {
    try folder.add("big.png", Pictures.photo.resized(width: 400, height: 300).pngData())
    // The program does not say when the ascents have begun; on a slow machine one second may be too early.
    for seconds in [1, 5, 60] as [UInt32] {
      let outcome = try Program.run(
        ["visualize", "--class", "76", "--class", "77", "--seeds", "0-9", "--init", "big.png", "--threads", "2"]
          + ["--iterations", "100000000", "--json", "-o", "out/"], in: folder
      ) { process, _ in
        sleep(seconds)
        kill(process, SIGINT)
      }
      #expect(outcome.status == 130)
      #expect(outcome.lines.count <= 2)
      var lines = outcome.errors.split(separator: "\n").filter { !$0.hasPrefix("note: ") }
      if outcome.lines.count > 0 {
        #expect(lines.popLast() == "interrupted: 0 of 20 ascents are done")
      }
      #expect(lines.count == outcome.lines.count)
      #expect(lines.allSatisfy { $0.contains(": interrupted after ") })
      if outcome.lines.count == 2 { return }
    }
    Issue.record("the two ascents under way were not written")
  }

  @Test("A signal during the last iteration does not shorten the ascent")
  func last() throws {
    let command = "visualize --class 76 --size 500 --samples 100 --iterations 1 -o"
    #expect(try Program.run((command + " o.png").split(separator: " ").map(String.init), in: folder).status == 0)
    // The program does not say when the iteration begins. An earlier signal ends the program without a picture, and
    // a later one has no effect.
    for milliseconds in [50, 150, 300, 600, 1200, 2500, 5000, 10_000] as [UInt32] {
      let outcome = try Program.run((command + " p.png").split(separator: " ").map(String.init), in: folder) {
        process, _ in
        usleep(milliseconds * 1000)
        kill(process, SIGINT)
      }
      guard outcome.status == 130 && outcome.text != "" else { continue }
      #expect(!outcome.errors.contains("interrupted"))
      #expect(try folder.bytes("o.png") == folder.bytes("p.png"))
      return
    }
    Issue.record("no signal came during the iteration")
  }

  @Test("An iteration of many samples that is under way is finished, and is the last")
  func underWay() throws {
    let command = "visualize --class 76 --size 400 --samples 200 --iterations 1000 -o o.png"
    for milliseconds in [50, 150, 300, 600, 1200, 2500, 5000, 10_000] as [UInt32] {
      var isInFirst = false
      let outcome = try Program.run(command.split(separator: " ").map(String.init), in: folder) { process, errors in
        usleep(milliseconds * 1000)
        isInFirst = !errors().contains("iteration 1/")
        kill(process, SIGINT)
      }
      if isInFirst && outcome.errors.contains("interrupted after 1 iteration:") { return }
    }
    Issue.record("no run has ended with its first iteration")
  }

  @Test("A signal while a file is being written removes that unfinished file")
  func halfWritten() throws {
    var isSeen = false
    for _ in 0..<20 where !isSeen {
      let outcome = try Program.run(
        "saliency photo.png --input-size 1200 --raw raw.npy -o o.png --quiet".split(separator: " ").map(String.init),
        in: folder
      ) { process, _ in
        let end = Date(timeIntervalSinceNow: 60)
        func isWriting() -> Bool {
          folder.names.contains { $0.hasSuffix(".tmp") }
        }
        while !isWriting() && !folder.names.contains("raw.npy") && Date() < end { usleep(50) }
        isSeen = isWriting()
        kill(process, SIGTERM)
      }
      #expect(outcome.status == 128 + SIGTERM || outcome.status == 0)
      #expect(folder.names.allSatisfy { !$0.hasSuffix(".tmp") })
      if outcome.status == 0 { isSeen = false }
      for name in ["raw.npy", "o.png"] { try? FileManager.default.removeItem(atPath: "\(folder.path)/\(name)") }
    }
    #expect(isSeen, "no signal came at the right time")
  }

  @Test(
    "A pipe that nobody reads any more ends the program without a message or a half-written file",
    .enabled(if: FileManager.default.fileExists(atPath: "/bin/bash")))
  func brokenPipe() throws {
    let command = """
      "$0" atlas -o a --size 32 --iterations 1 --json --quiet | head -n 1
      exit ${PIPESTATUS[0]}
      """
    let outcome = try Program.run(["-c", command, Program.path], in: folder, program: "/bin/bash")
    #expect(outcome.status == 141)
    #expect(outcome.lines.count == 1)
    #expect(outcome.errors == "")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/a")
    #expect(names.count < 1000)
    #expect(names.allSatisfy { !$0.hasPrefix(".") && $0 != "index.html" })
  }

  @Test(
    "A second SIGINT, or another signal, ends the program at once, and nothing is written",
    arguments: [[SIGINT, SIGINT], [SIGTERM], [SIGHUP], [SIGQUIT], [SIGXCPU], [SIGALRM]])
  func atOnce(_ signals: [Int32]) throws {
    let before = folder.names
    // The iteration takes so long that the second signal comes before its end.
    let outcome = try run(
      "visualize --class 76 --size 500 --samples 200 --iterations 100000000 -o o.png --threads 1", signals,
      after: "iteration 1/")
    let number = try #require(signals.last)
    #expect(outcome.status == 128 + number)
    #expect(outcome.text == "")
    #expect(folder.names == before)
  }

  #if os(Linux)
    private static let script = "/usr/bin/script"

    @Test("A second SIGINT in a terminal removes the line of progress", .enabled(if: access(script, X_OK) == 0))
    func atOnceInATerminal() throws {
      let command = "visualize --class 76 --size 500 --samples 200 --iterations 100000000 -o o.png --threads 1"
      let outcome = try Program.run(
        ["-qefc", "stty cols 80; echo $$ > pid; exec '\(Program.path)' \(command)", "typescript"], in: folder,
        environment: ["TERM": "xterm"], program: Self.script
      ) { _, _ in
        waitFor("iteration 1/") { (try? folder.bytes("typescript")).map { String(decoding: $0, as: UTF8.self) } ?? "" }
        let text = String(decoding: try folder.bytes("pid"), as: UTF8.self)
        let process = try #require(pid_t(text.split(separator: "\n").joined()))
        for _ in 0..<2 {
          kill(process, SIGINT)
          usleep(50_000)
        }
      }
      #expect(outcome.status == 130)
      #expect(outcome.text.hasSuffix("\r\u{1B}[K"))
    }
  #endif

  @Test("If the parent process ignores SIGINT, the program ignores it too")
  func ignored() throws {
    let options = Self.long.replacing("100000000", with: "200").split(separator: " ").map(String.init)
    let outcome = try Program.run(
      ["-c", "trap '' INT; exec \"$0\" \"$@\"", Program.path] + options + ["-o", "o.png"], in: folder,
      program: "/bin/sh"
    ) { process, errors in
      waitFor("iteration 5/", errors)
      kill(process, SIGINT)
    }
    #expect(outcome.status == 0)
    #expect(outcome.errors.contains("iteration 200/200"))
  }
}
