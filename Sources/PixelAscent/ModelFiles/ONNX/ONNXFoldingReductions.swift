// SPDX-License-Identifier: MIT
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// Operators on constants that combine the elements along axes.
extension ONNXFolding {
  func reduced(_ input: ONNXConstant) throws(PixelAscentError) -> ONNXConstant? {
    let rank = input.shape.count
    if shapes.has(1) && self.input(1)?.integers == nil { return nil }
    let given = shapes.integers("axes", input: 1) ?? []
    if given.isEmpty && node.integer("noop_with_empty_axes") == 1 { return input }
    guard let axes = given.isEmpty ? Array(0..<rank) : ONNXShapes.axes(given, of: rank), try charged(input.shape) != nil
    else { return nil }
    let kept = input.shape.indices.map { axes.contains($0) ? 1 : input.shape[$0] }
    let shape = node.integer("keepdims") == 0 ? kept.indices.filter { !axes.contains($0) }.map { kept[$0] } : kept
    let count = kept.reduce(1, *), strides = contiguousStrides(kept)
    let targets = Self.positions(input.shape, strides: kept.indices.map { axes.contains($0) ? 0 : strides[$0] })
    let length = axes.reduce(1) { $0 * input.shape[$1] }
    if let values = try input.loaded().integers {
      if length == 0 { return empty(shape, input.type) }
      func combined<Number: FixedWidthInteger>(_ values: [Number]) -> [Number]? {
        let results = Self.reduced(values, targets, count) { Self.integer(node.type, $0, $1) }
        return node.type == "ReduceMean" ? results?.map { $0 / Number(length) } : results
      }
      let isUnsigned = input.type == .uint64
      let results =
        isUnsigned
        ? combined(values.map { UInt(bitPattern: $0) })?.map { Int(bitPattern: $0) } : combined(values)
      // Programs differ in sums and products that are out of range.
      guard let results, results.allSatisfy({ input.type.wrapped($0) == $0 }) else { return nil }
      return ONNXConstant(results, shape, input.type)
    }
    guard let values = try input.reals(), length > 0,
      var results = Self.reduced(values, targets, count, { ONNXFolding.real(node.type, $0, $1) })
    else { return nil }
    switch node.type {
    case "ReduceMean": results = results.map { $0 / Double(length) }
    case "ReduceL2": results = results.map { $0.squareRoot() }
    case "ReduceLogSum", "ReduceLogSumExp": results = results.map { log($0) }
    default: break
    }
    return ONNXConstant(reals: results, shape, input.type)
  }

  /// Returns the sum or product of no integers; nil for other operators.
  private func empty(_ shape: [Int], _ type: ONNXElementType) -> ONNXConstant? {
    guard ["ReduceSum", "ReduceProd"].contains(node.type), let count = elementCount(shape) else { return nil }
    return ONNXConstant(Array(repeating: node.type == "ReduceProd" ? 1 : 0, count: count), shape, type)
  }

  /// Combines the elements that have the same target. `combine` receives nil in place of the result so far for the first
  /// of them.
  private static func reduced<Number: ExpressibleByIntegerLiteral>(
    _ values: [Number], _ targets: [Int], _ count: Int, _ combine: (Number?, Number) -> Number?
  ) -> [Number]? {
    var results = [Number](repeating: 0, count: count), hasBegun = [Bool](repeating: false, count: count)
    for (value, target) in zip(values, targets) {
      guard let next = combine(hasBegun[target] ? results[target] : nil, value) else { return nil }
      (results[target], hasBegun[target]) = (next, true)
    }
    return results
  }

  private static func integer<Number: FixedWidthInteger>(_ type: String, _ sum: Number?, _ x: Number) -> Number? {
    func checked(_ result: (partialValue: Number, overflow: Bool)) -> Number? {
      result.overflow ? nil : result.partialValue
    }
    func added(_ x: Number?) -> Number? { x.flatMap { checked((sum ?? 0).addingReportingOverflow($0)) } }
    switch type {
    case "ReduceSum", "ReduceMean": return added(x)
    case "ReduceProd": return checked((sum ?? 1).multipliedReportingOverflow(by: x))
    case "ReduceMin": return min(sum ?? x, x)
    case "ReduceMax": return max(sum ?? x, x)
    case "ReduceL1": return added(Number(exactly: x.magnitude))
    case "ReduceSumSquare": return added(checked(x.multipliedReportingOverflow(by: x)))
    default: return nil
    }
  }

