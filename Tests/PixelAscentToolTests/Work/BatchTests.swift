// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// Work on several items side by side, and how it ends.
@Suite struct BatchTests {
  private func batch() throws -> Batch {
    var network = try PixelwiseNetwork.make([.init(weight: [1, 0, 0], bias: 0)])
    network.options.threads = 4
    return Batch(of: "images", network, Console(json: false, quiet: true))
  }

  @Test("Records are reported in the order of the items")
  func order() throws {
    var reported: [Int] = []
    _ = try batch().run(Array(0..<20)) { (item: Int, _: Network) -> Int in
      2 * item
    } report: {
      reported.append($0)
    }
    #expect(reported == (0..<20).map { 2 * $0 })
  }

  @Test("Items that run at the same time share the threads", arguments: [(1, 4), (2, 2), (3, 1), (9, 1)])
  func threads(_ count: Int, _ expected: Int) throws {
    var threads: Set<Int> = []
    _ = try batch().run(Array(0..<count)) { (_: Int, network: Network) -> Int in
      network.options.threads
    } report: {
      threads.insert($0)
    }
    #expect(threads == [expected])
  }

  @Test("Unfinished items are counted")
  func unfinished() throws {
    let ending = try batch().run(Array(0..<5), isDone: { $0 < 3 }) { (item: Int, _: Network) -> Int in
      item
    } report: { _ in
    }
    #expect(ending.left == 2)
    #expect(ending.failures == 0)
    #expect(!ending.endedEarly)
  }

  @Test("An error that report throws ends the batch")
  func reportFails() throws {
    #expect(throws: UsageError("x")) {
      try batch().run([1, 2]) { (item: Int, _: Network) -> Int in
        item
      } report: { _ in
        throw UsageError("x")
      }
    }
  }

  @Test("A batch without failures throws nothing")
  func success() throws { try Batch.Outcome(failures: 0, of: 3, unit: "images").check() }

  @Test("A failure ends the program with exit code 1")
  func failure() {
    #expect(throws: ExitStatus.failure) { try Batch.Outcome(failures: 1, of: 1, unit: "images").check() }
  }
}
