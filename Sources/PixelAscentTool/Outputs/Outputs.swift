// SPDX-License-Identifier: MIT

import PixelAscent

/// Where the results of one or more inputs go, settled before any work begins.
package struct Outputs: Sendable {
  /// The files of one input's results; nil for a kind that is not asked for.
  package struct Paths: Sendable {
    package let output: String
    package let figure, overlay, raw, report: String?

    fileprivate var all: [String] { [output, figure, overlay, raw, report].compactMap(\.self) }
  }

  /// The files by the bytes of their input's name: file systems tell more names apart than Unicode does.
  private var paths: [[UInt8]: Paths] = [:]
  private let newFolders: [String]
  /// Whether a result goes to the program's standard output, where a line of text would spoil it.
  package let useStandardOutput: Bool

  /// - Parameters:
  ///   - inputs: the names by which ``paths(for:)`` is asked later, each with the name of its results without an ending
  ///   - request: where the command is told to write
  ///   - areMirrored: whether results go into folders, however many there are
  ///   - files: the files that the command reads
  /// - Throws: `UsageError` if two results would go into one file, or one into a file that is read, or a report would be
  ///   about several; `PixelAscentError` if a file can't be made where it would go, or would replace a file although nobody
  ///   has named it.
  package init(
    _ inputs: [(input: String, stem: String)], _ request: OutputRequest, areMirrored: Bool = false,
    keeping files: [String]
  ) throws {
    if request.report != nil && inputs.count != 1 {
      throw UsageError("--report is a page about one result, and this command makes \(inputs.count).")
    }
    let plan = try OutputPlan(inputs.map(\.stem), request, areMirrored: areMirrored)
    try plan.checkEndings()
    try plan.checkDistinct()
    try Self.keep(files, from: plan.all)
    try plan.checkUnnamed()
    try plan.checkFolders()
    newFolders = plan.newFolders
    useStandardOutput = plan.all.contains(where: StandardStreams.isOutput)
    for (index, input) in inputs.enumerated() {
      paths[Array(input.input.utf8)] = Paths(
        output: plan.outputs[index], figure: plan.figures?[index], overlay: plan.overlays?[index],
        raw: plan.raws?[index], report: plan.reports?[index])
    }
  }

  /// The files of an input's results.
  package func paths(for input: String) -> Paths {
    guard let found = paths[Array(input.utf8)] else { preconditionFailure("no outputs were planned for \(input)") }
    return found
  }

  /// Makes the folders of an input's results that are not there: those that were named with a "/", and those that mirror the
  /// input's.
  package func makeFolders(for input: String) throws {
    for folder in newFolders { try Files.makeFolder(folder) }
    for path in paths(for: input).all {
      let folder = path.folderAndName.folder
      if !folder.isEmpty { try Files.makeFolders(folder.withoutLastSlash) }
    }
  }

  /// Refuses a file name that is another kind of file's; a name may have no ending, or one that means nothing to the program.
  ///
  /// - Parameters:
  ///   - kind: the ending of the kind of file that will be written
  ///   - what: how the message begins: "A model is written"
  /// - Throws: `UsageError`.
  package static func check(_ path: String, isOf kind: String, _ what: String) throws {
    let kinds = ["png", "jpg", "jpeg", "npy", "html", "safetensors", "pth", "pt", "onnx", "pkl", "txt", "json"]
    if path.fileEnding != kind && kinds.contains(String(path.fileEnding)) {
      throw UsageError("\(what) as .\(kind), not as \(path).")
    }
  }

  /// Refuses to replace one of the files that are read, whatever path leads to it.
  ///
  /// - Throws: `UsageError`.
  package static func keep(_ files: [String], from results: [String]) throws {
    let kept = Set(files.compactMap(Files.identity))
    for path in results where Files.identity(path).map(kept.contains) ?? false {
      throw UsageError("A result would replace \(path), which is read.")
    }
  }
}
