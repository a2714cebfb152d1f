// SPDX-License-Identifier: MIT

/// Finds the nodes that a value depends on, and an order in which they can be computed.
struct ONNXOrder {
  private let file: ONNXFile
  /// The index of the node that makes each value.
  let producers: [String: Int]
  /// The values that no node makes: the inputs and initializers of the graph.
  private let given: Set<String>

  /// - Throws: `PixelAscentError` of kind `invalidModel` if a value is made twice.
  init(_ file: ONNXFile) throws(PixelAscentError) {
    self.file = file
    given = Set(file.inputs.map(\.name) + file.initializers.map(\.name))
    var producers = [String: Int]()
    for (index, node) in file.nodes.enumerated() {
      for output in node.outputs where !output.isEmpty {
        guard producers.updateValue(index, forKey: output) == nil, !given.contains(output) else {
          throw file.source.fail("the value \(output.oneLine) is made twice")
        }
      }
    }
    self.producers = producers
  }

  /// Returns the nodes that `value` depends on, each after the nodes that make its inputs, otherwise in the file's
  /// order.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if nothing makes a value that is needed, or a value depends on
  ///   itself.
  func nodes(for value: String) throws(PixelAscentError) -> [ONNXNode] {
    let needed = try closure(of: value)
    var order = [ONNXNode]()
    // Finished nodes, and nodes on the current path.
    var done = Set<Int>(), onPath = Set<Int>()
    for first in needed.sorted() where !done.contains(first) {
      var path = [(node: first, input: 0)]
      onPath.insert(first)
      while let (index, input) = path.last {
        let node = file.nodes[index]
        if input == node.inputs.count {
          order.append(node)
          done.insert(index)
          onPath.remove(index)
          path.removeLast()
          continue
        }
        path[path.count - 1].input += 1
        guard let producer = producers[node.inputs[input]], !done.contains(producer) else { continue }
        guard onPath.insert(producer).inserted else {
          throw file.source.fail("the graph has a cycle: node \(node.label.oneLine) depends on itself")
        }
        path.append((producer, 0))
      }
    }
    return order
  }

  /// Returns the node that makes a value; nil if no node makes it.
  func producer(of value: String) -> ONNXNode? { producers[value].map { file.nodes[$0] } }

  /// Returns the indices of the nodes that `value` depends on.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if nothing makes a value that is needed.
  func closure(of value: String) throws(PixelAscentError) -> Set<Int> {
    guard let last = producers[value] else {
      throw file.source.fail("no node makes the graph's output \(value.oneLine)")
    }
    var needed: Set<Int> = [last], rest = [last]
    while let index = rest.popLast() {
      let node = file.nodes[index]
      for input in node.inputs where !input.isEmpty {
        if let producer = producers[input] {
          if needed.insert(producer).inserted { rest.append(producer) }
        } else if !given.contains(input) {
          throw file.source.fail("node \(node.label.oneLine) takes the value \(input.oneLine), which nothing makes")
        }
      }
    }
    return needed
  }
}
