// SPDX-License-Identifier: MIT

import Foundation
import TestSupport
import Testing

/// The program that was built with these tests.
enum Program {
  /// The exit code of a run, and what it wrote to standard output and standard error.
  struct Outcome: Sendable {
    let status: Int32
    let output: Data
    let errors: String

    var text: String { String(decoding: output, as: UTF8.self) }
    /// The JSON value in the first line of the output.
    var record: JSONValue { get throws { try JSONValue(#require(lines.first)) } }
    var lines: [String] { text.split(separator: "\n").map(String.init) }
  }

  /// The number of seconds after which a run is killed, so that a program that hangs does not make the tests hang.
  /// Even on an emulated machine a run takes less time.
  private static let patience = 1800.0

  /// The path of the program, which lies beside the test bundle (macOS) or the test executable (Linux).
  static let path: String = {
    #if os(macOS)
      let bundle = Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }
      let tests = bundle ?? URL(fileURLWithPath: CommandLine.arguments[0])
    #else
      let tests = URL(fileURLWithPath: CommandLine.arguments[0])
    #endif
    return tests.resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent("pixelascent").path
  }()

  /// Runs the program and waits until it ends. `folder` is its working directory and its home directory.
  ///
  /// - Parameters:
  ///   - environment: variables to add to the environment of the tests, from which XDG_DATA_HOME and all variables
  ///     that begin with PIXELASCENT_ are removed first
  ///   - input: the bytes on standard input, at most as many as a pipe holds
  ///   - output: the file that is standard output; the outcome's output is empty then
  ///   - program: the path of the program to run
  ///   - megabytes: the most memory that the program can get; has an effect only on Linux
  ///   - meanwhile: called as soon as the program runs, with its process identifier and a closure that returns the
  ///     text that the program has written to standard error so far
  static func run(
    _ arguments: [String], in folder: TemporaryFolder, environment: [String: String] = [:], input: Data? = nil,
    output: FileHandle? = nil, program: String = path, megabytes: Int? = nil,
    meanwhile: (_ process: pid_t, _ errors: () -> String) throws -> Void = { _, _ in }
  ) throws -> Outcome {
    let process = Process()
    var command = [program] + arguments
    #if os(Linux)
      if let megabytes {
        command = ["/bin/sh", "-c", "ulimit -v \(megabytes << 10); exec \"$0\" \"$@\""] + command
      }
    #endif
    process.executableURL = URL(fileURLWithPath: command[0])
    process.arguments = Array(command.dropFirst())
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.environment = ProcessInfo.processInfo.environment
      .filter { !$0.key.hasPrefix("PIXELASCENT_") && $0.key != "XDG_DATA_HOME" }
      .merging(["HOME": folder.path, "COLUMNS": "80", "LC_ALL": "C"]) { $1 }
      .merging(environment) { $1 }
    let outputs = try TemporaryFolder()
    let (outputPath, errorPath) = (outputs.path + "/output", outputs.path + "/errors")
    // `Process` keeps the files open after the process has ended.
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
    try start(process, isCopy: program != path)
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

  /// Starts a process. Tries again for five seconds if its program is a copy that the test has just made: a process that
  /// another test is starting inherits the open copy until it executes its own program, and nothing can execute a file
  /// that is open for writing.
  private static func start(_ process: Process, isCopy: Bool) throws {
    for _ in 0..<(isCopy ? 1000 : 0) {
      if (try? process.run()) != nil { return }
      usleep(5000)
    }
    try process.run()
  }

  private static func newFile(_ path: String) throws -> FileHandle {
    try Data().write(to: URL(fileURLWithPath: path))
    return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
  }

  /// A run that did not end in time.
  struct Hang: Error {
    let command: String
  }
}
