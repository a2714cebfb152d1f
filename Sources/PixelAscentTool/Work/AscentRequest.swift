// SPDX-License-Identifier: MIT

import PixelAscent

/// The ascents that a command asks for, before the network is read: one for each recipe and seed.
package struct AscentRequest: Sendable {
  /// The parameters, one a recipe. Their size and start count only as far as the command names them.
  private let recipes: [ClassVisualization]
  private let size: PixelSize?
  private let start: String?
  package let seeds: Seeds

  /// - Parameters:
  ///   - recipes: the parameters, one a recipe
  ///   - start: "noise", "zero", or the file to start from; nil is each recipe's own start
  ///   - size: nil is the network's
  package init(_ recipes: [ClassVisualization], start: String?, size: PixelSize?, seeds: Seeds) {
    (self.recipes, self.start, self.size, self.seeds) = (recipes, start, size, seeds)
  }

  /// The file that the ascents start from; nil if they start from noise or zero.
  package var startFile: String? { namedStart == nil ? start : nil }

  /// The start, if it is noise or zero.
  private var namedStart: ClassVisualization.Start? {
    start.flatMap(ClassVisualization.Start.init(rawValue:)).flatMap { $0 == .image ? nil : $0 }
  }

  /// The number of ascents for `classes` classes; no more than `most` + 1 seeds are counted.
  package func count(classes: Int, most: Int) -> Int { classes * recipes.count * seeds.count(most: most) }

  /// The visualizations, one a recipe, complete but for their seeds; the image of the start's file, and the file's SHA-256.
  ///
  /// - Throws: `UsageError` if the start's file has another size than the command names; `PixelAscentError` if it can't be read.
  package func visualizations(
    _ network: Network, _ run: RunSettings
  ) throws -> (visualizations: [ClassVisualization], start: Tensor?, input: String?) {
    let file = try startFile.map { path in
      let file = try run.start(path, network)
      try withErrors(about: path) { try network.check(file.image) }
      return file
    }
    if let startFile, let shape = file?.image.shape.dropFirst(), let size, [size.height, size.width] != Array(shape) {
      throw UsageError(
        "--init \(startFile) is \(shape[1])x\(shape[2]) pixels and fixes the size; leave out --size.")
    }
    let side = network.preprocessing.inputSize
    let visualizations = recipes.map { recipe in
      var visualization = recipe
      (visualization.height, visualization.width) = (size?.height ?? side, size?.width ?? side)
      if let namedStart { visualization.start = namedStart }
      if let shape = file?.image.shape {
        visualization.start = .image
        (visualization.height, visualization.width) = (shape[1], shape[2])
      }
      return visualization
    }
    return (visualizations, file?.image, file?.sha256)
  }
}
