// SPDX-License-Identifier: MIT

import PixelAscent

/// The images that a command is given: files, folders with all that lie in them, and "-" for a list on standard input.
package struct InputImages: Sendable {
  /// An image.
  package struct Item: Sendable {
    package let path: String
    /// The name of the image's results without an ending; for an image that was found in a folder, its path from there.
    package fileprivate(set) var resultName: String
    fileprivate var isInFolder = false
  }

  package let items: [Item]
  /// What is wrong with files and folders in the given folders, an error each.
  package let problems: [any Error]
  /// The number of images that are not taken, since they lie in folders where results go.
  package let leftOut: Int
  /// Whether a folder or a list was given, whose folders the results mirror.
  package let areMirrored: Bool

  package var paths: [String] { items.map(\.path) }

  /// - Parameters:
  ///   - arguments: the files and folders, or "-"
  ///   - outputs: folders where results go; images in them are left out, if they lie in a given folder
  /// - Throws: `UsageError` if one of `outputs` is a given folder itself; `PixelAscentError` if a folder can't be read or
  ///   holds no image, or the list is empty.
  package init(_ arguments: [String], leavingOut outputs: [String] = []) throws {
    var items: [Item] = [], problems: [any Error] = [], leftOut = 0, areMirrored = false
    let areSeveral = arguments.filter(Files.isFolder).count > 1
    for argument in arguments {
      if argument == "-" {
        areMirrored = true
        items += Self.named(try Self.list())
      } else if Files.isFolder(argument) {
        areMirrored = true
        if let output = outputs.first(where: { Files.isFolder($0) && Files.resolved($0) == Files.resolved(argument) }) {
          throw UsageError(
            "The results would lie among the images of \(argument); write another folder than \(output).")
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
    (self.items, self.problems) = (Self.toldApart(items), problems)
    (self.leftOut, self.areMirrored) = (leftOut, areMirrored)
  }

  private static func images(
    in folder: String, leavingOut outputs: [String]
  ) throws -> (items: [Item], problems: [any Error], leftOut: Int) {
    let inside = outputs.compactMap { way(from: folder, to: $0) }
    let (images, problems) = try Files.list(folder) { ["png", "jpg", "jpeg"].contains($0.fileEnding) }
    let found = images.filter { file in !inside.contains(where: file.hasPrefix) }
    if found.isEmpty {
      throw problems.first ?? PixelAscentError(.unreadableFile, "holds no .jpg, .jpeg or .png", about: folder)
    }
    let root = folder.hasSuffix("/") ? folder : folder + "/"
    return (
      found.map { Item(path: root + $0, resultName: resultName($0.steps), isInFolder: true) }, problems,
      images.count - found.count
    )
  }

  /// The way from a folder down to another, ending in "/"; nil if it doesn't lie in there.
  private static func way(from folder: String, to other: String) -> String? {
    guard let folder = Files.resolved(folder), let other = Files.resolved(other) else { return nil }
    let root = folder == "/" ? folder : folder + "/"
    return other.utf8.starts(with: root.utf8) ? String(Substring(other.utf8.dropFirst(root.utf8.count))) + "/" : nil
  }

  /// The lines of standard input; or what zeros end there, as `find -print0` has it.
  private static func list() throws -> [String] {
    let text = String(decoding: try Files.read("/dev/stdin"), as: UTF8.self)
    let lines = text.contains("\0") ? text.split(separator: "\0") : text.split(whereSeparator: \.isNewline)
    if lines.isEmpty {
      throw PixelAscentError(.unreadableFile, "holds no path; write one a line", about: "standard input")
    }
    return lines.map(String.init)
  }

  /// The items of a list or of several folders, with their paths as the names of their results. Absolute paths lose the folders
  /// that all absolute paths share, and so do paths that lead up.
  private static func named(_ list: [String]) -> [Item] {
    enum Kind { case down, up, absolute }
    func kind(_ path: String) -> Kind { path.isAbsolute ? .absolute : path.steps.contains("..") ? .up : .down }
    let shared = Dictionary(grouping: list, by: kind).mapValues { paths in
      let folders = paths.map { $0.steps.dropLast() }
      return folders.reduce(folders[0]) { shared, folder in shared.prefix(zip(shared, folder).prefix(while: ==).count) }
    }
    return list.map { path in
      let kind = kind(path), steps = kind == .down ? path.steps : Array(path.steps.dropFirst(shared[kind]?.count ?? 0))
      return Item(path: path, resultName: steps.contains("..") ? path.fileStem : resultName(steps))
    }
  }

  /// The steps of a path to a file, joined without the file's ending.
  private static func resultName(_ steps: [String]) -> String {
    (steps.dropLast() + [(steps.last ?? "").fileStem]).joined(separator: "/")
  }

  /// The items; where a.jpg and a.png would have one name for their results, these names get the endings.
  private static func toldApart(_ items: [Item]) -> [Item] {
    let endings = Dictionary(grouping: items) { Array($0.resultName.utf8) }.mapValues { items in
      Set(items.map { Array($0.path.fileName.utf8) }).count
    }
    var areApart = true
    let items = items.map { (item: Item) -> Item in
      var item = item
      let name = item.path.fileName, result = item.resultName.folderAndName
      if (endings[Array(item.resultName.utf8)] ?? 1) > 1, result.name != name {
        areApart = false
        item.resultName = result.folder + name
      }
      return item
    }
    // A name with its ending may now be the same as another name without one.
    return areApart ? items : toldApart(items)
  }
}
