// SPDX-License-Identifier: MIT

/// A layer into which a scale and a shift per channel are folded: its name, and its number of outputs if the operation
/// gives that number.
typealias FoldTarget = (name: String, outputs: Int?)

extension [String: Parameter] {
  /// Folds a batch norm's parameters into the layer `target`. Without a target, turns them into the parameters of an
  /// affine layer.
  ///
  /// The scale and the shift are computed in double: scale = weight / √(variance + epsilon),
  /// shift = bias − mean · scale.
  mutating func foldBatchNorm(_ name: String, epsilon: Double, into target: FoldTarget?) throws(PixelAscentError) {
    let weight = try vector("\(name).weight", count: target?.outputs)
    let bias = try vector("\(name).bias", count: weight.count)
    let mean = try vector("\(name).running_mean", count: weight.count)
    let variance = try vector("\(name).running_var", count: weight.count)
    var scale = [Double](), shift = [Double]()
    for channel in weight.indices {
      let factor = weight[channel] / (variance[channel] + epsilon).squareRoot()
      guard factor.isFinite else {
        throw PixelAscentError(
          .invalidModel,
          """
          expected a finite weight / √(variance + epsilon) in channel \(channel), found the weight \(weight[channel]) and \
          the variance \(variance[channel])
          """)
      }
      scale.append(factor)
      shift.append(bias[channel] - mean[channel] * factor)
    }
    for suffix in ["weight", "bias", "running_mean", "running_var"] { self["\(name).\(suffix)"] = nil }
    if let target {
      try fold(scale: scale, shift: shift, into: target)
    } else {
      self["\(name).weight"] = Parameter(Tensor(shape: [scale.count], values: scale.map(Float.init)))
      self["\(name).bias"] = Parameter(Tensor(shape: [shift.count], values: shift.map(Float.init)))
    }
  }

  /// Folds an affine layer's parameters into the layer `target`.
  mutating func foldAffine(_ name: String, into target: FoldTarget) throws(PixelAscentError) {
    let scale = try vector("\(name).weight", count: target.outputs)
    let shift = try vector("\(name).bias", count: scale.count)
    for suffix in ["weight", "bias"] { self["\(name).\(suffix)"] = nil }
    try fold(scale: scale, shift: shift, into: target)
  }

  /// Folds a scale and a shift into the parameters of `target`:
  /// scale · (W · x + b) + shift = (scale · W) · x + (scale · b + shift). The new weights and biases are rounded once.
  private mutating func fold(scale: [Double], shift: [Double], into target: FoldTarget) throws(PixelAscentError) {
    let name = "\(target.name).weight", outputs = scale.count
    guard let parameter = self[name], parameter.shape.first == outputs else {
      throw PixelAscentError(
        .invalidModel,
        Message(
          "expected a tensor \(name.oneLine) of \(outputs) outputs, found "
            + (self[name].map { "the shape \(shapeText($0.shape))" } ?? "none")))
    }
    var weight = try parameter.tensor()
    let each = weight.values.count / Swift.max(outputs, 1)
    weight.values.withUnsafeMutableBufferPointer { values in
      for output in 0..<outputs {
        for index in output * each..<(output + 1) * each {
          values[index] = Float(scale[output] * Double(values[index]))
        }
      }
    }
    var bias = [Double](repeating: 0, count: outputs)
    let biasName = "\(target.name).bias"
    if self[biasName] != nil { bias = try vector(biasName, count: outputs) }
    for output in 0..<outputs { bias[output] = scale[output] * bias[output] + shift[output] }
    self[name] = Parameter(weight)
    self[biasName] = Parameter(Tensor(shape: [outputs], values: bias.map(Float.init)))
  }

  private func vector(_ name: String, count: Int?) throws(PixelAscentError) -> [Double] {
    let parameter = self[name]
    guard let parameter, parameter.shape.count == 1, count == nil || parameter.count == count,
      let values = try finiteValues(name)
    else {
      throw PixelAscentError(
        .invalidModel,
        Message(
          "expected a tensor \(name.oneLine) of shape (\(count.map(String.init) ?? "channels")), found "
            + (parameter.map { shapeText($0.shape) } ?? "none")))
    }
    return values.map(Double.init)
  }

  /// Returns a parameter's elements; nil if there is no such parameter.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if an element is not finite, of kind `unreadableFile` if the
  ///   parameter can't be read.
  func finiteValues(_ name: String) throws(PixelAscentError) -> [Float]? {
    guard let tensor = try self[name]?.tensor() else { return nil }
    if let index = tensor.firstNonFiniteIndex { throw .notFinite(name, index) }
    return tensor.values
  }
}
