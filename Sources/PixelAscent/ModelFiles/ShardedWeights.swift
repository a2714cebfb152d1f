// SPDX-License-Identifier: MIT

/// Weights that lie in several files, and the index that names the file of each tensor, as Hugging Face's libraries write
/// them: `model.safetensors.index.json` or `pytorch_model.bin.index.json`.
struct ShardedWeights {
  /// The tensors of all files.
  let stateDict: StateDict
  /// The files beside the index that hold the tensors, in the order of their names.
  let files: [ByteSource]

  private struct Index: Decodable {
    let files: [String: String]

    private enum CodingKeys: String, CodingKey { case files = "weight_map" }
  }

  /// Reads the files that an index names.
  ///
  /// - Parameter wanted: which of several networks to take: "raw", "ema" or the prefix of its names
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the index names a file outside its folder, or one that does not
  ///   hold the tensor, or a file is damaged; `unreadableFile` if a file can't be read.
  init(_ index: ByteSource, weights wanted: String?) throws(PixelAscentError) {
    let content: Index = try FileBeside.value(of: index), named = content.files
    var entries: [StateDict.Entry] = [], files: [String: ByteSource] = [:], holders: [String: String] = [:]
    for (tensor, file) in named.sorted(by: { ($0.value, $0.key) < ($1.value, $1.key) }) where files[file] == nil {
      let source = try FileBeside.open(file, ofTensor: tensor, in: index)
      let part = try Self.entries(source)
      for entry in part { holders[entry.name] = file }
      entries += part
      files[file] = source
    }
    for (tensor, file) in named.sorted(by: { $0.key < $1.key }) where holders[tensor] != file {
      throw index.fail("tensor \(tensor.oneLine) lies in \"\(file.oneLine)\", but that file does not have it")
    }
    var dict = try StateDict(entries, name: index.name)
    dict.wanted = wanted
    stateDict = dict
    self.files = files.sorted { $0.key < $1.key }.map(\.value)
  }

  private static func entries(_ file: ByteSource) throws(PixelAscentError) -> [StateDict.Entry] {
    switch try WeightFile.kind(of: file) {
    case .safetensors: try Safetensors(file).stateDict().entries
    case .torchZip, .torchLegacy: try PyTorchFile.stateDict(file).entries
    case .numPyPickle, .onnx, .index:
      throw file.fail("expected tensors of a model in several files: safetensors, or a PyTorch file")
    }
  }
}
