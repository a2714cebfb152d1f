// SPDX-License-Identifier: MIT

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The rule by which an ascent changes its parameters θ along the gradient g.
///
/// Below, η is the learning rate and t the number of the step, from 1. The moments m, v and u start at 0.
public enum Optimizer: String, Codable, CaseIterable, Hashable, Sendable {
  /// Gradient ascent: θ ← θ + η·g.
  case sgd
  /// Steps of fixed length: θ ← θ + η·g/‖g‖₂.
  case normalized
  /// Steps of fixed mean size: θ ← θ + η·g/mean|g|, as DeepDream makes them.
  case meanNormalized = "mean-normalized"
  /// θ ← θ + η·sign(g).
  case sign
  /// Momentum as in PyTorch: u ← 0.9·u + g, θ ← θ + η·u (Polyak 1964).
  case momentum
  /// Nesterov's momentum as in PyTorch: u ← 0.9·u + g, θ ← θ + η·(g + 0.9·u) (Sutskever et al. 2013).
  case nesterov
  /// Adam as in PyTorch, with β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁸ (Kingma, Ba 2015).
  case adam
  /// Adam with Nesterov's momentum as in PyTorch, with a momentum decay of 0.004 and ε = 10⁻⁸ (Dozat 2016).
  case nadam
  /// Adam with Nesterov's momentum as in Keras, with a momentum decay of 1 and ε = 10⁻⁷.
  case kerasNadam = "keras-nadam"
  /// RMSprop as in PyTorch: v ← 0.99·v + 0.01·g², θ ← θ + η·g/(√v + 10⁻⁸) (Tieleman, Hinton 2012).
  case rmsprop
  /// RMSprop as in Keras: v ← 0.9·v + 0.1·g², θ ← θ + η·g/√(v + 10⁻⁷).
  case kerasRMSprop = "keras-rmsprop"

  /// The number of moments that an ascent keeps for each parameter.
  var momentCount: Int {
    switch self {
    case .sgd, .normalized, .meanNormalized, .sign: 0
    case .momentum, .nesterov, .rmsprop, .kerasRMSprop: 1
    case .adam, .nadam, .kerasNadam: 2
    }
  }
}

/// An optimizer's moments, and the steps it makes.
final class OptimizerState {
  private let optimizer: Optimizer
  private let parallel: Parallel
  private let kernels: Kernels
  /// The moments m, v or u, one array after the other; each has `count` numbers.
  private let moments: FloatBuffer
  private let count: Int
  /// The number of parameters without padding.
  private let trueCount: Int
  /// The number of steps made so far.
  private var steps = 0
  /// The product of the momenta so far, which Nadam corrects its moments with.
  private var momentumProduct = 1.0

  /// Creates the state for parameters in an array of `count` numbers, a multiple of 16. `trueCount` of them are
  /// parameters; the others are padding, whose gradient is 0.
  init(_ optimizer: Optimizer, count: Int, trueCount: Int, _ kernels: Kernels, _ parallel: Parallel) {
    precondition(count % 16 == 0)
    (self.optimizer, self.count, self.trueCount) = (optimizer, count, trueCount)
    (self.kernels, self.parallel) = (kernels, parallel)
    moments = FloatBuffer(count: max(16, optimizer.momentCount * count))
  }

