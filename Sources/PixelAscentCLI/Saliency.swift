// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

struct Saliency: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Maps of the pixels that decided a classification.",
    discussion: """
      Writes max over the channels of |d score / d pixel| as colours, at the size of the network's input. --overlay lays \
      them over the photo, grey and half-lit, at its own size; what the network did not see of it is darker.

      Examples:
        pixelascent saliency photo.jpg
        pixelascent saliency photo.jpg --class "Border terrier" --figure both.png
        pixelascent saliency photo.jpg --overlay over.png --percentile 99
        pixelascent saliency photo.jpg --report goose.html
        pixelascent saliency photos/ -o maps/
        find photos -name '*.jpg' | pixelascent saliency - -o maps/
      """)

  @Argument(
    help: ArgumentHelp("JPEG or PNG files, folders of them, or - for a list on standard input.", valueName: "image"),
    completion: .file())
  var images: [String]

  @Option(
    name: .customLong("class"), parsing: .unconditional,
    help: ArgumentHelp("The class (default: the network's first).", valueName: "class"))
  var className: String?

  @Option(help: "What is differentiated: the class's score, or the loss -log softmax.")
  var objective = Provenance.SaliencyView.Objective.score

  @Option(
    name: [.customShort("o"), .long], help: ArgumentHelp("The map (default: IMAGE-saliency.png).", valueName: "png"),
    completion: .file())
  var output: String?

  @Option(help: ArgumentHelp("Photo and map side by side.", valueName: "png"), completion: .file())
  var figure: String?

  @Option(help: ArgumentHelp("The map over the photo, at the photo's own size.", valueName: "png"), completion: .file())
  var overlay: String?

  @Option(help: "The colours of the pictures.")
  var colormap = Colormap.hot

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Give the last colour to all above this percentile of the map, 100 being its greatest value.", valueName: "f"))
  var percentile = 100.0

  @Option(help: ArgumentHelp("The gradient as float32 (3,H,W).", valueName: "npy"), completion: .file())
  var raw: String?

  @Option(
    help: ArgumentHelp("One image's photo, map, overlay and scores as a page.", valueName: "html"), completion: .file())
  var report: String?

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard percentile > 0, percentile <= 100 else {
      throw ValidationError("--percentile must be above 0 and at most 100, found \(percentile).")
    }
  }

  private var view: Provenance.SaliencyView {
    var view = Provenance.SaliencyView()
    (view.objective, view.colormap, view.percentile) = (objective, colormap, percentile)
    return view
  }

  /// Makes and writes what is asked for of one image.
  private func record(
    _ path: String, _ image: RGBImage, _ sha256: String, _ outputs: Outputs, _ network: Network,
    _ model: Meanwhile<Provenance.Model>, class index: Int?
  ) throws -> SaliencyRecord {
    let files = outputs.paths(for: path), view = view
    let (photo, result) = try withErrors(about: path) {
      let photo = try network.resized(image)
      return (
        photo,
        try network.saliency(ofInput: network.tensor(from: photo)) { top in
          view.objective(index ?? top)
        }
      )
    }
    let `class` = result.objective.classIndex
    let picture = RGBImage(map: result.map, colormap: view.colormap, percentile: view.percentile)
    try outputs.makeFolders(for: path)
    let provenance = try Provenance(.saliency(view), class: `class`, network, model.get(), input: sha256)
    try picture.write(to: files.output, provenance)
    if let figure = files.figure { try RGBImage(row: [photo, picture]).write(to: figure, provenance.of(.figure)) }
    if let overlay = files.overlay {
      try network.overlay(of: result.map, on: image, colormap: view.colormap, percentile: view.percentile)
        .write(to: overlay, provenance.of(.overlay))
    }
    if let raw = files.raw { try result.gradient.write(to: raw) }
    if let report = files.report {
      let page = try result.report(
        photo: photo, colormap: view.colormap, percentile: view.percentile, name: path.fileName, network: network,
        command: Console.command)
      try Files.write(Array(page.utf8), to: report)
    }
    if result.isZero {
      common.console.note("note: \(path): class \(`class`)'s gradient is zero everywhere, and so is the map")
    }
    return SaliencyRecord(
      image: path, class: `class`, label: network.labels[`class`], score: result.scores[`class`],
      height: photo.height, width: photo.width, output: files.output)
  }

  func run() throws {
    let inputs = try InputImages(images, leavingOut: [output, figure, overlay].compactMap(\.self))
    if inputs.areMirrored && output == nil {
      throw UsageError("With a folder or a list, say where the maps go: -o FOLDER/.")
    }
    let (network, model) = try common.source.networkAndModel()
    let outputs = try Outputs(
      inputs.items.map { ($0.path, "\($0.resultName)-saliency") },
      OutputRequest(output: output, figure: figure, overlay: overlay, raw: raw, report: report),
      areMirrored: inputs.areMirrored,
      keeping: inputs.paths + common.source.files(of: network))
    let index = try className.map(network.labels.find)
    if inputs.leftOut > 0 {
      common.console.note("note: \(inputs.leftOut) pictures in folders where results go are left out")
    }
    let memory = MemoryBudget()
    try Batch.run(inputs.paths, network, unit: "images", problems: inputs.problems, common.console) { path, network in
      // What a progressive JPEG takes; an overlay is one more picture of the photo's size.
      try common.run.settings.withPhoto(path, memory, copies: overlay == nil ? 3 : 4) { image, bytes in
        try record(path, image, SHA256.digest(of: bytes), outputs, network, model, class: index)
      }
    } report: { record in
      try common.console.result(record, besides: outputs) {
        "\(record.output): \(record.label) (\(record.class)), score \(fixed(record.score, 3))"
      }
    }
  }
}
