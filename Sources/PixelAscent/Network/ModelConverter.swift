// SPDX-License-Identifier: MIT

/// Turns model files of any known kind into PixelAscent's own.
public enum ModelConverter {
  /// Reads the model at `path` and writes it to `output`: safetensors with its graph, labels and preprocessing.
  ///
  /// - Returns: the number of classes, and notes on how the file was read
  /// - Throws: ``PixelAscentError`` as the reader does, or of kind `unwritableFile`, also if `output` is one of the files that
  ///   the weights lie in.
  public static func convert(
    contentsOf path: String, settings: ModelSettings = ModelSettings(), to output: String
  ) throws -> (classes: Int, notes: [Message]) {
    let model = try ModelReader.read(path, settings)
    if let place = Files.identity(output), model.files.contains(where: { Files.identity($0.name) == place }) {
      throw PixelAscentError(.unwritableFile, "holds the weights that are read; write to another file", about: output)
    }
    // What can't be run is not written.
    let network = try Network(model, name: path)
    try model.safetensors().write(to: output)
    return (network.classCount, model.notes)
  }
}
