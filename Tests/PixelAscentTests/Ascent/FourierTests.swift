// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// The Fourier parametrization, compared with `lucent.optvis.param.spatial.fft_image` and
/// `lucent.optvis.param.color.to_valid_rgb` of Lucent 0.1.8.
@Suite struct FourierTests {
  private static let sizes = [[12, 10], [9, 16], [7, 2]]

  private static func network() throws -> Network {
    try Network(SmallNetworks.random(SmallNetworks.squeezed, integers: false, seed: 7), name: "small")
  }

  @Test(arguments: sizes) func imageAndGradientEqualLucents(size: [Int]) throws {
    let network = try Self.network(), preprocessing = network.preprocessing
    let probe = try FourierProbe(network, height: size[0], width: size[1])
    func golden(_ name: String) throws -> Tensor {
      try Resources.goldenTensor("peers/fourier-\(size[0])x\(size[1])-\(name)")
    }
    let image = try probe.image(golden("coefficients")), plane = size[0] * size[1]
    let colours = image.values.indices.map { (index: Int) -> Float in
      image.values[index] * preprocessing.std[index / plane] + preprocessing.mean[index / plane]
    }
    let error = Double(largestError(colours, try golden("image").values))
    #expect(error < 3e-7)
    let pixels = "\(size[0])×\(size[1])"
    PeerTable.note("Fourier image, \(pixels)", "lucent fft_image, to_valid_rgb", error: error)

    // The gradient of Σ weight · colour in normalised space.
    var weights = try golden("weights")
    for index in weights.values.indices { weights.values[index] *= preprocessing.std[index / plane] }
    let slope = relativeError(probe.pullBack(weights).values, try golden("gradient").values)
    #expect(slope < 1e-6)
    PeerTable.note("Fourier gradient, \(pixels)", "lucent fft_image and autograd", error: slope)
  }

  @Test func coefficientsOfAnImageMakeTheImage() throws {
    let network = try Self.network(), probe = try FourierProbe(network, height: 14, width: 22)
    let colours = RandomSource(seed: 3).uniforms(3 * 14 * 22).map { 0.05 + 0.9 * $0 }
    let image = network.normalized(Tensor(shape: [3, 14, 22], values: colours))
    let again = probe.image(probe.coefficients(of: image))
    #expect(largestError(again.values, image.values) < 2e-5)
  }
}
