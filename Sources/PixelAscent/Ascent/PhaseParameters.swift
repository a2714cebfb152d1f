// SPDX-License-Identifier: MIT

/// Parameters that are the phases of an image's Fourier coefficients, whose magnitudes stay those of natural photographs
/// (MaCo; Fel et al.: "Unlocking feature visualization for deeper networks with magnitude constrained optimization", 2023).
///
/// The image is σ(û · Cᵀ), with the colours of `FourierParameters`. û is u minus its mean, divided by its standard
/// deviation, where u = irfft2(M · exp(i·φ̂)); φ̂ is φ in the same way. A standard deviation gets 10⁻⁵ added, and is taken
/// over all channels.
final class PhaseParameters: ImageParameters {
  let image: ImagePlanes
  /// φ and its gradient, of shape (C, H, stride), with zeros in the padding of each row.
  let values, gradient: FloatBuffer
  var trueCount: Int { spectrum.channels * spectrum.height * spectrum.columns }
  /// M, in the layout of φ.
  private let magnitude: FloatBuffer
  /// M · exp(i·φ̂), and the gradient of u's spectrum.
  private let spectrum, middle: Spectrum
  /// û, and the gradient of û and u.
  private let standard, standardGradient: ImagePlanes
  private let phases, phaseGradient, pixels, pixelGradient: NumberRows
  private var phaseScale = Standardization(), imageScale = Standardization()
  /// The factors on the way to the image: 1 / (H·W); and on the way back: the same, twice for the columns that stand for
  /// two frequencies.
  private let factor, factorBack: FloatBuffer
  private let transform: FourierTransform
  private let space: ColourSpace
  private let kernels: Kernels
  private let parallel: Parallel

  /// Creates parameters with φ = 0, which must be set before the image is made.
  ///
  /// - Parameter magnitude: M, of shape (C, H, W/2 + 1)
  /// - Precondition: the width is even.
  /// - Throws: `PixelAscentError` of kind `sizeLimit` if the process can't get the memory.
  init(
    _ network: Network, height: Int, width: Int, magnitude: Tensor, _ parallel: Parallel
  ) throws(PixelAscentError) {
    let channels = network.channels
    (kernels, self.parallel, space) = (network.kernels, parallel, ColourSpace(network.preprocessing))
    (spectrum, middle) = (
      Spectrum(channels: channels, height: height, width: width),
      Spectrum(channels: channels, height: height, width: width)
    )
    image = ImagePlanes(channels: channels, height: height, width: width)
    let rows = channels * height
    func planes(_ rows: NumberRows) -> ImagePlanes {
      ImagePlanes(rows.buffer, channels: channels, height: height, width: width)
    }
    pixels = NumberRows(count: rows, stride: width, columns: width)
    pixelGradient = NumberRows(count: rows, stride: width, columns: width)
    (standard, standardGradient) = (planes(pixels), planes(pixelGradient))
    transform = try FourierTransform(height: height, width: width, network.kernels, parallel)
    let stride = spectrum.stride, columns = spectrum.columns
    phases = NumberRows(count: rows, stride: stride, columns: columns)
    phaseGradient = NumberRows(count: rows, stride: stride, columns: columns)
    (values, gradient) = (phases.buffer, phaseGradient.buffer)
    let magnitudes = NumberRows(count: rows, stride: stride, columns: columns)
    magnitudes.set(magnitude.values)
    self.magnitude = magnitudes.buffer
    factor = FloatBuffer(count: height * stride)
    factorBack = FloatBuffer(count: height * stride)
    let whole = 1 / Float(height * width)
    for index in 0..<height * stride where index % stride < columns {
      let column = index % stride, isAlone = column == 0 || 2 * column == width
      (factor.base[index], factorBack.base[index]) = (whole, isAlone ? whole : 2 * whole)
    }
  }

  /// Draws the phases φ from the standard normal distribution.
  func fill(from random: RandomSource) { set(random.normals(trueCount)) }

  /// Sets φ, of shape (C, H, W/2 + 1).
  func set(_ phases: [Float]) { self.phases.set(phases) }

  /// The gradient of φ, of shape (C, H, W/2 + 1).
  var phaseGradientValues: [Float] { phaseGradient.values }

