// SPDX-License-Identifier: MIT

import PixelAscent

/// What `saliency` does: a map of each image, and what else is asked for.
package struct SaliencyWork: Sendable {
  private let saliency: Saliency
  private let source: NetworkSource
  private let network: Network
  private let model: Meanwhile<Provenance.Model>
  private let inputs: InputImages
  private let outputs: Outputs
  private let index: Int?
  /// How many bytes each value of a photo takes while its map is made. Decoding a progressive JPEG takes three; an overlay is one
  /// more picture of the photo's size.
  private let copies: Int

  /// Where the records of the maps are printed.
  package let console: Console

  /// Finds the images, reads the network, and settles where the results go.
  ///
  /// - Parameters:
  ///   - images: files, folders, or "-"
  ///   - className: the class; nil is the network's first of each image
  package init(
    _ images: [String], class className: String?, _ saliency: Saliency, _ request: OutputRequest,
    _ source: NetworkSource
  ) throws {
    (self.saliency, self.source) = (saliency, source)
    inputs = try InputImages(
      images, leavingOut: [request.output, request.figure, request.overlay].compactMap(\.self))
    if inputs.areMirrored && request.output == nil {
      throw UsageError("With a folder or a list, say where the maps go: -o FOLDER/.")
    }
    (network, model) = try source.networkAndModel()
    outputs = try Outputs(
      inputs.items.map { ($0.path, "\($0.resultName)-saliency") }, request, areMirrored: inputs.areMirrored,
      keeping: inputs.paths + source.files(of: network))
    index = try className.map(network.labels.find)
    copies = request.overlay == nil ? 3 : 4
    console = source.console.beside(outputs)
  }

  /// Makes and writes the maps of all images, and calls `report` with the record of each.
  ///
  /// - Throws: `ExitStatus` if an image failed, or Ctrl-C came.
  package func run(report: (SaliencyRecord) throws -> Void) throws {
    if inputs.leftOut > 0 {
      console.note("note: \(inputs.leftOut) pictures in folders where results go are left out")
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

  /// Makes and writes what is asked for of one image.
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
      console.note("note: \(path): class \(`class`)'s gradient is zero everywhere, and so is the map")
    }
    return SaliencyRecord(
      image: path, class: `class`, label: network.labels[`class`], score: result.scores[`class`],
      height: result.map.shape[0], width: result.map.shape[1], output: files.output)
  }
}
