// SPDX-License-Identifier: MIT

/// The labels, mean and standard deviation in an ONNX file's metadata. No standard says how to write them.
struct ONNXMetadata {
  private let entries: [String: String]

  init(_ entries: [String: String]) { self.entries = entries }

  /// Returns one name per class, from a JSON array, lines, or a list with commas; nil unless their number is `count`.
  func labels(count: Int) -> Labels? {
    guard let text = ["labels", "classes", "class_names"].lazy.compactMap({ entries[$0] }).first else { return nil }
    let names: [String]
    if text.hasPrefix("[") {
      guard let list = try? JSONText.decode([String].self, from: text.utf8) else { return nil }
      names = list
    } else {
      let lines = text.split(whereSeparator: \.isNewline)
      names = (lines.count > 1 ? lines : text.split(separator: ",")).map { Self.trimmed($0) }
    }
    return names.count == count ? try? Labels(names: names.map { [$0] }) : nil
  }

  /// Returns the preprocessing from "mean" and "std", which hold one or three numbers each.
  ///
  /// The numbers are for pixels in [0, 1] or, if a standard deviation exceeds 1.5, in [0, 255].
  func preprocessing(inputSize: Int) -> Preprocessing? {
    guard let mean = numbers("mean"), let std = numbers("std") else { return nil }
    let unit: Float = std.contains { $0 > 1.5 } ? 255 : 1
    return try? Preprocessing(mean: mean.map { $0 / unit }, std: std.map { $0 / unit }, inputSize: inputSize)
  }

  private func numbers(_ key: String) -> [Float]? {
    guard let text = entries[key] else { return nil }
    let parts = text.split { $0 == "," || $0 == "[" || $0 == "]" || $0 == "(" || $0 == ")" || $0.isWhitespace }
    let numbers = parts.compactMap { Float($0) }
    return numbers.count == parts.count ? numbers : nil
  }

  private static func trimmed(_ text: Substring) -> String {
    guard let first = text.firstIndex(where: { !$0.isWhitespace }),
      let last = text.lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(text[first...last])
  }
}
