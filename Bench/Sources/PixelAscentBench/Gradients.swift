// SPDX-License-Identifier: MIT

import PixelAscent

/// Prints the milliseconds of each of `rounds` forward passes with gradient of a model, at the network's own input
/// size.
func measureGradient(model: String, threads: Int, rounds: Int) throws {
  let options = ComputeOptions(threads: threads, instructionSet: try .selected())
  let network = try Network(contentsOf: model, options: options)
  let probe = try network.evaluation(of: network.noise(size: network.preprocessing.inputSize.height))
  let clock = ContinuousClock()
  try probe.withThreads {
    for _ in 0..<3 { try probe.gradientAgain(class: 0) }
    for _ in 0..<rounds {
      let elapsed = try clock.measure { try probe.gradientAgain(class: 0) }
      let milliseconds = Double(elapsed.components.seconds) * 1e3 + Double(elapsed.components.attoseconds) * 1e-15
      print("{\"milliseconds\":\(milliseconds)}")
    }
  }
}
