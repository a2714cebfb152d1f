// SPDX-License-Identifier: MIT

import PixelAscent

/// The work of `classify`: finds the highest scores of each image.
package struct ClassifyWork: Sendable {
  private let top: Int
  private let source: NetworkSource
  private let network: Network
  private let inputs: InputImages

  /// Reads the network, and finds the images.
  ///
  /// - Parameters:
  ///   - images: files, folders, or "-"
  ///   - top: the number of classes to find in each image
  package init(_ images: [String], top: Int, _ source: NetworkSource) throws {
    (self.top, self.source) = (top, source)
    network = try source.network()
    inputs = try InputImages(images)
  }

  /// Classifies all images, and calls `report` with the record of each.
  ///
  /// - Throws: `ExitStatus` if an image failed, or after Ctrl-C.
  package func run(report: (ClassifyRecord) throws -> Void) throws {
    var batch = Batch(of: "images", network, source.console)
    batch.problems = inputs.problems
    let memory = MemoryBudget(), run = source.run, top = top
    try batch.run(inputs.paths) { (path: String, network: Network) -> ClassifyRecord in
      let (input, scores) = try run.withPhoto(path, memory, copies: 3) { photo in
        try withErrors(about: path) {
          let input = try network.input(for: photo.content)
          return (input, try network.scores(of: input))
        }
      }
      return ClassifyRecord(path, input: input, network.predictions(scores, top: top), network.labels)
    } report: {
      try report($0)
    }.check()
  }
}
