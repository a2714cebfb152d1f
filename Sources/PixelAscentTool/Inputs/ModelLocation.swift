// SPDX-License-Identifier: MIT

import PixelAscent

/// Where a model file is looked for.
package enum ModelLocation {
  /// The file name of the default model.
  package static let defaultName = "squeezenet1_1.safetensors"

  /// How to get a model, in one line.
  package static let advice =
    "run `make model` in PixelAscent's folder, or name a file with --model or PIXELASCENT_MODEL"

  /// The model file to use: `path` if given, else as ``search(_:)`` finds it.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile` if there is none.
  package static func find(_ path: String?) throws(PixelAscentError) -> String {
    if let found = try search(path) { return found }
    throw PixelAscentError(.unreadableFile, "no model \(defaultName) found: \(advice)")
  }

  /// `path` if given, else $PIXELASCENT_MODEL, else the default model in $XDG_DATA_HOME/pixelascent/models (that is
  /// ~/.local/share/… where the variable is not set), in ./Models, in Models beside the program or beside the folder
  /// .build that it was built in, or where an installation has it: ../share/pixelascent/models from the program's folder;
  /// nil if nowhere.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile` if a file is named that is not there.
  package static func search(_ path: String?) throws(PixelAscentError) -> String? {
    let data =
      Files.environment("XDG_DATA_HOME") ?? Files.environment("HOME").map { "\($0)/.local/share" }
    var folders = ["Models"]
    if let data { folders.insert("\(data)/pixelascent/models", at: 0) }
    if let program = Files.executableFolder {
      let prefix = program.folderAndName.folder.withoutLastSlash
      folders.append("\(program)/Models")
      let steps = program.steps
      if let build = steps.lastIndex(of: ".build") {
        folders.append((steps[..<build] + ["Models"]).map { "/\($0)" }.joined())
      }
      folders.append("\(prefix)/share/pixelascent/models")
    }
    return try search(path, named: Files.environment("PIXELASCENT_MODEL"), folders: folders)
  }

  private static func search(
    _ path: String?, named variable: String?, folders: [String]
  ) throws(PixelAscentError) -> String? {
    if let path { return path }
    if let variable {
      guard Files.exists(variable) else {
        throw PixelAscentError(.unreadableFile, "no such file (PIXELASCENT_MODEL names it)", about: variable)
      }
      return variable
    }
    return folders.map { "\($0)/\(defaultName)" }.first(where: Files.exists)
  }
}
