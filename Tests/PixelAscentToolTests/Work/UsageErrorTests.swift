// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// Usage errors, exit codes, and the files that errors name.
@Suite struct UsageErrorTests {
  @Test("The description of a usage error is its message, which the argument parser prints")
  func description() { #expect("\(UsageError("-o is empty."))" == "-o is empty.") }

  @Test("A parameter that the library refuses becomes a usage error, written as a sentence")
  func parameter() {
    #expect(throws: UsageError("--max-iterations must be 0 or more, found -1.")) {
      try UsageError.checking { try Fooling(maxIterations: -1).validate() }
    }
  }

  @Test("Other errors of the library stay as they are")
  func others() {
    let error = PixelAscentError(.unreadableFile, "x")
    #expect(throws: error) { try UsageError.checking { throw error } }
  }

  @Test func exitCodes() {
    #expect(ExitStatus.failure.code == 1)
    #expect(ExitStatus.interrupted.code == 130)
  }

  @Test("An error gets the name of its file and keeps its kind")
  func about() {
    #expect(throws: PixelAscentError(.sizeLimit, "too large", about: "photo.png")) {
      try withErrors(about: "photo.png") { throw PixelAscentError(.sizeLimit, "too large") }
    }
  }

  @Test("Without a file, an error stays as it is")
  func aboutNothing() {
    #expect(throws: PixelAscentError(.sizeLimit, "too large")) {
      try withErrors(about: nil) { throw PixelAscentError(.sizeLimit, "too large") }
    }
  }
}
