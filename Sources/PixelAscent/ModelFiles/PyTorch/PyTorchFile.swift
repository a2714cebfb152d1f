// SPDX-License-Identifier: MIT

/// Reads state dicts from files that `torch.save` wrote.
///
/// Since PyTorch 1.6 such a file is a zip archive: one entry is a pickle, in which tensors refer to storages by name,
/// and every storage is an entry of its own. In older files the storages follow the pickle. The elements are not
/// read here, and no code in the pickle is executed.
package enum PyTorchFile {
  /// Returns the tensors of a file that is a state dict, or a checkpoint with one.
  ///
  /// - Parameter wanted: which of several state dicts to take: "raw", "ema" or the key of one
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the file holds no state dict, or several and `wanted` does
  ///   not choose one, if it names a function that runs programs or code, or contradicts itself or the format;
  ///   `unreadableFile` if it can't be read.
  package static func stateDict(
    _ source: ByteSource, weights wanted: String? = nil
  ) throws(PixelAscentError) -> StateDict {
    let contents: Contents
    if let start = legacyStart(source) {
      contents = try legacy(source, from: start)
    } else {
      contents = try archive(source)
    }
    return try Checkpoint(contents.value, name: source.name).stateDict(wanted) {
      name, tensor throws(PixelAscentError) in
      guard let range = try contents.range(tensor.storage.key) else {
        throw source.fail("tensor \(name.oneLine) lies in storage \(tensor.storage.key.oneLine), which is missing")
      }
      return try parameter(tensor, in: range, name, source)
    }
  }

  /// Returns whether a file has the format from before PyTorch 1.6.
  static func isLegacy(_ source: ByteSource) -> Bool { legacyStart(source) != nil }

  /// A pickled value, and a function that returns the range of a storage's bytes in the file.
  private typealias Contents = (value: PickleValue, range: (String) throws(PixelAscentError) -> Range<Int>?)

  private static func parameter(
    _ tensor: StoredTensor, in range: Range<Int>, _ name: String, _ source: ByteSource
  ) throws(PixelAscentError) -> Parameter {
    let storage = tensor.storage
    let size = storage.type.size
    guard storage.first + storage.count <= range.count / size else {
      throw source.fail(
        "storage \(storage.key.oneLine) declares \(storage.first + storage.count) elements of \(size) bytes, found "
          + "\(range.count) bytes")
    }
    let start = range.lowerBound + storage.first * size
    let end = start + storage.count * size
    guard tensor.offset >= 0, tensor.offset <= (end - start) / tensor.type.size else {
      throw source.fail(
        "tensor \(name.oneLine) begins at element \(tensor.offset) of a storage of \(end - start) bytes")
    }
    return try Parameter(
      source, at: start + tensor.offset * tensor.type.size, end: end, tensor.type, shape: tensor.shape,
      strides: tensor.strides, name: name)
  }
}

/// The zip format of PyTorch 1.6 and newer.
extension PyTorchFile {
  private static func archive(_ source: ByteSource) throws(PixelAscentError) -> Contents {
    let zip = try ZipArchive(source)
    // All entries lie in one folder, which has the name under which the file was saved.
    let pickles = zip.entries.keys.filter { $0.hasSuffix("/data.pkl") && !$0.dropLast(9).contains("/") }
    guard pickles.count == 1, let pickle = pickles.first, let range = try zip.range(of: pickle) else {
      throw source.fail("a zip archive, but not PyTorch's: expected one entry data.pkl, found \(pickles.count)")
    }
    let folder = pickle.dropLast("data.pkl".count)
    if zip.entries.keys.contains(where: { $0 == folder + "constants.pkl" || $0.hasPrefix(folder + "code/") }) {
      throw source.fail(
        """
        a TorchScript archive, which holds a program; save the weights: python -c "import torch; \
        torch.save(torch.jit.load('FILE').state_dict(), 'weights.pth')"
        """)
    }
    if let order = try zip.range(of: folder + "byteorder") {
      let text = String(decoding: try source.bytes(order.prefix(16)), as: UTF8.self)
      guard text == "little" else {
        throw source.fail("expected numbers in the byte order \"little\", found \"\(text.oneLine)\"")
      }
    }
    let value = try Pickle.load(source, in: range, .torch)
    return (value, { (key: String) throws(PixelAscentError) in try zip.range(of: "\(folder)data/\(key)") })
  }
}

