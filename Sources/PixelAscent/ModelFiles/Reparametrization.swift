// SPDX-License-Identifier: MIT

// PyTorch can store a parameter as several tensors from which a layer computes it. In evaluation the result is fixed,
// so the state dict can hold the result.

extension StateDict {
  /// Returns the state dict with the parameters themselves in place of the tensors from which PyTorch computes them.
  ///
  /// - `weight_orig` and `weight_mask` (torch.nn.utils.prune): their product;
  /// - `weight_g` and `weight_v`, or `parametrizations.weight.original0` and `original1` (weight norm): g·v/‖v‖. The
  ///   norm is that of all elements of v that share an element of g (Salimans and Kingma, arXiv:1602.07868);
  /// - `weight_orig`, `weight_u` and `weight_v`, or `parametrizations.weight.original`, `0._u` and `0._v` (spectral
  ///   norm): W/σ with σ = uᵀWv (Miyato et al., arXiv:1802.05957).
  ///
  /// Other parameters than `weight` have names of the same form. The elements are computed when they are needed.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the shapes don't fit, or if the function that computes a
  ///   parameter is not one of these.
  package func reparametrized() throws(PixelAscentError) -> StateDict {
    var made = [String: Parameter](), replaced: Set<String> = [], order = [String: String]()
    /// Lets the parameter `key` take the place of the tensors `parts`.
    func replace(_ parts: [String], by key: String, _ parameter: Parameter) {
      made[key] = parameter
      replaced.formUnion(parts + [key])
      order[parts[0]] = key
    }
    func fail(_ key: String, _ message: String) -> PixelAscentError {
      PixelAscentError(.invalidModel, "tensor \(key.oneLine) \(message)", about: name)
    }

    for (name, parameter) in entries {
      let last = name.lastIndex(of: ".").map(name.index(after:)) ?? name.startIndex
      let module = name[..<last], leaf = name[last...]
      if leaf.hasSuffix("_orig") {
        let key = module + leaf.dropLast(5)
        if let mask = self["\(key)_mask"] {
          guard let product = parameter.times(mask) else { throw fail(name, "and its mask have different shapes") }
          replace([name, "\(key)_mask"], by: String(key), product)
        } else if let u = self["\(key)_u"], let v = self["\(key)_v"] {
          guard let weight = parameter.dividedByNorm(u, v) else { throw fail(name, "and its u and v don't fit") }
          replace([name, "\(key)_u", "\(key)_v"], by: String(key), weight)
        }
      } else if leaf.hasSuffix("_g"), let v = self["\(module)\(leaf.dropLast(2))_v"] {
        let key = module + leaf.dropLast(2)
        guard let weight = parameter.times(directionOf: v) else { throw fail(name, "does not fit \(key)_v".oneLine) }
        replace([name, "\(key)_v"], by: String(key), weight)
      } else if ["original", "original0"].contains(leaf) {
        let parts = module.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[parts.count - 2] == "parametrizations", let own = parts.last else { continue }
        let key = (parts.dropLast(2) + [own]).joined(separator: ".")
        if leaf == "original0", let v = self["\(module)original1"] {
          guard let weight = parameter.times(directionOf: v) else { throw fail(name, "does not fit original1") }
          replace([name, "\(module)original1"], by: key, weight)
        } else if leaf == "original", let u = self["\(module)0._u"], let v = self["\(module)0._v"] {
          guard let weight = parameter.dividedByNorm(u, v) else { throw fail(name, "and its u and v don't fit") }
          replace([name, "\(module)0._u", "\(module)0._v"], by: key, weight)
        } else {
          throw fail(
            key,
            "is computed by a function that the file doesn't hold; before saving, call "
              + "torch.nn.utils.parametrize.remove_parametrizations(module, \"\(own)\")".oneLine)
        }
      }
    }
    if made.isEmpty { return self }

    var result = [Entry]()
    for entry in entries {
      if let key = order[entry.name], let parameter = made.removeValue(forKey: key) {
        result.append((key, parameter))
      } else if !replaced.contains(entry.name) {
        result.append(entry)
      }
    }
    var dict = try StateDict(result, name: name)
    (dict.notes, dict.wanted) = (notes, wanted)
    return dict
  }
}

extension Parameter {
  /// Returns the product of two parameters, element by element; nil if their shapes differ.
  fileprivate func times(_ mask: Parameter) -> Parameter? {
    guard shape == mask.shape else { return nil }
    return Parameter(shape: shape) { buffer throws(PixelAscentError) in
      try read(into: buffer)
      let factors = try mask.tensor().values
      for index in buffer.indices { buffer[index] *= factors[index] }
    }
  }

  /// Returns v times this parameter's lengths, over the length of each part of v that shares one of them. Nil if the
  /// shapes don't fit: each extent must be v's own, or 1 for a dimension that the length is taken over.
  fileprivate func times(directionOf v: Parameter) -> Parameter? {
    // A single length of shape () is that of all of v.
    let lengths = shape.isEmpty ? v.shape.map { _ in 1 } : shape
    guard lengths.count == v.shape.count, v.count > 0, zip(lengths, v.shape).allSatisfy({ $0 == 1 || $0 == $1 }) else {
      return nil
    }
    let contiguous = contiguousStrides(lengths)
    let strides = lengths.indices.map { lengths[$0] == 1 ? 0 : contiguous[$0] }
    return Parameter(shape: v.shape) { buffer throws(PixelAscentError) in
      try v.read(into: buffer)
      let wanted = try tensor().values
      var squares = [Double](repeating: 0, count: wanted.count)
      var owners = StridedOffsets(shape: v.shape, strides: strides)
      for value in buffer {
        squares[owners.offset] += Double(value) * Double(value)
        owners.advance()
      }
      owners = StridedOffsets(shape: v.shape, strides: strides)
      for index in buffer.indices {
        buffer[index] = Float(
          Double(wanted[owners.offset]) / squares[owners.offset].squareRoot() * Double(buffer[index]))
        owners.advance()
      }
    }
  }

  /// Returns this parameter over its spectral norm uᵀWv, where W is the parameter as a matrix with as many rows as its
  /// first dimension. Nil if u and v don't have the lengths of W's columns and rows.
  fileprivate func dividedByNorm(_ u: Parameter, _ v: Parameter) -> Parameter? {
    guard shape.count >= 2, count > 0, u.shape == [shape[0]], v.shape == [count / shape[0]] else { return nil }
    return Parameter(shape: shape) { buffer throws(PixelAscentError) in
      try read(into: buffer)
      let u = try u.tensor().values, v = try v.tensor().values
      var norm = 0.0
      for (row, left) in u.enumerated() {
        var sum = 0.0
        for (column, right) in v.enumerated() { sum += Double(buffer[row * v.count + column]) * Double(right) }
        norm += Double(left) * sum
      }
      for index in buffer.indices { buffer[index] = Float(Double(buffer[index]) / norm) }
    }
  }
}
