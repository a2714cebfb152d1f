// SPDX-License-Identifier: MIT

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A function of a layer's activation A, of shape (C, H, W), that an objective takes the gradient of.
public enum LayerFunction: Hashable, Sendable {
  /// One element: A[channel, row, column]. Without a row or a column it is that of the middle, ⌊H/2⌋ or ⌊W/2⌋.
  case neuron(channel: Int, row: Int? = nil, column: Int? = nil)
  /// The mean of a channel (Olah, Mordvintsev, Schubert: "Feature visualization", 2017).
  case channel(Int)
  /// The mean of A²: whatever the layer sees, more of it (Mordvintsev, Olah, Tyka: "DeepDream", 2015).
  case meanSquare
  /// The mean over all pixels of a·v · max(0.1, cos(a, v))ᵖ, where a are the C channels of a pixel and
  /// cos(a, v) = a·v / ((10⁻⁴ + ‖a‖)(10⁻⁴ + ‖v‖)). With the power p = 0 it is the mean of a·v.
  case direction([Float], power: Double = 0)

  /// −‖A − A*‖² / ‖A*‖² for an activation A* of the same shape, such as that of a photograph: 0 where the layer sees the
  /// same (Mahendran, Vedaldi: "Understanding deep image representations by inverting them", 2015).
  case inversion(of: Tensor)

  /// Checks the function's parameters against a layer's activation.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if the activation has no such channel, row or column, or the
  ///   direction has another number of elements than the layer has channels.
  func check(shape: [Int]) throws(PixelAscentError) {
    func check(_ index: Int?, _ what: String, _ count: Int) throws(PixelAscentError) {
      guard let index, !(0..<count).contains(index) else { return }
      throw PixelAscentError(
        .invalidParameter, "\(what) \(index) is out of range: the layer has \(what)s 0 to \(count - 1)")
    }
    switch self {
    case .neuron(let channel, let row, let column):
      try check(channel, "channel", shape[0])
      try check(row, "row", shape[1])
      try check(column, "column", shape[2])
    case .channel(let channel): try check(channel, "channel", shape[0])
    case .meanSquare: break
    case .inversion(let target):
      guard target.shape == shape, target.isFinite, target.values.contains(where: { $0 != 0 }) else {
        throw PixelAscentError(
          .invalidParameter,
          "an activation to invert must have the shape \(shapeText(shape)), finite numbers, and not only zeros")
      }
    case .direction(let vector, let power):
      guard vector.count == shape[0], vector.allSatisfy(\.isFinite) else {
        throw PixelAscentError(
          .invalidParameter, "a direction must have \(shape[0]) finite numbers, one per channel, found \(vector.count)")
      }
      guard (0...8).contains(power) else {
        throw PixelAscentError(.invalidParameter, "the power of a cosine must be from 0 to 8, found \(power)")
      }
    }
  }

  /// Returns the function's value for an activation.
  ///
  /// - Throws: as `check(shape:)` does.
  func value(_ activation: Tensor) throws(PixelAscentError) -> Double {
    try check(shape: activation.shape)
    let plane = activation.shape[1] * activation.shape[2]
    switch self {
    case .neuron: return Double(activation.values[index(activation.shape)])
    case .channel(let channel):
      return activation.values[channel * plane..<(channel + 1) * plane].reduce(0) { $0 + Double($1) } / Double(plane)
    case .meanSquare:
      return activation.values.reduce(0) { $0 + Double($1) * Double($1) } / Double(activation.values.count)
    case .inversion(let target):
      var sum = 0.0
      for (a, b) in zip(activation.values, target.values) { sum += (Double(a) - Double(b)) * (Double(a) - Double(b)) }
      return -sum / Self.square(target)
    case .direction(let vector, let power):
      var sum = 0.0
      for pixel in 0..<plane {
        let (dot, cosine) = Alignment(activation, pixel, vector).dotAndCosine
        sum += dot * pow(max(0.1, cosine), power)
      }
      return sum / Double(plane)
    }
  }

  /// Returns the function's gradient with respect to the activation.
  ///
  /// - Throws: as `check(shape:)` does.
  func gradient(_ activation: Tensor) throws(PixelAscentError) -> Tensor {
    try check(shape: activation.shape)
    let plane = activation.shape[1] * activation.shape[2]
    var gradient = Tensor(shape: activation.shape, repeating: 0)
    switch self {
    case .neuron: gradient.values[index(activation.shape)] = 1
    case .channel(let channel):
      for pixel in channel * plane..<(channel + 1) * plane { gradient.values[pixel] = 1 / Float(plane) }
    case .meanSquare:
      let factor = 2 / Float(activation.values.count)
      for index in activation.values.indices { gradient.values[index] = factor * activation.values[index] }
    case .inversion(let target):
      let factor = Float(-2 / Self.square(target))
      for index in activation.values.indices {
        gradient.values[index] = factor * (activation.values[index] - target.values[index])
      }
    case .direction(let vector, let power):
      for pixel in 0..<plane {
        let alignment = Alignment(activation, pixel, vector)
        let (ofVector, ofActivation) = alignment.slopes(power)
        for channel in vector.indices {
          let index = channel * plane + pixel
          gradient.values[index] = Float(
            (ofVector * Double(vector[channel]) + ofActivation * Double(activation.values[index])) / Double(plane))
        }
      }
    }
    return gradient
  }

  private static func square(_ tensor: Tensor) -> Double {
    tensor.values.reduce(0) { $0 + Double($1) * Double($1) }
  }

  /// The index of a neuron's element.
  private func index(_ shape: [Int]) -> Int {
    guard case .neuron(let channel, let row, let column) = self else { preconditionFailure("not a neuron") }
    return (channel * shape[1] + (row ?? shape[1] / 2)) * shape[2] + (column ?? shape[2] / 2)
  }
}

/// How the channels a of one pixel lie to a direction v.
private struct Alignment {
  private let dot: Double
  /// ‖a‖, and (10⁻⁴ + ‖a‖) · (10⁻⁴ + ‖v‖).
  private let length, product: Double

  init(_ activation: Tensor, _ pixel: Int, _ vector: [Float]) {
    let plane = activation.shape[1] * activation.shape[2]
    var dot = 0.0, square = 0.0, vectorSquare = 0.0
    for channel in vector.indices {
      let a = Double(activation.values[channel * plane + pixel]), v = Double(vector[channel])
      dot += a * v
      square += a * a
      vectorSquare += v * v
    }
    (self.dot, length) = (dot, square.squareRoot())
    product = (1e-4 + length) * (1e-4 + vectorSquare.squareRoot())
  }

  var dotAndCosine: (dot: Double, cosine: Double) { (dot, dot / product) }

  /// Returns the factors of v and of a in the gradient of dot · max(0.1, cosine)ᵖ with respect to a.
  func slopes(_ power: Double) -> (ofVector: Double, ofActivation: Double) {
    let cosine = dot / product
    if cosine <= 0.1 || power == 0 { return (pow(max(0.1, cosine), power), 0) }
    // d cos/da = v / product − cos · a / (‖a‖ · (10⁻⁴ + ‖a‖)), and the objective is dot · cosᵖ.
    let size = pow(cosine, power), slope = dot * power * pow(cosine, power - 1)
    return (size + slope / product, length > 0 ? -slope * cosine / (length * (1e-4 + length)) : 0)
  }
}
