// SPDX-License-Identifier: MIT

import PixelAscent
import Testing

@Suite(.enabled(if: Resources.hasPhotos, Resources.needsPhotos)) struct SamplePhotosTests {
  /// With the same weights and Pillow's resize, PyTorch also finds the right class first for 11 photographs, and among
  /// the first five for 19.
  @Test(arguments: InstructionSet.selectable) func rightClassIsFoundAsOftenAsInPyTorch(set: InstructionSet) throws {
    let network = try Resources.network(set)
    var first = 0, amongFive = 0
    for photo in Resources.photos {
      let classes = try network.classify(photo.image).map(\.classIndex)
      #expect(classes.count == 5)
      if classes[0] == photo.label { first += 1 }
      if classes.contains(photo.label) { amongFive += 1 }
    }
    #expect(first == 11)
    #expect(amongFive == 19)
  }

  @Test(arguments: InstructionSet.selectable) func everyNumberOfThreadsGivesTheSameBytes(set: InstructionSet) throws {
    let input = try Resources.network().input(for: Resources.photos[19].image)
    let gradients = try [1, 2, 3, 5].map {
      try Resources.network(set, threads: $0).gradient(of: .score(class: 305), at: input).gradient
    }
    #expect(gradients.allSatisfy { $0 == gradients[0] })
  }

  @Test func ranksDependOnNeitherThreadsNorInstructionSet() throws {
    for photo in Resources.photos {
      let image = try photo.image
      let reference = try Resources.network().classify(image).map(\.classIndex)
      for set in InstructionSet.selectable {
        let input = try Resources.network(set).input(for: image)
        let alone = try Resources.network(set, threads: 1).scores(of: input)
        let threeThreads = try Resources.network(set, threads: 3)
        #expect(try alone == threeThreads.scores(of: input), "\(photo) on \(set)")
        #expect(threeThreads.predictions(alone).map(\.classIndex) == reference, "\(photo) on \(set)")
      }
    }
  }
}
