// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Inversions of layers, compared with PyTorch (`make_inversion` in `Tests/Peers/make_goldens.py`).
@Suite struct InversionTests {
  private static func network() throws -> Network {
    try Network(SmallNetworks.random(SmallNetworks.squeezed, integers: false, seed: 7), name: "small")
  }

  private static let photo = RGBImage(
    width: 60, height: 48, pixels: RandomSource(seed: 9).uniforms(3 * 60 * 48).map { UInt8(255 * $0) })

  private static func small(_ network: Network) -> Inversion {
    var inversion = Inversion(layer: network.layerNames[0])
    (inversion.iterations, inversion.learningRate) = (30, 100)
    return inversion
  }

  @Test(.enabled(if: Resources.hasModel, Resources.needsModel), arguments: InstructionSet.selectable)
  func stepsEqualPyTorchs(set: InstructionSet) throws {
    let network = try Resources.network(set), photo = try Resources.goldenTensor("strict-64x64-input")
    let start = try Resources.goldenTensor("peers/inversion-start")
    for steps in 1...3 {
      var inversion = Inversion(layer: "features.6")
      inversion.steps = steps
      let image = try InversionAscent(inversion, network, on: photo, from: start).finish().image
      let error = relativeError(image.values, try Resources.goldenTensor("peers/inversion-image-\(steps)").values)
      // Gradients in float32, whose ReLUs may decide differently near 0.
      #expect(error < 1e-5, "\(steps) steps")
      let count = "\(steps) step\(steps == 1 ? "" : "s"), \(set.name)"
      PeerTable.note("inversion of features.6, \(count)", "torch SGD, SqueezeNet in PyTorch", error: error)
    }
  }

  @Test func valueRises() throws {
    let network = try Self.network(), result = try Self.small(network).run(network, on: Self.photo)
    #expect(result.value > result.valueBefore && result.value <= 0)
    #expect(result.valueHistory.count == 30 && abs(result.valueHistory[0] - result.valueBefore) < 1e-5)
    let size = Self.small(network).size(of: Self.photo, network)
    #expect(result.image.shape == [3, size.height, size.width])
  }

  @Test func sameBytesForAnyNumberOfThreads() throws {
    var one = try Self.network(), three = one
    (one.options.threads, three.options.threads) = (1, 3)
    let inversion = Self.small(one)
    #expect(try inversion.run(one, on: Self.photo).image == inversion.run(three, on: Self.photo).image)
  }

  @Test func mistakesAreNamed() throws {
    let network = try Self.network()
    func line(_ change: (inout Inversion) -> Void) -> String {
      var inversion = Self.small(network)
      change(&inversion)
      return errorLine { _ = try inversion.run(network, on: Self.photo) }
    }
    #expect(line { $0.iterations = 0 } == "iterations must be 1 or more, found 0")
    #expect(line { $0.steps = 0 } == "iterations must be 1 or more, found 0")
    #expect(line { $0.learningRate = 0 } == "learningRate must be a positive number, found 0.0")
    #expect(line { $0.totalVariation = -1 } == "tv must be a number of 0 or more, found -1.0")
    #expect(line { $0.alphaNorm = .nan } == "alphaNorm must be a number of 0 or more, found nan")
    #expect(line { $0.animation = Animation.Style(every: 0) } == "every must be 1 or more, found 0")
    #expect(line { $0.layer = "none" }.hasPrefix("the network has no layer \"none\"; nearest: "))
  }
}
