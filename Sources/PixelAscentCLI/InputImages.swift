// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

/// The images that a command is given: files, folders with all that lie in them, and "-" for a list on standard input.
struct InputImages {
  /// An image, and the name of its results without ending: in a folder of its own if it was found in one.
  struct Item {
    let path: String
    fileprivate(set) var place: String
    fileprivate var isInFolder = false
  }

  let items: [Item]
  /// What is wrong with folders in these folders.
  let problems: [any Error]
  /// The number of images in folders where results go, which are none.
  let leftOut: Int
  /// Whether some lie in folders that results mirror.
  let areMirrored: Bool

  var paths: [String] { items.map(\.path) }

  /// - Parameter outputs: folders where pictures go; what lies in them is no input, if they lie in a folder that is.
  /// - Throws: `ValidationError` if one of them is a folder of inputs itself; `PixelAscentError` if a folder can't be read or
  ///   holds no image, or the list is empty.
  init(_ arguments: [String], leavingOut outputs: [String] = []) throws {
    var items: [Item] = [], problems: [any Error] = [], leftOut = 0, areMirrored = false
    let areSeveral = arguments.filter(Files.isFolder).count > 1
    for argument in arguments {
      if argument == "-" {
        areMirrored = true
        items += Self.places(try Self.list())
      } else if Files.isFolder(argument) {
        areMirrored = true
        if let output = outputs.first(where: { Files.isFolder($0) && Files.resolved($0) == Files.resolved(argument) }) {
          throw ValidationError(
            "The results would lie among the images of \(argument); write another folder than \(output).")
        }
        let found = try Self.images(in: argument, leavingOut: outputs)
        items += found.items
        problems += found.problems
        leftOut += found.leftOut
      } else {
        items.append(Item(path: argument, place: stem(argument)))
      }
    }
    if areSeveral {
      var placed = Self.places(items.filter(\.isInFolder).map(\.path)).makeIterator()
      items = items.map { $0.isInFolder ? placed.next() ?? $0 : $0 }
    }
    (self.items, self.problems) = (Self.toldApart(items), problems)
    (self.leftOut, self.areMirrored) = (leftOut, areMirrored)
  }

  private static func images(
    in folder: String, leavingOut outputs: [String]
  ) throws -> (items: [Item], problems: [any Error], leftOut: Int) {
    let inside = outputs.compactMap { way(from: folder, to: $0) }
    let (images, problems) = try Files.list(folder) { ["png", "jpg", "jpeg"].contains(Outputs.ending($0)) }
    let found = images.filter { file in !inside.contains(where: file.hasPrefix) }
    if found.isEmpty {
      throw problems.first ?? PixelAscentError(.unreadableFile, "\(folder): holds no .jpg, .jpeg or .png")
    }
    let root = folder.hasSuffix("/") ? folder : folder + "/"
    return (
      found.map { Item(path: root + $0, place: place($0.steps), isInFolder: true) }, problems,
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
    if lines.isEmpty { throw PixelAscentError(.unreadableFile, "standard input: holds no path; write one a line") }
    return lines.map(String.init)
  }

  /// The items of a list or of several folders, in the folders of their paths: where these are absolute or lead up, without
  /// those that all such paths share.
  private static func places(_ list: [String]) -> [Item] {
    enum Kind { case down, up, absolute }
    func kind(_ path: String) -> Kind { path.isAbsolute ? .absolute : path.steps.contains("..") ? .up : .down }
    let shared = Dictionary(grouping: list, by: kind).mapValues { paths in
      let folders = paths.map { $0.steps.dropLast() }
      return folders.reduce(folders[0]) { shared, folder in shared.prefix(zip(shared, folder).prefix(while: ==).count) }
    }
    return list.map { path in
      let kind = kind(path), steps = kind == .down ? path.steps : Array(path.steps.dropFirst(shared[kind]?.count ?? 0))
      return Item(path: path, place: steps.contains("..") ? stem(path) : place(steps))
    }
  }

  /// The steps to a file without its ending.
  private static func place(_ steps: [String]) -> String {
    (steps.dropLast() + [stem(steps.last ?? "")]).joined(separator: "/")
  }

  /// The items, places with the ending where a.jpg and a.png would have one.
  private static func toldApart(_ items: [Item]) -> [Item] {
    let endings = Dictionary(grouping: items) { Array($0.place.utf8) }.mapValues { items in
      Set(items.map { Array(fileName($0.path).utf8) }).count
    }
    var areApart = true
    let items = items.map { (item: Item) -> Item in
      var item = item
      let name = fileName(item.path), place = item.place.folderAndName
      if (endings[Array(item.place.utf8)] ?? 1) > 1, place.name != name {
        areApart = false
        item.place = place.folder + name
      }
      return item
    }
    // One that has its ending now may be called as another without.
    return areApart ? items : toldApart(items)
  }
}
