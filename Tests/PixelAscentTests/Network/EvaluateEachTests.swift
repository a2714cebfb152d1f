// SPDX-License-Identifier: MIT

import PixelAscent
import Synchronization
import TestSupport
import Testing

/// Many inputs at the same time.
@Suite struct EvaluateEachTests {
  private static func network(threads: Int, maxMemory: Int = 2 << 30) throws -> Network {
    let model = try SmallNetworks.random(
      SmallNetworks.squeezed, integers: false, seed: 7, preprocessing: SmallNetworks.halves(inputSize: 32))
    return try Network(model, name: "small", options: ComputeOptions(threads: threads, maxMemory: maxMemory))
  }

  private static let inputs = (0..<9).map { (seed: Int) -> Tensor in
    var random = TestRandom(UInt64(seed))
    return Tensor(shape: [3, 32, 40], values: random.reals(3 * 32 * 40).map(Float.init))
  }

  @Test(arguments: [1, 2, 3, 16]) func givesTheResultsOfSingleEvaluationsInOrder(threads: Int) throws {
    let network = try Self.network(threads: threads), inputs = Self.inputs
    let expected = try inputs.map { try Self.network(threads: 1).gradient(of: .score(class: 1), at: $0).gradient }
    var found: [Tensor] = []
    try network.evaluateEach(inputs.count, height: 32, width: 40) { (index, evaluation) throws(PixelAscentError) in
      try evaluation.load(inputs[index])
      return try evaluation.gradient(of: .score(class: 1))
    } report: { index, gradient in
      #expect(index == found.count)
      found.append(gradient)
    }
    #expect(found == expected)
  }

  @Test func makesAsManyEvaluationsAsTheMemoryAllows() throws {
    let each = try Self.network(threads: 1).checkSize(height: 32, width: 40, gradient: true)
    for (maxMemory, most) in [(each, 1), (2 * each, 2), (3 * each, 3), (100 * each, 4)] {
      let network = try Self.network(threads: 4, maxMemory: maxMemory), inside = Atomic(0), greatest = Atomic(0)
      try network.evaluateEach(most, height: 32, width: 40) { (index, _) throws(PixelAscentError) in
        greatest.max(inside.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
        let begin = ContinuousClock.now
        while greatest.load(ordering: .relaxed) < most && begin.duration(to: .now) < .seconds(2) {}
        inside.subtract(1, ordering: .relaxed)
        return index
      } report: { _, _ in
      }
      // While other tests run, the process's pool may lend fewer threads.
      #expect((min(2, most)...most).contains(greatest.load(ordering: .relaxed)))
      try network.evaluateEach(40, height: 32, width: 40) { (index, _) throws(PixelAscentError) in
        greatest.max(inside.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
        inside.subtract(1, ordering: .relaxed)
        return index
      } report: { _, _ in
      }
      #expect(greatest.load(ordering: .relaxed) <= most)
    }
  }

  @Test(arguments: [1, 4]) func throwsTheFirstErrorAndBeginsNoMore(threads: Int) throws {
    let network = try Self.network(threads: threads), begun = Atomic(0)
    var reported: [Int] = []
    let line = errorLine {
      try network.evaluateEach(1000, height: 32, width: 40) { (index, evaluation) throws(PixelAscentError) in
        begun.add(1, ordering: .relaxed)
        if index == 5 { try evaluation.load(Tensor(shape: [3, 8, 8], repeating: 0)) }
        return index
      } report: { _, value in
        reported.append(value)
      }
    }
    #expect(line == "the evaluation is for inputs of 32×40 pixels, found 8×8")
    #expect(reported == [0, 1, 2, 3, 4])
    #expect(begun.load(ordering: .relaxed) < 200)
    let late = errorLine {
      try network.evaluateEach(1000, height: 32, width: 40) { (index, _) throws(PixelAscentError) in
        index
      } report: { (index, _) throws(PixelAscentError) in
        if index == 3 { throw PixelAscentError(.invalidParameter, "enough") }
      }
    }
    #expect(late == "enough")
  }

  @Test func noInputsAndSizesThatDoNotFit() throws {
    let network = try Self.network(threads: 2)
    try network.evaluateEach(0, height: 32, width: 40) { index, _ in
      index
    } report: { _, _ in
      Issue.record("nothing to report")
    }
    #expect(
      errorLine {
        try network.evaluateEach(3, height: 2, width: 40) { index, _ in
          index
        } report: { _, _ in
        }
      }
      .contains("is too small"))
  }
}
