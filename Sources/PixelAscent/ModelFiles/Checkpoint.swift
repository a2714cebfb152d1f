// SPDX-License-Identifier: MIT

/// The state dicts in a pickled value, and the choice of one of them.
///
/// A checkpoint is a dictionary that holds a state dict at any depth, beside whatever the training needed: an epoch,
/// options, an optimizer's state. A state dict is a dictionary of tensors or NumPy arrays by their names.
package struct Checkpoint {
  private struct Weights {
    /// The keys that lead to the state dict; empty for the file's own value.
    let path: [String]
    /// The tensors and arrays, and the objects that could be tensors.
    let entries: [(name: String, value: PickleValue)]

    var key: String { path.joined(separator: ".") }
    var label: String { path.isEmpty ? "the outermost dictionary" : String(key.prefix(80)).oneLine }

    /// Whether a layer could use one of the tensors: a matrix or a kernel that PyTorch's layers call their weight.
    var hasWeights: Bool {
      entries.contains { name, value in
        rank(value) >= 2
          && Self.weightNames.contains(String(name.split(separator: ".").last ?? ""))
      }
    }

    private static let weightNames: Set = ["weight", "weight_orig", "weight_g", "weight_v", "original", "original0"]

    /// Adds the state dict to those that were found, unless it is one of them: several keys may lead to the same
    /// tensors.
    func add(to found: inout [Weights]) {
      if found.count < Checkpoint.choiceLimit && !found.contains(where: isSame(as:)) { found.append(self) }
    }

    /// Returns whether two state dicts have the same names for the same tensors.
    private func isSame(as other: Weights) -> Bool {
      entries.count == other.entries.count
        && zip(entries, other.entries).allSatisfy { $0.name == $1.name && $0.value == $1.value }
    }

    private func rank(_ value: PickleValue) -> Int {
      switch value {
      case .tensor(let tensor): tensor.shape.count
      case .array(let tensor): tensor.shape.count
      default: 0
      }
    }
  }

  /// The file's name in error lines.
  private let name: String
  private let value: PickleValue
  private var found = [Weights]()
  /// The keys of objects that hold tensors, and the objects' classes.
  private var closed = [(path: [String], class: String)]()
  /// All keys of the outermost dictionary.
  private var keys = [String]()

  /// The largest numbers of containers and of entries that are searched. Shared dictionaries may nest so that the paths
  /// to them are many more than the file has bytes.
  private static let containerLimit = 1 << 20, entryLimit = 1 << 24

  /// Finds the state dicts in a pickled value.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the value holds too many dictionaries to search, of kind
  ///   `sizeLimit` if the process can't get the memory for them.
  package init(_ value: PickleValue, name: String) throws(PixelAscentError) {
    (self.name, self.value) = (name, value)
    // The containers to search, in the order of their depth. The outer container and the key in it lead to each.
    var containers: [(value: PickleValue, outer: Int, key: String)] = [(value, -1, "")]
    func path(_ index: Int) -> [String] {
      var path = [String](), index = index
      while index > 0 {
        path.append(containers[index].key)
        index = containers[index].outer
      }
      return path.reversed()
    }
    var next = 0, searched = 0, memory = GrowingMemory(each: 200, "the pickle's dictionaries")
    // Dictionaries of tensors that no layer uses, such as an optimizer's.
    var others = [Weights]()
    while next < containers.count {
      func look(at value: PickleValue, _ key: String) {
        switch value {
        case .dict, .list, .tuple: containers.append((value, next, key))
        case .object(let type, true) where !key.contains(".") && closed.count < Self.choiceLimit:
          closed.append((path(next) + [key], type))
        default: break
        }
      }
      switch containers[next].value {
      case .dict(let entries):
        searched += entries.count
        if next == 0 { keys = entries.map { Self.text($0.key) } }
        var named = [(name: String, value: PickleValue)](), hasTensors = false
        for entry in entries {
          look(at: entry.value, Self.text(entry.key))
          guard case .string(let name) = entry.key, Self.isTensor(entry.value, name) else { continue }
          named.append((name, entry.value))
          if case .object = entry.value {} else { hasTensors = true }
        }
        guard hasTensors else { break }
        let weights = Weights(path: path(next), entries: named)
        if weights.hasWeights { weights.add(to: &found) } else { weights.add(to: &others) }
      case .list(let items), .tuple(let items):
        searched += items.count
        for (index, item) in items.enumerated() { look(at: item, String(index)) }
      default: break
      }
      guard containers.count <= Self.containerLimit, searched <= Self.entryLimit else {
        throw PixelAscentError(.invalidModel, "refused: the pickle's dictionaries hold too many entries", about: name)
      }
      try memory.check(containers.count)
      next += 1
    }
    // Single tensors, such as a loss, are no reason to overlook that the weights are inside an object.
    if found.isEmpty && closed.isEmpty { found = others }
  }

  /// The largest number of state dicts that are compared.
  private static let choiceLimit = 64

  /// Whether the value holds a state dict that names a layer's weights, or an object of another class that may hold
  /// one.
  package var hasWeights: Bool { found.contains(where: \.hasWeights) || !closed.isEmpty || own != nil }

  /// Returns the state dict, or the one that `wanted` chooses.
  ///
  /// If the choice is "raw", "ema" or a prefix of names, the state dict may still have to make it.
  ///
  /// - Parameter parameter: returns the parameter of a tensor whose elements lie outside the pickle
  func stateDict(
    _ wanted: String?,
    parameter: (String, StoredTensor) throws(PixelAscentError) -> Parameter = { name, _ throws(PixelAscentError) in
      throw PixelAscentError(.invalidModel, "tensor \(name.oneLine) lies outside the pickle")
    }
  ) throws(PixelAscentError) -> StateDict {
    let (chosen, note, isSettled) = try choice(wanted)
    var entries = [StateDict.Entry]()
    for (name, value) in chosen.entries {
      switch value {
      case .tensor(let tensor): entries.append((name, try parameter(name, tensor)))
      case .array(let tensor): entries.append((name, Parameter(tensor)))
      case .object(let type, _):
        throw fail(
          """
          tensor \(name.oneLine) is an object of class \(type.oneLine), which is not read; only dense tensors of floats or \
          integers are
          """)
      default: break
      }
    }
    var dict = try StateDict(entries, name: name)
    dict.notes = [note].compactMap(\.self)
    dict.wanted = isSettled ? nil : wanted
    return dict
  }

  private func fail(_ message: Message) -> PixelAscentError { PixelAscentError(.invalidModel, message, about: name) }

  /// Returns whether a value is a tensor or an array, or an object that stands for one and has a name like
  /// "conv1.weight".
  private static func isTensor(_ value: PickleValue, _ name: String) -> Bool {
    switch value {
    case .tensor: true
    case .array(let tensor): !tensor.shape.isEmpty
    case .object(let type, let holdsTensors): name.contains(".") && (holdsTensors || type.hasPrefix("torch._"))
    default: false
    }
  }

  private static func text(_ key: PickleValue) -> String {
    switch key {
    case .string(let key): key
    case .int(let key): String(key)
    default: "…"
    }
  }
}

