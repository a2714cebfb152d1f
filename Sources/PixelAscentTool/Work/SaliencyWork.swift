// SPDX-License-Identifier: MIT

import PixelAscent

/// The work of `saliency`: makes the map of each image, and the other results that the command asks for.
package struct SaliencyWork: Sendable {
  private let saliency: Saliency
  private let source: NetworkSource
  private let network: Network
  private let model: BackgroundResult<Provenance.Model>
  private let inputs: InputImages
  private let outputs: Outputs
  private let index: Int?
  /// How many bytes each value of a photo takes while its map is made: three to decode a progressive JPEG, and one more
  /// for an overlay, which is a second picture of the photo's size.
  private let copies: Int

  /// The console that prints the records of the maps.
  package let console: Console

  /// Finds the images, reads the network, and decides where the results go.
  ///
  /// - Parameters:
  ///   - images: files, folders, or "-"
  ///   - className: the class; nil for the class with the highest score in each image
  package init(
    _ images: [String], class className: String?, _ saliency: Saliency, _ request: OutputRequest,
    _ source: NetworkSource
  ) throws {
    (self.saliency, self.source) = (saliency, source)
    inputs = try InputImages(
      images, leavingOut: [request.output, request.figure, request.overlay].compactMap(\.self))
    if inputs.areMirrored && request.output == nil {
      throw UsageError("With a folder or a list, name a folder for the maps: -o FOLDER/.")
    }
    (network, model) = try source.networkAndModel()
    outputs = try Outputs(
      inputs.items.map { ($0.path, "\($0.resultName)-saliency") }, request, areMirrored: inputs.areMirrored,
      keeping: inputs.paths + source.files(of: network))
    index = try className.map(network.labels.find)
    copies = request.overlay == nil ? 3 : 4
    console = source.console.writing(to: outputs)
  }

  /// Makes and writes the maps of all images, and calls `report` with the record of each.
  ///
  /// - Throws: `ExitStatus` if an image failed, or after Ctrl-C.
  package func run(report: (SaliencyRecord) throws -> Void) throws {
    if inputs.leftOut > 0 {
      let skipped = "\(inputs.leftOut) picture\(inputs.leftOut == 1 ? "" : "s")"
      console.note("note: skipped \(skipped) in folders where results go")
    }
    var batch = Batch(of: "images", network, console)
    batch.problems = inputs.problems
    let memory = MemoryBudget(), run = source.run
    try batch.run(inputs.paths) { (path: String, network: Network) -> SaliencyRecord in
      try run.withPhoto(path, memory, copies: copies) { image, bytes in
        try record(path, image, SHA256.digest(of: bytes), network)
      }
    } report: {
      try report($0)
    }.check()
  }

  /// Makes and writes the results of one image.
  private func record(
    _ path: String, _ image: RGBImage, _ sha256: String, _ network: Network
  ) throws -> SaliencyRecord {
    let files = outputs.paths(for: path)
    let result = try withErrors(about: path) { try saliency.run(network, on: image, class: index) }
    let `class` = result.classIndex
    try outputs.makeFolders(for: path)
    let provenance = try Provenance(saliency, class: `class`, network, model.get(), input: sha256)
    try result.picture.write(to: files.output, provenance)
    if let figure = files.figure { try result.figure.write(to: figure, provenance.of(.figure)) }
    if let overlay = files.overlay {
      try result.overlay(on: image, network).write(to: overlay, provenance.of(.overlay))
    }
    if let raw = files.raw { try result.gradient.write(to: raw) }
    if let report = files.report {
      let page = try result.report(name: path.fileName, network: network, command: Console.command)
      try Files.write(Array(page.utf8), to: report)
    }
    if result.isZero {
      console.note("note: \(path): the gradient of class \(`class`) is zero everywhere, and so is the map")
    }
    return SaliencyRecord(
      image: path, class: `class`, label: network.labels[`class`], score: result.scores[`class`],
      height: result.map.shape[0], width: result.map.shape[1], output: files.output)
  }
}
