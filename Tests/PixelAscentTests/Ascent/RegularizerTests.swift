// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// The terms that keep an image smooth or small, compared with the formula in PyTorch and its automatic gradient, in
/// float64.
@Suite struct RegularizerTests {
  private static let terms: [String: Regularizer] = [
    "tv": .totalVariation(weight: 1), "smoothness-2": .smoothness(weight: 1, exponent: 2),
    "smoothness-1": .smoothness(weight: 1, exponent: 1), "l1": .l1(weight: 1),
    "alpha-norm": .alphaNorm(weight: 1, exponent: 6),
  ]

  @Test(arguments: ["tv", "smoothness-2", "smoothness-1", "l1", "alpha-norm"])
  func valueAndGradientEqualPyTorchs(name: String) throws {
    let term = try #require(Self.terms[name]), image = try Resources.goldenTensor("peers/regularizer-image")
    let values = try Resources.goldenIndex("peers/regularizers", of: [String: Double].self)
    let expected = try #require(values.first?[name])
    #expect(abs(term.value(of: image) - expected) < 1e-6 * expected)
    let gradient = term.gradient(at: image)
    let error = relativeError(gradient.values, try Resources.goldenTensor("peers/regularizer-\(name)").values)
    #expect(error < 1e-6)
    PeerTable.note("term \(name), gradient", "torch autograd", error: error)
  }

  @Test func weightMultiplies() throws {
    let image = try Resources.goldenTensor("peers/regularizer-image")
    let one = Regularizer.totalVariation(weight: 1), two = Regularizer.totalVariation(weight: 2)
    #expect(abs(two.value(of: image) - 2 * one.value(of: image)) < 1e-9)
    #expect(two.gradient(at: image).values == one.gradient(at: image).values.map { 2 * $0 })
  }
}