/// The format before PyTorch 1.6: five pickles, then the storages.
///
/// The pickles hold a magic number, the version, properties of the machine, the value, and the storages' keys. A
/// storage is its number of elements, then the elements.
extension PyTorchFile {
  /// The bytes of the magic number, and the opcode that ends its pickle.
  private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]

  /// The bytes of an element in the storages that are skipped, by the storages' classes.
  private static let sizesOfOtherElements = [
    "torch.ComplexFloatStorage": 8, "torch.ComplexDoubleStorage": 16, "torch.QInt8Storage": 1, "torch.QUInt8Storage": 1,
    "torch.QInt32Storage": 4, "torch.QUInt4x2Storage": 1, "torch.QUInt2x4Storage": 1,
  ]

  /// Returns the offset of the second pickle; nil if the file has another format.
  private static func legacyStart(_ source: ByteSource) -> Int? {
    guard let head = try? source.bytes(0..<min(source.count, 32)), head.first == 0x80 else { return nil }
    // Before the magic number lie the protocol, in protocol 4 a frame, and the number's length.
    return (4..<16).first { head[min($0, head.count)...].starts(with: magic) }.map { $0 + magic.count }
  }

  private static func legacy(_ source: ByteSource, from start: Int) throws(PixelAscentError) -> Contents {
    var reader = PickleReader(source, in: start..<source.count)
    var others = [(key: String, class: String)]()
    func next() throws(PixelAscentError) -> (value: PickleValue, storages: [StoredTensor.Storage]) {
      var machine = PickleMachine(reader: reader, dialect: .torch)
      let value = try machine.run()
      reader = machine.reader
      others = machine.otherStorages.map { ($0.key, machine.classes[$0.type]) }
      return (value, machine.storages)
    }
    let version = try next().value
    guard version == .int(1001) else {
      throw source.fail("expected version 1001 of PyTorch's old format, found another")
    }
    _ = try next()
    let (value, storages) = try next()
    var sizes = [String: Int]()
    for (key, type) in others { sizes[key] = sizesOfOtherElements[type] }
    guard case .list(let keys) = try next().value else { throw source.fail("expected a list of storages") }

    var types = [String: ElementType]()
    for storage in storages {
      guard types.updateValue(storage.type, forKey: storage.key) ?? storage.type == storage.type else {
        throw source.fail("storage \(storage.key.oneLine) has two types")
      }
    }
    var ranges = [String: Range<Int>]()
    var position = source.count - reader.remaining
    for key in keys {
      guard case .string(let key) = key, let size = types[key]?.size ?? sizes[key] else {
        throw source.fail("found a storage that no tensor refers to")
      }
      guard source.count - position >= 8 else { throw source.fail("truncated: storage \(key.oneLine) is missing") }
      let declared = UInt64(littleEndianBytes: try source.bytes(position..<position + 8))
      position += 8
      guard declared <= UInt64((source.count - position) / size) else {
        throw source.fail(
          "truncated: storage \(key.oneLine) declares \(declared) elements of \(size) bytes, found "
            + "\(source.count - position) bytes")
      }
      let end = position + Int(declared) * size
      guard ranges.updateValue(position..<end, forKey: key) == nil else {
        throw source.fail("storage \(key.oneLine) occurs twice")
      }
      position = end
    }
    return (value, { (key: String) throws(PixelAscentError) in ranges[key] })
  }
}
