// SPDX-License-Identifier: MIT

/// Conversion of the machine's values.
extension PickleMachine {
  /// Returns a value of the machine as a `PickleValue`.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the value nests too deep, contains itself, or holds a type
  ///   or an array without contents.
  func pickleValue(of value: Value) throws(PixelAscentError) -> PickleValue {
    var finished = FinishedContainers()
    return try self.value(of: value, depth: 0, &finished).value
  }

  private typealias Finished = (value: PickleValue, height: Int)

  /// The containers that have been converted, so that a shared one is converted once. Nil marks those in progress.
  private struct FinishedContainers {
    var lists = [Int: Finished?]()
    var tuples = [Int: Finished?]()
    var dicts = [Int: Finished?]()
  }

  private func value(
    of value: Value, depth: Int, _ finished: inout FinishedContainers
  ) throws(PixelAscentError) -> Finished {
    switch value {
    case .none: return (.none, 0)
    case .bool(let value): return (.bool(value), 0)
    case .int(let value): return (.int(value), 0)
    case .float(let value): return (.float(value), 0)
    case .string(let value): return (.string(value), 0)
    case .bytes(let value): return (.bytes(value), 0)
    case .array(let index):
      guard let tensor = arrays[index] else { throw reader.fail("damaged: an array has no contents") }
      return (.array(tensor), 0)
    case .tensor(let index): return (.tensor(tensors[index]), 0)
    case .other: return (.other, 0)
    case .global, .dtype, .storage:
      guard dialect == .torch else {
        throw reader.fail("refused: the pickle holds a type; only \(dialect.contents) are read")
      }
      return (.other, 0)
    case .list(let index):
      return try container(index, \.lists, lists[index], depth, &finished) { .list($0) }
    case .tuple(let index):
      return try container(index, \.tuples, tuples[index], depth, &finished) { .tuple($0) }
    case .dict(let index):
      return try container(index, \.dicts, dicts[index], depth, &finished) { items in
        .dict(stride(from: 0, to: items.count, by: 2).map { .init(key: items[$0], value: items[$0 + 1]) })
      }
    }
  }

  private func container(
    _ index: Int, _ known: WritableKeyPath<FinishedContainers, [Int: Finished?]>, _ items: [Value], _ depth: Int,
    _ finished: inout FinishedContainers, make: ([PickleValue]) -> PickleValue
  ) throws(PixelAscentError) -> Finished {
    if let made = finished[keyPath: known][index] {
      guard let made else { throw reader.fail("refused: the pickle holds a list or dictionary that contains itself") }
      return made
    }
    finished[keyPath: known].updateValue(nil, forKey: index)
    var values = [PickleValue]()
    values.reserveCapacity(items.count)
    var height = 0
    for item in items {
      // Both the depth above and the height below are limited: the first path to a shared container may be a short one.
      guard depth < Pickle.depthLimit, height < Pickle.depthLimit else {
        throw reader.fail("refused: the pickle nests deeper than \(Pickle.depthLimit)")
      }
      let made = try value(of: item, depth: depth + 1, &finished)
      values.append(made.value)
      height = max(height, made.height + 1)
    }
    let made: Finished = (make(values), height)
    finished[keyPath: known].updateValue(made, forKey: index)
    return made
  }
}
