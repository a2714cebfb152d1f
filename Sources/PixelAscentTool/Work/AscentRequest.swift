// SPDX-License-Identifier: MIT

import PixelAscent

/// The ascents that a command asks for, before the network is read: for each class, one per recipe and seed.
package struct AscentRequest: Sendable {
  /// The parameters, one value per recipe. ``visualizations(_:_:)`` sets their size, and the start that the command
  /// names.
  private let recipes: [ClassVisualization]
  private let size: PixelSize?
  private let start: String?
  package let seeds: Seeds
  /// The layout of figures.
  package var figure = Figure.Style()

  /// - Parameters:
  ///   - recipes: the parameters, one value per recipe
  ///   - start: "noise", "zero", or the file to start from; nil for each recipe's own start
  ///   - size: the size of the images; nil for the network's input size
  package init(_ recipes: [ClassVisualization], start: String?, size: PixelSize?, seeds: Seeds) {
    (self.recipes, self.start, self.size, self.seeds) = (recipes, start, size, seeds)
  }

  /// The file that the ascents start from; nil if they start from noise or zero.
  package var startFile: String? { namedStart == nil ? start : nil }

  /// The start if the command names noise or zero; nil if it names a file or nothing.
  private var namedStart: ClassVisualization.Start? {
    start.flatMap(ClassVisualization.Start.init(rawValue:)).flatMap { $0 == .image ? nil : $0 }
  }

  /// Returns the number of ascents for `classes` classes. The count of the seeds stops at `most` + 1.
  package func count(classes: Int, most: Int) -> Int { classes * recipes.count * seeds.count(most: most) }

  /// Returns one visualization per recipe, complete except for the seed, and the image in the start file; nil if there is
  /// no start file.
  ///
  /// - Throws: `UsageError` if the image in the start file has another size than the command names; `PixelAscentError`
  ///   if the file can't be read.
  package func visualizations(
    _ network: Network, _ run: RunSettings
  ) throws -> (visualizations: [ClassVisualization], start: InputFile<Tensor>?) {
    let file = try startFile.map { path in
      let file = try run.start(path, network)
      try withErrors(about: path) { try network.check(file.content) }
      return file
    }
    if let startFile, let shape = file?.content.shape.dropFirst(), let size, [size.height, size.width] != Array(shape) {
      throw UsageError(
        "--init \(startFile) has \(shape[1])x\(shape[2]) pixels, which fixes the size; leave out --size.")
    }
    let usual = size ?? network.preprocessing.inputSize
    let visualizations = recipes.map { recipe in
      var visualization = recipe
      visualization.figure = figure
      (visualization.height, visualization.width) = (usual.height, usual.width)
      if let namedStart { visualization.start = namedStart }
      if let shape = file?.content.shape {
        visualization.start = .image
        (visualization.height, visualization.width) = (shape[1], shape[2])
      }
      return visualization
    }
    return (visualizations, file)
  }
}
