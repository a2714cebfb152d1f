// SPDX-License-Identifier: MIT

/// The stack machine that runs a pickle: every pickle is a program.
///
/// Containers lie in arrays and refer to each other by index, so that sharing, cycles and deep nesting cost nothing
/// while the program runs. `pickleValue(of:)` refuses cycles and deep nesting once, at the end.
struct PickleMachine {
  enum Value {
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case string(String)
    case bytes([UInt8])
    case list(Int)
    case tuple(Int)
    case dict(Int)
    case global(PickleGlobal)
    case dtype(Int)
    case array(Int)
    case storage(Int)
    case tensor(Int)
    case other
  }

  var reader: PickleReader
  let dialect: PickleDialect

  var lists = [[Value]]()
  var tuples = [[Value]]()
  /// The keys and values of each dictionary, alternating.
  var dicts = [[Value]]()
  var dtypes = [NumPyType]()
  /// The NumPy arrays; nil until `build` gives an array its contents.
  var arrays = [Tensor?]()
  var storages = [StoredTensor.Storage]()
  var tensors = [StoredTensor]()
  /// The number of elements that may still be made or copied. A valid file has a byte for each; a hostile one could
  /// make many large values of the same bytes.
  private var elementBudget: Int

  private var stack = [Value]()
  private var marks = [Int]()
  private var memo = [Int: Value]()
  private var pushes = 0

  init(reader: PickleReader, dialect: PickleDialect) {
    self.reader = reader
    self.dialect = dialect
    elementBudget = reader.remaining
  }

  /// Subtracts `elements` from the budget; throws if the budget is too small.
  mutating func spend(_ elements: Int) throws(PixelAscentError) {
    guard elements <= elementBudget else {
      throw reader.fail("refused: all values together are larger than the pickle")
    }
    elementBudget -= elements
  }
}

/// The stack and the memo.
extension PickleMachine {
  mutating func push(_ value: Value) throws(PixelAscentError) {
    pushes += 1
    guard pushes <= Pickle.objectLimit else {
      throw reader.fail("refused: the pickle makes more than \(Pickle.objectLimit) objects")
    }
    stack.append(value)
  }

  mutating func push(tuple items: [Value]) throws(PixelAscentError) {
    tuples.append(items)
    try push(.tuple(tuples.count - 1))
  }

  mutating func push(list items: [Value]) throws(PixelAscentError) {
    lists.append(items)
    try push(.list(lists.count - 1))
  }

  mutating func push(dict items: [Value]) throws(PixelAscentError) {
    dicts.append([])
    try push(.dict(dicts.count - 1))
    try setItems(items)
  }

  /// Marks the stack's height. `pop` does not reach below the last mark.
  mutating func mark() { marks.append(stack.count) }

  mutating func pop() throws(PixelAscentError) -> Value { try pop(1)[0] }

  /// Removes the topmost value, or the last mark if no value lies above it.
  mutating func popValueOrMark() throws(PixelAscentError) {
    if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
  }

  /// Removes and returns the topmost `count` values, in the order in which they were pushed.
  mutating func pop(_ count: Int) throws(PixelAscentError) -> [Value] {
    guard stack.count - (marks.last ?? 0) >= count else {
      throw reader.fail("damaged: the stack is empty before byte \(reader.position)")
    }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  /// Removes the last mark and the values above it, and returns these values.
  mutating func popToMark() throws(PixelAscentError) -> [Value] {
    guard let mark = marks.popLast() else {
      throw reader.fail("damaged: a mark is missing before byte \(reader.position)")
    }
    defer { stack.removeLast(stack.count - mark) }
    return Array(stack[mark...])
  }

  /// Appends values to the list on top of the stack.
  mutating func append(_ items: [Value]) throws(PixelAscentError) {
    guard stack.count > marks.last ?? 0, case .list(let list)? = stack.last else {
      throw reader.fail("damaged: expected a list to append to, before byte \(reader.position)")
    }
    lists[list].append(contentsOf: items)
  }

  /// Adds alternating keys and values to the dictionary on top of the stack.
  mutating func setItems(_ items: [Value]) throws(PixelAscentError) {
    guard stack.count > marks.last ?? 0, case .dict(let dict)? = stack.last, items.count % 2 == 0 else {
      throw reader.fail("damaged: expected a dictionary, and a value for every key, before byte \(reader.position)")
    }
    dicts[dict].append(contentsOf: items)
  }

  /// Stores the value on top of the stack in the memo, under `index` or else the next index.
  mutating func memoize(_ index: Int? = nil) throws(PixelAscentError) {
    guard let top = stack.last, memo.count < Pickle.objectLimit else {
      throw reader.fail("damaged: nothing to memoise, or too much, at byte \(reader.position)")
    }
    memo[index ?? memo.count] = top
  }

  /// Pushes the value that the memo has under `index`.
  mutating func recall(_ index: Int) throws(PixelAscentError) {
    guard let value = memo[index] else {
      throw reader.fail("damaged: object \(index) is used before it is made, at byte \(reader.position)")
    }
    try push(value)
  }
}
