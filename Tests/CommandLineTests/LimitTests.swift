// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

#if os(Linux)
  import Glibc

  /// Limits that the system sets on the program.
  @Suite struct LimitTests {
    private let folder: TemporaryFolder

    init() throws {
      folder = try TemporaryFolder.withModelAndPhoto()
      try folder.add("other.png", folder.bytes("photo.png"))
      // The other user may have no access to the folder that the program was built in.
      try FileManager.default.copyItem(atPath: Program.path, toPath: folder.path + "/program")
      _ = chmod(folder.path, 0o777)
    }

    private static let commands = [
      "--version", "inspect Models/squeezenet1_1.safetensors", "classify photo.png --threads 2",
      "saliency photo.png other.png --threads 2 -o maps/",
      "fool photo.png --target tarantula --max-iterations 3 --threads 2 -o fooled.png",
      "visualize --class tarantula --seeds 0-2 --iterations 3 --threads 2 -o pictures/",
    ]

    /// Whether a user can be given so few processes that the program gets no thread beside its first.
    private static let canLimit =
      access("/usr/bin/prlimit", X_OK) == 0 && (geteuid() != 0 || access("/usr/bin/setpriv", X_OK) == 0)

    /// Returns a command that runs the program with at most `count` threads. Root has no such limit, so the command runs
    /// as a user who has no other processes.
    private func limited(_ words: [String], to count: Int, user: Int) -> [String] {
      let prefix = geteuid() == 0 ? ["/usr/bin/setpriv", "--reuid=\(user)", "--clear-groups"] : []
      return prefix + ["/usr/bin/prlimit", "--nproc=\(count)", folder.path + "/program"] + words
    }

    /// Runs a command that runs the copy of the program. Tries again while another test's new process still has the copy
    /// open for writing.
    private func run(_ words: [String]) throws -> Program.Outcome {
      for _ in 0..<1000 {
        let outcome = try Program.run(Array(words.dropFirst()), in: folder, program: words[0])
        if outcome.status != 126 { return outcome }
        usleep(5000)
      }
      throw Program.Hang(command: words.joined(separator: " "))
    }

    @Test(
      "With few threads to be had every command makes the same files",
      .enabled(if: canLimit, "prlimit or setpriv is missing"), arguments: commands, [1, 2, 3, 4, 6])
    func threads(command: String, count: Int) throws {
      let user = 61000 + (Self.commands.firstIndex(of: command) ?? 0) * 8 + count
      func result(_ count: Int) throws -> [String: [UInt8]] {
        let words = limited(command.split(separator: " ").map(String.init), to: count, user: user)
        let outcome = try run(["/usr/bin/timeout", "60"] + words)
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".png") }
        return try Dictionary(uniqueKeysWithValues: names.map { ($0, try folder.bytes($0)) })
          .merging(["output": Array(outcome.output), "status": [UInt8(outcome.status)]]) { $1 }
      }
      let free = try result(1000)
      // Three iterations do not fool the network.
      #expect(free["status"] == (command.hasPrefix("fool") ? [1] : [0]))
      #expect(try result(count) == free)
    }

    @Test(
      "Without a thread for signals every signal ends the program",
      .enabled(if: canLimit, "prlimit or setpriv is missing"),
      arguments: [SIGINT, SIGTERM, SIGHUP])
    func signals(signal: Int32) throws {
      let words = "visualize --class tarantula --iterations 1000000 --threads 1 -o picture.png".split(separator: " ")
      let script = "\"$@\" & sleep 1; kill -\(signal) $!; wait $!"
      // A shell lets its background jobs ignore Ctrl-C.
      let reset = ["/usr/bin/env", "--default-signal=INT"]
      let program = limited(words.map(String.init), to: 1, user: 60990 + Int(signal))
      let outcome = try run(["/bin/sh", "-c", script, "sh"] + reset + program)
      #expect(outcome.status == 128 + signal, "\(outcome.errors.suffix(500))")
    }

    @Test(
      "With little memory, or few files that may be open, a command works or says so", arguments: commands,
      [
        "-v 35", "-v 45", "-v 55", "-v 65", "-v 75", "-v 85", "-v 95", "-v 120", "-v 200", "-d 45",
        "-d 60", "-d 80", "-d 120", "-n 4", "-n 5", "-n 6",
        "-n 8",
      ])
    func resources(command: String, limit: String) throws {
      let number = limit.hasPrefix("-n") ? limit : limit + "000"
      let script = "ulimit \(number); exec \"$0\" \"$@\""
      let words =
        ["/usr/bin/timeout", "60", "/bin/sh", "-c", script, Program.path]
        + command.split(separator: " ").map(String.init)
      let outcome = try run(words), lines = outcome.errors.split(separator: "\n")
      // The loader refuses what is too little for the program itself.
      if outcome.status == 127 && outcome.errors.contains("error while loading shared libraries") { return }
      #expect(outcome.status == 0 || outcome.status == 1, "\(outcome.errors)")
      #expect(!outcome.errors.contains("Fatal error"), "\(outcome.errors)")
      // Three iterations do not fool the network, and a command with several images has a line for each that failed.
      if outcome.status == 1 && !command.hasPrefix("fool") { #expect(lines.last?.hasPrefix("error: ") == true) }
    }
  }
#endif
