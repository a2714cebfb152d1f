// SPDX-License-Identifier: MIT

import PixelAscent

/// The work of `saliency`: makes the maps of each image, and the other results that the command asks for.
package struct SaliencyWork: Sendable {
  private let saliency: Saliency
  private let source: NetworkSource
  private let network: Network
  private let model: BackgroundResult<Provenance.Model>
  private let inputs: InputImages
  private let outputs: Outputs
  /// The classes to map; only nil if each image's class is the one with its highest score.
  private let classes: [MappedClass]
  /// How many bytes each value of a photo takes while its maps are made: three to decode a progressive JPEG, and one
  /// more for an overlay, which is a second picture of the photo's size.
  private let copies: Int

  /// The console that prints the records of the maps.
  package let console: Console

  /// A class whose map is made of every image.
  private struct MappedClass {
    /// The index of the class; nil for the class with the highest score.
    let index: Int?
    /// What the default name of a result has at its end.
    let suffix: String

    /// Returns the name of the results for an image, without an ending.
    func stem(_ item: InputImages.Item) -> String { "\(item.resultName)-saliency\(suffix)" }
  }

  /// Finds the images, reads the network, and decides where the results go.
  ///
  /// - Parameters:
  ///   - images: files, folders, or "-"
  ///   - classNames: the classes; empty for the class with the highest score in each image
  package init(
    _ images: [String], classes classNames: [String], _ saliency: Saliency, _ request: OutputRequest,
    _ source: NetworkSource
  ) throws {
    (self.saliency, self.source) = (saliency, source)
    inputs = try InputImages(
      images, leavingOut: [request.output, request.figure, request.overlay].compactMap(\.self))
    if inputs.areMirrored && request.output == nil {
      throw UsageError("With a folder or a list, name a folder for the maps: -o FOLDER/.")
    }
    (network, model) = try source.networkAndModel()
    if saliency.objective == .crossEntropy && network.activation == .none {
      throw UsageError("--objective cross-entropy needs probabilities; --activation softmax or sigmoid makes them.")
    }
    let classes = try Self.classes(classNames, network.labels, source.console)
    self.classes = classes
    outputs = try Outputs(
      inputs.items.flatMap { item in classes.map { ($0.stem(item), $0.stem(item)) } }, request,
      areMirrored: inputs.areMirrored, keeping: inputs.paths + source.files(of: network))
    copies = request.overlay == nil ? 3 : 4
    console = source.console.writing(to: outputs)
  }

  /// Returns the classes that a command names. A class that it names twice is returned once, with a note.
  private static func classes(_ names: [String], _ labels: Labels, _ console: Console) throws -> [MappedClass] {
    var indices: [Int] = [], known: Set<Int> = [], again: Set<Int> = []
    let find = names.count > 1 ? LabelFinder(labels).find : labels.find
    for index in try names.map(find) {
      if known.insert(index).inserted {
        indices.append(index)
      } else if again.insert(index).inserted {
        console.note("note: \(labels[index]) (\(index)) is named twice; its map is made once")
      }
    }
    guard indices.count > 1 else { return [MappedClass(index: indices.first, suffix: "")] }
    return zip(indices, labels.slugs(indices)).map { MappedClass(index: $0, suffix: "-\($1)") }
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
    let memory = MemoryBudget(), run = source.run, count = classes.count
    try batch.run(inputs.items, isDone: { $0.count == count }) {
      (item: InputImages.Item, network: Network) -> [SaliencyRecord] in
      try run.withPhoto(item.path, memory, copies: copies) { photo in try records(item, photo, network) }
    } report: {
      for record in $0 { try report(record) }
    }.check()
  }

  /// Makes and writes the results of one image. After Ctrl-C no further class is begun.
  private func records(
    _ item: InputImages.Item, _ photo: InputFile<RGBImage>, _ network: Network
  ) throws -> [SaliencyRecord] {
    let path = item.path
    for `class` in classes {
      try outputs.paths(for: `class`.stem(item)).checkSides(
        of: photo.content, path, network, inFigure: 2, saliency.figure)
    }
    let (resized, evaluation) = try withErrors(about: path) {
      let resized = try network.resized(photo.content)
      return (resized, try network.evaluation(ofResized: resized))
    }
    evaluation.keepsActivations = classes.count > 1
    let sha256 = photo.sha256()
    var records: [SaliencyRecord] = []
    for `class` in classes where records.isEmpty || !Interruption.isStopRequested {
      let map = try withErrors(about: path) { try saliency.map(evaluation, photo: resized, class: `class`.index) }
      let provenance = try Provenance(
        saliency, class: map.classIndex, network, model.get(), input: sha256, background: photo.background)
      records.append(try write(map, path, `class`.stem(item), photo.content, provenance))
    }
    return records
  }

  /// Writes the results of one map.
  private func write(
    _ result: SaliencyMap, _ path: String, _ stem: String, _ photo: RGBImage, _ provenance: Provenance
  ) throws -> SaliencyRecord {
    let files = outputs.paths(for: stem), `class` = result.classIndex
    try outputs.makeFolders(for: stem)
    try result.picture.write(to: files.output, provenance)
    if let figure = files.figure {
      try result.figure(network).image(allowedBy: network).write(to: figure, provenance.of(.figure))
    }
    if let overlay = files.overlay {
      try result.overlay(on: photo, network).write(to: overlay, provenance.of(.overlay))
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
