// SPDX-License-Identifier: MIT

/// A tensor as PyTorch pickles it: a view of a storage. The storage's elements lie elsewhere in the file.
package struct StoredTensor: Hashable, Sendable {
  package struct Storage: Hashable, Sendable {
    /// The name under which the file stores the bytes.
    package let key: String
    /// The type of the elements; `uint8` if the storage has no type.
    package let type: ElementType
    /// The index of the first element in the file's storage, and the number of elements.
    package let first, count: Int
  }

  package let storage: Storage
  package let type: ElementType
  /// Element (i, j, …) is the storage's element `offset` + i·strides[0] + j·strides[1] + …
  package let offset: Int
  package let shape, strides: [Int]
}

/// A global that `torch.save` writes.
enum TorchGlobal: Hashable {
  /// `torch.FloatStorage` and so on: the type of a storage.
  case storage(ElementType)
  /// `torch.storage.UntypedStorage`: a storage of bytes.
  case untypedStorage
  /// `torch.float32` and so on.
  case dtype(ElementType)
  /// `_rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks)`, or the first version,
  /// `_rebuild_tensor`, with only the first four arguments.
  case rebuildTensor
  /// `_rebuild_tensor_v3`: the arguments of `_rebuild_tensor_v2`, then the type of the elements.
  case rebuildTypedTensor
  /// `_rebuild_parameter(tensor, requires_grad, hooks)`.
  case rebuildParameter
  case size
  /// `OrderedDict()`; Python 2 passes the entries as a list of pairs.
  case orderedDict
  /// `defaultdict(type of the values)`.
  case defaultDict
  /// `_rebuild_from_type_v2(function, class, arguments, attributes)`: a tensor with attributes, or of a subclass.
  case rebuildFromType
  /// `torch.Tensor` and the classes that are just tensors.
  case tensorClass
}

extension PickleGlobal {
  /// The globals that tensors and the dictionaries around them need.
  static let torch: [String: PickleGlobal] = {
    let types: [(storage: String, dtype: String, type: ElementType)] = [
      ("Half", "float16", .float16), ("BFloat16", "bfloat16", .bfloat16), ("Float", "float32", .float32),
      ("Double", "float64", .float64), ("Char", "int8", .int8), ("Byte", "uint8", .uint8), ("Short", "int16", .int16),
      ("Int", "int32", .int32), ("Long", "int64", .int64), ("Bool", "bool", .bool),
    ]
    var globals: [String: TorchGlobal] = [
      "torch.storage.UntypedStorage": .untypedStorage,
      "torch._utils._rebuild_tensor": .rebuildTensor,
      "torch._utils._rebuild_tensor_v2": .rebuildTensor,
      "torch._utils._rebuild_tensor_v3": .rebuildTypedTensor,
      "torch._utils._rebuild_parameter": .rebuildParameter,
      "torch._utils._rebuild_parameter_with_state": .rebuildParameter,
      "torch.Size": .size,
      "collections.OrderedDict": .orderedDict,
      "collections.defaultdict": .defaultDict,
      "torch._tensor._rebuild_from_type_v2": .rebuildFromType,
      "torch.Tensor": .tensorClass,
      "torch.nn.parameter.Parameter": .tensorClass,
      "torch.nn.parameter.Buffer": .tensorClass,
    ]
    for (storage, dtype, type) in types {
      globals["torch.\(storage)Storage"] = .storage(type)
      globals["torch.cuda.\(storage)Storage"] = .storage(type)
      globals["torch.\(dtype)"] = .dtype(type)
    }
    return globals.mapValues { .torch($0) }
  }()
}

extension PickleMachine {
  /// Returns the value that a call of a PyTorch global makes.
  mutating func call(_ global: TorchGlobal, _ arguments: [Value]) throws(PixelAscentError) -> Value {
    switch global {
    case .rebuildTensor where arguments.count >= 4:
      try checkMetadata(arguments.dropFirst(6).first)
      return try tensor(arguments, type: nil)
    case .rebuildTypedTensor where arguments.count >= 7:
      if case .global(.unknown(let type)) = arguments[6] { return object(type, arguments, isTensor: true) }
      guard case .global(.torch(.dtype(let type))) = arguments[6] else { break }
      try checkMetadata(arguments.dropFirst(7).first)
      return try tensor(arguments, type: type)
    case .rebuildParameter:
      switch arguments.first {
      case .tensor, .object: return arguments[0]
      default: break
      }
    case .rebuildFromType where arguments.count == 4:
      switch (arguments[1], arguments[0]) {
      case (.global(.unknown(let type)), _): return object(type, arguments, isTensor: true)
      // A function that calls itself would nest to any depth.
      case (.global(.torch(.tensorClass)), .global(.torch(let function))) where function != .rebuildFromType:
        return try call(arguments[0], arguments[2])
      default: break
      }
    case .size:
      guard arguments.count == 1, case .tuple = arguments[0] else { break }
      return arguments[0]
    case .orderedDict:
      guard arguments.count < 2, let items = try entries(arguments.first) else { break }
      dicts.append(items)
      return .dict(dicts.count - 1)
    case .defaultDict:
      dicts.append([])
      return .dict(dicts.count - 1)
    case .rebuildTensor, .rebuildTypedTensor, .rebuildFromType, .storage, .untypedStorage, .dtype, .tensorClass: break
    }
    throw reader.fail(
      "refused: the pickle makes a tensor or dictionary in another way than PyTorch, before byte \(reader.position)")
  }

