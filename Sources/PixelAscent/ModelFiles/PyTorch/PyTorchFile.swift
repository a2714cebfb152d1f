// SPDX-License-Identifier: MIT

/// The files that `torch.save` writes, of which state dicts are read.
///
/// Since PyTorch 1.6 they are zip archives: a pickle, in which tensors refer to storages by name, and every storage as an
/// entry of its own. Before, the storages followed the pickle. Nothing but the pickle is read here; none of it is executed.
package enum PyTorchFile {
  /// The tensors of a state dict, or of the one that a checkpoint holds.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the file holds no state dict, its pickle names what no state dict
  ///   needs, or it contradicts itself or the format; `unreadableFile` if it can't be read.
  package static func stateDict(_ source: ByteSource) throws(PixelAscentError) -> StateDict {
    let contents: Contents
    if let start = legacyStart(source) {
      contents = try legacy(source, from: start)
    } else {
      contents = try archive(source)
    }
    var entries = [StateDict.Entry]()
    for (name, tensor) in try tensors(in: contents.value, source) {
      guard let place = try contents.place(tensor.storage.key) else {
        throw source.fail("tensor \(name.oneLine) lies in storage \(tensor.storage.key.oneLine), which is missing")
      }
      entries.append((name, try parameter(tensor, in: place, name, source)))
    }
    return try StateDict(entries, name: source.name).withoutCommonPrefix()
  }

  /// Whether a file is of the format before PyTorch 1.6.
  static func isLegacy(_ source: ByteSource) -> Bool { legacyStart(source) != nil }

  /// A pickled value, and where in the file a storage's bytes lie.
  private typealias Contents = (value: PickleValue, place: (String) throws(PixelAscentError) -> Range<Int>?)

  private static func parameter(
    _ tensor: StoredTensor, in place: Range<Int>, _ name: String, _ source: ByteSource
  ) throws(PixelAscentError) -> Parameter {
    let storage = tensor.storage
    let size = storage.type.size
    guard storage.first + storage.count <= place.count / size else {
      throw source.fail(
        "storage \(storage.key.oneLine) declares \(storage.first + storage.count) elements of \(size) bytes, found "
          + "\(place.count) bytes")
    }
    let start = place.lowerBound + storage.first * size
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

/// The zip format.
extension PyTorchFile {
  private static func archive(_ source: ByteSource) throws(PixelAscentError) -> Contents {
    let zip = try ZipArchive(source)
    // All entries lie in one folder, which has the name that the file had first.
    let pickles = zip.entries.keys.filter { $0.hasSuffix("/data.pkl") && !$0.dropLast(9).contains("/") }
    guard pickles.count == 1, let pickle = pickles.first, let range = try zip.range(of: pickle) else {
      throw source.fail("a zip archive, but not PyTorch's: expected one entry data.pkl, found \(pickles.count)")
    }
    let folder = pickle.dropLast("data.pkl".count)
    if zip.entries.keys.contains(where: { $0 == folder + "constants.pkl" || $0.hasPrefix(folder + "code/") }) {
      throw source.fail(
        "a TorchScript archive, which holds a program; save the weights: torch.save(model.state_dict(), path)")
    }
    if let order = try zip.range(of: folder + "byteorder") {
      let text = String(decoding: try source.bytes(order.prefix(16)), as: UTF8.self)
      guard text == "little" else {
        throw source.fail("its numbers are in the byte order \"\(text.oneLine)\"; only little is read")
      }
    }
    let value = try Pickle.load(source, in: range, .torch)
    return (value, { (key: String) throws(PixelAscentError) in try zip.range(of: "\(folder)data/\(key)") })
  }
}

/// The format before PyTorch 1.6: pickles of a magic number, the version, properties of the machine, the value, and the
/// storages' keys; then of every storage the number of its elements, and these.
extension PyTorchFile {
  /// The magic number's digits, and the opcode that ends its pickle.
  private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]

  /// Where the second pickle begins; nil if the file is of another format.
  private static func legacyStart(_ source: ByteSource) -> Int? {
    guard let head = try? source.bytes(0..<min(source.count, 32)), head.first == 0x80 else { return nil }
    // Before it stand the protocol, in protocol 4 a frame, and the number's length.
    return (4..<16).first { head[min($0, head.count)...].starts(with: magic) }.map { $0 + magic.count }
  }

  private static func legacy(_ source: ByteSource, from start: Int) throws(PixelAscentError) -> Contents {
    var reader = PickleReader(source, in: start..<source.count)
    func next() throws(PixelAscentError) -> (value: PickleValue, storages: [StoredTensor.Storage]) {
      var machine = PickleMachine(reader: reader, dialect: .torch)
      let value = try machine.run()
      reader = machine.reader
      return (value, machine.storages)
    }
    let version = try next().value
    guard version == .int(1001) else { throw source.fail("expected version 1001 of PyTorch's old format") }
    _ = try next()
    let (value, storages) = try next()
    guard case .list(let keys) = try next().value else { throw source.fail("expected a list of storages") }

    var types = [String: ElementType]()
    for storage in storages {
      guard types.updateValue(storage.type, forKey: storage.key) ?? storage.type == storage.type else {
        throw source.fail("storage \(storage.key.oneLine) is of two types")
      }
    }
    var places = [String: Range<Int>]()
    var position = source.count - reader.remaining
    for key in keys {
      guard case .string(let key) = key, let size = types[key]?.size else {
        throw source.fail("it holds a storage that no tensor refers to")
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
      guard places.updateValue(position..<end, forKey: key) == nil else {
        throw source.fail("storage \(key.oneLine) is there twice")
      }
      position = end
    }
    return (value, { (key: String) throws(PixelAscentError) in places[key] })
  }
}

/// From the pickled value to the tensors.
extension PyTorchFile {
  /// Under which names checkpoints hold the state dict.
  private static let wrappers = ["state_dict", "model_state_dict", "model"]

  private static func tensors(
    in value: PickleValue, _ source: ByteSource
  ) throws(PixelAscentError) -> [(name: String, tensor: StoredTensor)] {
    let expected = "expected a dictionary of tensors, as torch.save(model.state_dict(), path) writes it"
    guard case .dict(var entries) = value else { throw source.fail("\(expected), found \(kind(of: value))") }
    while let inner = wrapped(in: entries) { entries = inner }
    let tensors = entries.compactMap { (entry: PickleValue.Entry) -> (name: String, tensor: StoredTensor)? in
      guard case .string(let name) = entry.key, case .tensor(let tensor) = entry.value else { return nil }
      return (name, tensor)
    }
    guard !tensors.isEmpty else {
      let names = entries.compactMap { (entry: PickleValue.Entry) -> String? in
        if case .string(let name) = entry.key { name } else { nil }
      }
      let list = names.isEmpty ? "an empty one" : "the entries \(names.prefix(8).joined(separator: ", "))".oneLine
      throw source.fail("\(expected), found \(list)")
    }
    return tensors
  }

  private static func wrapped(in entries: [PickleValue.Entry]) -> [PickleValue.Entry]? {
    for name in wrappers {
      for entry in entries where entry.key == .string(name) {
        if case .dict(let inner) = entry.value, !inner.isEmpty { return inner }
      }
    }
    return nil
  }

  private static func kind(of value: PickleValue) -> String {
    switch value {
    case .tensor: "a single tensor"
    case .list, .tuple: "a list"
    case .array: "a NumPy array"
    default: "something else"
    }
  }
}