  private static func real(_ type: String, _ sum: Double?, _ x: Double) -> Double? {
    switch type {
    case "ReduceSum", "ReduceMean", "ReduceLogSum": (sum ?? 0) + x
    case "ReduceProd": (sum ?? 1) * x
    case "ReduceMin": ONNXArithmetic.real("Min", sum ?? x, x)
    case "ReduceMax": ONNXArithmetic.real("Max", sum ?? x, x)
    case "ReduceL1": (sum ?? 0) + abs(x)
    case "ReduceL2", "ReduceSumSquare": (sum ?? 0) + x * x
    case "ReduceLogSumExp": (sum ?? 0) + exp(x)
    default: nil
    }
  }

  /// Returns the positions of each line of elements along an axis, one line after another.
  private func lines(_ shape: [Int], along axis: Int) throws(PixelAscentError) -> [StrideTo<Int>]? {
    guard try charged(shape) != nil, shape[axis] > 0 else { return nil }
    let step = contiguousStrides(shape)[axis]
    var outer = shape
    outer[axis] = 1
    return Self.positions(outer, strides: contiguousStrides(shape)).map { first in
      stride(from: first, to: first + shape[axis] * step, by: step)
    }
  }

  func best(_ input: ONNXConstant) throws(PixelAscentError) -> ONNXConstant? {
    guard let axis = ONNXShapes.axis(node.integer("axis") ?? 0, of: input.shape.count),
      let lines = try lines(input.shape, along: axis)
    else { return nil }
    let isGreatest = node.type == "ArgMax", takesLast = node.integer("select_last_index") == 1
    func found<Number: Comparable>(_ values: [Number]) -> [Int] {
      lines.map { line in
        var best = 0, value: Number?
        for (index, position) in line.enumerated() {
          let next = values[position]
          let isBetter = value.map { isGreatest ? next > $0 : next < $0 } ?? true
          if isBetter || takesLast && next == value { (best, value) = (index, next) }
        }
        return best
      }
    }
    let results: [Int]
    if let integers = try input.loaded().integers {
      results = found(integers.map(input.type.order))
    } else {
      guard let reals = try input.reals() else { return nil }
      results = found(reals)
    }
    var shape = input.shape
    if node.integer("keepdims") == 0 { shape.remove(at: axis) } else { shape[axis] = 1 }
    return ONNXConstant(results, shape, .int64)
  }

  func top() throws(PixelAscentError) -> [ONNXConstant]? {
    guard let input = input(0), let axis = ONNXShapes.axis(node.integer("axis") ?? -1, of: input.shape.count),
      let count = node.integer("k") ?? self.input(1)?.integer, (0...input.shape[axis]).contains(count),
      let lines = try lines(input.shape, along: axis)
    else { return nil }
    var shape = input.shape
    shape[axis] = count
    guard let total = try charged(shape) else { return nil }
    let step = contiguousStrides(shape)[axis], isGreatest = node.integer("largest") != 0
    var positions = [Int](repeating: 0, count: total), indices = positions
    func find<Number: Comparable>(_ values: [Number]) {
      for (number, line) in lines.enumerated() {
        // Of equal elements the first comes first.
        let order = line.enumerated().sorted { first, second in
          let (x, y) = (values[first.element], values[second.element])
          return (isGreatest ? x > y : x < y) || x == y && first.offset < second.offset
        }
        let start = number / step * step * count + number % step
        for (rank, found) in order.prefix(count).enumerated() {
          positions[start + rank * step] = found.element
          indices[start + rank * step] = found.offset
        }
      }
    }
    if let integers = try input.loaded().integers {
      find(integers.map(input.type.order))
    } else {
      guard let reals = try input.reals() else { return nil }
      find(reals)
    }
    guard let picked = try input.picked(positions, shape) else { return nil }
    return [picked, ONNXConstant(indices, shape, .int64)]
  }

