// SPDX-License-Identifier: MIT

/// Execution of the opcodes.
extension PickleMachine {
  /// Runs the program to its end, and returns the value that it leaves on the stack.
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
    return try pickleValue(of: try pop())
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
    case .long: try push(integer(try reader.longLine()))
    case .binint: try push(.int(Int(try reader.integer(Int32.self))))
    case .binint1: try push(.int(Int(try reader.byte())))
    case .binint2: try push(.int(Int(try reader.integer(UInt16.self))))
    case .long1: try push(integer(try reader.long(counted: UInt8.self)))
    case .long4: try push(integer(try reader.long(counted: Int32.self)))
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

    case .mark: try mark()
    case .pop: try popValueOrMark()
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
    case .memoize: try memoize()
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
      try push(try call(operands[0], operands[1]))
    case .build:
      let operands = try pop(2)
      try build(operands[0], state: operands[1])
      try push(operands[0])

    case .inst:
      let module = try reader.textLine()
      let type = try global(module, try reader.textLine())
      try push(try call(.global(type), tuple(try popToMark())))
    case .obj:
      let operands = try popToMark()
      guard let type = operands.first else { throw reader.fail("damaged: an object has no class, at byte \(offset)") }
      try push(try call(type, tuple(Array(operands.dropFirst()))))
    case .newobj:
      let operands = try pop(2)
      try push(try call(operands[0], operands[1]))
    case .newobjEx:
      let operands = try pop(3)
      try push(try call(operands[0], operands[1], named: operands[2]))
    case .emptySet: try push(try object("set", []))
    case .additems: try append(try popToMark())
    case .frozenset: try push(try object("frozenset", try popToMark()))
    case .binpersid where dialect == .torch:
      try push(try storage(try pop()))
    case .persid, .binpersid, .ext1, .ext2, .ext4, .nextBuffer, .readonlyBuffer:
      throw refused(opcode, offset)
    case .stop: break
    }
  }

  private mutating func tuple(_ items: [Value]) -> Value {
    tuples.append(items)
    return .tuple(tuples.count - 1)
  }

  private func integer(_ value: Int?) -> Value { value.map { .int($0) } ?? .other }

  /// Returns the value that Python would get by calling `callable`, or by making an object of that class.
  ///
  /// A global that the reader knows makes its value. Of anything else there is only a note: an object that holds the
  /// arguments. A class's or function's own code is never run.
  mutating func call(
    _ callable: Value, _ arguments: Value, named: Value? = nil
  ) throws(PixelAscentError) -> Value {
    guard case .tuple(let tuple) = arguments else {
      throw reader.fail(
        "refused: the pickle calls something with arguments that are not a tuple, before byte \(reader.position)")
    }
    switch callable {
    case .global(.unknown(let type)):
      // These functions make an object of the class that is their first argument.
      if ["copyreg._reconstructor", "copy_reg._reconstructor", "copyreg.__newobj__"].contains(classes[type]),
        case .global(.unknown(let type))? = tuples[tuple].first
      {
        return object(type, [arguments])
      }
      return object(type, [arguments] + [named].compactMap(\.self))
    case .object(let maker): return object(objects[maker].type, [callable, arguments] + [named].compactMap(\.self))
    case .global(let global):
      if case .dict(let names) = named, !dicts[names].isEmpty { break }
      return try call(global, tuples[tuple])
    default: break
    }
    throw reader.fail("refused: the pickle calls something that is not a global, before byte \(reader.position)")
  }

  private func refused(_ opcode: PickleOpcode, _ offset: Int) -> PixelAscentError {
    reader.fail(
      "refused: opcode \(opcode) (\(hex(opcode.rawValue))) at byte \(offset); "
        + "only \(dialect.contents) are read")
  }

  private func hex(_ byte: UInt8) -> String { "0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16))" }

  private mutating func global(_ module: String, _ name: String) throws(PixelAscentError) -> PickleGlobal {
    guard module.utf8.count + name.utf8.count <= 1024 else {
      throw reader.fail("refused: the name of a class is longer than 1024 bytes, before byte \(reader.position)")
    }
    let full = "\(module).\(name)"
    if let global = PickleGlobal.known[full] { return global }
    guard !PickleGlobal.isDangerous(module, name) else {
      throw reader.fail("refused: the pickle uses \(full.oneLine); only \(dialect.contents) are read")
    }
    return .unknown(try classIndex(full))
  }

  /// Pushes a Python 2 string. Such a string may hold text or bytes; an ASCII string is taken for text.
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
}
