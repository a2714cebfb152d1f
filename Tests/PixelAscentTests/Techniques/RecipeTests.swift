// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// The steps of every recipe, without jitter, compared with NumPy and PyTorch in float64. The error is the largest
/// absolute difference of a value in normalised space. Longer ascents are chaotic and can't be compared.
@Suite(.enabled(if: Resources.hasModel, Resources.needsModel)) struct RecipeTests {
  private static let target = 187
  private static let recipes: [ClassVisualization.Recipe] = [
    .cs231nPyTorchNormalized, .cs231nPyTorch, .cs231nTensorFlow, .simonyan, .soft,
  ]

  private func error(
    _ recipe: ClassVisualization.Recipe, from start: String, steps: Int, blurEvery: Int? = nil, golden: String,
    set: InstructionSet
  ) throws -> Double {
    var visualization = ClassVisualization(recipe)
    visualization.iterations = steps
    visualization.maxJitter = 0
    visualization.samples = 1
    if let blurEvery { visualization.blurEvery = blurEvery }
    let image = try visualization.run(
      try Resources.network(set), class: Self.target, image: Resources.goldenTensor(start)
    ).image
    let expected = try Resources.goldenTensor(golden)
    #expect(image.shape == expected.shape)
    return largestError(image.values, expected.values)
  }

  @Test(arguments: recipes, InstructionSet.selectable)
  func oneStepEqualsPyTorchs(recipe: ClassVisualization.Recipe, set: InstructionSet) throws {
    for (blurEvery, name) in [(1, "blurred"), (0, "unblurred")] {
      let error = try error(
        recipe, from: "strict-64x64-input", steps: 1, blurEvery: blurEvery,
        golden: "one-step-\(recipe.rawValue)-\(name)", set: set)
      #expect(error <= 1e-4, "\(name): \(error)")
    }
  }

  /// In three steps a recipe blurs only in the first, or never. One of the five ascents may come near a tie, so the
  /// bound is for the median of their errors.
  @Test(arguments: recipes, InstructionSet.selectable)
  func threeStepsEqualPyTorchsInTheMedian(recipe: ClassVisualization.Recipe, set: InstructionSet) throws {
    let errors = try (0..<5).map {
      try error(
        recipe, from: "three-steps-init\($0)", steps: 3, golden: "three-steps-\(recipe.rawValue)-from\($0)", set: set)
    }
    #expect(errors.median <= 1e-4, "\(errors)")
  }
}
