// SPDX-License-Identifier: MIT

/// The stack machine that a pickle is a program for.
///
/// Containers live in arenas and refer to each other by index, so that sharing, cycles and deep nesting cost nothing
/// here; `pickleValue(of:)` bounds them once, at the end.
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
  /// Keys and values in turn.
  var dicts = [[Value]]()
  var dtypes = [NumPyType]()
  /// Arrays; nil until their contents have been given.
  var arrays = [Tensor?]()
  var storages = [StoredTensor.Storage]()
  var tensors = [StoredTensor]()
  /// How many more elements arrays, and bytes encoded strings, may have: an honest file spends a byte for each.
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

  /// Counts what is made from data that the file could have many arrays or strings share.
  mutating func spend(_ elements: Int) throws(PixelAscentError) {
    guard elements <= elementBudget else { throw reader.fail("refused: the arrays are larger than the pickle") }
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

  /// Marks the stack's height, below which `pop` does not reach.
  mutating func mark() { marks.append(stack.count) }

  mutating func pop() throws(PixelAscentError) -> Value { try pop(1)[0] }

  /// Takes the topmost value off, or the mark where none is above it.
  mutating func popValueOrMark() throws(PixelAscentError) {
    if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
  }

  /// The topmost values, the last pushed last.
  mutating func pop(_ count: Int) throws(PixelAscentError) -> [Value] {
    guard stack.count - (marks.last ?? 0) >= count else {
      throw reader.fail("damaged: the stack is empty before byte \(reader.position)")
    }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  /// The values above the last mark; both go.
  mutating func popToMark() throws(PixelAscentError) -> [Value] {
    guard let mark = marks.popLast() else {
      throw reader.fail("damaged: a mark is missing before byte \(reader.position)")
    }
    defer { stack.removeLast(stack.count - mark) }
    return Array(stack[mark...])
  }

  /// Adds values to the list that is on top.
  mutating func append(_ items: [Value]) throws(PixelAscentError) {
    guard stack.count > marks.last ?? 0, case .list(let list)? = stack.last else {
      throw reader.fail("damaged: append to what is no list, before byte \(reader.position)")
    }
    lists[list].append(contentsOf: items)
  }

  /// Adds keys and values in turn to the dictionary that is on top.
  mutating func setItems(_ items: [Value]) throws(PixelAscentError) {
    guard stack.count > marks.last ?? 0, case .dict(let dict)? = stack.last, items.count % 2 == 0 else {
      throw reader.fail("damaged: entries for what is no dictionary, before byte \(reader.position)")
    }
    dicts[dict].append(contentsOf: items)
  }

  /// Keeps the value on top under a number, by default the next.
  mutating func memoize(_ index: Int? = nil) throws(PixelAscentError) {
    guard let top = stack.last, memo.count < Pickle.objectLimit else {
      throw reader.fail("damaged: nothing to keep, or too much, at byte \(reader.position)")
    }
    memo[index ?? memo.count] = top
  }

  /// Pushes the value that is kept under a number.
  mutating func recall(_ index: Int) throws(PixelAscentError) {
    guard let value = memo[index] else {
      throw reader.fail("damaged: object \(index) is used before it is made, at byte \(reader.position)")
    }
    try push(value)
  }
}
