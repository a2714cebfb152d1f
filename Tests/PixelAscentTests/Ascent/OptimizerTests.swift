// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// The steps of every optimizer along given gradients. `Tests/Peers/make_goldens.py` made the expected parameters: with
/// `torch.optim` in float64, with Keras's optimizers for the two rules of Keras, and with NumPy for the other rules.
@Suite struct OptimizerTests {
  private static func peer(of optimizer: Optimizer) -> String {
    switch optimizer {
    case .sgd, .momentum, .nesterov: "torch.optim.SGD"
    case .adam: "torch.optim.Adam"
    case .nadam: "torch.optim.NAdam"
    case .rmsprop: "torch.optim.RMSprop"
    case .kerasNadam: "keras.optimizers.Nadam"
    case .kerasRMSprop: "keras.optimizers.RMSprop"
    case .normalized, .meanNormalized, .sign: "NumPy"
    }
  }

  @Test(arguments: Optimizer.allCases) func stepsEqualThePeers(optimizer: Optimizer) throws {
    let start = try Resources.goldenTensor("peers/optimizer-start").values
    let gradients = try Resources.goldenTensor("peers/optimizer-gradients")
    let expected = try Resources.goldenTensor("peers/optimizer-\(optimizer.rawValue)")
    let probe = OptimizerProbe(optimizer, from: start)
    var worst = 0.0
    for step in 0..<gradients.shape[0] {
      let range = step * start.count..<(step + 1) * start.count
      let found = try probe.step(Array(gradients.values[range]), rate: 0.05)
      // Nadam divides by differences from 1 that float32 rounds; every other rule is within 10⁻⁶.
      let error = Double(largestError(found, Array(expected.values[range])))
      #expect(error < 2e-6, "step \(step + 1)")
      worst = max(worst, error)
    }
    PeerTable.note("optimizer \(optimizer.rawValue), five steps", Self.peer(of: optimizer), error: worst)
  }

  @Test(arguments: Optimizer.allCases) func stepsAreTheSameForAnyNumberOfThreads(optimizer: Optimizer) throws {
    let start = RandomSource(seed: 1).normals(1000), gradient = RandomSource(seed: 2).normals(1000)
    let one = OptimizerProbe(optimizer, from: start), three = OptimizerProbe(optimizer, from: start, threads: 3)
    for _ in 0..<3 { #expect(try one.step(gradient, rate: 0.1) == three.step(gradient, rate: 0.1)) }
  }

  @Test(arguments: [Optimizer.normalized, .meanNormalized]) func zeroGradientHasNoDirection(optimizer: Optimizer) {
    let probe = OptimizerProbe(optimizer, from: [1, 2])
    #expect(
      errorLine { _ = try probe.step([0, 0], rate: 1) }
        == "the gradient of the objective is exactly zero: there is no direction to go")
  }

  @Test func tooLargeStepIsRefused() {
    let probe = OptimizerProbe(.sgd, from: [1])
    #expect(
      errorLine { _ = try probe.step([3e38], rate: 10) }
        == "the ascent's values are too large for a float: use a smaller learningRate")
  }
}