  func cumulated(_ input: ONNXConstant) throws(PixelAscentError) -> ONNXConstant? {
    guard let given = self.input(1)?.integer, let axis = ONNXShapes.axis(given, of: input.shape.count) else {
      return nil
    }
    if input.count == 0 { return input }
    guard let lines = try lines(input.shape, along: axis) else { return nil }
    let isExclusive = node.integer("exclusive") == 1, isReversed = node.integer("reverse") == 1
    func sums<Number>(_ values: [Number], _ zero: Number, _ add: (Number, Number) -> Number) -> [Number] {
      var results = values
      for line in lines {
        var sum = zero
        for position in isReversed ? Array(line).reversed() : Array(line) {
          let next = add(sum, values[position])
          results[position] = isExclusive ? sum : next
          sum = next
        }
      }
      return results
    }
    if let values = try input.loaded().integers {
      return ONNXConstant(sums(values, 0) { $0 &+ $1 }, input.shape, input.type)
    }
    return try input.reals().map { ONNXConstant(reals: sums($0, 0) { $0 + $1 }, input.shape, input.type) }
  }

  func softmax(_ input: ONNXConstant) throws(PixelAscentError) -> ONNXConstant? {
    guard let axis = ONNXShapes.axis(node.integer("axis") ?? (opset < 13 ? 1 : -1), of: input.shape.count) else {
      return nil
    }
    // Before opset 13 the sum goes over all axes from this one on.
    let outer = input.shape[..<axis].reduce(1, *)
    let shape = opset < 13 ? [outer, input.shape[axis...].reduce(1, *)] : input.shape
    guard var values = try input.reals(), let lines = try lines(shape, along: opset < 13 ? 1 : axis) else { return nil }
    for line in lines {
      let greatest = line.reduce(-Double.infinity) { max($0, values[$1]) }
      let sum = line.reduce(0) { $0 + exp(values[$1] - greatest) }
      for position in line {
        let value = values[position] - greatest
        values[position] = node.type == "Softmax" ? exp(value) / sum : value - log(sum)
      }
    }
    return ONNXConstant(reals: values, input.shape, input.type)
  }

  /// Returns the result of MatMul, or of Gemm, on small arrays.
  func product(_ input: ONNXConstant) throws(PixelAscentError) -> ONNXConstant? {
    guard let second = self.input(1), !input.shape.isEmpty, !second.shape.isEmpty else { return nil }
    let type = try commonType([input, second])
    var (a, b) = (input.shape, second.shape)
    let isGemm = node.type == "Gemm"
    if isGemm && (a.count != 2 || b.count != 2) { return nil }
    if a.count == 1 { a.insert(1, at: 0) }
    if b.count == 1 { b.append(1) }
    var aSteps = contiguousStrides(a), bSteps = contiguousStrides(b)
    if isGemm && node.integer("transA") ?? 0 != 0 { (a, aSteps) = (a.reversed(), aSteps.reversed()) }
    if isGemm && node.integer("transB") ?? 0 != 0 { (b, bSteps) = (b.reversed(), bSteps.reversed()) }
    let (m, k, n) = (a[a.count - 2], a[a.count - 1], b[b.count - 1])
    guard b[b.count - 2] == k, let batch = Self.broadcast(Array(a.dropLast(2)), Array(b.dropLast(2))),
      try charged(batch + [m, n, max(k, 1)]) != nil
    else { return nil }
    func starts(_ shape: [Int]) -> [Int] {
      let matrix = shape.suffix(2).reduce(1, *)
      return Self.positions(of: shape.dropLast(2), in: batch).map { $0 * matrix }
    }
    let (aRow, aColumn, bRow, bColumn) = (
      aSteps[a.count - 2], aSteps[a.count - 1], bSteps[b.count - 2], bSteps[b.count - 1]
    )
    func products<Number>(
      _ x: [Number], _ y: [Number], _ zero: Number, _ add: (Number, Number, Number) -> Number
    ) -> [Number] {
      var results = [Number]()
      for (aStart, bStart) in zip(starts(a), starts(b)) {
        for row in 0..<m {
          for column in 0..<n {
            var sum = zero
            for index in 0..<k {
              sum = add(sum, x[aStart + row * aRow + index * aColumn], y[bStart + index * bRow + column * bColumn])
            }
            results.append(sum)
          }
        }
      }
      return results
    }
    let shape = batch + [m, n]
    func squeezed(_ shape: [Int]) -> [Int] {
      var shape = shape
      if second.shape.count == 1 { shape.removeLast() }
      if input.shape.count == 1 { shape.remove(at: shape.count - (second.shape.count == 1 ? 1 : 2)) }
      return shape
    }
    if !type.isFloat {
      guard !isGemm, let x = try input.loaded().integers, let y = try second.loaded().integers else { return nil }
      return ONNXConstant(products(x, y, 0) { $0 &+ $1 &* $2 }, squeezed(shape), type)
    }
    guard let x = try input.reals(), let y = try second.reals() else { return nil }
    var results = products(x, y, 0) { $0 + $1 * $2 }
    if isGemm {
      let alpha = Double(node.float("alpha") ?? 1), beta = Double(node.float("beta") ?? 1)
      results = results.map { alpha * $0 }
      if shapes.has(2) {
        guard let bias = self.input(2), let values = try bias.reals(), Self.broadcast(bias.shape, shape) == shape else {
          return nil
        }
        for (index, position) in Self.positions(of: bias.shape, in: shape).enumerated() {
          results[index] += beta * values[position]
        }
      }
    }
    return ONNXConstant(reals: results, squeezed(shape), type)
  }

