// SPDX-License-Identifier: MIT

import Synchronization

extension Network {
  /// Evaluates many inputs of one size, as many at the same time as there are threads, and passes on the results in the
  /// order of the inputs.
  ///
  /// This is faster than one input after another on all threads, because no thread waits for the others between layers.
  /// The results are the same bits for any number of threads. The evaluations share the network's weights. Fewer run at
  /// the same time if together they would take more memory than the network's options allow, or than half of the
  /// machine's.
  ///
  /// ```swift
  /// var mean = [Float](repeating: 0, count: network.classCount)
  /// try network.evaluateEach(64, height: 224, width: 224, gradient: false) {
  ///   (index, evaluation) throws(PixelAscentError) in
  ///   try evaluation.load(noisyCopy(of: input, seed: index))
  ///   return try evaluation.scores()
  /// } report: { _, scores in
  ///   for (index, score) in scores.enumerated() { mean[index] += score / 64 }
  /// }
  /// ```
  ///
  /// - Parameters:
  ///   - count: the number of inputs
  ///   - height: the inputs' height in pixels
  ///   - width: the inputs' width in pixels
  ///   - gradient: false for scores and activations alone, which takes less memory
  ///   - body: loads the input with an index into an evaluation, and returns what is asked of it. Several threads call
  ///     `body` at the same time, each with an evaluation of its own, which later gets another input
  ///   - report: called on the caller's thread with each index and result, in the order of the inputs
  /// - Precondition: `count` is not negative.
  /// - Throws: ``PixelAscentError`` as ``Evaluation/init(_:height:width:gradient:)`` does; otherwise the first
  ///   error of `body` or `report`, in the order of the inputs. No further inputs are begun then.
  public func evaluateEach<Output: Sendable>(
    _ count: Int, height: Int, width: Int, gradient: Bool = true,
    _ body: @escaping @Sendable (Int, Evaluation) throws(PixelAscentError) -> Output,
    report: (Int, Output) throws(PixelAscentError) -> Void
  ) throws(PixelAscentError) {
    precondition(count >= 0, "the number of inputs is negative")
    let bytes = max(1, try checkSize(height: height, width: width, gradient: gradient))
    let memory = min(options.maxMemory, Files.physicalMemory / 2)
    let wanted = max(1, min(count, options.threads, memory / bytes))
    var network = self
    network.options.threads = max(1, options.threads / wanted)
    let evaluations = try EvaluationPool(wanted) { [network] () throws(PixelAscentError) in
      try Evaluation(network, height: height, width: width, gradient: gradient)
    }
    var failure: PixelAscentError?
    sideBySide(Array(0..<count), threads: evaluations.count) {
      (index: Int) -> Result<(Int, Output), PixelAscentError>? in
      if index > evaluations.firstFailed.load(ordering: .relaxed) { return nil }
      let result = Result { () throws(PixelAscentError) in
        try evaluations.lend { (evaluation) throws(PixelAscentError) in (index, try body(index, evaluation)) }
      }
      if case .failure = result { evaluations.firstFailed.min(index, ordering: .relaxed) }
      return result
    } report: { result in
      guard failure == nil, let result else { return }
      do throws(PixelAscentError) {
        let (index, output) = try result.get()
        try report(index, output)
      } catch {
        failure = error
        evaluations.firstFailed.store(-1, ordering: .relaxed)
      }
    }
    if let failure { throw failure }
  }
}

/// Evaluations of one size, each of which is lent to one thread at a time.
private final class EvaluationPool: Sendable {
  private struct Member: @unchecked Sendable {  // because one thread at a time has it
    let evaluation: Evaluation
  }

  private let idle: Mutex<[Member]>
  /// The number of evaluations.
  let count: Int
  /// The index of the first input that has failed so far. The inputs before it are still wanted.
  let firstFailed = Atomic(Int.max)

  /// Makes `wanted` evaluations side by side, or as many as there is memory for, but at least one.
  init(_ wanted: Int, _ make: @Sendable () throws(PixelAscentError) -> Evaluation) throws(PixelAscentError) {
    var members = sideBySide(Array(0..<wanted), threads: wanted) { (_: Int) -> Member? in
      (try? make()).map { Member(evaluation: $0) }
    }.compactMap(\.self)
    // All may have failed because each took a part of the memory.
    if members.isEmpty { members.append(Member(evaluation: try make())) }
    count = members.count
    idle = Mutex(members)
  }

  /// Calls `body` with an evaluation that no other thread has. At most as many threads as there are evaluations may call
  /// this at the same time.
  func lend<Output>(
    _ body: (Evaluation) throws(PixelAscentError) -> Output
  ) throws(PixelAscentError) -> Output {
    guard let member = idle.withLock({ $0.popLast() }) else { preconditionFailure("more threads than evaluations") }
    defer { idle.withLock { $0.append(member) } }
    member.evaluation.forget(isLoaded: false)
    return try body(member.evaluation)
  }
}
