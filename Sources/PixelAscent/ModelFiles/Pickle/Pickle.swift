// SPDX-License-Identifier: MIT

/// A value in a pickle: plain data, a NumPy array or a PyTorch tensor.
package enum PickleValue: Hashable, Sendable {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case bytes([UInt8])
  case list([PickleValue])
  case tuple([PickleValue])
  /// The entries in the order of the file. A key that occurs twice has two entries.
  case dict([Entry])
  case array(Tensor)
  /// A tensor whose elements lie elsewhere in the file. It is indirect, so that the other values take less memory.
  indirect case tensor(StoredTensor)
  /// An object of a class that is not read, such as the command-line options in a checkpoint. Nothing of the class was
  /// called, and the object's contents are not kept.
  ///
  /// - Parameter holdsTensors: whether a tensor, or an array that is not a single number, hangs on the object
  case object(class: String, holdsTensors: Bool)
  /// A type, or an integer of more than 64 bits.
  case other

  package struct Entry: Hashable, Sendable {
    package var key: PickleValue
    package var value: PickleValue

    package init(key: PickleValue, value: PickleValue) {
      self.key = key
      self.value = value
    }
  }
}

/// A restricted reader of Python pickles, protocols 0 to 5.
///
/// The reader knows a fixed list of globals, which it interprets itself: those that make tensors, arrays and
/// dictionaries. An object of any other class is skipped: the reader notes the class's name and what the object was
/// made of, and calls nothing. The reader never runs code, so a hostile file does no harm. Time and memory are linear
/// in the file's length.
package enum Pickle {
  /// Returns the value of the pickle that fills a file.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the pickle names a function that runs programs or code,
  ///   uses an opcode that no file has, is truncated or malformed, or if bytes follow it; of kind `sizeLimit` if the
  ///   process can't get the memory that the pickle may take.
  package static func load(_ source: ByteSource) throws(PixelAscentError) -> PickleValue {
    try load(source, in: 0..<source.count, .numPy)
  }

  /// Returns the value of the pickle that fills a range of a file.
  static func load(
    _ source: ByteSource, in range: Range<Int>, _ dialect: PickleDialect
  ) throws(PixelAscentError) -> PickleValue {
    var machine = PickleMachine(reader: PickleReader(source, in: range), dialect: dialect)
    let value = try machine.run()
    try machine.reader.checkEnd()
    return value
  }

  /// The largest number of objects: of the values that a pickle pushes or memoises, and of its marks. The limit bounds
  /// memory.
  static let objectLimit = 1 << 21
  /// The most memory that an object takes, in bytes, without the elements of texts and arrays.
  static let bytesPerObject = 256
  /// The largest depth to which lists, tuples and dictionaries may nest.
  static let depthLimit = 100
  /// The largest number of bytes that the names of all classes may have. A short pickle could join two long names to
  /// many.
  static let namesLimit = 1 << 20
}

/// The library that wrote a pickle. Only PyTorch's pickles refer to storages outside the pickle.
enum PickleDialect {
  case numPy
  case torch

  /// The contents that are read, in the words of error lines.
  var contents: String {
    switch self {
    case .numPy: "plain data and NumPy arrays"
    case .torch: "plain data and tensors of floats or integers"
    }
  }
}

/// The opcodes of protocols 0 to 5, with the names of Python's `pickletools`.
enum PickleOpcode: UInt8 {
  case mark = 0x28
  case stop = 0x2E
  case pop = 0x30
  case popMark = 0x31
  case dup = 0x32
  case float = 0x46
  case int = 0x49
  case binint = 0x4A
  case binint1 = 0x4B
  case long = 0x4C
  case binint2 = 0x4D
  case none = 0x4E
  case persid = 0x50
  case binpersid = 0x51
  case reduce = 0x52
  case string = 0x53
  case binstring = 0x54
  case shortBinstring = 0x55
  case unicode = 0x56
  case binunicode = 0x58
  case append = 0x61
  case build = 0x62
  case global = 0x63
  case dict = 0x64
  case emptyDict = 0x7D
  case appends = 0x65
  case get = 0x67
  case binget = 0x68
  case inst = 0x69
  case longBinget = 0x6A
  case list = 0x6C
  case emptyList = 0x5D
  case obj = 0x6F
  case put = 0x70
  case binput = 0x71
  case longBinput = 0x72
  case setitem = 0x73
  case tuple = 0x74
  case emptyTuple = 0x29
  case setitems = 0x75
  case binfloat = 0x47
  case binbytes = 0x42
  case shortBinbytes = 0x43
  case proto = 0x80
  case newobj = 0x81
  case ext1 = 0x82
  case ext2 = 0x83
  case ext4 = 0x84
  case tuple1 = 0x85
  case tuple2 = 0x86
  case tuple3 = 0x87
  case newtrue = 0x88
  case newfalse = 0x89
  case long1 = 0x8A
  case long4 = 0x8B
  case shortBinunicode = 0x8C
  case binunicode8 = 0x8D
  case binbytes8 = 0x8E
  case emptySet = 0x8F
  case additems = 0x90
  case frozenset = 0x91
  case newobjEx = 0x92
  case stackGlobal = 0x93
  case memoize = 0x94
  case frame = 0x95
  case bytearray8 = 0x96
  case nextBuffer = 0x97
  case readonlyBuffer = 0x98
}
