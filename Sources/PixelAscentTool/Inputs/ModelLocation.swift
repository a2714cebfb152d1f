// SPDX-License-Identifier: MIT

import PixelAscent

/// Finds the model file.
package enum ModelLocation {
  /// The file name of the default model.
  package static let defaultName = "squeezenet1_1.safetensors"

  /// One line that says how to get a model.
  package static let advice =
    "run `make model` in PixelAscent's folder, or name a file with --model or PIXELASCENT_MODEL"

  /// Returns the model file that ``search(_:)`` finds.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile` if ``search(_:)`` finds no file or throws.
  package static func find(_ path: String?) throws(PixelAscentError) -> String {
    if let found = try search(path) { return found }
    throw PixelAscentError(.unreadableFile, "no model \(defaultName) found: \(advice)")
  }

  /// Returns `path` if it is given, or else the file that $PIXELASCENT_MODEL names, or else the default model from the
  /// first of these folders that has it; nil if none has it:
  ///
  /// - $XDG_DATA_HOME/pixelascent/models, or ~/.local/share/pixelascent/models if the variable is not set
  /// - ./Models
  /// - Models beside the program
  /// - Models beside the .build folder that contains the program
  /// - ../share/pixelascent/models relative to the program's folder, where an installation has it
  ///
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile` if $PIXELASCENT_MODEL names a file that does not exist.
  package static func search(_ path: String?) throws(PixelAscentError) -> String? {
    let data =
      Files.environment("XDG_DATA_HOME") ?? Files.environment("HOME").map { "\($0)/.local/share" }
    var folders = ["Models"]
    if let data { folders.insert("\(data.withOneTrailingSlash)pixelascent/models", at: 0) }
    if let program = Files.executableFolder {
      let prefix = program.folderAndName.folder.withOneTrailingSlash
      folders.append("\(program.withOneTrailingSlash)Models")
      let steps = program.pathComponents
      if let build = steps.lastIndex(of: ".build") {
        folders.append((steps[..<build] + ["Models"]).map { "/\($0)" }.joined())
      }
      folders.append("\(prefix)share/pixelascent/models")
    }
    return try search(path, named: Files.environment("PIXELASCENT_MODEL"), folders: folders)
  }

  private static func search(
    _ path: String?, named variable: String?, folders: [String]
  ) throws(PixelAscentError) -> String? {
    if let path { return path }
    if let variable {
      guard Files.exists(variable) else {
        throw PixelAscentError(.unreadableFile, "no such file (named by PIXELASCENT_MODEL)", about: variable)
      }
      return variable
    }
    return folders.map { $0.withOneTrailingSlash + defaultName }.first(where: Files.exists)
  }
}