  /// Returns the result of a batch norm of weights, with which PyTorch's exporter writes weight standardisation.
  func normalized(_ input: ONNXConstant) throws(PixelAscentError) -> ONNXConstant? {
    guard input.shape.count >= 2, input.count > 0, try charged(input.shape) != nil, var values = try input.reals()
    else {
      return nil
    }
    let channels = input.shape[1], inner = input.shape[2...].reduce(1, *)
    var parameters = [[Double]]()
    for index in 1..<5 {
      guard let parameter = self.input(index), parameter.count == channels, let list = try parameter.reals() else {
        return nil
      }
      parameters.append(list)
    }
    func channel(_ index: Int) -> Int { index / inner % channels }
    if node.integer("training_mode") == 1 {
      let count = Double(values.count / channels)
      var means = [Double](repeating: 0, count: channels), variances = means
      for (index, value) in values.enumerated() { means[channel(index)] += value / count }
      for (index, value) in values.enumerated() {
        let difference = value - means[channel(index)]
        variances[channel(index)] += difference * difference / count
      }
      (parameters[2], parameters[3]) = (means, variances)
    }
    let epsilon = Double(node.float("epsilon") ?? 1e-5)
    for index in values.indices {
      let channel = channel(index), deviation = (parameters[3][channel] + epsilon).squareRoot()
      values[index] =
        (values[index] - parameters[2][channel]) / deviation * parameters[0][channel] + parameters[1][channel]
    }
    return ONNXConstant(reals: values, input.shape, input.type)
  }

  // MARK: Quantised numbers

  /// Returns the positions of the scale of each element: one for all, one per index of an axis, or one per block of an
  /// axis.
  private func scalePositions(_ scale: ONNXConstant, _ shape: [Int]) throws(PixelAscentError) -> [Int]? {
    guard let count = try charged(shape) else { return nil }
    if scale.count == 1 { return Array(repeating: 0, count: count) }
    guard let axis = ONNXShapes.axis(node.integer("axis") ?? 1, of: shape.count), shape[axis] > 0 else { return nil }
    let inner = shape[(axis + 1)...].reduce(1, *), extent = shape[axis]
    let block = node.integer("block_size") ?? 0
    if block == 0 {
      guard scale.shape == [extent] else { return nil }
      return (0..<count).map { $0 / inner % extent }
    }
    var blocks = shape
    blocks[axis] = (extent - 1) / max(block, 1) + 1
    guard block > 0, scale.shape == blocks else { return nil }
    return (0..<count).map { position in
      (position / inner / extent * blocks[axis] + position / inner % extent / block) * inner + position % inner
    }
  }

  private func zeros(_ scale: ONNXConstant) throws(PixelAscentError) -> [Double]? {
    guard shapes.has(2) else { return Array(repeating: 0, count: scale.count) }
    guard let zero = self.input(2), zero.count == scale.count else { return nil }
    return try zero.reals()
  }

  func dequantized(_ input: ONNXConstant) throws(PixelAscentError) -> ONNXConstant? {
    guard let scale = self.input(1), let positions = try scalePositions(scale, input.shape),
      var values = try input.reals(),
      let scales = try scale.reals(), let zeros = try zeros(scale)
    else { return nil }
    for (index, position) in positions.enumerated() {
      values[index] = (values[index] - zeros[position]) * scales[position]
    }
    return ONNXConstant(reals: values, input.shape, scale.type)
  }
}
