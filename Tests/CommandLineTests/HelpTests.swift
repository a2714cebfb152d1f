// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// The help texts, compared word for word with the files in Golden/. After a change,
/// `PIXELASCENT_RENEW_HELP=1 swift test --filter HelpTests` writes these files anew.
@Suite struct HelpTests {
  private static let golden = PackageFiles.folder + "/Tests/CommandLineTests/Golden"

  @Test(arguments: [
    "", "classify", "saliency", "fool", "visualize", "dream", "invert", "atlas", "reproduce", "convert", "inspect",
    "info",
  ])
  func helpIsGolden(_ command: String) throws {
    let folder = try TemporaryFolder()
    let outcome = try Program.run([command, "--help"].filter { !$0.isEmpty }, in: folder)
    #expect(outcome.status == 0)
    #expect(outcome.errors.isEmpty)
    let file = "\(Self.golden)/\(command.isEmpty ? "pixelascent" : command).txt"
    if ProcessInfo.processInfo.environment["PIXELASCENT_RENEW_HELP"] != nil {
      try outcome.output.write(to: URL(fileURLWithPath: file))
      Issue.record("renewed \(file): look at the difference, and run again without PIXELASCENT_RENEW_HELP")
    }
    #expect(try outcome.text == String(contentsOfFile: file, encoding: .utf8))
    #expect(try Program.run(command.isEmpty ? [] : ["help", command], in: folder).text == outcome.text)
  }

  @Test(arguments: [[], ["fool"], ["info"]])
  func versionIsPrinted(_ command: [String]) throws {
    let outcome = try Program.run(command + ["--version"], in: TemporaryFolder())
    #expect(outcome.text == "\(Release.version)\n")
    #expect(outcome.status == 0)
    #expect(outcome.errors.isEmpty)
  }
}
