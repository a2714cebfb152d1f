// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import Synchronization
import TestSupport
import Testing

@Suite struct SideBySideTests {
  private struct Full: Error {}

  @Test("Results come in the order of the items", arguments: [1, 2, 3, 8], [0, 1, 2, 500])
  func resultsComeInTheOrderOfTheItems(_ threads: Int, _ count: Int) {
    var reported: [Int] = []
    sideBySide(Array(0..<count), threads: threads) { (item: Int) -> Int in
      if item % 7 == 0 { sched_yield() }
      return 3 * item
    } report: {
      reported.append($0)
    }
    #expect(reported == (0..<count).map { 3 * $0 })
  }

  @Test("During a slow item, free threads go on for a limited number of items; their results come after its result")
  func freeThreadsGoOnDuringASlowItem() async throws {
    try await onThread {
      let begun = Atomic(0), fifteenthDone = DispatchSemaphore(value: 0)
      var reported: [Int] = []
      sideBySide(Array(0..<60), threads: 2) { (item: Int) -> Int in
        begun.add(1, ordering: .relaxed)
        if item == 15 { fifteenthDone.signal() }
        if item > 0 { return item }
        // If threads waited for one another after every few items, none would reach item 15.
        let came = fifteenthDone.wait(timeout: .now() + 20) == .success
        for _ in 0..<1000 { sched_yield() }
        return came && begun.load(ordering: .relaxed) <= 32 ? 0 : -1
      } report: {
        reported.append($0)
      }
      #expect(reported == Array(0..<60))
    }
  }

  @Test("A result is reported while later items are still under way")
  func resultsAreReportedWhileOthersRun() async throws {
    try await onThread {
      let firstReported = DispatchSemaphore(value: 0)
      var reported: [Bool] = []
      sideBySide([0, 1], threads: 2) { (item: Int) -> Bool in
        item == 0 || firstReported.wait(timeout: .now() + 20) == .success
      } report: {
        reported.append($0)
        firstReported.signal()
      }
      #expect(reported == [true, true])
    }
  }

  @Test("An error in a report ends the run, after all items that were begun are done", arguments: [1, 2, 3])
  func errorInAReportEndsTheRun(_ threads: Int) {
    let begun = Atomic(0), ended = Atomic(0), nextBegun = DispatchSemaphore(value: 0)
    var reports = 0
    #expect(throws: Full.self) {
      try sideBySide(Array(0..<1000), threads: threads) { (item: Int) -> Int in
        begun.add(1, ordering: .relaxed)
        if item == 5 && threads > 1 { _ = nextBegun.wait(timeout: .now() + 20) }
        if item == 6 { nextBegun.signal() }
        if item > 5 { usleep(20_000) }
        ended.add(1, ordering: .relaxed)
        return item
      } report: { item in
        reports += 1
        if item == 5 { throw Full() }
      }
    }
    #expect(reports == 6)
    #expect(ended.load(ordering: .relaxed) == begun.load(ordering: .relaxed))
    #expect(begun.load(ordering: .relaxed) <= 6 + 16 * threads)
  }

  @Test("A pool may run so many operations that their numbers wrap around, as in a long ascent")
  func numbersOfOperationsMayRepeat() async throws {
    try await onThread {
      let parallel = Parallel(threads: 2), sum = Atomic(0), operations = 1 << 20 + 1000
      parallel.withThreads {
        for _ in 0..<operations { parallel.forEach(2) { sum.add($0 + 1, ordering: .relaxed) } }
      }
      #expect(sum.load(ordering: .relaxed) == 3 * operations)
    }
  }

  @Test("The caller goes on while a value is computed; with one thread, the caller computes the value first")
  func valueIsComputedMeanwhile() async throws {
    try await onThread {
      let wentOn = DispatchSemaphore(value: 0), isDone = DispatchSemaphore(value: 0)
      let value = BackgroundResult(threads: 2) { wentOn.wait(timeout: .now() + 20) == .success }
      wentOn.signal()
      #expect(try value.get())
      #expect(try value.get())
      let first = BackgroundResult(threads: 1) { isDone.signal() }
      #expect(isDone.wait(timeout: .now()) == .success)
      _ = try first.get()
    }
  }

  @Test("If the work fails, everyone who asks for the value gets the error", arguments: [1, 2])
  func everyoneWhoAsksGetsTheError(_ threads: Int) {
    let value = BackgroundResult<Int>(threads: threads) { () throws(PixelAscentError) in
      throw PixelAscentError(.unreadableFile, "gone")
    }
    #expect(errorLine { try value.get() } == "gone")
    #expect(errorLine { try value.get() } == "gone")
  }
}
