// SPDX-License-Identifier: MIT

import PixelAscentTool
import TestSupport
import Testing

/// The standard streams of the test process.
@Suite struct StandardStreamsTests {
  @Test func standardOutputIsFoundByItsDevice() { #expect(StandardStreams.isStandardOutput("/dev/stdout")) }

  @Test func anotherFileIsNotStandardOutput() throws {
    let folder = try TemporaryFolder()
    #expect(try !StandardStreams.isStandardOutput(folder.add("x")))
    #expect(!StandardStreams.isStandardOutput(folder.path + "/none"))
  }
}
