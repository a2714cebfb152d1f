// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent

/// The images that a command is given: files, folders with all that lie in them, and "-" for a list on standard input.
struct InputImages {
  /// An image, and the name of its results without ending: in a folder of its own if it was found in one.
  struct Item {
    let path, place: String
  }

  let items: [Item]
  /// Whether some lie in folders that results mirror.
  let areMirrored: Bool

  var paths: [String] { items.map(\.path) }

  /// - Throws: `PixelAscentError` if a folder can't be read or holds no image, or the list is empty.
  init(_ arguments: [String]) throws {
    var items: [Item] = [], areMirrored = false
    for argument in arguments {
      if argument == "-" {
        areMirrored = true
        items += try Self.list().map { Item(path: $0, place: Self.place($0)) }
      } else if Files.isFolder(argument) {
        areMirrored = true
        items += try Self.images(in: argument)
      } else {
        items.append(Item(path: argument, place: stem(argument)))
      }
    }
    (self.items, self.areMirrored) = (items, areMirrored)
  }

  private static func images(in folder: String) throws -> [Item] {
    let found = try Files.list(folder).filter { ["png", "jpg", "jpeg"].contains(Outputs.ending($0)) }
    if found.isEmpty { throw PixelAscentError(.unreadableFile, "\(folder): holds no .jpg, .jpeg or .png") }
    let root = folder.hasSuffix("/") ? folder : folder + "/"
    return found.map { Item(path: root + $0, place: place($0)) }
  }

  /// The lines of standard input.
  private static func list() throws -> [String] {
    let lines = String(decoding: try Files.read("/dev/stdin"), as: UTF8.self).split(whereSeparator: \.isNewline)
    if lines.isEmpty { throw PixelAscentError(.unreadableFile, "standard input: holds no path; write one a line") }
    return lines.map(String.init)
  }

  /// A path without ending, its folders kept where they lead down.
  private static func place(_ path: String) -> String {
    let parts = path.split(separator: "/").filter { $0 != "." }
    guard !path.hasPrefix("/"), !parts.contains(".."), parts.count > 1 else { return stem(path) }
    return (parts.dropLast().map(String.init) + [stem(path)]).joined(separator: "/")
  }
}
