// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// Wrong usage, ends of the program, and whom errors name.
@Suite struct UsageErrorTests {
  @Test("It reads as its message, as the argument parser shows it")
  func description() { #expect("\(UsageError("-o is empty."))" == "-o is empty.") }

  @Test("A parameter that the library refuses is wrong usage, as a sentence")
  func parameter() {
    #expect(throws: UsageError("max iterations must be 0 or more, found -1.")) {
      try UsageError.checking { try Fooling(maxIterations: -1).validate() }
    }
  }

  @Test("Other errors of the library are not")
  func others() {
    let error = PixelAscentError(.unreadableFile, "x")
    #expect(throws: error) { try UsageError.checking { throw error } }
  }

  @Test func exitCodes() {
    #expect(ExitStatus.failure.code == 1)
    #expect(ExitStatus.interrupted.code == 130)
  }

  @Test("An error names the file that it is about, and keeps its kind")
  func about() {
    #expect(throws: PixelAscentError(.sizeLimit, "too large", about: "photo.png")) {
      try withErrors(about: "photo.png") { throw PixelAscentError(.sizeLimit, "too large") }
    }
  }

  @Test("Without a file it stays as it is")
  func aboutNothing() {
    #expect(throws: PixelAscentError(.sizeLimit, "too large")) {
      try withErrors(about: nil) { throw PixelAscentError(.sizeLimit, "too large") }
    }
  }
}
