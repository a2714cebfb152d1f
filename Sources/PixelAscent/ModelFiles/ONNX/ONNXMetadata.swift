// SPDX-License-Identifier: MIT

/// The labels, the size, the mean and the standard deviation in an ONNX file's metadata. No standard says how to write
/// them; Ultralytics writes `task`, `names` and `imgsz`.
struct ONNXMetadata {
  private let entries: [String: String]

  init(_ entries: [String: String]) { self.entries = entries }

  /// Checks that the network classifies images, if Ultralytics' metadata says what the network does.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` that names the task.
  func checkTask(_ source: ByteSource) throws(PixelAscentError) {
    let others = ["detect", "segment", "pose", "obb", "semantic", "depth"]
    guard let task = entries["task"], others.contains(task), entries["names"] != nil || entries["imgsz"] != nil else {
      return
    }
    throw source.fail("an Ultralytics network for the task \(task); only networks for the task classify work")
  }

  /// Whether Ultralytics wrote the metadata of a classifier. Such a network takes pixels from 0 to 1 as they are.
  private var isUltralytics: Bool { entries["task"] == "classify" && entries["names"] != nil }

  /// The size of the images, from Ultralytics' `imgsz`: one number, or the height and the width.
  var imageSize: PixelSize? {
    guard let sides = numbers("imgsz")?.compactMap({ Int(exactly: $0) }), (1...2).contains(sides.count),
      sides.allSatisfy(Preprocessing.inputSizes.contains)
    else { return nil }
    return PixelSize(height: sides[0], width: sides[sides.count - 1])
  }

  /// The licence of the weights; nil if the metadata has none.
  var licence: String? { entries["license"].map(\.oneLine) }

  /// Returns one name per class, from one of the forms that files of labels have, or from a list with commas; nil unless
  /// their number is `count`. A network with one output may have two classes.
  func labels(count: Int) -> Labels? {
    let keys = ["labels", "classes", "class_names", "names"]
    guard let text = keys.lazy.compactMap({ entries[$0] }).first else { return nil }
    let names: [String]
    if text.hasPrefix("[") || text.hasPrefix("{") {
      let labels = try? Labels(Array(text.utf8))
      return labels?.count == count ? labels : nil
    } else {
      let lines = text.split(whereSeparator: \.isNewline)
      names = (lines.count > 1 ? lines : text.split(separator: ",")).map { String($0.trimmed) }
    }
    return names.count == count || count == 1 && names.count == 2 ? try? Labels(names: names.map { [$0] }) : nil
  }

  /// Returns the preprocessing from "mean" and "std", which hold one or three numbers each.
  ///
  /// The numbers are for pixels in [0, 1] or, if a standard deviation exceeds 1.5, in [0, 255].
  func preprocessing(channels: Int, inputSize: PixelSize) -> Preprocessing? {
    guard let mean = numbers("mean"), let std = numbers("std") else {
      if !isUltralytics { return nil }
      let zeros = [Float](repeating: 0, count: channels), ones = [Float](repeating: 1, count: channels)
      // Ultralytics resizes the short side to the side of the square that it then cuts out.
      return try? Preprocessing(mean: zeros, std: ones, inputSize: inputSize, resize: .crop, sizeBeforeCrop: inputSize)
    }
    let unit: Float = std.contains { $0 > 1.5 } ? 255 : 1
    return try? Preprocessing(mean: mean.map { $0 / unit }, std: std.map { $0 / unit }, inputSize: inputSize)
  }

  private func numbers(_ key: String) -> [Float]? {
    guard let text = entries[key] else { return nil }
    let parts = text.split { $0 == "," || $0 == "[" || $0 == "]" || $0 == "(" || $0 == ")" || $0.isWhitespace }
    let numbers = parts.compactMap { Float($0) }
    return numbers.count == parts.count ? numbers : nil
  }

}
