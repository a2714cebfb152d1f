// SPDX-License-Identifier: MIT

/// A safetensors file: named arrays, and metadata that maps strings to strings.
///
/// Layout: the header's length as a little-endian 64-bit integer; the header, a JSON object that gives every tensor's
/// type, shape and place; the tensors' bytes, which follow each other without hole or overlap. This type holds
/// float32 (`F32`) only. See <https://github.com/huggingface/safetensors>.
package struct Safetensors: Hashable, Sendable {
  package var metadata: [String: String]
  package var tensors: [String: Tensor]

  package init(metadata: [String: String] = [:], tensors: [String: Tensor]) {
    self.metadata = metadata
    self.tensors = tensors
  }

  /// Reads a file's bytes; `name` is what errors call it.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the file contradicts itself or the format, or holds a
  ///   value that is not finite.
  package init(_ bytes: [UInt8], name: String) throws(PixelAscentError) {
    func fail(_ message: String) -> PixelAscentError { PixelAscentError(.invalidModel, "\(name): \(message)") }

    guard bytes.count >= 8 else {
      throw fail("not a safetensors file: its \(bytes.count) bytes can't hold the 8 of the header's length")
    }
    let declared = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    guard declared <= UInt64(bytes.count - 8) else {
      throw fail("the header declares \(declared) bytes, found \(bytes.count - 8): truncated, or no safetensors file")
    }
    let dataStart = 8 + Int(declared)
    guard declared > 0, bytes[8] == UInt8(ascii: "{") else {
      throw fail("not a safetensors file: the header does not begin with {")
    }
    let header = try JSONText.decode(Header.self, from: bytes[8..<dataStart], name: "\(name): header")

    metadata = header.metadata
    tensors = [:]
    tensors.reserveCapacity(header.tensors.count)
    let size = bytes.count - dataStart
    var end = 0
    let places = header.tensors.sorted { ($0.value.begin, $0.value.end) < ($1.value.begin, $1.value.end) }
    for (key, place) in places {
      let tensor = "tensor \(key.oneLine)"
      guard place.dtype == "F32" else {
        throw fail("\(tensor) is of type \(place.dtype.oneLine); this version reads F32 only")
      }
      guard place.begin >= 0, place.end >= place.begin else {
        throw fail("\(tensor) declares the impossible offsets \(place.begin) to \(place.end)")
      }
      guard place.end <= size else {
        throw fail("\(tensor) declares bytes up to \(place.end) of the data, found \(size): truncated or wrong offset")
      }
      guard place.begin == end else {
        throw fail("\(tensor) declares the offset \(place.begin), expected \(end): tensors overlap or leave a hole")
      }
      guard let count = elementCount(place.shape), count <= size / 4, 4 * count == place.end - place.begin else {
        throw fail("\(tensor) declares the shape \(shapeText(place.shape)), found \(place.end - place.begin) bytes")
      }
      end = place.end
      let value = Tensor(shape: place.shape, floats: bytes, at: dataStart + place.begin, count: count)
      if let index = value.firstNonFiniteIndex {
        throw fail("\(tensor) holds a value that is not finite at index \(index)")
      }
      tensors[key] = value
    }
    guard end == size else { throw fail("the tensors declare \(end) bytes, found \(size)") }
  }

  /// The file's bytes. Equal contents give equal bytes: names are sorted, and the header is padded to 8 bytes.
  package func data() throws -> [UInt8] {
    var entries = [String]()
    if !metadata.isEmpty { entries.append("\"__metadata__\":\(try JSONText.encode(metadata))") }
    let sorted = tensors.sorted { $0.key < $1.key }
    var end = 0
    for (key, tensor) in sorted {
      let begin = end
      end += 4 * tensor.values.count
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      let place = "{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(begin),\(end)]}"
      entries.append("\(try JSONText.encode(key)):\(place)")
    }
    var header = Array("{\(entries.joined(separator: ","))}".utf8)
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }

    var bytes = [UInt8]()
    bytes.reserveCapacity(8 + header.count + end)
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: header)
    for (_, tensor) in sorted { tensor.values.withUnsafeBytes { bytes.append(contentsOf: $0) } }
    return bytes
  }
}

/// What a safetensors header holds.
private struct Header: Decodable {
  struct Place: Decodable {
    let dtype: String
    let shape: [Int]
    let begin: Int
    let end: Int

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      dtype = try container.decode(String.self, forKey: .dtype)
      shape = try container.decode([Int].self, forKey: .shape)
      let offsets = try container.decode([Int].self, forKey: .offsets)
      guard offsets.count == 2 else {
        throw DecodingError.dataCorruptedError(forKey: .offsets, in: container, debugDescription: "not a pair")
      }
      (begin, end) = (offsets[0], offsets[1])
    }
  }

  struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private(set) var metadata = [String: String]()
  private(set) var tensors = [String: Place]()

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    for key in container.allKeys {
      if key.stringValue == "__metadata__" {
        metadata = try container.decode([String: String].self, forKey: key)
      } else {
        tensors[key.stringValue] = try container.decode(Place.self, forKey: key)
      }
    }
  }
}