  func makeImage() {
    phaseScale = Standardization(of: phases)
    let half = values.count, lanes = 16
    let turns = 1 / (2 * Double.pi * phaseScale.divisor), mean = phaseScale.mean
    overGroups { [values, magnitude, buffer = spectrum.buffer] group in
      let at = group * lanes
      var turn = SIMD16<UInt32>()
      for lane in 0..<lanes {
        let part = (Double(values[at + lane]) - mean) * turns
        // A fraction that rounds up to 1 is a whole turn, which is 0.
        turn[lane] = UInt32(truncatingIfNeeded: Int64(((part - part.rounded(.down)) * 0x1p32).rounded(.down)))
      }
      let (cosine, sine) = SIMD16.cosineAndSine(turn: turn)
      for lane in 0..<lanes {
        buffer.base[at + lane] = magnitude[at + lane] * cosine[lane]
        buffer.base[half + at + lane] = magnitude[at + lane] * sine[lane]
      }
    }
    transform.image(standard, of: spectrum, factor: factor, through: middle)
    imageScale = Standardization(of: pixels)
    imageScale.apply(to: pixels)
    space.makeImage(image, of: standard, kernels, parallel)
  }

  func pullBack(_ imageGradient: ImagePlanes) {
    space.pullBack(standardGradient, imageGradient, at: standard, kernels, parallel)
    imageScale.pullBack(pixelGradient, at: pixels, isStandard: true)
    transform.spectrum(middle, of: standardGradient, factor: factorBack)
    let half = values.count
    overGroups { [gradient, spectrum = spectrum.buffer, middle = middle.buffer] group in
      for at in group * 16..<(group + 1) * 16 {
        gradient.base[at] = spectrum[at] * middle[half + at] - spectrum[half + at] * middle[at]
      }
    }
    phaseScale.pullBack(phaseGradient, at: phases, isStandard: false)
  }

  /// Calls `body` for every 16 numbers of φ, on all threads.
  private func overGroups(_ body: @escaping (_ group: Int) -> Void) {
    let row = spectrum.stride / 16
    let body = Parallel.Body { part in
      for group in part.rows.lowerBound * row..<part.rows.upperBound * row { body(group) }
    }
    parallel.overRows(spectrum.channels * spectrum.height, body)
  }
}

/// Rows of numbers, with padding after each.
private struct NumberRows {
  let buffer: FloatBuffer
  let count, stride, columns: Int

  init(count: Int, stride: Int, columns: Int) {
    (self.count, self.stride, self.columns) = (count, stride, columns)
    buffer = FloatBuffer(count: count * stride)
  }

  /// Calls `body` with the index in ``buffer`` of every number.
  func forEach(_ body: (Int) -> Void) {
    for row in 0..<count {
      for index in row * stride..<row * stride + columns { body(index) }
    }
  }

  func set(_ values: [Float]) {
    precondition(values.count == count * columns)
    for row in 0..<count { buffer.replace(from: row * stride, with: values[row * columns..<(row + 1) * columns]) }
  }

  /// The numbers without padding.
  var values: [Float] { (0..<count).flatMap { buffer.values($0 * stride..<$0 * stride + columns) } }
}

/// The mean and the standard deviation by which numbers are standardised: y = (x − mean) / (deviation + 10⁻⁵).
private struct Standardization {
  private(set) var mean = 0.0
  private var deviation = 1.0

  /// What a number minus the mean is divided by.
  var divisor: Double { deviation + 1e-5 }

  init() {}

  init(of numbers: NumberRows) {
    let count = Double(numbers.count * numbers.columns), buffer = numbers.buffer
    var sum = 0.0, squares = 0.0
    numbers.forEach { sum += Double(buffer[$0]) }
    let mean = sum / count
    numbers.forEach { squares += (Double(buffer[$0]) - mean) * (Double(buffer[$0]) - mean) }
    (self.mean, deviation) = (mean, (squares / count).squareRoot())
  }

  /// Standardises the numbers.
  func apply(to numbers: NumberRows) {
    let buffer = numbers.buffer, factor = 1 / divisor, mean = mean
    numbers.forEach { buffer.base[$0] = Float((Double(buffer[$0]) - mean) * factor) }
  }

  /// Turns the gradient of y into that of x: with s the deviation, ε = 10⁻⁵ and x̃ = x − mean,
  /// dx = (dy − mean dy) / (s + ε) − x̃ · mean(dy · x̃) / (s · (s + ε)²).
  ///
  /// - Parameter numbers: y if `isStandard`, else x
  func pullBack(_ gradient: NumberRows, at numbers: NumberRows, isStandard: Bool) {
    let buffer = gradient.buffer, x = numbers.buffer, count = Double(numbers.count * numbers.columns)
    let (scale, shift) = isStandard ? (divisor, 0) : (1, mean)
    var sum = 0.0, product = 0.0
    gradient.forEach {
      sum += Double(buffer[$0])
      product += Double(buffer[$0]) * (Double(x[$0]) - shift) * scale
    }
    let average = sum / count, factor = 1 / divisor
    let slope = deviation == 0 ? 0 : product / count / (deviation * divisor * divisor) * scale
    gradient.forEach {
      buffer.base[$0] = Float((Double(buffer[$0]) - average) * factor - (Double(x[$0]) - shift) * slope)
    }
  }
}
