// SPDX-License-Identifier: MIT

import PixelAscent

/// The files of all results that a request asks for, in the order of the inputs, with checks that they can be written.
struct OutputPlan {
  private(set) var outputs: [String] = []
  private(set) var figures, overlays, animations, raws, reports: [String]?
  /// The folders that the request names with a "/" at the end and that do not exist yet.
  private(set) var newFolders: [String] = []
  private let stems: [String]
  /// The files with names that the program has chosen, not the user. They are stored as UTF-8, because file systems
  /// distinguish more names than Swift strings do.
  private var defaultFiles: Set<[UInt8]> = []

  /// - Parameters:
  ///   - stems: the name of each input's results, without an ending
  ///   - areMirrored: whether results go into folders even if there is only one result
  /// - Throws: `UsageError` if a path is empty, or if it is not a folder but must be one.
  init(_ stems: [String], _ request: OutputRequest, areMirrored: Bool) throws {
    self.stems = stems
    func files(_ path: String?, _ ending: String, _ option: String, _ areMirrored: Bool) throws -> [String]? {
      try path.map { try resolve($0, stems.map { $0 + ending }, option, areMirrored) }
    }
    outputs = try resolve(request.output ?? "./", stems.map { "\($0).png" }, "-o", areMirrored)
    figures = try files(request.figure, "-figure.png", "--figure", areMirrored)
    overlays = try files(request.overlay, "-overlay.png", "--overlay", areMirrored)
    animations = try files(request.animation, "-steps.png", "--animate", areMirrored)
    raws = try files(request.raw, ".npy", "--raw", areMirrored)
    reports = try files(request.report, ".html", "--report", false)
  }

  private var stills: [String] { outputs + (figures ?? []) + (overlays ?? []) }
  var pictures: [String] { stills + (animations ?? []) }
  var all: [String] { pictures + (raws ?? []) + (reports ?? []) }

  /// Returns the files at `path`: one for each of `names` if `path` is a folder, else `path` itself.
  private mutating func resolve(
    _ path: String, _ names: [String], _ option: String, _ areMirrored: Bool
  ) throws -> [String] {
    guard !path.isEmpty else { throw UsageError("\(option) is empty.") }
    let path = Outputs.path(path), isFolder = Files.isFolder(path)
    if isFolder || path.hasSuffix("/") {
      if !isFolder { newFolders.append(path.withOneTrailingSlash) }
      let folder = path == "./" ? "" : path.withOneTrailingSlash, paths = names.map { folder + $0 }
      defaultFiles.formUnion(paths.map { Array($0.utf8) })
      return paths
    }
    guard names.count == 1 && !areMirrored else {
      let several = areMirrored ? "a folder or a list" : "several results"
      throw UsageError("With \(several) \(option) must be a folder; write \(path)/ for a new one.")
    }
    return [path]
  }

  /// Checks that the ending of each file fits the kind of the file.
  ///
  /// - Throws: `UsageError`.
  func checkEndings() throws {
    for path in animations ?? [] where !["png", "apng", "gif"].contains(path.fileEnding) {
      throw UsageError("Animations are written as .png, .apng or .gif, not as \(path).")
    }
    for path in stills where !["png", "jpg", "jpeg", ""].contains(path.fileEnding) {
      throw UsageError("Pictures are written as .png or .jpg, not as \(path).")
    }
    for path in raws ?? [] { try Outputs.check(path, isOf: "npy", "Arrays are written") }
    for path in reports ?? [] where !["html", "htm", ""].contains(path.fileEnding) {
      throw UsageError("A report is written as .html, not as \(path).")
    }
  }

  /// Checks that no two results go into the same file, even by different paths.
  ///
  /// - Throws: `UsageError`.
  func checkDistinct() throws {
    var seen = Set<[UInt8]>()
    for path in all where !seen.insert(Array((Files.replacedPath(path) ?? path).utf8)).inserted {
      throw UsageError("Two results would be written to \(path).")
    }
  }

  /// Checks that pictures whose names the program has chosen replace only earlier pictures of this program.
  ///
  /// - Throws: `PixelAscentError`.
  func checkDefaultFiles() throws {
    for path in pictures where defaultFiles.contains(Array(path.utf8)) && Files.isRegular(path) {
      if Provenance.isOwn(file: path) { continue }
      throw PixelAscentError(
        .unwritableFile, "already exists, and pixelascent did not make it; to replace it, name it in the command",
        about: path)
    }
  }

  /// Checks that the files and new folders can be made, as far as the system tells in advance.
  ///
  /// - Throws: `PixelAscentError`.
  func checkFolders() throws {
    for paths in [outputs, figures ?? [], overlays ?? [], animations ?? [], raws ?? [], reports ?? []] {
      // The folders of results that mirror the folders of the images are made later, with the results.
      for (path, stem) in zip(paths, stems)
      where !stem.hasSlash && !newFolders.contains(where: { path.utf8.starts(with: $0.utf8) }) {
        try Files.checkWritable(path)
      }
    }
    for folder in newFolders { try Files.checkWritable(folder.withoutTrailingSlashes) }
  }
}
