// SPDX-License-Identifier: MIT

import PixelAscent

/// The ascents that a command asks for, before the network is read: for each class, one per recipe and seed.
package struct AscentRequest: Sendable {
  /// The parameters, one value per recipe. ``visualizations(_:_:)`` sets their size, and the start that the command
  /// names.
  private let recipes: [ClassVisualization]
  private let size: PixelSize?
  private let start: String?
  /// The file or the folder with the magnitudes of Fourier coefficients; nil for the power law.
  package let spectrum: String?
  package let seeds: Seeds
  /// The layout of figures.
  package var figure = Figure.Style()
  /// How animations show the steps; nil if there are no animations.
  package var animation: Animation.Style?

  /// - Parameters:
  ///   - recipes: the parameters, one value per recipe
  ///   - start: "noise", "zero", or the file to start from; nil for each recipe's own start
  ///   - spectrum: the file or the folder with the magnitudes of Fourier coefficients; nil for the power law
  ///   - size: the size of the images; nil for the network's input size
  package init(
    _ recipes: [ClassVisualization], start: String?, spectrum: String? = nil, size: PixelSize?, seeds: Seeds
  ) {
    (self.recipes, self.start, self.spectrum, self.size, self.seeds) = (recipes, start, spectrum, size, seeds)
  }

  /// The file that the ascents start from; nil if they start from noise or zero.
  package var startFile: String? { namedStart == .image ? start : nil }

  /// The start that the command names; nil if it names none.
  private var namedStart: ClassVisualization.Start? { start.map(ClassVisualization.Start.init(ofCommand:)) }

  /// Returns the number of ascents for `classes` classes. The count of the seeds stops at `most` + 1.
  package func count(classes: Int, most: Int) -> Int { classes * recipes.count * seeds.count(most: most) }

  /// The files that the ascents read besides the model.
  package var files: [String] { [startFile, spectrum].compactMap(\.self) }

  /// Reads the start file and the spectrum, and completes the parameters.
  ///
  /// - Throws: `UsageError` if the image in the start file has another size than the command names; `PixelAscentError`
  ///   if a file can't be read.
  package func inputs(_ network: Network, _ run: RunSettings) throws -> AscentInputs {
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
      (visualization.figure, visualization.animation) = (figure, animation)
      (visualization.height, visualization.width) = (usual.height, usual.width)
      if let namedStart { visualization.start = namedStart }
      if let shape = file?.content.shape {
        (visualization.height, visualization.width) = (shape[1], shape[2])
      }
      return visualization
    }
    let magnitudes = try spectrum.map { try run.spectrum($0, network) }
    return AscentInputs(visualizations, startFile, file, spectrum, magnitudes)
  }
}

extension ClassVisualization.Start {
  /// Reads the start that a command names: noise, zero, or a file.
  package init(ofCommand text: String) { self = text == "noise" ? .noise : text == "zero" ? .zero : .image }
}

/// What ascents are made from, besides the network and their targets.
package struct AscentInputs: Sendable {
  /// One visualization per recipe, complete except for the seed.
  package let visualizations: [ClassVisualization]
  private let startFile, spectrumFile: String?
  private let start: InputFile<Tensor>?
  private let spectrum: Tensor?
  /// The SHA-256 of the start file, and of the spectrum as ``Provenance/sha256(ofSpectrum:)`` returns it.
  package let startHash, spectrumHash: String?

  fileprivate init(
    _ visualizations: [ClassVisualization], _ startFile: String?, _ start: InputFile<Tensor>?, _ spectrumFile: String?,
    _ spectrum: Tensor?
  ) {
    (self.visualizations, self.startFile, self.spectrumFile) = (visualizations, startFile, spectrumFile)
    (self.start, self.spectrum) = (start, spectrum)
    (startHash, spectrumHash) = (start?.sha256(), spectrum.map(Provenance.sha256(ofSpectrum:)))
  }

  /// The file that errors about the inputs name.
  package var subject: String? { startFile ?? spectrumFile }

  /// Returns the subject of an ascent of a class; nil for another objective.
  package func subject(class index: Int? = nil) -> Subject {
    Subject(start: start?.content, spectrum: spectrum, class: index)
  }

  /// Returns the provenance of the picture of an ascent.
  package func provenance(
    _ visualization: ClassVisualization, class index: Int?, _ network: Network, _ model: Provenance.Model
  ) -> Provenance {
    Provenance(
      visualization, class: index, network, model, input: startHash, background: start?.background,
      spectrum: spectrumHash)
  }
}
