// SPDX-License-Identifier: MIT

import PixelAscent

/// The files for the results of one or more inputs. They are decided and checked before any work begins.
package struct Outputs: Sendable {
  /// The files of one input's results; nil for a kind of file that is not asked for.
  package struct Paths: Sendable {
    package let output: String
    package let figure, overlay, animation, raw, report: String?

    fileprivate var all: [String] { [output, figure, overlay, animation, raw, report].compactMap(\.self) }

    /// Checks that the formats of the pictures allow the sizes that these have for a photo.
    ///
    /// - Parameters:
    ///   - name: the photo's file, which errors about the photo's size name
    ///   - count: the number of pictures in the figure
    ///   - style: the layout of the figure
    /// - Throws: `PixelAscentError` of kind `sizeLimit`.
    package func checkSides(
      of photo: RGBImage, _ name: String, _ network: Network, inFigure count: Int, _ style: Figure.Style
    ) throws {
      if let overlay { try RGBImage.checkSides(width: photo.width, height: photo.height, for: overlay) }
      // Only a JPEG can be too wide.
      guard [output, figure ?? ""].contains(where: { ["jpg", "jpeg"].contains($0.fileEnding) }) else { return }
      let shown = try withErrors(about: name) { try network.resized(photo) }
      try RGBImage.checkSides(width: shown.width, height: shown.height, for: output)
      if let figure {
        let size = Figure.size(count, of: PixelSize(height: shown.height, width: shown.width), style)
        try RGBImage.checkSides(width: size.width, height: size.height, for: figure)
      }
    }
  }

  /// The files of each input. The keys are the UTF-8 of the inputs' names, because file systems distinguish more names
  /// than Swift strings do.
  private var paths: [[UInt8]: Paths] = [:]
  private let newFolders: [String]
  /// Whether a result goes to standard output, where a line of text would damage it.
  package let writesToStandardOutput: Bool

  /// - Parameters:
  ///   - inputs: the names that ``paths(for:)`` takes later, each with the name of its results without an ending
  ///   - request: the paths that the options of the command give
  ///   - areMirrored: whether results go into folders even if there is only one result
  ///   - files: the files that the command reads
  /// - Throws: `UsageError` if two results would go into the same file, or one into a file that the command reads, or
  ///   if a report is asked for and there is not exactly one input; `PixelAscentError` if a file can't be made, or if
  ///   a picture with a default name would replace a file that this program did not make.
  package init(
    _ inputs: [(input: String, stem: String)], _ request: OutputRequest, areMirrored: Bool = false,
    keeping files: [String]
  ) throws {
    if request.report != nil && inputs.count != 1 {
      throw UsageError("--report makes a page about a single result, and this command makes \(inputs.count).")
    }
    let plan = try OutputPlan(inputs.map(\.stem), request, areMirrored: areMirrored)
    try plan.checkEndings()
    try plan.checkDistinct()
    try Self.refuseToReplace(files, with: plan.all)
    try plan.checkDefaultFiles()
    try plan.checkFolders()
    newFolders = plan.newFolders
    writesToStandardOutput = plan.all.contains(where: StandardStreams.isStandardOutput)
    for (index, input) in inputs.enumerated() {
      paths[Array(input.input.utf8)] = Paths(
        output: plan.outputs[index], figure: plan.figures?[index], overlay: plan.overlays?[index],
        animation: plan.animations?[index], raw: plan.raws?[index], report: plan.reports?[index])
    }
  }

  /// Checks that the formats of an ascent's picture and figure allow the sizes of these.
  ///
  /// - Throws: `PixelAscentError` of kind `sizeLimit`.
  package func checkSides(of ascent: ClassVisualization, for input: String) throws {
    let files = paths(for: input)
    try RGBImage.checkSides(width: ascent.width, height: ascent.height, for: files.output)
    if let figure = files.figure {
      let picture = PixelSize(height: ascent.height, width: ascent.width)
      let size = Figure.size(ascent.shownCount, of: picture, ascent.figure)
      try RGBImage.checkSides(width: size.width, height: size.height, for: figure)
    }
    if let animation = files.animation, let style = ascent.animation {
      try Animation(frames: [], style: style).check(width: ascent.width, height: ascent.height, for: animation)
    }
  }

  /// Returns the files of an input's results.
  package func paths(for input: String) -> Paths {
    guard let found = paths[Array(input.utf8)] else { preconditionFailure("no outputs were planned for \(input)") }
    return found
  }

  /// Makes the missing folders of an input's results: those that the command names with a "/", and those that mirror
  /// the folders of the input.
  package func makeFolders(for input: String) throws {
    for folder in newFolders { try Files.makeFolder(folder) }
    for path in paths(for: input).all {
      let folder = path.folderAndName.folder
      if !folder.isEmpty { try Files.makeFolders(folder.withoutTrailingSlashes) }
    }
  }

  /// Returns the file that an option for a result names: standard output if the option is "-".
  package static func path(_ given: String) -> String { given == "-" ? "/dev/stdout" : given }

  /// Refuses a file name with the ending of another kind of file. A name without an ending, or with one that the
  /// program does not know, is allowed.
  ///
  /// - Parameters:
  ///   - kind: the ending of the kind of file that will be written
  ///   - what: the beginning of the message: "A model is written"
  /// - Throws: `UsageError`.
  package static func check(_ path: String, isOf kind: String, _ what: String) throws {
    let kinds = ["png", "jpg", "jpeg", "npy", "html", "safetensors", "pth", "pt", "onnx", "pkl", "txt", "json"]
    if path.fileEnding != kind && kinds.contains(String(path.fileEnding)) {
      throw UsageError("\(what) as .\(kind), not as \(path).")
    }
  }

  /// Refuses to replace a file that the command reads, whatever path leads to it.
  ///
  /// - Throws: `UsageError`.
  package static func refuseToReplace(_ files: [String], with results: [String]) throws {
    let kept = Set(files.compactMap(Files.identity))
    for path in results where Files.identity(path).map(kept.contains) ?? false {
      throw UsageError("A result would replace \(path), which the command reads.")
    }
  }
}
