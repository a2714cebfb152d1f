// SPDX-License-Identifier: MIT

/// What people write into an ONNX file's metadata: labels, mean and standard deviation. No standard says how.
struct ONNXMetadata {
  private let entries: [String: String]

  init(_ entries: [String: String]) { self.entries = entries }

  /// A name a class, from a JSON array, lines, or a list with commas; nil unless there are as many as classes.
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

  /// From "mean" and "std", three numbers each, of pixels in [0, 1] or (if a deviation exceeds 1.5) in [0, 255].
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
