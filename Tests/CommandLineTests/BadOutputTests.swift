// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

@Suite struct BadOutputTests {
  private static let commands = ["saliency photo.png", "fool photo.png --target 76", "visualize --class 76 --size 32"]

  @Test(
    "A path that can't be written is refused before the work begins",
    arguments: commands,
    [
      ("-o photo.png/a.png", "photo.png/a.png: a part of the path is not a folder"),
      ("-o missing/a.png", "missing/a.png: no such folder"),
      ("-o missing/new/", "missing/new: no such folder"),
      ("-o photo.png/", "photo.png/: is a file, not a folder"),
      ("-o a.png --figure missing/b.png", "missing/b.png: no such folder"),
      ("-o a.png --raw photo.png/b.npy", "photo.png/b.npy: a part of the path is not a folder"),
    ])
  func unwritablePath(_ command: String, _ output: (arguments: String, message: String)) throws {
    try Refusal("\(command) --quiet \(output.arguments)", "error: \(output.message)").check(in: .withModelAndPhoto())
  }

  @Test(
    "A folder in which even root can't create a file is an error",
    .enabled(if: FileManager.default.fileExists(atPath: "/proc/self")),
    arguments: commands)
  func unwritableFolder(_ command: String) throws {
    try Refusal("\(command) --quiet -o /proc/a.png", "error: /proc/a.png: …").check(in: .withModelAndPhoto())
  }

  @Test(
    "A full device is an error and stays a device",
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "this system has no /dev/full"),
    arguments: commands)
  func fullDevice(_ command: String) throws {
    try Refusal("\(command) --quiet -o /dev/full", "error: /dev/full: no space left on device")
      .check(in: .withModelAndPhoto())
    let attributes = try FileManager.default.attributesOfItem(atPath: "/dev/full")
    #expect(attributes[.type] as? FileAttributeType == .typeCharacterSpecial)
  }

  @Test(
    "A full standard output is an error",
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "this system has no /dev/full"),
    arguments: ["classify photo.png", "info", "info --json"])
  func fullStandardOutput(_ command: String) throws {
    let full = try FileHandle(forWritingTo: URL(fileURLWithPath: "/dev/full"))
    let outcome = try Program.run(
      command.split(separator: " ").map(String.init), in: .withModelAndPhoto(), output: full)
    #expect(outcome.status == 1)
    #expect(outcome.errors == "error: standard output: no space left on device\n")
  }

  /// The options that make `unshare` run a shell in its own mount namespace; nil if the system does not permit this.
  /// The shell may mount a disk there, and the disk disappears with the namespace.
  private static let namespace: [String]? = {
    #if os(Linux)
      for options in [["-m"], ["-r", "-m"]] {
        let command = options + ["sh", "-c", "mount -t tmpfs -o size=64k none ."]
        if let folder = try? TemporaryFolder(),
          let outcome = try? Program.run(command, in: folder, program: "/usr/bin/unshare"), outcome.status == 0
        {
          return options
        }
      }
    #endif
    return nil
  }()

  @Test(
    "On a full disk, the file that would be replaced stays as it was",
    .enabled(if: namespace != nil, "mounting a small disk is not permitted here"),
    arguments: commands)
  func fullDisk(_ command: String) throws {
    let folder = try TemporaryFolder.withModelAndPhoto()
    try FileManager.default.createDirectory(atPath: folder.path + "/disk", withIntermediateDirectories: false)
    let script = """
      mount -t tmpfs -o size=64k none disk && echo old > disk/a.png || exit 99
      head -c 100000 /dev/zero > disk/filler 2> /dev/null
      '\(Program.path)' \(command) --quiet -o disk/a.png; status=$?
      ls -A disk; grep -c old disk/a.png; exit $status
      """
    let outcome = try Program.run(
      (Self.namespace ?? []) + ["sh", "-c", script], in: folder, program: "/usr/bin/unshare")
    #expect(outcome.status == 1)
    #expect(outcome.errors == "error: disk/a.png: no space left on device\n")
    #expect(outcome.lines == ["a.png", "filler", "1"])
  }
}
