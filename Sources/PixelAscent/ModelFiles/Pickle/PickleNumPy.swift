// SPDX-License-Identifier: MIT

/// A global that a pickle names: one that the reader interprets itself, or another.
enum PickleGlobal: Hashable {
  /// `_reconstruct(ndarray, (0,), b"b")`: an array whose contents `build` gives.
  case reconstruct
  /// `_frombuffer(bytes, dtype, shape, order)`: an array, as protocol 5 writes it.
  case frombuffer
  /// `scalar(dtype, bytes)`: read as an array of shape ().
  case scalar
  case ndarray
  case dtype
  /// `_codecs.encode(text, "latin1")`: bytes, as Python 3 writes them in protocols 0 to 2.
  case encode
  /// `bytes()`: empty bytes, as Python 3 writes them in protocols 0 to 2.
  case bytes
  case torch(TorchGlobal)
  /// Any other class or function: the index of its name.
  case unknown(Int)

  /// The globals that the reader interprets itself, by their names "module.name".
  static let known = numPy.merging(torch) { $1 }

  /// Returns whether a function runs programs or code, or loads files.
  ///
  /// The reader calls nothing, so such a name does no harm here. But no honest checkpoint has one, and the file would
  /// harm other programs, so the user should hear of it.
  static func isDangerous(_ module: String, _ name: String) -> Bool {
    let package = module.prefix { $0 != "." }
    if dangerousPackages.contains(String(package)) { return true }
    return [
      "builtins", "__builtin__", "torch", "numpy", "torch.hub", "torch.jit", "torch.storage", "torch.serialization",
    ]
    .contains(module) && dangerousFunctions.contains(name)
  }

  private static let dangerousPackages: Set = [
    "os", "posix", "nt", "subprocess", "sys", "runpy", "importlib", "ctypes", "socket", "shutil", "pty", "code",
    "codeop",
    "commands", "webbrowser", "pickle", "_pickle", "cPickle", "marshal", "pip", "pydoc", "timeit", "bdb", "pdb",
  ]
  private static let dangerousFunctions: Set = [
    "eval", "exec", "execfile", "compile", "open", "input", "raw_input", "breakpoint", "__import__", "apply", "load",
    "_load_from_bytes",
  ]

  /// The globals that arrays need, under NumPy's old and new module names.
  static let numPy: [String: PickleGlobal] = [
    "numpy.core.multiarray._reconstruct": .reconstruct,
    "numpy._core.multiarray._reconstruct": .reconstruct,
    "numpy.core.numeric._frombuffer": .frombuffer,
    "numpy._core.numeric._frombuffer": .frombuffer,
    "numpy.core.multiarray.scalar": .scalar,
    "numpy._core.multiarray.scalar": .scalar,
    "numpy.ndarray": .ndarray,
    "numpy.dtype": .dtype,
    "_codecs.encode": .encode,
    "__builtin__.bytes": .bytes,
  ]
}

extension PickleMachine {
  /// Returns the value that a call of a global makes.
  mutating func call(_ global: PickleGlobal, _ arguments: [Value]) throws(PixelAscentError) -> Value {
    switch global {
    case .reconstruct:
      switch arguments.first {
      case .global(.ndarray): break
      case .global(.unknown(let type)): return object(type, arguments)
      default: throw wrong(global)
      }
      arrays.append(.none)
      return .array(arrays.count - 1)
    case .frombuffer:
      guard arguments.count == 4, case .string(let order) = arguments[3], order == "C" || order == "F" else { break }
      arrays.append(
        try array(data: arguments[0], dtype: arguments[1], shape: arguments[2], isFortran: order == "F"))
      return .array(arrays.count - 1)
    case .scalar:
      if arguments.count == 2, case .object = arguments[0] { return try object("numpy scalar", []) }
      guard arguments.count == 2, case .dtype(let dtype) = arguments[0], let data = bytes(arguments[1]) else { break }
      arrays.append(.tensor(try array(data: data, dtype: dtypes[dtype], shape: [], isFortran: false)))
      return .array(arrays.count - 1)
    case .dtype:
      guard case .string(let code)? = arguments.first else { break }
      guard let dtype = NumPyType(code) else {
        return try object("NumPy array of type \"\(String(code.prefix(32)).oneLine)\"", [])
      }
      dtypes.append(dtype)
      return .dtype(dtypes.count - 1)
    case .encode:
      guard arguments.count == 2, case .string(let text) = arguments[0], case .string("latin1") = arguments[1] else {
        break
      }
      try spend(text.utf8.count)
      let scalars = text.unicodeScalars
      guard scalars.allSatisfy({ $0.value < 256 }) else { break }
      return .bytes(scalars.map { UInt8(truncatingIfNeeded: $0.value) })
    case .bytes:
      if arguments.isEmpty { return .bytes([]) }
    case .torch(let global): return try call(global, arguments)
    case .ndarray, .unknown: break
    }
    throw wrong(global)
  }

