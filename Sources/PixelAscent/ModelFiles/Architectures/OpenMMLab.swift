// SPDX-License-Identifier: MIT

extension ArchitectureBuilder {
  /// Takes mean and standard deviation from the tensors of OpenMMLab's `data_preprocessor`, if the file has them. They
  /// are for pixels from 0 to 255.
  mutating func takeDataPreprocessor() throws(PixelAscentError) {
    ignore("data_preprocessor.")
    guard let mean = dict["data_preprocessor.mean"], let std = dict["data_preprocessor.std"],
      mean.count == preprocessing.mean.count, std.count == mean.count
    else { return }
    preprocessing = try Preprocessing(
      mean: try mean.tensor().values.map { $0 / 255 }, std: try std.tensor().values.map { $0 / 255 },
      inputSize: preprocessing.inputSize, resize: preprocessing.resize)
    notes.append("mean and std are those of the file's data_preprocessor")
  }
}