/// The choice between several state dicts.
extension Checkpoint {
  private func choice(_ wanted: String?) throws(PixelAscentError) -> (Weights, note: Message?, isSettled: Bool) {
    guard !found.isEmpty else { throw nothingFound() }
    let averages = found.filter(isAverage), raw = found.filter { !isAverage($0) }
    switch wanted {
    case nil where found.count > 1:
      guard averages.count == 1, raw.count == 1, Self.areOfOneNetwork(averages[0], raw[0]) else { break }
      let note: Message =
        """
        the file holds raw and averaged (EMA) weights: reading the averaged ones (\(averages[0].label)); \
        \(advice: .weights) raw reads the others (\(raw[0].label))
        """
      return (averages[0], note, true)
    case "ema" where averages.count == 1: return (averages[0], nil, true)
    case "raw" where raw.count == 1 && !averages.isEmpty: return (raw[0], nil, true)
    case "raw" where raw.isEmpty: throw fail("the file holds no raw weights: \(advice: .weights) ema")
    case let wanted? where wanted != "raw" && wanted != "ema":
      let own = found.filter { $0.key == wanted }
      let ending = own.isEmpty ? found.filter { $0.path.last == wanted || $0.key.hasSuffix(".\(wanted)") } : own
      if ending.count == 1 { return (ending[0], nil, true) }
    default: break
    }
    guard found.count == 1 else {
      let list = found.prefix(8).map(\.label).joined(separator: ", ") + (found.count > 8 ? ", …" : "")
      let key = found.first { !$0.path.isEmpty }?.label ?? ""
      throw fail(
        """
        \(wanted.map { "\"\($0.oneLine)\" chooses none of the" } ?? "found") \(found.count) dictionaries of weights: \
        \(list); choose one with \(advice: .weights), for example \(advice: .weights) \(key)
        """)
    }
    var note: Message?
    if averages.isEmpty, let object = closed.first(where: { Self.isAverage($0.path) }) {
      note =
        """
        the averaged (EMA) weights in \(object.path.joined(separator: ".").oneLine) are not read: they are inside an object \
        of class \(object.class.oneLine)
        """
    }
    return (found[0], note, false)
  }

