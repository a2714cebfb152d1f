// SPDX-License-Identifier: MIT

/// Conversion of the machine's values.
extension PickleMachine {
  /// Returns a value of the machine as a `PickleValue`.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if a list, tuple or dictionary nests too deep or contains
  ///   itself, or if an array has no contents.
  func pickleValue(of value: Value) throws(PixelAscentError) -> PickleValue {
    var finished = FinishedContainers(self, holders: objectsThatHoldTensors())
    return try self.value(of: value, depth: 0, &finished).value
  }

  private typealias Finished = (value: PickleValue, height: Int)

  /// The containers that have been converted, so that a shared one is converted once.
  private struct FinishedContainers {
    enum Conversion {
      case waiting, begun
      case done(PickleValue, height: Int)
    }

    /// For each object, whether a tensor hangs on it; empty if none does.
    let holders: [Bool]
    /// The conversions by the containers' numbers.
    var conversions: [Conversion]

    init(_ machine: PickleMachine, holders: [Bool]) {
      self.holders = holders
      conversions = Array(repeating: .waiting, count: machine.firstDict + machine.dicts.count)
    }
  }

  // The containers have numbers: first the objects, then the lists, tuples and dictionaries.
  private var firstList: Int { objects.count }
  private var firstTuple: Int { firstList + lists.count }
  fileprivate var firstDict: Int { firstTuple + tuples.count }

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
      switch arrays[index] {
      case .none: throw reader.fail("damaged: an array has no contents")
      case .tensor(let tensor): return (.array(tensor), 0)
      case .object(let index): return try self.value(of: .object(index), depth: depth, &finished)
      }
    case .tensor(let index): return (.tensor(tensors[index]), 0)
    case .global, .dtype, .storage, .other: return (.other, 0)
    case .object(let index):
      let object = objects[index]
      let holdsTensors = !finished.holders.isEmpty && finished.holders[index]
      // A kind of dictionary may be the one that holds the weights.
      guard holdsTensors, !object.items.isEmpty else {
        return (.object(class: classes[object.type], holdsTensors: holdsTensors), 0)
      }
      return try container(index, object.items, depth, &finished, make: dictionary)
    case .list(let index):
      return try container(firstList + index, lists[index], depth, &finished) { .list($0) }
    case .tuple(let index):
      return try container(firstTuple + index, tuples[index], depth, &finished) { .tuple($0) }
    case .dict(let index):
      return try container(firstDict + index, dicts[index], depth, &finished, make: dictionary)
    }
  }

  private func dictionary(_ items: [PickleValue]) -> PickleValue {
    .dict(stride(from: 0, to: items.count, by: 2).map { .init(key: items[$0], value: items[$0 + 1]) })
  }

  private func container(
    _ number: Int, _ items: [Value], _ depth: Int, _ finished: inout FinishedContainers,
    make: ([PickleValue]) -> PickleValue
  ) throws(PixelAscentError) -> Finished {
    switch finished.conversions[number] {
    case .done(let value, let height): return (value, height)
    case .begun: throw reader.fail("refused: the pickle holds a list or dictionary that contains itself")
    case .waiting: finished.conversions[number] = .begun
    }
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
    let made = make(values)
    finished.conversions[number] = .done(made, height: height)
    return (made, height)
  }
}

/// The search for tensors inside objects of classes that are not read.
extension PickleMachine {
  /// Returns, for each object, whether a tensor can be reached from it; nothing if there are no objects.
  ///
  /// Objects may contain each other in circles and nest to any depth. So the search goes from the tensors outwards,
  /// along a list of who contains whom, and visits every container once.
  private func objectsThatHoldTensors() -> [Bool] {
    if objects.isEmpty { return [] }
    let (firstList, firstTuple, firstDict) = (firstList, firstTuple, firstDict)
    var holds = [Bool](repeating: false, count: firstDict + dicts.count)
    var found = [Int]()
    var links = [(inner: Int, outer: Int)]()

    func visit(_ items: [Value], of outer: Int) {
      for item in items {
        switch item {
        case .object(let inner): links.append((inner, outer))
        case .list(let inner): links.append((firstList + inner, outer))
        case .tuple(let inner): links.append((firstTuple + inner, outer))
        case .dict(let inner): links.append((firstDict + inner, outer))
        case .array(let index):
          switch arrays[index] {
          case .tensor(let tensor) where !tensor.shape.isEmpty: found.append(outer)
          case .object(let inner): links.append((inner, outer))
          default: break
          }
        case .tensor, .storage: found.append(outer)
        default: break
        }
      }
    }

    for (index, object) in objects.enumerated() {
      if object.isTensor { found.append(index) }
      visit(object.contents, of: index)
      visit(object.items, of: index)
    }
    for (index, items) in lists.enumerated() { visit(items, of: firstList + index) }
    for (index, items) in tuples.enumerated() { visit(items, of: firstTuple + index) }
    for (index, items) in dicts.enumerated() { visit(items, of: firstDict + index) }

    links.sort { $0.inner < $1.inner }
    var starts = [Int](repeating: 0, count: holds.count + 1)
    for link in links { starts[link.inner + 1] += 1 }
    for index in holds.indices { starts[index + 1] += starts[index] }
    while let next = found.popLast() {
      if holds[next] { continue }
      holds[next] = true
      found += links[starts[next]..<starts[next + 1]].map(\.outer)
    }
    return Array(holds[..<objects.count])
  }
}