  /// Makes one step: changes the parameters θ along the gradient g.
  ///
  /// - Parameter rate: the learning rate η
  /// - Throws: `PixelAscentError` of kind `zeroGradient` if the rule divides by the size of the gradient, which is zero;
  ///   of kind `invalidParameter` if a number becomes too large for a float.
  func step(_ parameters: FloatBuffer, _ gradient: FloatBuffer, rate: Double) throws(PixelAscentError) {
    precondition(parameters.count >= count && gradient.count >= count)
    steps += 1
    let theta = parameters.lanes, g = gradient.lanes, first = moments.lanes
    switch optimizer {
    case .sgd: overLanes(of: Float(rate)) { rate, i in theta[i] += rate * g[i] }
    case .normalized:
      let rate = try rate / nonzero(sum(g) { $0 * $0 }.squareRoot())
      overLanes(of: Float(rate)) { rate, i in theta[i] += rate * g[i] }
    case .meanNormalized:
      let rate = try rate / nonzero(sum(g) { $0.replacing(with: -$0, where: $0 .< 0) } / Double(trueCount))
      overLanes(of: Float(rate)) { rate, i in theta[i] += rate * g[i] }
    case .sign:
      overLanes(of: Float(rate)) { rate, i in
        let zero = SIMD16<Float>.zero
        theta[i] += zero.replacing(with: rate, where: g[i] .> 0).replacing(with: -rate, where: g[i] .< 0)
      }
    case .momentum:
      overLanes(of: Float(rate)) { rate, i in
        first[i] = 0.9 * first[i] + g[i]
        theta[i] += rate * first[i]
      }
    case .nesterov:
      overLanes(of: Float(rate)) { rate, i in
        first[i] = 0.9 * first[i] + g[i]
        theta[i] += rate * (g[i] + 0.9 * first[i])
      }
    case .rmsprop:
      overLanes(of: Float(rate)) { rate, i in
        first[i] = 0.99 * first[i] + 0.01 * (g[i] * g[i])
        theta[i] += rate * g[i] / (first[i].squareRoot() + 1e-8)
      }
    case .kerasRMSprop:
      overLanes(of: Float(rate)) { rate, i in
        first[i] = 0.9 * first[i] + 0.1 * (g[i] * g[i])
        theta[i] += rate * g[i] / (first[i] + 1e-7).squareRoot()
      }
    case .adam:
      adam(
        parameters, gradient, ofMoment: rate / (1 - pow(0.9, Double(steps))), ofGradient: 0, epsilon: 1e-8)
    case .nadam: nadam(parameters, gradient, rate: rate, decay: 0.004, epsilon: 1e-8)
    case .kerasNadam: nadam(parameters, gradient, rate: rate, decay: 1, epsilon: 1e-7)
    }
    guard parameters.isFinite(0..<count) else {
      throw PixelAscentError(
        .invalidParameter, "the ascent's values are too large for a float: use a smaller \(advice: .learningRate)")
    }
  }

  private typealias Lanes = UnsafeMutablePointer<SIMD16<Float>>

  /// θ ← θ + (ofMoment·m + ofGradient·g) / (√(v/(1 − β₂ᵗ)) + ε), after both moments have taken in the gradient.
  private func adam(
    _ parameters: FloatBuffer, _ gradient: FloatBuffer, ofMoment: Double, ofGradient: Double, epsilon: Float
  ) {
    let correction = Float((1 / (1 - pow(0.999, Double(steps)))).squareRoot())
    let body = Parallel.Body { [kernels, moments, count] in
      kernels.adam(
        parameters, moments, gradient, count: count, ofMoment: Float(ofMoment), ofGradient: Float(ofGradient),
        correction: correction, epsilon: epsilon, range: $0.rows)
    }
    parallel.overRows(count / 16, body)
  }

  private func nadam(
    _ parameters: FloatBuffer, _ gradient: FloatBuffer, rate: Double, decay: Double, epsilon: Float
  ) {
    let now = momentum(steps, decay), next = momentum(steps + 1, decay)
    momentumProduct *= now
    adam(
      parameters, gradient, ofMoment: rate * next / (1 - momentumProduct * next),
      ofGradient: rate * (1 - now) / (1 - momentumProduct), epsilon: epsilon)
  }

  /// β₁·(1 − ½·0.96^(t·decay)).
  private func momentum(_ step: Int, _ decay: Double) -> Double { 0.9 * (1 - 0.5 * pow(0.96, Double(step) * decay)) }

  /// Calls `body` with `factor` in every lane and with the index of every 16 parameters.
  private func overLanes(of factor: Float, _ body: @escaping (SIMD16<Float>, Int) -> Void) {
    let factor = SIMD16(repeating: factor)
    parallel.overRows(count / 16, Parallel.Body { part in for index in part.rows { body(factor, index) } })
  }

  /// Returns the sum of a function of the numbers, in double precision and in one order for any number of threads.
  private func sum(_ values: Lanes, _ term: (SIMD16<Double>) -> SIMD16<Double>) -> Double {
    var sums = SIMD16<Double>.zero
    for index in 0..<count / 16 { sums += term(SIMD16<Double>(values[index])) }
    return sums.sum()
  }

  private func nonzero(_ size: Double) throws(PixelAscentError) -> Double {
    guard size > 0 else {
      throw PixelAscentError(
        .zeroGradient, "the gradient of the objective is exactly zero: there is no direction to go")
    }
    return size
  }
}