  private func wrong(_ global: PickleGlobal) -> PixelAscentError {
    reader.fail("refused: the pickle calls \(global) with other arguments than NumPy does")
  }

  /// Gives an array its contents, a dtype its byte order, or an object of another class its state.
  mutating func build(_ object: Value, state: Value) throws(PixelAscentError) {
    switch object {
    // The state holds the attributes of a dictionary. None of them is a parameter.
    case .dict: return
    case .object(let index):
      objects[index].contents.append(state)
      return
    default: break
    }
    guard case .tuple(let tuple) = state else {
      throw reader.fail(
        "refused: the pickle builds an object from something that is not a tuple, before byte \(reader.position)")
    }
    let state = tuples[tuple]
    switch object {
    case .dtype(let index):
      // (version, byte order, sub-array, names, fields, item size, alignment, flags)
      guard state.count >= 5, case .string(let order) = state[1] else { break }
      guard case .none = state[2], case .none = state[3], case .none = state[4] else {
        throw reader.fail("an array is of a structured type; only floats of 2 to 8 bytes and integers are read")
      }
      guard ["<", ">", "|", "="].contains(order) else { break }
      dtypes[index].isBigEndian = order == ">"
      return
    case .array(let index):
      // (version, shape, dtype, whether in Fortran order, data)
      guard state.count == 5, case .bool(let isFortran) = state[3] else { break }
      arrays[index] = try array(data: state[4], dtype: state[2], shape: state[1], isFortran: isFortran)
      return
    default: break
    }
    throw reader.fail("refused: the pickle builds something that is not an array, before byte \(reader.position)")
  }

  private mutating func array(
    data: Value, dtype: Value, shape: Value, isFortran: Bool
  ) throws(PixelAscentError) -> ArrayContents {
    // The type is not read. Only arrays of texts, dates and Python's objects can't be weights.
    if case .object(let type) = dtype {
      let code = classes[objects[type].type].drop { $0 != "\"" }.dropFirst().drop { "<>|=".contains($0) }
      let isTensor = code.first.map { !"OSUMmab".contains($0) } ?? true
      objects.append(Object(type: objects[type].type, contents: [data], isTensor: isTensor))
      return .object(objects.count - 1)
    }
    guard case .tuple(let tuple) = shape, case .dtype(let dtype) = dtype, let data = bytes(data) else {
      throw reader.fail("an array that ends at byte \(reader.position) lacks its shape, type or data")
    }
    // NumPy's own limit; without one, a long shape that many arrays share would take quadratic time.
    guard tuples[tuple].count <= 64 else { throw reader.fail("an array has more than 64 dimensions") }
    var extents = [Int]()
    for extent in tuples[tuple] {
      guard case .int(let extent) = extent else {
        throw reader.fail("an array's shape holds something that is not an integer")
      }
      extents.append(extent)
    }
    return .tensor(try array(data: data, dtype: dtypes[dtype], shape: extents, isFortran: isFortran))
  }

  private mutating func array(
    data: [UInt8], dtype: NumPyType, shape: [Int], isFortran: Bool
  ) throws(PixelAscentError) -> Tensor {
    guard let count = elementCount(shape), count <= data.count, count * dtype.size == data.count else {
      throw reader.fail(
        "an array of type \(dtype.code) declares the shape \(shapeText(shape)), found \(data.count) bytes of data")
    }
    try spend(count)
    if dtype.code == "<f4" && !isFortran { return Tensor(shape: shape, floats: data, at: 0, count: count) }
    let values = (0..<count).map { dtype.element($0, of: data) }
    guard isFortran, shape.count > 1 else { return Tensor(shape: shape, values: values) }
    return Tensor(columnMajor: values, shape: shape)
  }

  /// Returns data as bytes. Data of Python 2 may have been taken for text: see `push(python2String:)`.
  private func bytes(_ value: Value) -> [UInt8]? {
    switch value {
    case .bytes(let bytes): bytes
    case .string(let text): text.utf8.allSatisfy { $0 < 128 } ? Array(text.utf8) : nil
    default: nil
    }
  }
}

extension Tensor {
  /// Creates a tensor from values in Fortran order, in which the first dimension is contiguous.
  fileprivate init(columnMajor source: [Float], shape: [Int]) {
    var offsets = StridedOffsets(shape: shape, strides: contiguousStrides(shape.reversed()).reversed())
    var values = [Float]()
    values.reserveCapacity(source.count)
    for _ in source {
      values.append(source[offsets.offset])
      offsets.advance()
    }
    self.init(shape: shape, values: values)
  }
}
