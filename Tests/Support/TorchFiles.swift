// SPDX-License-Identifier: MIT

import PixelAscent

/// Writes files as `torch.save` does, and files with mistakes in them.
package enum TorchFiles {
  /// An entry of a zip archive. The archive's directory may declare a false method, size or offset for it.
  package struct Entry {
    package var name: String
    package var data: [UInt8]
    package var method = 0
    /// The size that the directory declares; nil for the true size.
    package var declaredSize: Int?
    /// The offset of the entry's header that the directory declares; nil for the true offset.
    package var declaredOffset: Int?

    package init(_ name: String, _ data: [UInt8]) {
      self.name = name
      self.data = data
    }
  }

  /// Returns a zip archive of these entries; with `zip64`, in the zip64 form that PyTorch writes.
  package static func zip(_ entries: [Entry], zip64: Bool = false) -> [UInt8] {
    var file = PickleWriter(), directory = PickleWriter()
    (file.bytes, directory.bytes) = ([], [])
    for entry in entries {
      let offset = entry.declaredOffset ?? file.bytes.count, size = entry.declaredSize ?? entry.data.count
      let name = Array(entry.name.utf8)
      file.little(UInt32(0x0403_4B50))
      file.bytes += Array(repeating: 0, count: 22)
      file.little(UInt16(name.count))
      file.little(UInt16(3))
      file.bytes += name + [0, 0, 0] + entry.data
      directory.little(UInt32(0x0201_4B50))
      directory.bytes += Array(repeating: 0, count: 6)
      directory.little(UInt16(entry.method))
      directory.bytes += Array(repeating: 0, count: 8)
      for _ in 0..<2 { directory.little(zip64 ? UInt32.max : UInt32(size)) }
      directory.little(UInt16(name.count))
      directory.little(UInt16(zip64 ? 28 : 0))
      directory.bytes += Array(repeating: 0, count: 10)
      directory.little(zip64 ? UInt32.max : UInt32(offset))
      directory.bytes += name
      if zip64 {
        directory.little(UInt16(1))
        directory.little(UInt16(24))
        for number in [size, size, offset] { directory.little(UInt64(bitPattern: Int64(number))) }
      }
    }
    let start = file.bytes.count
    file.bytes += directory.bytes
    if zip64 {
      let record = file.bytes.count
      file.little(UInt32(0x0606_4B50))
      file.bytes += Array(repeating: 0, count: 28)
      for number in [entries.count, directory.bytes.count, start] { file.little(UInt64(number)) }
      file.little(UInt32(0x0706_4B50))
      file.bytes += [0, 0, 0, 0]
      file.little(UInt64(record))
      file.bytes += [1, 0, 0, 0]
    }
    file.little(UInt32(0x0605_4B50))
    file.bytes += [0, 0, 0, 0]
    for _ in 0..<2 { file.little(zip64 ? UInt16.max : UInt16(entries.count)) }
    file.little(zip64 ? UInt32.max : UInt32(directory.bytes.count))
    file.little(zip64 ? UInt32.max : UInt32(start))
    file.bytes += [0, 0]
    return file.bytes
  }

  /// Returns the file that `torch.save` makes of a state dict, as a zip archive.
  package static func stateDict(_ tensors: [String: Tensor]) -> [UInt8] {
    let tensors = tensors.sorted { $0.key < $1.key }
    let pickle = PickleWriter.dictionary { pickle in
      for (index, (name, tensor)) in tensors.enumerated() {
        pickle.string(name)
        let strides = tensor.shape.indices.map { tensor.shape[($0 + 1)...].reduce(1, *) }
        pickle.tensor("\(index)", count: tensor.values.count, shape: tensor.shape, strides: strides)
      }
    }
    let storages = tensors.enumerated().map { index, entry in
      let bytes = entry.value.values.flatMap { value in
        withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
      }
      return ("\(index)", bytes)
    }
    return archive(pickle, storages)
  }

  /// Returns a file in PyTorch's zip format: a pickle, and storages under their keys.
  package static func archive(
    _ pickle: [UInt8], _ storages: [(String, [UInt8])], folder: String = "archive"
  ) -> [UInt8] {
    var entries = [Entry("\(folder)/data.pkl", pickle), Entry("\(folder)/byteorder", Array("little".utf8))]
    for (key, data) in storages { entries.append(Entry("\(folder)/data/\(key)", data)) }
    return zip(entries)
  }

  /// Returns a file in the format that PyTorch had before the zip format. The file says that a storage has `count`
  /// elements.
  package static func legacy(_ pickle: [UInt8], _ storages: [(String, count: Int, [UInt8])]) -> [UInt8] {
    var file = PickleWriter()
    file.bytes = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
    file.bytes += PickleWriter.pickle { $0.int(1001) }
    file.bytes += PickleWriter.pickle { $0.op("}") }
    file.bytes += pickle
    file.bytes += PickleWriter.pickle { writer in
      writer.op("](")
      storages.forEach { writer.string($0.0) }
      writer.op("e")
    }
    for (_, count, data) in storages {
      file.little(Int64(count))
      file.bytes += data
    }
    return file.bytes
  }
}

extension PickleWriter {
  /// Writes a reference to a storage.
  package mutating func storage(_ key: String, _ type: String = "FloatStorage", module: String = "torch", count: Int) {
    op("(")
    string("storage")
    global(module, type)
    string(key)
    string("cpu")
    int(count)
    op("tQ")
  }

  /// Writes a tensor as PyTorch does.
  package mutating func tensor(
    _ key: String = "0", _ type: String = "FloatStorage", count: Int, offset: Int = 0, shape: [Int], strides: [Int]
  ) {
    global("torch._utils", "_rebuild_tensor_v2")
    op("(")
    storage(key, type, count: count)
    int(offset)
    self.shape(shape)
    self.shape(strides)
    bytes += [0x89]
    global("collections", "OrderedDict")
    op(")RtR")
  }

  /// Returns a pickled dictionary with the entries that `body` writes, names and values in turn.
  package static func dictionary(_ body: (inout PickleWriter) -> Void) -> [UInt8] {
    pickle { writer in
      writer.global("collections", "OrderedDict")
      writer.op(")R(")
      body(&writer)
      writer.op("u")
    }
  }
}
