// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// The lists in docs/models.md that say which files are read, compared with the lists in the code. After a change,
/// `PIXELASCENT_RENEW_DOCS=1 swift test --filter ManualTests` writes them anew.
@Suite(.serialized) struct ManualTests {
  private static let manual = PackageFiles.folder + "/docs/models.md"

  private static let lists: [(name: String, text: String)] = [
    ("architectures", Architecture.names.map { "`\($0)`" }.joined(separator: ", ")),
    (
      "formats",
      (["| file | what PixelAscent does |", "|---|---|"]
        + WeightFile.Kind.allCases.map { "| \($0.name) | reads it |" }
        + (OtherFormat.files + OtherFormat.folders).map { "| \($0.name) | \(refusal($0)) |" }).joined(separator: "\n")
    ),
  ]

  private static func refusal(_ format: OtherFormat) -> String {
    guard let advice = format.advice else { return "refuses it" }
    return "refuses it: \(advice.replacing("|", with: "\\|"))"
  }

  @Test("The manual lists what the code reads and recognises", arguments: lists.indices)
  func isUpToDate(index: Int) throws {
    let (name, text) = Self.lists[index]
    let (start, end) = ("<!-- \(name) -->\n", "<!-- /\(name) -->")
    var manual = try String(contentsOfFile: Self.manual, encoding: .utf8)
    let list = try #require(manual.range(of: start)).upperBound..<#require(manual.range(of: end)).lowerBound
    if ProcessInfo.processInfo.environment["PIXELASCENT_RENEW_DOCS"] != nil {
      manual.replaceSubrange(list, with: "\(text)\n")
      try manual.write(toFile: Self.manual, atomically: true, encoding: .utf8)
      Issue.record("renewed \(Self.manual): look at the difference, and run again without PIXELASCENT_RENEW_DOCS")
    }
    #expect(manual[list] == "\(text)\n", "run PIXELASCENT_RENEW_DOCS=1 swift test --filter ManualTests")
  }
}
