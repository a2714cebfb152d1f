// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// The paths where the program looks for its model.
@Suite struct ModelSearchTests {
  private let folder: TemporaryFolder

  /// Puts a model into every folder that the program searches, and a copy of the program into bin/.
  init() throws {
    folder = try TemporaryFolder()
    let paths = [
      "data/pixelascent/models", "home/.local/share/pixelascent/models", "Models", "bin/Models",
      "share/pixelascent/models",
    ]
    for path in paths {
      try FileManager.default.createDirectory(atPath: "\(folder.path)/\(path)", withIntermediateDirectories: true)
      try folder.add("\(path)/\(ModelLocation.defaultName)", TinyModel.bytes)
    }
    try folder.add("named.safetensors", TinyModel.bytes)
    try folder.add("variable.safetensors", TinyModel.bytes)
    try FileManager.default.copyItem(atPath: Program.path, toPath: folder.path + "/bin/pixelascent")
  }

  /// Runs `info`.
  ///
  /// - Parameter variables: which of XDG_DATA_HOME and PIXELASCENT_MODEL are set
  private func info(_ variables: Set<String>, _ arguments: [String] = []) throws -> Program.Outcome {
    let environment = ["XDG_DATA_HOME": folder.path + "/data", "PIXELASCENT_MODEL": "variable.safetensors"]
      .filter { variables.contains($0.key) }
      .merging(["HOME": folder.path + "/home"]) { $1 }
    return try Program.run(
      ["info", "--json"] + arguments, in: folder, environment: environment, program: folder.path + "/bin/pixelascent")
  }

  /// Returns the path of the model that the program finds, relative to the temporary folder.
  private func model(_ variables: Set<String>, _ arguments: [String] = []) throws -> String? {
    let outcome = try info(variables, arguments)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try JSONValue(outcome.text)["model"]?.string.map(inFolder)
  }

  /// Returns a path relative to the temporary folder. The system may know that folder under several paths, so
  /// this method looks only for the folder's name.
  private func inFolder(_ path: String) -> String {
    let name = URL(fileURLWithPath: folder.path).lastPathComponent
    return path.range(of: name + "/").map { String(path[$0.upperBound...]) } ?? path
  }

  private func remove(_ path: String) throws {
    try FileManager.default.removeItem(atPath: "\(folder.path)/\(path)/\(ModelLocation.defaultName)")
  }

  @Test("--model precedes PIXELASCENT_MODEL, XDG_DATA_HOME, ./Models and the program's own folders")
  func order() throws {
    let all: Set = ["XDG_DATA_HOME", "PIXELASCENT_MODEL"]
    #expect(try model(all, ["--model", "named.safetensors"]) == "named.safetensors")
    #expect(try model(all) == "variable.safetensors")
    #expect(try model(["XDG_DATA_HOME"]) == "data/pixelascent/models/squeezenet1_1.safetensors")
    #expect(try model([]) == "home/.local/share/pixelascent/models/squeezenet1_1.safetensors")
    try remove("home/.local/share/pixelascent/models")
    #expect(try model([]) == "Models/squeezenet1_1.safetensors")
    try remove("data/pixelascent/models")
    #expect(try model(["XDG_DATA_HOME"]) == "Models/squeezenet1_1.safetensors")
    try remove("Models")
    #expect(try model([]) == "bin/Models/squeezenet1_1.safetensors")
    try remove("bin/Models")
    #expect(try model([]) == "share/pixelascent/models/squeezenet1_1.safetensors")
    try remove("share/pixelascent/models")
    #expect(try model([]) == nil)
  }

  @Test("A program in .build finds the Models folder beside .build, from every working directory")
  func besideTheBuild() throws {
    let bin = folder.path + "/package/.build/x86_64/release"
    for path in [bin, folder.path + "/package/Models"] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    try FileManager.default.moveItem(atPath: folder.path + "/bin/pixelascent", toPath: bin + "/pixelascent")
    try folder.add("package/Models/\(ModelLocation.defaultName)", TinyModel.bytes)
    let home = try TemporaryFolder()
    let outcome = try Program.run(["info", "--json"], in: home, program: bin + "/pixelascent")
    #expect(try JSONValue(outcome.text)["model"]?.string.map(inFolder) == "package/Models/squeezenet1_1.safetensors")
  }

  @Test("If XDG_DATA_HOME is set, ~/.local/share is not searched")
  func homeIsFallback() throws {
    for path in ["data/pixelascent/models", "Models", "bin/Models", "share/pixelascent/models"] { try remove(path) }
    #expect(try model(["XDG_DATA_HOME"]) == nil)
    #expect(try model([]) == "home/.local/share/pixelascent/models/squeezenet1_1.safetensors")
  }

  @Test("If a named model is missing, that is an error, and no other model is taken")
  func namedAndMissing() throws {
    #expect(try info(["PIXELASCENT_MODEL"], ["--model", "none"]).errors == "error: none: no such file\n")
    try FileManager.default.removeItem(atPath: folder.path + "/variable.safetensors")
    let outcome = try info(["PIXELASCENT_MODEL"])
    #expect(outcome.status == 1)
    #expect(outcome.errors == "error: variable.safetensors: no such file (named by PIXELASCENT_MODEL)\n")
  }

  @Test(
    "Without a model, one line says how to get one",
    arguments: ["classify photo.png", "saliency photo.png", "fool photo.png --target 76", "visualize --class 76"])
  func noModel(_ command: String) throws {
    let folder = try TemporaryFolder()
    try folder.add("photo.png", try Pictures.photo.pngData())
    // The built program may lie in the package's folder and find the developer's Models there, so the test runs a copy.
    try FileManager.default.copyItem(atPath: Program.path, toPath: folder.path + "/pixelascent")
    let outcome = try Program.run(
      command.split(separator: " ").map(String.init), in: folder, program: folder.path + "/pixelascent")
    #expect(outcome.status == 1)
    #expect(outcome.text == "")
    #expect(
      outcome.errors == "error: no model squeezenet1_1.safetensors found: run `make model` in PixelAscent's folder, "
        + "or name a file with --model or PIXELASCENT_MODEL\n")
    #expect(folder.names == ["photo.png", "pixelascent"])
  }

  @Test("info works without a model, and says how to get one")
  func infoWithoutModel() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: Program.path, toPath: folder.path + "/pixelascent")
    let outcome = try Program.run(["info"], in: folder, program: folder.path + "/pixelascent")
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    #expect(outcome.lines.last == "model:      none: \(ModelLocation.advice)")
  }
}
