// SPDX-License-Identifier: MIT

extension ArchitectureBuilder {
  /// Adds the layers that make the scores: the linear layer `name`, or what a fine-tuned network has in place of it or of
  /// the whole module `container`.
  ///
  /// A replacement is an `nn.Sequential` of linear layers, norms, activation functions and dropout. The file shows only
  /// the layers with tensors. Where it leaves room for an activation function between two linear layers, ReLU is assumed,
  /// and a note says so unless `known` lists the linear layers.
  ///
  /// - Parameters:
  ///   - container: the module in which all layers of the head lie; nil for `name`
  ///   - known: lists of linear layers, by their names in `container`, that have ReLU between them in known networks
  mutating func head(
    _ name: String, in container: String? = nil, _ x: Value, known: [[String]] = []
  ) throws(PixelAscentError) -> Value {
    let container = container ?? name, modules = headModules(in: container)
    // A linear layer contains no other layers. If there are some, they belong to another network.
    let isReplaced = modules.contains { $0 != name } && (modules == [container] || !modules.contains(container))
    guard isReplaced else { return try linear(name, x) }
    var y = x, last: String?, lastLinear: String?, hasFunction = true, isAssumed = false, places: [String] = []
    for module in modules {
      let isLinear = shape(module).count == 2
      if let last, !hasFunction, isLinear || isNumbered(module), !isNext(module, after: last) {
        y = relu(y)
        (hasFunction, isAssumed) = (true, true)
      }
      if isLinear {
        if isAssumed, let lastLinear {
          places.append("\(fullNameInFile(lastLinear).oneLine) and \(fullNameInFile(module).oneLine)")
        }
        y = try linear(module, y)
        (hasFunction, isAssumed, lastLinear) = (false, false, module)
      } else {
        y = try headNorm(module, y)
      }
      last = module
    }
    let linears = modules.filter { shape($0).count == 2 }
    if !places.isEmpty, !known.contains(linears.map { String($0.dropFirst(container.count + 1)) }) {
      let all = places.joined(separator: " and between ")
      notes.append(
        """
        the file doesn't say which activation functions its last layers have: assuming ReLU between \(all); if they have \
        others, export ONNX
        """)
    }
    return y
  }

  /// Returns the modules with weights in a container or the container itself, in the order in which they run: by their
  /// numbers, or in the order of the file if they have names.
  func headModules(in container: String) -> [String] {
    let modules = dict.entries.compactMap { entry -> String? in
      let name = entry.name
      guard name.hasSuffix(".weight"), name.hasPrefix("\(container).") else { return nil }
      return String(name.dropLast(".weight".count))
    }
    guard modules.allSatisfy({ $0 == container || isNumbered($0.dropFirst(container.count + 1)) }) else {
      return modules
    }
    func numbers(_ module: String) -> [Int] {
      module.dropFirst(container.count).split(separator: ".").map { Int($0) ?? 0 }
    }
    return modules.sorted { numbers($0).lexicographicallyPrecedes(numbers($1)) }
  }

  /// Returns whether the last part of a module's name is a number, as in an `nn.Sequential` without names.
  private func isNumbered(_ name: some StringProtocol) -> Bool {
    name.split(separator: ".").last.map { Int($0) != nil } ?? false
  }

  /// Returns whether no layer without tensors can lie between two modules: they are neighbours in an `nn.Sequential`.
  private func isNext(_ module: String, after last: String) -> Bool {
    var (first, second) = (last.split(separator: "."), module.split(separator: "."))
    guard let a = first.popLast().flatMap({ Int($0) }), let b = second.popLast().flatMap({ Int($0) }) else {
      return false
    }
    return first == second && b == a + 1
  }

  /// Adds a batch norm or a layer normalisation of a head, with PyTorch's usual epsilon.
  private mutating func headNorm(_ name: String, _ x: Value) throws(PixelAscentError) -> Value {
    guard dict.shape("\(name).running_mean") != nil else { return try layerNorm(name, x, epsilon: 1e-5) }
    let usual = epsilon
    epsilon = 1e-5
    defer { epsilon = usual }
    return try batchNorm(name, x)
  }
}
