// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// A command that must fail with one error line and must not change any file.
struct Refusal: Sendable, CustomTestStringConvertible {
  let arguments: [String]
  /// The whole first line on standard error. One "…" may stand for a part that the test leaves open, for example because
  /// the system or libjpeg decides it.
  let line: String
  /// The exit code: 1 if standard error has only that line, 64 if the argument parser adds its lines about usage.
  let status: Int32
  let environment: [String: String]
  /// The command whose usage the argument parser shows if the exit code is 64.
  private var usage: String

  init(_ arguments: String, _ line: String, status: Int32 = 1, environment: [String: String] = [:]) {
    self.init(arguments.split(separator: " ").map(String.init), line, status: status, environment: environment)
  }

  init(_ arguments: [String], _ line: String, status: Int32 = 1, environment: [String: String] = [:]) {
    (self.arguments, self.line, self.status, self.environment) = (arguments, line, status, environment)
    usage = "pixelascent \(arguments[0])"
  }

  /// Returns the refusal of a wrong command line, which the argument parser reports in its own form.
  ///
  /// - Parameter command: the command whose usage is shown, if it is not the subcommand
  static func usage(_ arguments: String, _ message: String, of command: String? = nil) -> Refusal {
    var refusal = Refusal(arguments, "Error: " + message, status: 64)
    if let command { refusal.usage = command }
    return refusal
  }

  var testDescription: String { arguments.joined(separator: " ") }

  /// Runs the command and expects the line, the exit code, no output, and a folder that has not changed.
  ///
  /// - Parameter megabytes: the most memory that the program can get; has an effect only on Linux
  func check(in folder: TemporaryFolder, megabytes: Int? = nil) throws {
    let before = try folder.contents()
    let outcome = try Program.run(arguments, in: folder, environment: environment, megabytes: megabytes)
    #expect(outcome.status == status)
    #expect(outcome.text == "")
    let lines = outcome.errors.split(separator: "\n", omittingEmptySubsequences: false)
    let found = String(lines[0])
    if let gap = line.range(of: "…") {
      #expect(found.hasPrefix(line[..<gap.lowerBound]), "expected \(line)")
      #expect(found.hasSuffix(line[gap.upperBound...]), "expected \(line)")
    } else {
      #expect(found == line)
    }
    if status == 1 {
      #expect(lines.dropFirst() == [""], "more than one line: \(outcome.errors)")
    } else {
      #expect(lines.contains { $0.hasPrefix("Usage: \(usage) ") })
      #expect(lines.dropLast().last == "  See '\(usage) --help' for more information.")
    }
    #expect(try folder.contents() == before)
  }
}
