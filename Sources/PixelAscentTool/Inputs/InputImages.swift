// SPDX-License-Identifier: MIT

import PixelAscent

/// The input images of a command: files, all images in folders, and "-" for a list of paths on standard input.
package struct InputImages: Sendable {
  /// An image.
  package struct Item: Sendable {
    package let path: String
    /// The name of the image's results, without an ending; it is a path if the results mirror the folders of the
    /// images.
    package fileprivate(set) var resultName: String
    fileprivate var isInFolder = false
  }

  package let items: [Item]
  /// Errors about files and folders in the given folders, one for each.
  package let problems: [any Error]
  /// The number of images that are skipped because they lie in folders where results go.
  package let leftOut: Int
  /// Whether the arguments contain a folder or a list. The results then mirror the folders of the images.
  package let areMirrored: Bool

  package var paths: [String] { items.map(\.path) }

  /// - Parameters:
  ///   - arguments: the files and folders, or "-"
  ///   - outputs: the folders where results go; images in them are skipped if they were found in a given folder
  /// - Throws: `UsageError` if "-" is given twice, or one of `outputs` is a given folder itself; `PixelAscentError` if a folder can't be read
  ///   or has no image, or if the list is empty.
  package init(_ arguments: [String], leavingOut outputs: [String] = []) throws {
    var items: [Item] = [], problems: [any Error] = [], leftOut = 0, areMirrored = false
    if arguments.count(where: { $0 == "-" }) > 1 {
      throw UsageError("- is given twice; standard input can be read once.")
    }
    let areSeveral = arguments.filter(Files.isFolder).count > 1
    for argument in arguments {
      if argument == "-" {
        areMirrored = true
        let found = try Self.list()
        items += Self.named(found.paths)
        problems += found.problems
      } else if Files.isFolder(argument) {
        areMirrored = true
        if let output = outputs.first(where: {
          Files.isFolder($0) && Files.canonicalPath($0) == Files.canonicalPath(argument)
        }) {
          throw UsageError(
            "The results would go among the images of \(argument); choose a folder other than \(output).")
        }
        let found = try Self.images(in: argument, leavingOut: outputs)
        items += found.items
        problems += found.problems
        leftOut += found.leftOut
      } else {
        items.append(Item(path: argument, resultName: argument.fileStem))
      }
    }
    if areSeveral {
      var placed = Self.named(items.filter(\.isInFolder).map(\.path)).makeIterator()
      items = items.map { $0.isInFolder ? placed.next() ?? $0 : $0 }
    }
    (self.items, self.problems) = (Self.uniquelyNamed(items), problems)
    (self.leftOut, self.areMirrored) = (leftOut, areMirrored)
  }

  private static func images(
    in folder: String, leavingOut outputs: [String]
  ) throws -> (items: [Item], problems: [any Error], leftOut: Int) {
    let inside = outputs.compactMap { relativePath(from: folder, to: $0) }
    let (images, problems) = try Files.list(folder.withoutTrailingSlashes) {
      ["png", "jpg", "jpeg"].contains($0.fileEnding)
    }
    let found = images.filter { file in !inside.contains(where: file.hasPrefix) }
    if found.isEmpty {
      throw problems.first ?? PixelAscentError(.unreadableFile, "has no .jpg, .jpeg or .png file", about: folder)
    }
    let root = folder.withOneTrailingSlash
    return (
      found.map { Item(path: root + $0, resultName: resultName($0.pathComponents), isInFolder: true) }, problems,
      images.count - found.count
    )
  }

  /// Returns the path of the folder `other` relative to `folder`, with a "/" at its end; nil if `other` does not lie in
  /// `folder`.
  private static func relativePath(from folder: String, to other: String) -> String? {
    guard let folder = Files.canonicalPath(folder), let other = Files.canonicalPath(other) else { return nil }
    let root = folder == "/" ? folder : folder + "/"
    return other.utf8.starts(with: root.utf8) ? String(Substring(other.utf8.dropFirst(root.utf8.count))) + "/" : nil
  }

  /// Reads the paths on standard input: one per line, or each ended by a zero byte, as `find -print0` writes them.
  ///
  /// - Returns: the paths that a file can have, and an error for each that is too long
  private static func list() throws -> (paths: [String], problems: [any Error]) {
    let bytes = try Files.read("/dev/stdin").withoutByteOrderMark, ending = bytes.contains(0) ? [0] : Array("\n\r".utf8)
    var paths: [String] = [], problems: [any Error] = []
    for line in bytes.split(whereSeparator: ending.contains) {
      let path = String(decoding: line, as: UTF8.self)
      if line.count < longestPath {
        paths.append(path)
      } else {
        problems.append(
          PixelAscentError(
            .unreadableFile, "has \(line.count) bytes; a path has fewer than \(longestPath)", about: path.shortened()))
      }
    }
    if paths.isEmpty {
      throw problems.first
        ?? PixelAscentError(.unreadableFile, "has no path; write one per line", about: "standard input")
    }
    return (paths, problems)
  }

  /// The length in bytes from which on the systems refuse a path.
  private static let longestPath = 4096

  /// Returns the items of a list or of several folders. The name of an item's results is the item's path. Absolute
  /// paths lose the folders that all of them share; paths with ".." lose the folders that all paths with ".." share. If
  /// a ".." is left, only the file's own name remains.
  private static func named(_ list: [String]) -> [Item] {
    enum Kind { case down, up, absolute }
    func kind(_ path: String) -> Kind { path.isAbsolute ? .absolute : path.pathComponents.contains("..") ? .up : .down }
    let shared = Dictionary(grouping: list, by: kind).mapValues { paths in
      let folders = paths.map { $0.pathComponents.dropLast() }
      return folders.reduce(folders[0]) { shared, folder in shared.prefix(zip(shared, folder).prefix(while: ==).count) }
    }
    return list.map { path in
      let kind = kind(path),
        steps = kind == .down ? path.pathComponents : Array(path.pathComponents.dropFirst(shared[kind]?.count ?? 0))
      return Item(path: path, resultName: steps.contains("..") ? path.fileStem : resultName(steps))
    }
  }

  /// Joins the components of a path to a file, without the file's ending.
  private static func resultName(_ steps: [String]) -> String {
    (steps.dropLast() + [(steps.last ?? "").fileStem]).joined(separator: "/")
  }

  /// Returns the items with unique names for their results. If the results of a.jpg and a.png would have the same name,
  /// each name gets its file's ending.
  private static func uniquelyNamed(_ items: [Item]) -> [Item] {
    let endings = Dictionary(grouping: items) { Array($0.resultName.utf8) }.mapValues { items in
      Set(items.map { Array($0.path.fileName.utf8) }).count
    }
    var areUnique = true
    let items = items.map { (item: Item) -> Item in
      var item = item
      let name = item.path.fileName, result = item.resultName.folderAndName
      if (endings[Array(item.resultName.utf8)] ?? 1) > 1, result.name != name {
        areUnique = false
        item.resultName = result.folder + name
      }
      return item
    }
    // A name with its ending may now be the same as another name without one.
    return areUnique ? items : uniquelyNamed(items)
  }
}