  private func nothingFound() -> PixelAscentError {
    if let object = closed.first ?? own {
      let place = object.path.isEmpty ? "" : "\(object.path.joined(separator: ".").oneLine): "
      let found: Message =
        "refused: \(place)the weights are inside an object of class \(object.class.oneLine), which is not read"
      // The names of Ultralytics' layers say nothing about the architecture.
      if object.class.hasPrefix("ultralytics.") {
        return fail("\(found); export ONNX: yolo export model=FILE format=onnx")
      }
      return fail(
        """
        \(found); if you trust the file, save its state dict: python -c "import torch; torch.save(torch.load('FILE', \
        weights_only=False)\(object.path.map { "['\($0.oneLine)']" }.joined()).state_dict(), 'weights.pth')"
        """)
    }
    let expected = "expected a dictionary of tensors, as torch.save(model.state_dict(), path) writes it"
    guard case .dict = value else {
      let kind =
        switch value {
        case .tensor: "a single tensor"
        case .list, .tuple: "a list"
        case .array: "a NumPy array"
        case .object(let type, _): "an object of class \(type)".oneLine
        default: "something else"
        }
      return fail("\(expected), found \(kind)")
    }
    let list = keys.isEmpty ? "an empty one" : "the entries \(keys.prefix(8).joined(separator: ", "))".oneLine
    return fail("\(expected), found \(list)")
  }

  /// The file's own value, if it is an object that holds tensors.
  private var own: (path: [String], class: String)? {
    if case .object(let type, true) = value { ([], type) } else { nil }
  }

  /// Returns whether a state dict holds averages of the weights over the training.
  private func isAverage(_ weights: Weights) -> Bool {
    // Two libraries save the averages as the usual "state_dict", and the raw weights beside them: Lightning as
    // "current_model_state", mmengine as "ema_state_dict".
    let isSwapped = keys.contains("ema_state_dict") && keys.contains("message_hub")
    if isSwapped || keys.contains("current_model_state") {
      if weights.path == ["state_dict"] { return true }
      if isSwapped && weights.path == ["ema_state_dict"] { return false }
    }
    return Self.isAverage(weights.path)
  }

  /// Returns whether a path of keys, or of names of modules, says that the weights are averages: "state_dict_ema".
  static func isAverage(_ path: [String]) -> Bool {
    path.contains { key in
      key.lowercased().split { !$0.isLetter }.contains { ["ema", "modelema", "emamodel"].contains($0) }
    }
  }

  /// Returns whether two state dicts hold the same parameters of the same shapes, whatever module wrapped the network.
  private static func areOfOneNetwork(_ first: Weights, _ second: Weights) -> Bool {
    let shapes = [first, second].map { weights in
      weights.entries.compactMap { name, value -> (name: String, shape: [Int])? in
        switch value {
        case .tensor(let tensor) where !tensor.shape.isEmpty: (name, tensor.shape)
        case .array(let tensor) where !tensor.shape.isEmpty: (name, tensor.shape)
        default: nil
        }
      }
    }
    let unwrapped = shapes.map { entries in
      let prefix = commonPrefix(entries.map(\.name))
      return Dictionary(entries.map { ($0.name.dropFirst(prefix), $0.shape) }) { $1 }
    }
    return unwrapped[0] == unwrapped[1]
  }

  /// Returns the number of characters in the modules' names that all names begin with.
  private static func commonPrefix(_ names: [String]) -> Int {
    guard var prefix = names.first?[...] else { return 0 }
    for name in names {
      while !name.hasPrefix(prefix) || !(prefix.isEmpty || prefix.last == ".") {
        prefix = prefix.dropLast()
        prefix = prefix.lastIndex(of: ".").map { prefix[...$0] } ?? prefix.prefix(0)
      }
    }
    return prefix.count
  }
}
