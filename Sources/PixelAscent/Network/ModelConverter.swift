// SPDX-License-Identifier: MIT

/// Converts model files of every supported format to PixelAscent's own: safetensors with graph, labels and
/// preprocessing.
public enum ModelConverter {
  /// Reads the model at `path` and writes it to `output` in PixelAscent's own format.
  ///
  /// - Parameters:
  ///   - path: the model file, of any format that ``Network/init(contentsOf:settings:options:)`` reads
  ///   - settings: what replaces the file's own settings
  ///   - output: the safetensors file to write
  /// - Returns: the number of classes, and notes on how the file was read
  /// - Throws: ``PixelAscentError`` as ``Network/init(contentsOf:settings:options:)`` does, or of kind `unwritableFile`
  ///   if `output` can't be written or is one of the files that hold the weights.
  public static func convert(
    contentsOf path: String, settings: ModelSettings = ModelSettings(), to output: String
  ) throws -> (classes: Int, notes: [Message]) {
    let model = try ModelReader.read(path, settings)
    if let identity = Files.identity(output), model.files.contains(where: { Files.identity($0.name) == identity }) {
      throw PixelAscentError(
        .unwritableFile, "the model's weights are in this file; write to another file", about: output)
    }
    // Making the network first ensures that only a model that runs is written.
    let network = try Network(model, name: path)
    try model.safetensors().write(to: output)
    return (network.classCount, model.notes)
  }
}
