// SPDX-License-Identifier: MIT

/// Which nodes a value depends on, and in what order they can be done.
struct ONNXOrder {
  private let file: ONNXFile
  /// The node that makes a value.
  private let makers: [String: Int]
  private let given: Set<String>

  /// - Throws: `PixelAscentError` of kind `invalidModel` if two nodes make the same value.
  init(_ file: ONNXFile) throws(PixelAscentError) {
    self.file = file
    given = Set(file.inputs.map(\.name) + file.initializers.map(\.name))
    var makers = [String: Int]()
    for (index, node) in file.nodes.enumerated() {
      for output in node.outputs where !output.isEmpty {
        guard makers.updateValue(index, forKey: output) == nil, !given.contains(output) else {
          throw file.source.fail("the value \(output.oneLine) is made twice")
        }
      }
    }
    self.makers = makers
  }

  /// The nodes that `value` needs, each after those it takes its inputs from, else in the file's order.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if a value is needed that nothing makes, or that needs itself.
  func nodes(for value: String) throws(PixelAscentError) -> [ONNXNode] {
    let needed = try closure(of: value)
    var order = [ONNXNode]()
    // Those done, and those on the path at hand.
    var done = Set<Int>(), open = Set<Int>()
    for first in needed.sorted() where !done.contains(first) {
      var path = [(node: first, input: 0)]
      open.insert(first)
      while let (index, input) = path.last {
        let node = file.nodes[index]
        if input == node.inputs.count {
          order.append(node)
          done.insert(index)
          open.remove(index)
          path.removeLast()
          continue
        }
        path[path.count - 1].input += 1
        guard let maker = makers[node.inputs[input]], !done.contains(maker) else { continue }
        guard open.insert(maker).inserted else {
          throw file.source.fail("the graph has a cycle: node \(node.label.oneLine) depends on itself")
        }
        path.append((maker, 0))
      }
    }
    return order
  }

  private func closure(of value: String) throws(PixelAscentError) -> Set<Int> {
    guard let last = makers[value] else {
      throw file.source.fail("no node makes the graph's output \(value.oneLine)")
    }
    var needed: Set<Int> = [last], rest = [last]
    while let index = rest.popLast() {
      let node = file.nodes[index]
      for input in node.inputs where !input.isEmpty {
        if let maker = makers[input] {
          if needed.insert(maker).inserted { rest.append(maker) }
        } else if !given.contains(input) {
          throw file.source.fail("node \(node.label.oneLine) takes the value \(input.oneLine), which nothing makes")
        }
      }
    }
    return needed
  }
}
