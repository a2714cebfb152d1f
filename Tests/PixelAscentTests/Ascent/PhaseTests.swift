// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// The phase parametrization, compared with the formula of xplique 2.0.2's `maco_image_parametrization` in PyTorch, in
/// float64. The script that makes the golden files also compares the formula with Horama's `maco_preconditioner`.
@Suite struct PhaseTests {
  private static let sizes = [[12, 10], [9, 16]]

  private static func network() throws -> Network {
    try Network(SmallNetworks.random(SmallNetworks.squeezed, integers: false, seed: 7), name: "small")
  }

  @Test(arguments: sizes) func imageAndGradientEqualXpliques(size: [Int]) throws {
    let network = try Self.network(), preprocessing = network.preprocessing
    func golden(_ name: String) throws -> Tensor {
      try Resources.goldenTensor("peers/phase-\(size[0])x\(size[1])-\(name)")
    }
    let probe = try PhaseProbe(network, height: size[0], width: size[1], magnitude: golden("magnitudes"))
    let image = try probe.image(golden("phases")), plane = size[0] * size[1]
    let colours = image.values.indices.map { (index: Int) -> Float in
      image.values[index] * preprocessing.std[index / plane] + preprocessing.mean[index / plane]
    }
    // Phases, coefficients and pixels are rounded to float32: a few times 2⁻²⁴.
    let error = Double(largestError(colours, try golden("image").values))
    #expect(error < 1e-6)
    let pixels = "\(size[0])×\(size[1])"
    PeerTable.note("MaCo image, \(pixels)", "xplique maco_image_parametrization, in PyTorch", error: error)

    // The gradient of Σ weight · colour in normalised space.
    var weights = try golden("weights")
    for index in weights.values.indices { weights.values[index] *= preprocessing.std[index / plane] }
    let slope = relativeError(probe.pullBack(weights).values, try golden("gradient").values)
    #expect(slope < 2e-6)
    PeerTable.note("MaCo gradient, \(pixels)", "xplique's formula and autograd", error: slope)
  }

  /// The scale of the magnitudes cancels, except where the standard deviation is near 10⁻⁵.
  @Test func scaleOfTheMagnitudesDoesNotMatter() throws {
    let network = try Self.network(), shape = [3, 12, 6]
    let phases = Tensor(shape: shape, values: RandomSource(seed: 4).normals(3 * 12 * 6))
    let magnitudes = try Resources.goldenTensor("peers/phase-12x10-magnitudes")
    var larger = magnitudes
    for index in larger.values.indices { larger.values[index] *= 1024 }
    let one = try PhaseProbe(network, height: 12, width: 10, magnitude: magnitudes).image(phases)
    let other = try PhaseProbe(network, height: 12, width: 10, magnitude: larger).image(phases)
    #expect(largestError(one.values, other.values) < 1e-3)
  }

  @Test func magnitudesOfAPhotoAreThoseOfItsFourierCoefficients() throws {
    let network = try Self.network(), count = 3 * 14 * 22
    let colours = RandomSource(seed: 3).uniforms(count).map { 0.05 + 0.9 * $0 }
    let photo = network.normalized(Tensor(shape: [3, 14, 22], values: colours))
    let magnitudes = try ImageSpectrum.magnitudes(of: photo, network)
    #expect(magnitudes.shape == [3, 14, 12])
    // The sum of t over the pixels is the coefficient of frequency 0; Fourier's parametrization divides it by its scale.
    let coefficients = try FourierProbe(network, height: 14, width: 22).coefficients(of: photo)
    let half = coefficients.values.count / 2
    for (column, frequency) in [(0, 1.0 / 22), (1, 1.0 / 22), (11, 0.5)] {
      let re = coefficients.values[column], im = coefficients.values[half + column]
      let scale = 1 / (frequency * 4) * Double(14 * 22).squareRoot()
      let expected = Double((re * re + im * im).squareRoot()) * scale
      #expect(abs(Double(magnitudes.values[column]) - expected) < 1e-4 * expected)
    }
  }

  private static func small() -> ClassVisualization {
    var visualization = ClassVisualization(.maco)
    (visualization.height, visualization.width) = (32, 40)
    (visualization.iterations, visualization.samples) = (6, 3)
    return visualization
  }

  @Test func scoreRisesAndPicturesAreReproduced() throws {
    var visualization = Self.small()
    (visualization.iterations, visualization.transforms) = (40, [])
    let network = try Self.network()
    let result = try visualization.run(network, class: 1)
    #expect(result.scoreHistory.last ?? 0 > result.scoreHistory[0])
    #expect(try visualization.run(network, class: 1).picture == result.picture)
  }

  @Test func sameBytesForAnyNumberOfThreads() throws {
    var one = try Self.network(), three = one
    (one.options.threads, three.options.threads) = (1, 3)
    #expect(try Self.small().run(one, class: 1).image == Self.small().run(three, class: 1).image)
  }

  /// A spectrum of another size is resized; another spectrum makes another picture.
  @Test func spectrumIsTakenAndResized() throws {
    var visualization = Self.small()
    visualization.spectrum = .given
    let network = try Self.network()
    // A flat spectrum stays flat.
    let flat = Tensor(shape: [3, 8, 5], repeating: 2), flatAtSize = Tensor(shape: [3, 32, 21], repeating: 2)
    let result = try visualization.run(network, class: 1, spectrum: flat)
    let again = try visualization.run(network, class: 1, spectrum: flatAtSize)
    #expect(result.picture == again.picture)
    #expect(try Self.small().run(network, class: 1).picture != result.picture)
  }

  @Test func anotherRecipeUsesPhasesFromNoise() throws {
    var visualization = ClassVisualization(.simonyan)
    visualization.use(.phase)
    (visualization.height, visualization.width, visualization.iterations) = (32, 40, 2)
    #expect(try visualization.run(Self.network(), class: 1).iterations == 2)
  }

  @Test func mistakesAreNamed() throws {
    let network = try Self.network()
    func line(_ spectrum: Tensor? = nil, _ change: (inout ClassVisualization) -> Void) -> String {
      var visualization = Self.small()
      change(&visualization)
      return errorLine { _ = try visualization.run(network, class: 1, spectrum: spectrum) }
    }
    #expect(line { $0.width = 33 } == "Fourier coefficients need an even width, found 32×33")
    #expect(line { $0.spectrum = .given } == "the subject has no spectrum")
    #expect(
      line(Tensor(shape: [1, 8, 5], repeating: 1)) { $0.spectrum = .given }
        == "a spectrum must have the shape (3, H, W/2 + 1), found (1, 8, 5)")
    for values in [-1, Float.nan, 0] {
      #expect(
        line(Tensor(shape: [3, 8, 5], repeating: values)) { $0.spectrum = .given }
          == "a spectrum must have finite magnitudes of 0 or more, and not only zeros")
    }
    #expect(line { $0.start = .zero } == "the parametrization phase starts from noise, found the start zero")
    #expect(
      line { ($0.parametrization, $0.spectrum) = (.fourier, .given) }
        == "spectrum belongs to the parametrization phase, found fourier")
    #expect(
      line { $0.clamp = true }
        == "clamp and blurEvery change pixels; the parametrization phase needs neither, because its images are always "
        + "colours")
  }
}
