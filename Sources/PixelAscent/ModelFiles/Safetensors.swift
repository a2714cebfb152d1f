// SPDX-License-Identifier: MIT

/// A safetensors file: named arrays, and metadata that maps strings to strings.
///
/// Layout: the header's length as a little-endian 64-bit integer; the header, a JSON object that gives every tensor's
/// type, shape and range of bytes; the tensors' bytes, without gap or overlap. Tensors of every `ElementType` can be
/// read, and are written as float32 (`F32`). See <https://github.com/huggingface/safetensors>.
package struct Safetensors: Sendable {
  /// The file's name in error lines.
  package let name: String
  package var metadata: [String: String]
  /// The tensors in the order in which they lie in the file.
  private let tensors: StateDict

  /// The tensors by their names.
  package var parameters: [String: Parameter] {
    Dictionary(uniqueKeysWithValues: tensors.entries.map { ($0.name, $0.parameter) })
  }

  /// Returns the tensors as a state dict, in the order in which they lie in the file.
  ///
  /// - Parameter wanted: which of several networks to take: "raw", "ema" or the prefix of its names
  package func stateDict(weights wanted: String? = nil) -> StateDict {
    var dict = tensors
    dict.wanted = wanted
    return dict
  }

  /// The length in bytes of the longest header that is read. The format allows ten times as much, but the header of a
  /// large classifier takes less than a tenth of it.
  private static let longestHeader = 10_000_000

  /// Reads a file's header.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the file contradicts itself or the format, or a tensor has
  ///   a type that is not supported; `unreadableFile` if the file can't be read; `sizeLimit` if the process can't get the
  ///   memory for the header.
  package init(_ source: ByteSource) throws(PixelAscentError) {
    func fail(_ message: String) -> PixelAscentError { source.fail(message) }

    guard source.count >= 8 else {
      throw fail("not a safetensors file: expected at least the 8 bytes of the header's length, found \(source.count)")
    }
    let declared = UInt64(littleEndianBytes: try source.bytes(0..<8))
    guard declared <= UInt64(source.count - 8) else {
      throw fail(
        "the header declares \(declared) bytes, found \(source.count - 8): truncated, or not a safetensors file")
    }
    let dataStart = 8 + Int(declared)
    guard declared > 0, try source.bytes(8..<9) == [UInt8(ascii: "{")] else {
      throw fail("not a safetensors file: the header does not begin with {")
    }
    guard declared <= UInt64(Self.longestHeader) else {
      throw fail(
        "the header declares \(declared) bytes, more than the \(Self.longestHeader) that this version reads")
    }
    let header: SafetensorsHeader
    do {
      header = try SafetensorsHeader(json: try source.bytes(8..<dataStart))
    } catch {
      throw error.about("header").about(source.name)
    }

    let size = source.count - dataStart
    var entries = [StateDict.Entry]()
    var end = 0
    let infos = header.tensors.sorted { ($0.info.begin, $0.info.end) < ($1.info.begin, $1.info.end) }
    for (key, info) in infos {
      var tensor: String { "tensor \(key.oneLine)" }
      guard let type = ElementType(rawValue: info.dtype) else {
        throw fail(
          "\(tensor) has the type \(info.dtype.oneLine); supported are F16, BF16, F32, F64, I8 to I64, U8 and BOOL")
      }
      guard info.begin >= 0, info.end >= info.begin else {
        throw fail("\(tensor) declares the impossible offsets \(info.begin) to \(info.end)")
      }
      guard info.end <= size else {
        throw fail("\(tensor) declares bytes up to \(info.end) of the data, found \(size): truncated or wrong offset")
      }
      guard info.begin == end else {
        throw fail("\(tensor) declares the offset \(info.begin), expected \(end): tensors overlap or leave a gap")
      }
      guard let count = elementCount(info.shape), count <= size / type.size,
        type.size * count == info.end - info.begin
      else {
        throw fail("\(tensor) declares the shape \(shapeText(info.shape)), found \(info.end - info.begin) bytes")
      }
      end = info.end
      entries.append(
        (key, try Parameter(source, at: dataStart + info.begin, type, shape: info.shape, name: key)))
    }
    guard end == size else { throw fail("the tensors declare \(end) bytes, found \(size)") }
    name = source.name
    metadata = header.metadata
    tensors = try StateDict(entries, name: source.name)
  }
}

/// Writing.
extension Safetensors {
  /// Creates a file to write, with its metadata and its tensors in the order of their names.
  package init(metadata: [String: String] = [:], parameters: [String: Parameter]) throws(PixelAscentError) {
    name = ""
    self.metadata = metadata
    let sorted = parameters.sorted { $0.key < $1.key }
    tensors = try StateDict(sorted.map { ($0.key, $0.value) }, name: name)
  }

  package init(metadata: [String: String] = [:], tensors: [String: Tensor]) throws(PixelAscentError) {
    try self.init(metadata: metadata, parameters: tensors.mapValues { Parameter($0) })
  }

  /// Writes the file to `path`, whole or not at all. Only one tensor at a time is in memory; all become float32.
  ///
  /// - Throws: `PixelAscentError` of kind `unwritableFile`, or `unreadableFile` if a tensor's own file can't be read.
  package func write(to path: String) throws {
    let header = try header()
    try Files.write(to: path) { (file: Files.Output) throws(PixelAscentError) in
      try file.append(header)
      for entry in tensors.entries { try file.append(try entry.parameter.tensor().values) }
    }
  }

  /// Returns the file's bytes.
  package func data() throws -> [UInt8] {
    var bytes = try header()
    for entry in tensors.entries {
      try entry.parameter.tensor().values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  /// Returns everything before the data. Equal contents give equal bytes; their number is a multiple of 8.
  private func header() throws -> [UInt8] {
    var entries = [String]()
    if !metadata.isEmpty { entries.append("\"__metadata__\":\(try JSONText.encode(metadata))") }
    var end = 0
    for (key, parameter) in tensors.entries {
      let begin = end
      end += 4 * parameter.count
      let shape = parameter.shape.map(String.init).joined(separator: ",")
      let info = "{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(begin),\(end)]}"
      entries.append("\(try JSONText.encode(key)):\(info)")
    }
    var header = Array("{\(entries.joined(separator: ","))}".utf8)
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
  }
}
