// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// The program as it was built together with these tests.
enum Program {
  /// What a run left behind.
  struct Outcome: Sendable {
    let status: Int32
    let output: Data
    let errors: String

    var text: String { String(decoding: output, as: UTF8.self) }
    /// The JSON of the first line.
    var record: JSONValue { get throws { try JSONValue(#require(lines.first)) } }
    var lines: [String] { text.split(separator: "\n").map(String.init) }
  }

  /// A run that never ends is an error, not a test that hangs; even one in an emulated machine needs less.
  private static let patience = 1800.0

  /// The program lies beside the test bundle (macOS) or the test executable (Linux).
  static let path: String = {
    #if os(macOS)
      let bundle = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
      let tests = bundle ?? URL(fileURLWithPath: CommandLine.arguments[0])
    #else
      let tests = URL(fileURLWithPath: CommandLine.arguments[0])
    #endif
    return tests.resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent("pixelascent").path
  }()

  /// Runs the program in a folder that is its home too, and waits for its end.
  ///
  /// - Parameters:
  ///   - environment: variables on top of the tests' own, of which those the program knows are left out
  ///   - input: what it reads from standard input, at most what a pipe holds
  ///   - output: a file that is its standard output instead of a pipe
  ///   - meanwhile: called once it runs, with its number and what it has written to standard error so far
  static func run(
    _ arguments: [String], in folder: TemporaryFolder, environment: [String: String] = [:], input: Data? = nil,
    output: FileHandle? = nil, program: String = path,
    meanwhile: (_ process: pid_t, _ errors: () -> String) throws -> Void = { _, _ in }
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.environment = ProcessInfo.processInfo.environment
      .filter { !$0.key.hasPrefix("PIXELASCENT_") && $0.key != "XDG_DATA_HOME" }
      .merging(["HOME": folder.path, "COLUMNS": "80", "LC_ALL": "C"]) { $1 }
      .merging(environment) { $1 }
    let outputs = try TemporaryFolder()
    let (outputPath, errorPath) = (outputs.path + "/output", outputs.path + "/errors")
    // Closed by hand: a process that has ended keeps its files open.
    let files = try [outputPath, errorPath].map(newFile)
    defer { for file in files { try? file.close() } }
    process.standardOutput = output ?? files[0]
    process.standardError = files[1]
    process.standardInput = FileHandle.nullDevice
    if let input {
      let pipe = Pipe()
      pipe.fileHandleForWriting.write(input)
      try pipe.fileHandleForWriting.close()
      process.standardInput = pipe
    }
    let end = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in end.signal() }
    try process.run()
    try meanwhile(process.processIdentifier) {
      String(decoding: FileManager.default.contents(atPath: errorPath) ?? Data(), as: UTF8.self)
    }
    if end.wait(timeout: .now() + patience) == .timedOut {
      kill(process.processIdentifier, SIGKILL)
      end.wait()
      throw Hang(command: arguments.joined(separator: " "))
    }
    try #require(process.terminationReason == .exit, "killed by signal \(process.terminationStatus)")
    return Outcome(
      status: process.terminationStatus, output: FileManager.default.contents(atPath: outputPath) ?? Data(),
      errors: String(decoding: FileManager.default.contents(atPath: errorPath) ?? Data(), as: UTF8.self))
  }

  private static func newFile(_ path: String) throws -> FileHandle {
    try Data().write(to: URL(fileURLWithPath: path))
    return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
  }

  struct Hang: Error {
    let command: String
  }
}
