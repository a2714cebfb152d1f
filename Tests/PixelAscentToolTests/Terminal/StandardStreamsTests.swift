// SPDX-License-Identifier: MIT

import PixelAscentTool
import TestSupport
import Testing

/// The standard streams of the test process.
@Suite struct StandardStreamsTests {
  @Test func standardOutputIsFoundByItsDevice() { #expect(StandardStreams.isOutput("/dev/stdout")) }

  @Test func anotherFileIsNotStandardOutput() throws {
    let folder = try TemporaryFolder()
    #expect(try !StandardStreams.isOutput(folder.add("x")))
    #expect(!StandardStreams.isOutput(folder.path + "/none"))
  }
}
