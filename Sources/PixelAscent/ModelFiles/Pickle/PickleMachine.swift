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
    case object(Int)
    case other
  }

  /// An object of a class that is not read.
  struct Object {
    /// The index of the class's name, or of the function's that makes the object.
    let type: Int
    /// The arguments and states from which Python would make the object, and the elements of a list or a set.
    var contents: [Value]
    /// The keys and values, alternating, if the class is a kind of dictionary.
    var items = [Value]()
    /// Whether the object is itself a tensor or a storage, of a type that is not read.
    var isTensor = false
  }

  /// What is known of a NumPy array.
  enum ArrayContents {
    /// `build` has not given the array its contents yet.
    case none
    case tensor(Tensor)
    /// The index of the object that stands for an array whose elements can't be read.
    case object(Int)
  }

  var reader: PickleReader
  let dialect: PickleDialect

  var lists = [[Value]]()
  var tuples = [[Value]]()
  /// The keys and values of each dictionary, alternating.
  var dicts = [[Value]]()
  var dtypes = [NumPyType]()
  var arrays = [ArrayContents]()
  var objects = [Object]()
  /// The names of the classes, and of the functions, that are not read.
  private(set) var classes = [String]()
  private var classIndices = [String: Int]()
  private var classBytes = 0
  var storages = [StoredTensor.Storage]()
  /// The keys of storages whose elements are not read, and the indices of the names of their classes.
  var otherStorages = [(key: String, type: Int)]()
  var tensors = [StoredTensor]()
  /// The number of elements that may still be made or copied. A valid file has a byte for each; a hostile one could
  /// make many large values of the same bytes.
  private var elementBudget: Int
  private var elements = 0
  private var elementMemory = GrowingMemory(each: 8, "the pickle's arrays")

  private var stack = [Value]()
  private var marks = [Int]()
  private var memo = [Int: Value]()
  /// The number of values pushed or memoised, and of marks.
  private var made = 0
  private var objectMemory = GrowingMemory(each: Pickle.bytesPerObject, "the pickle's objects")

  init(reader: PickleReader, dialect: PickleDialect) {
    self.reader = reader
    self.dialect = dialect
    // Protocols 0 to 2 write an array's bytes as text, so that each is spent twice: as a byte and as an element.
    elementBudget = 2 * reader.remaining
  }

  /// Subtracts `elements` from the budget; throws if the budget is too small.
  mutating func spend(_ elements: Int) throws(PixelAscentError) {
    guard elements <= elementBudget else {
      throw reader.fail("refused: all values together are larger than the pickle")
    }
    elementBudget -= elements
    self.elements += elements
    try elementMemory.check(self.elements)
  }

  /// Counts one more object.
  private mutating func count() throws(PixelAscentError) {
    made += 1
    guard made <= Pickle.objectLimit else {
      throw reader.fail("refused: the pickle makes more than \(Pickle.objectLimit) objects")
    }
    try objectMemory.check(made)
  }

  /// Returns the index of a class's name. Every name is stored once.
  mutating func classIndex(_ name: String) throws(PixelAscentError) -> Int {
    if let index = classIndices[name] { return index }
    classBytes += name.utf8.count
    guard classBytes <= Pickle.namesLimit else {
      throw reader.fail("refused: the names of the pickle's classes are longer than \(Pickle.namesLimit) bytes")
    }
    classes.append(name)
    classIndices[name] = classes.count - 1
    return classes.count - 1
  }

  /// Returns an object of the class with this index. Nothing is called.
  mutating func object(_ type: Int, _ contents: [Value], isTensor: Bool = false) -> Value {
    objects.append(Object(type: type, contents: contents, isTensor: isTensor))
    return .object(objects.count - 1)
  }

  mutating func object(_ name: String, _ contents: [Value]) throws(PixelAscentError) -> Value {
    object(try classIndex(name), contents)
  }
}

/// The stack and the memo.
extension PickleMachine {
  mutating func push(_ value: Value) throws(PixelAscentError) {
    try count()
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
  mutating func mark() throws(PixelAscentError) {
    try count()
    marks.append(stack.count)
  }

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

  /// Appends values to the list, or to an object that is a kind of list or set, on top of the stack.
  mutating func append(_ items: [Value]) throws(PixelAscentError) {
    switch stack.count > marks.last ?? 0 ? stack.last : nil {
    case .list(let list): lists[list].append(contentsOf: items)
    case .object(let object): objects[object].contents.append(contentsOf: items)
    default: throw reader.fail("damaged: expected a list to append to, before byte \(reader.position)")
    }
  }

  /// Adds alternating keys and values to the dictionary, or to an object that is a kind of dictionary, on top of the
  /// stack.
  mutating func setItems(_ items: [Value]) throws(PixelAscentError) {
    switch stack.count > marks.last ?? 0 && items.count % 2 == 0 ? stack.last : nil {
    case .dict(let dict): dicts[dict].append(contentsOf: items)
    case .object(let object): objects[object].items.append(contentsOf: items)
    default:
      throw reader.fail("damaged: expected a dictionary, and a value for every key, before byte \(reader.position)")
    }
  }

  /// Stores the value on top of the stack in the memo, under `index` or else the next index.
  mutating func memoize(_ index: Int? = nil) throws(PixelAscentError) {
    guard let top = stack.last else {
      throw reader.fail("damaged: nothing to memoise, at byte \(reader.position)")
    }
    try count()
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
