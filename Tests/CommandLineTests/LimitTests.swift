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
      "fool photo.png --target tarantula --threads 2 -o fooled.png",
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

    @Test(
      "With few threads to be had every command makes the same files",
      .enabled(if: canLimit, "prlimit or setpriv is missing"), arguments: commands, [1, 2, 3, 4, 6])
    func threads(command: String, count: Int) throws {
      let user = 61000 + (Self.commands.firstIndex(of: command) ?? 0) * 8 + count
      func result(_ count: Int) throws -> [String: [UInt8]] {
        let words = ["60"] + limited(command.split(separator: " ").map(String.init), to: count, user: user)
        let outcome = try Program.run(words, in: folder, program: "/usr/bin/timeout")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".png") }
        return try Dictionary(uniqueKeysWithValues: names.map { ($0, try folder.bytes($0)) })
          .merging(["output": Array(outcome.output)]) { $1 }
      }
      let free = try result(1000)
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
      let command = ["-c", script, "sh"] + reset + limited(words.map(String.init), to: 1, user: 60990 + Int(signal))
      #expect(try Program.run(command, in: folder, program: "/bin/sh").status == 128 + signal)
    }
  }
#endif
