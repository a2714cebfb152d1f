// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

/// Where the results of one or more inputs go, settled before any work begins.
struct Outputs {
  /// The files of one input's results.
  struct Paths {
    let output: String
    let figure, overlay, raw, report: String?
  }

  /// By the bytes of an input's name: file systems tell more names apart than Unicode does.
  private var paths: [[UInt8]: Paths] = [:]
  private var newFolders: [String] = []
  /// Paths of which nobody has written the name.
  private var unnamed: Set<[UInt8]> = []
  /// Whether one of them is the program's standard output, where a line of text would spoil it.
  private(set) var useStandardOutput = false

  /// - Parameters:
  ///   - inputs: by what results are asked for later, each with the stem of its default names
  ///   - output: a file, or a folder (one that is there, or ends in "/"); nil is the working directory
  ///   - figure: likewise, but nil is no figure
  ///   - overlay: likewise
  ///   - raw: likewise
  ///   - report: likewise, for a single input
  ///   - areMirrored: whether results go into folders, however many there are
  ///   - files: what the command reads
  /// - Throws: `ValidationError` if two results would go into one file, or one into a file that is read, or a report would be
  ///   about several; `PixelAscentError` if a file can't be made where it would go, or would go over what is there although
  ///   nobody has named it.
  init(
    _ inputs: [(input: String, stem: String)], output: String?, figure: String?, overlay: String? = nil, raw: String?,
    report: String?, areMirrored: Bool = false, keeping files: [String]
  ) throws {
    if report != nil && inputs.count != 1 {
      throw ValidationError("--report is a page about one result, and this command makes \(inputs.count).")
    }
    let stems = inputs.map(\.stem)
    let outputs = try resolve(output ?? "./", stems.map { "\($0).png" }, "-o", areMirrored)
    let figures = try figure.map { try resolve($0, stems.map { "\($0)-figure.png" }, "--figure", areMirrored) }
    let overlays = try overlay.map { try resolve($0, stems.map { "\($0)-overlay.png" }, "--overlay", areMirrored) }
    let raws = try raw.map { try resolve($0, stems.map { "\($0).npy" }, "--raw", areMirrored) }
    let reports = try report.map { try resolve($0, stems.map { "\($0).html" }, "--report", false) }
    let pictures = outputs + (figures ?? []) + (overlays ?? [])
    for path in pictures where !["png", "jpg", "jpeg", ""].contains(Self.ending(path)) {
      throw ValidationError("Pictures are written as .png or .jpg, not as \(path).")
    }
    for path in raws ?? [] { try Self.check(path, isOf: "npy", "Arrays are written") }
    for path in reports ?? [] where !["html", "htm", ""].contains(Self.ending(path)) {
      throw ValidationError("A report is written as .html, not as \(path).")
    }
    let all = pictures + (raws ?? []) + (reports ?? [])
    // By bytes: file systems tell more names apart than Unicode does.
    var seen = Set<[UInt8]>()
    for path in all where !seen.insert(Array((Files.place(path) ?? path).utf8)).inserted {
      throw ValidationError("Two results would be written to \(path).")
    }
    try Self.keep(files, from: all)
    // A picture whose name nobody wrote replaces earlier ones of this program, and nothing else.
    for path in pictures where unnamed.contains(Array(path.utf8)) && Files.isRegular(path) {
      if Provenance.isOwn(file: path) { continue }
      throw PixelAscentError(
        .unwritableFile, "\(path): is there, and no picture that pixelascent has made; write where the result goes")
    }
    for paths in [outputs, figures ?? [], overlays ?? [], raws ?? [], reports ?? []] {
      // What mirrors a folder makes its own.
      for (path, stem) in zip(paths, stems)
      where !stem.hasSlash && !newFolders.contains(where: { path.utf8.starts(with: $0.utf8) }) {
        try Files.checkPlace(path)
      }
    }
    for folder in newFolders { try Files.checkPlace(folder.withoutLastSlash) }
    useStandardOutput = all.contains(where: StandardStreams.isOutput)
    for (index, input) in inputs.enumerated() {
      paths[Array(input.input.utf8)] = Paths(
        output: outputs[index], figure: figures?[index], overlay: overlays?[index], raw: raws?[index],
        report: reports?[index])
    }
  }

  /// - Throws: `ValidationError` if a file's ending is that of another kind of file; what stands behind a dot need be none.
  static func check(_ path: String, isOf kind: String, _ what: String) throws {
    let kinds = ["png", "jpg", "jpeg", "npy", "html", "safetensors", "pth", "pt", "onnx", "pkl", "txt", "json"]
    if ending(path) != kind && kinds.contains(String(ending(path))) {
      throw ValidationError("\(what) as .\(kind), not as \(path).")
    }
  }

  /// - Throws: `ValidationError` if one of the results would replace one of the files that are read, whatever leads to it.
  static func keep(_ files: [String], from results: [String]) throws {
    let kept = Set(files.compactMap(Files.identity))
    for path in results where Files.identity(path).map(kept.contains) ?? false {
      throw ValidationError("A result would replace \(path), which is read.")
    }
  }

  /// The files of an input's results.
  func paths(for input: String) -> Paths {
    guard let found = paths[Array(input.utf8)] else { preconditionFailure("no outputs were planned for \(input)") }
    return found
  }

  /// Makes the folders that were named with a "/", or mirror an input's, and are not there.
  func makeFolders(for input: String) throws {
    for folder in newFolders { try Files.makeFolder(folder) }
    let files = paths(for: input)
    for path in [files.output, files.figure, files.overlay, files.raw, files.report].compactMap(\.self) {
      let folder = path.folderAndName.folder
      if !folder.isEmpty { try Files.makeFolders(folder.withoutLastSlash) }
    }
  }

  /// The ending of a file's name, in small letters.
  static func ending(_ path: String) -> Substring {
    let name = path.lowercased().folderAndName.name
    return name.lastIndex(of: ".").map { name[name.index(after: $0)...] } ?? ""
  }

  private mutating func resolve(
    _ path: String, _ names: [String], _ option: String, _ areMirrored: Bool
  ) throws -> [String] {
    guard !path.isEmpty else { throw ValidationError("\(option) is empty.") }
    let path = path == "-" ? "/dev/stdout" : path, isFolder = Files.isFolder(path)
    if isFolder || path.hasSuffix("/") {
      if !isFolder { newFolders.append(path) }
      let folder = path == "./" ? "" : path.hasSuffix("/") ? path : "\(path)/", paths = names.map { folder + $0 }
      unnamed.formUnion(paths.map { Array($0.utf8) })
      return paths
    }
    guard names.count == 1 && !areMirrored else {
      let several = areMirrored ? "a folder or a list" : "several results"
      throw ValidationError("With \(several) \(option) must be a folder; write \(path)/ for a new one.")
    }
    return [path]
  }
}

/// The file name of a path without its folder.
func fileName(_ path: String) -> String { path.steps.last ?? "image" }

/// The file name of a path without folder and extension.
func stem(_ path: String) -> String {
  let name = fileName(path)
  guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
  return String(name[..<dot])
}
