// SPDX-License-Identifier: MIT

import PixelAscent

/// The files of all results that a request asks for, in the order of the inputs, and what may keep them from being written.
struct OutputPlan {
  private(set) var outputs: [String] = []
  private(set) var figures, overlays, raws, reports: [String]?
  /// The folders that the request names with a "/" at the end, and that are not there yet.
  private(set) var newFolders: [String] = []
  private let stems: [String]
  /// The files whose names nobody has written, by their bytes: file systems tell more names apart than Unicode does.
  private var unnamed: Set<[UInt8]> = []

  /// - Parameters:
  ///   - stems: of each input, the name of its results without an ending
  ///   - areMirrored: whether results go into folders, however many there are
  /// - Throws: `UsageError` if a path is empty, or several results would go into one file.
  init(_ stems: [String], _ request: OutputRequest, areMirrored: Bool) throws {
    self.stems = stems
    func files(_ path: String?, _ ending: String, _ option: String, _ areMirrored: Bool) throws -> [String]? {
      try path.map { try resolve($0, stems.map { $0 + ending }, option, areMirrored) }
    }
    outputs = try resolve(request.output ?? "./", stems.map { "\($0).png" }, "-o", areMirrored)
    figures = try files(request.figure, "-figure.png", "--figure", areMirrored)
    overlays = try files(request.overlay, "-overlay.png", "--overlay", areMirrored)
    raws = try files(request.raw, ".npy", "--raw", areMirrored)
    reports = try files(request.report, ".html", "--report", false)
  }

  var pictures: [String] { outputs + (figures ?? []) + (overlays ?? []) }
  var all: [String] { pictures + (raws ?? []) + (reports ?? []) }

  /// The files at `path`, of such names if that is a folder.
  private mutating func resolve(
    _ path: String, _ names: [String], _ option: String, _ areMirrored: Bool
  ) throws -> [String] {
    guard !path.isEmpty else { throw UsageError("\(option) is empty.") }
    let path = path == "-" ? "/dev/stdout" : path, isFolder = Files.isFolder(path)
    if isFolder || path.hasSuffix("/") {
      if !isFolder { newFolders.append(path) }
      let folder = path == "./" ? "" : path.hasSuffix("/") ? path : "\(path)/", paths = names.map { folder + $0 }
      unnamed.formUnion(paths.map { Array($0.utf8) })
      return paths
    }
    guard names.count == 1 && !areMirrored else {
      let several = areMirrored ? "a folder or a list" : "several results"
      throw UsageError("With \(several) \(option) must be a folder; write \(path)/ for a new one.")
    }
    return [path]
  }

  /// - Throws: `UsageError` if a file's ending is not that of its kind.
  func checkEndings() throws {
    for path in pictures where !["png", "jpg", "jpeg", ""].contains(path.fileEnding) {
      throw UsageError("Pictures are written as .png or .jpg, not as \(path).")
    }
    for path in raws ?? [] { try Outputs.check(path, isOf: "npy", "Arrays are written") }
    for path in reports ?? [] where !["html", "htm", ""].contains(path.fileEnding) {
      throw UsageError("A report is written as .html, not as \(path).")
    }
  }

  /// - Throws: `UsageError` if two results would go into one file, on whatever ways.
  func checkDistinct() throws {
    var seen = Set<[UInt8]>()
    for path in all where !seen.insert(Array((Files.place(path) ?? path).utf8)).inserted {
      throw UsageError("Two results would be written to \(path).")
    }
  }

  /// - Throws: `PixelAscentError` if a picture whose name nobody has written would replace anything but an earlier picture of
  ///   this program.
  func checkUnnamed() throws {
    for path in pictures where unnamed.contains(Array(path.utf8)) && Files.isRegular(path) {
      if Provenance.isOwn(file: path) { continue }
      throw PixelAscentError(
        .unwritableFile, "is there, and no picture that pixelascent has made; write where the result goes", about: path)
    }
  }

  /// - Throws: `PixelAscentError` if a file or a new folder can't be made, as far as the system tells beforehand.
  func checkFolders() throws {
    for paths in [outputs, figures ?? [], overlays ?? [], raws ?? [], reports ?? []] {
      // What mirrors a folder makes its own.
      for (path, stem) in zip(paths, stems)
      where !stem.hasSlash && !newFolders.contains(where: { path.utf8.starts(with: $0.utf8) }) {
        try Files.checkPlace(path)
      }
    }
    for folder in newFolders { try Files.checkPlace(folder.withoutLastSlash) }
  }
}