  /// Refuses a tensor with metadata, such as the bit by which PyTorch marks a view of negated elements.
  private func checkMetadata(_ metadata: Value?) throws(PixelAscentError) {
    guard case .dict(let index) = metadata, !dicts[index].isEmpty else { return }
    throw reader.fail(
      """
      refused: before byte \(reader.position) a tensor's elements are stored negated or conjugated; save \
      tensor.resolve_neg() instead
      """)
  }

  /// Returns the storage that the tuple `('storage', type, key, device, number of elements, view)` refers to.
  ///
  /// In old files the view is `(key of the view, first element, number of elements)`; in others it is missing or None.
  /// Old files also refer to the class of a module, with the tuple `('module', class, file, source)`.
  mutating func storage(_ reference: Value) throws(PixelAscentError) -> Value {
    if case .tuple(let tuple) = reference, tuples[tuple].count >= 2, case .string(let kind) = tuples[tuple][0],
      case .global(.unknown(let type)) = tuples[tuple][1]
    {
      if kind == "storage", tuples[tuple].count >= 5, case .string(let key) = tuples[tuple][2] {
        otherStorages.append((key, type))
        return object(type, [], isTensor: true)
      }
      if kind == "module" { return tuples[tuple][1] }
    }
    guard case .tuple(let tuple) = reference, tuples[tuple].count >= 5, case .string("storage") = tuples[tuple][0],
      case .global(.torch(let global)) = tuples[tuple][1], let type = storedType(global),
      case .string(let key) = tuples[tuple][2], case .int(let declared) = tuples[tuple][4]
    else {
      throw reader.fail("refused: the pickle refers to something that is not a storage, before byte \(reader.position)")
    }
    var (first, count) = (0, declared)
    if tuples[tuple].count > 5, case .tuple(let view) = tuples[tuple][5] {
      guard tuples[view].count == 3, case .int(let offset) = tuples[view][1], case .int(let size) = tuples[view][2],
        offset >= 0, offset <= declared, size >= 0, size <= declared - offset
      else { throw reader.fail("storage \(key.oneLine) has a view that reaches beyond it") }
      (first, count) = (offset, size)
    }
    guard declared >= 0, declared <= Int.max / type.size else {
      throw reader.fail("storage \(key.oneLine) declares \(declared) elements, an impossible number")
    }
    storages.append(StoredTensor.Storage(key: key, type: type, first: first, count: count))
    return .storage(storages.count - 1)
  }

  private func storedType(_ global: TorchGlobal) -> ElementType? {
    switch global {
    case .storage(let type): type
    case .untypedStorage: .uint8
    default: nil
    }
  }

  private mutating func tensor(_ arguments: [Value], type: ElementType?) throws(PixelAscentError) -> Value {
    // The storage is of a type that is not read.
    if case .object = arguments[0] { return arguments[0] }
    guard case .storage(let storage) = arguments[0], case .int(let offset) = arguments[1],
      let shape = integers(arguments[2]), let strides = integers(arguments[3])
    else {
      throw reader.fail("a tensor that ends at byte \(reader.position) lacks its storage, offset, shape or strides")
    }
    // Many tensors could share a long shape.
    try spend(shape.count + strides.count)
    tensors.append(
      StoredTensor(
        storage: storages[storage], type: type ?? storages[storage].type, offset: offset, shape: shape, strides: strides
      ))
    return .tensor(tensors.count - 1)
  }

  /// Returns a tuple's integers; nil if it holds something else, or more than the 64 dimensions that PyTorch allows.
  private func integers(_ value: Value) -> [Int]? {
    guard case .tuple(let tuple) = value, tuples[tuple].count <= 64 else { return nil }
    var result = [Int]()
    for item in tuples[tuple] {
      guard case .int(let item) = item else { return nil }
      result.append(item)
    }
    return result
  }

  /// Returns the alternating keys and values of a list of pairs; nil if the argument is something else.
  private mutating func entries(_ argument: Value?) throws(PixelAscentError) -> [Value]? {
    guard let argument else { return [] }
    guard case .list(let list) = argument else { return nil }
    try spend(2 * lists[list].count)
    var items = [Value]()
    for pair in lists[list] {
      let pair: [Value] =
        switch pair {
        case .list(let index): lists[index]
        case .tuple(let index): tuples[index]
        default: []
        }
      guard pair.count == 2 else { return nil }
      items += pair
    }
    return items
  }
}
