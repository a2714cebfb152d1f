// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// The completion of command lines in a shell.
@Suite struct CompletionTests {
  /// The value names of the arguments and options that take a file or a folder.
  private static let files: Set = [
    "image", "png", "npy", "html", "file", "folder", "model", "weights", "start", "picture", "spectrum",
    "png|gif",
  ]

  @Test("Exactly the arguments and options that take a file or a folder complete files")
  func completesFiles() throws {
    let program = try Program.run(["--experimental-dump-help"], in: TemporaryFolder()).text
    let commands = try #require(JSONValue(program)["command"]?["subcommands"]?.list)
    for command in commands {
      for argument in command["arguments"]?.list ?? [] {
        guard let value = argument["valueName"]?.string, argument["kind"]?.string != "flag" else { continue }
        let line = "\(command["commandName"]?.string ?? "") <\(value)>"
        #expect((argument["completionKind"]?["file"] != nil) == Self.files.contains(value), "\(line)")
      }
    }
  }

  @Test(
    "bash completes files with the generated script",
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/bin/bash")))
  func bash() throws {
    let folder = try TemporaryFolder()
    let completions = try Program.run(["--generate-completion-script", "bash"], in: folder).output
    try folder.add("completions", Array(completions))
    for name in ["photo.jpg", "phone.png", "other.jpg"] { try folder.add(name, []) }
    let script = """
      . ./completions
      COMP_WORDS=(pixelascent saliency pho) COMP_CWORD=2 COMP_LINE='pixelascent saliency pho' COMP_POINT=24
      _pixelascent pixelascent pho saliency
      printf '%s\\n' "${COMPREPLY[@]}" | sort
      """
    try folder.add("script", Array(script.utf8))
    let outcome = try Program.run(["script"], in: folder, program: "/bin/bash")
    #expect(outcome.lines == ["phone.png", "photo.jpg"])
    #expect(outcome.errors == "")
  }
}
