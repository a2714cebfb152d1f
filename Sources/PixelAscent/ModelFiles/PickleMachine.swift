// SPDX-License-Identifier: MIT

/// The stack machine that a pickle is a program for.
///
/// Containers live in arenas and refer to each other by index, so that sharing, cycles and deep nesting cost nothing
/// here; `value(of:)` bounds them once, at the end.
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
  var elementBudget: Int

  private var stack = [Value]()
  private var marks = [Int]()
  private var memo = [Int: Value]()
  private var pushes = 0

  init(reader: PickleReader, dialect: PickleDialect) {
    self.reader = reader
    self.dialect = dialect
    elementBudget = reader.remaining
  }

  /// Runs the program to its end; the value it leaves.
  mutating func run() throws(PixelAscentError) -> PickleValue {
    while true {
      let offset = reader.position
      let byte = try reader.byte()
      guard let opcode = PickleOpcode(rawValue: byte) else {
        throw reader.fail("not a pickle, or a damaged one: unknown opcode \(hex(byte)) at byte \(offset)")
      }
      if opcode == .stop { break }
      try execute(opcode, offset)
    }
    var finished = FinishedContainers()
    return try value(of: try pop(), depth: 0, &finished).value
  }

  private mutating func execute(_ opcode: PickleOpcode, _ offset: Int) throws(PixelAscentError) {
    switch opcode {
    case .proto:
      let version = try reader.byte()
      guard version <= 5 else { throw reader.fail("expected a pickle of protocol 0 to 5, found \(version)") }
    case .frame:
      let length = try reader.integer(UInt64.self)
      guard length <= UInt64(reader.remaining) else {
        throw reader.fail("truncated: a frame of \(length) bytes is declared, found \(reader.remaining)")
      }

    case .none: try push(.none)
    case .newtrue: try push(.bool(true))
    case .newfalse: try push(.bool(false))
    case .int: try pushIntegerLine()
    case .long: try push(.int(try reader.integerLine()))
    case .binint: try push(.int(Int(try reader.integer(Int32.self))))
    case .binint1: try push(.int(Int(try reader.byte())))
    case .binint2: try push(.int(Int(try reader.integer(UInt16.self))))
    case .long1: try push(.int(try reader.long(counted: UInt8.self)))
    case .long4: try push(.int(try reader.long(counted: Int32.self)))
    case .float: try pushFloatLine()
    case .binfloat: try push(.float(try reader.double()))

    case .string: try push(python2String: try reader.stringLiteralLine())
    case .binstring: try push(python2String: try reader.bytes(counted: Int32.self))
    case .shortBinstring: try push(python2String: try reader.bytes(counted: UInt8.self))
    case .unicode: try push(.string(try reader.rawUnicodeLine()))
    case .shortBinunicode: try push(.string(try reader.text(counted: UInt8.self)))
    case .binunicode: try push(.string(try reader.text(counted: UInt32.self)))
    case .binunicode8: try push(.string(try reader.text(counted: UInt64.self)))
    case .shortBinbytes: try push(.bytes(try reader.bytes(counted: UInt8.self)))
    case .binbytes: try push(.bytes(try reader.bytes(counted: UInt32.self)))
    case .binbytes8, .bytearray8: try push(.bytes(try reader.bytes(counted: UInt64.self)))

    case .mark: marks.append(stack.count)
    case .pop: if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
    case .popMark: _ = try popToMark()
    case .dup:
      let top = try pop()
      try push(top)
      try push(top)

    case .emptyTuple: try push(tuple: [])
    case .tuple: try push(tuple: try popToMark())
    case .tuple1: try push(tuple: try pop(1))
    case .tuple2: try push(tuple: try pop(2))
    case .tuple3: try push(tuple: try pop(3))
    case .emptyList: try push(list: [])
    case .list: try push(list: try popToMark())
    case .append: try append(try pop(1))
    case .appends: try append(try popToMark())
    case .emptyDict: try push(dict: [])
    case .dict: try push(dict: try popToMark())
    case .setitem: try setItems(try pop(2))
    case .setitems: try setItems(try popToMark())

    case .put: try memoize(try reader.integerLine())
    case .binput: try memoize(Int(try reader.byte()))
    case .longBinput: try memoize(Int(try reader.integer(UInt32.self)))
    case .memoize: try memoize(memo.count)
    case .get: try recall(try reader.integerLine())
    case .binget: try recall(Int(try reader.byte()))
    case .longBinget: try recall(Int(try reader.integer(UInt32.self)))

    case .global:
      let module = try reader.textLine()
      try push(.global(try global(module, try reader.textLine())))
    case .stackGlobal:
      let names = try pop(2)
      guard case .string(let module) = names[0], case .string(let name) = names[1] else {
        throw reader.fail("a global at byte \(offset) is not named by strings")
      }
      try push(.global(try global(module, name)))
    case .reduce:
      let operands = try pop(2)
      guard case .global(let global) = operands[0], case .tuple(let arguments) = operands[1] else {
        throw reader.fail("refused: the pickle calls what is no global, at byte \(offset)")
      }
      try push(try call(global, tuples[arguments]))
    case .build:
      let operands = try pop(2)
      try build(operands[0], state: operands[1])
      try push(operands[0])

    case .inst:
      let module = try reader.textLine()
      _ = try global(module, try reader.textLine())
      throw refused(opcode, offset)
    case .binpersid where dialect == .torch:
      try push(try storage(try pop()))
    case .emptySet where dialect == .torch: try push(.other)
    case .additems where dialect == .torch: _ = try popToMark()
    case .frozenset where dialect == .torch:
      _ = try popToMark()
      try push(.other)
    case .newobj where dialect == .torch:
      let operands = try pop(2)
      guard case .global(let global) = operands[0], case .tuple(let arguments) = operands[1] else {
        throw refused(opcode, offset)
      }
      try push(try call(global, tuples[arguments]))
    case .persid, .binpersid, .obj, .newobj, .newobjEx, .ext1, .ext2, .ext4, .emptySet, .additems, .frozenset,
      .nextBuffer, .readonlyBuffer:
      throw refused(opcode, offset)
    case .stop: break
    }
  }

  private func refused(_ opcode: PickleOpcode, _ offset: Int) -> PixelAscentError {
    reader.fail(
      "refused: opcode \(opcode) (\(hex(opcode.rawValue))) at byte \(offset); "
        + "only \(dialect.contents) are read")
  }

  private func hex(_ byte: UInt8) -> String { "0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16))" }

  private mutating func global(_ module: String, _ name: String) throws(PixelAscentError) -> PickleGlobal {
    if let global = dialect.globals["\(module).\(name)"] { return global }
    // Every object of class torch.nn.Module has an attribute of this name.
    let isModule = dialect == .torch ? try reader.isAhead("_modules") : false
    let hint =
      isModule
      ? "it holds a whole module, so save its state_dict() instead: torch.save(model.state_dict(), path)"
      : "only \(dialect.contents) are read"
    throw reader.fail("refused: the pickle calls \("\(module).\(name)".oneLine); \(hint)")
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

  /// Python 2's strings are bytes, and used for both; those in ASCII are taken for text.
  private mutating func push(python2String bytes: [UInt8]) throws(PixelAscentError) {
    let isText = bytes.allSatisfy { $0 < 128 }
    try push(isText ? .string(String(decoding: bytes, as: UTF8.self)) : .bytes(bytes))
  }

  private mutating func pushIntegerLine() throws(PixelAscentError) {
    let start = reader.position
    let value = try reader.integerLine()
    // Protocols 0 and 1 write True as 01 and False as 00.
    let isBool = reader.position - start == 3 && reader.bytes[start] == UInt8(ascii: "0") && (0...1).contains(value)
    try push(isBool ? .bool(value == 1) : .int(value))
  }

  private mutating func pushFloatLine() throws(PixelAscentError) {
    let text = try reader.textLine()
    guard let value = Double(text) else { throw reader.fail("expected a number, found \"\(text.oneLine)\"") }
    try push(.float(value))
  }

  private mutating func push(tuple items: [Value]) throws(PixelAscentError) {
    tuples.append(items)
    try push(.tuple(tuples.count - 1))
  }

  private mutating func push(list items: [Value]) throws(PixelAscentError) {
    lists.append(items)
    try push(.list(lists.count - 1))
  }

  private mutating func push(dict items: [Value]) throws(PixelAscentError) {
    dicts.append([])
    try push(.dict(dicts.count - 1))
    try setItems(items)
  }

  private mutating func pop() throws(PixelAscentError) -> Value { try pop(1)[0] }

  /// The topmost values, the last pushed last.
  private mutating func pop(_ count: Int) throws(PixelAscentError) -> [Value] {
    guard stack.count - (marks.last ?? 0) >= count else {
      throw reader.fail("damaged: the stack is empty before byte \(reader.position)")
    }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark() throws(PixelAscentError) -> [Value] {
    guard let mark = marks.popLast() else {
      throw reader.fail("damaged: a mark is missing before byte \(reader.position)")
    }
    defer { stack.removeLast(stack.count - mark) }
    return Array(stack[mark...])
  }

  private mutating func append(_ items: [Value]) throws(PixelAscentError) {
    guard stack.count > marks.last ?? 0, case .list(let list)? = stack.last else {
      throw reader.fail("damaged: append to what is no list, before byte \(reader.position)")
    }
    lists[list].append(contentsOf: items)
  }

  private mutating func setItems(_ items: [Value]) throws(PixelAscentError) {
    guard stack.count > marks.last ?? 0, case .dict(let dict)? = stack.last, items.count % 2 == 0 else {
      throw reader.fail("damaged: entries for what is no dictionary, before byte \(reader.position)")
    }
    dicts[dict].append(contentsOf: items)
  }

  private mutating func memoize(_ index: Int) throws(PixelAscentError) {
    guard let top = stack.last, memo.count < Pickle.objectLimit else {
      throw reader.fail("damaged: nothing to keep, or too much, at byte \(reader.position)")
    }
    memo[index] = top
  }

  private mutating func recall(_ index: Int) throws(PixelAscentError) {
    guard let value = memo[index] else {
      throw reader.fail("damaged: object \(index) is used before it is made, at byte \(reader.position)")
    }
    try push(value)
  }
}

/// From the arenas to a value.
extension PickleMachine {
  private typealias Finished = (value: PickleValue, height: Int)

  /// Containers made already, so that a shared one is made once; nil for those being made.
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
      guard let made else { throw reader.fail("refused: the pickle holds a list or dictionary that holds itself") }
      return made
    }
    finished[keyPath: known].updateValue(nil, forKey: index)
    var values = [PickleValue]()
    values.reserveCapacity(items.count)
    var height = 0
    for item in items {
      // Both the way here and what hangs below count: a shared container may be reached first on a short way.
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
