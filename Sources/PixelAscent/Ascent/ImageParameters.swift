// SPDX-License-Identifier: MIT

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// How an ascent's parameters make its image.
public enum Parametrization: String, Codable, CaseIterable, Hashable, Sendable {
  /// The parameters are the pixels themselves, in normalised space.
  case pixels
  /// The parameters are the image's Fourier coefficients, each divided by its frequency, in colours that do not
  /// correlate; a sigmoid then keeps every colour from 0 to 1 (Olah, Mordvintsev, Schubert: "Feature visualization",
  /// 2017). The image's width must be even.
  case fourier
  /// The parameters are the phases of the image's Fourier coefficients. Their magnitudes stay those of natural
  /// photographs (Fel et al.: "Unlocking feature visualization for deeper networks with magnitude constrained
  /// optimization", 2023). The image's width must be even, and the ascent starts from noise.
  case phase
}

/// The parameters of an ascent, and the image that they make.
protocol ImageParameters: AnyObject {
  /// The parameters, and padding up to a multiple of 16.
  var values: FloatBuffer { get }
  /// The number of parameters without padding.
  var trueCount: Int { get }
  /// The gradient of the objective with respect to the parameters, after `pullBack`.
  var gradient: FloatBuffer { get }
  /// The image in normalised space, of shape (C, H, W), after `makeImage`.
  var image: ImagePlanes { get }

  /// Makes the image from the parameters.
  func makeImage()
  /// Computes the gradient of the parameters from that of the image.
  func pullBack(_ imageGradient: ImagePlanes)
}

/// Parameters that any image can be made of.
protocol PixelwiseParameters: ImageParameters {
  /// Sets the image in normalised space, of shape (C, H, W).
  func set(_ image: Tensor)
  /// Clamps the parameters to colours, and makes the image.
  func clamp()
}

/// Returns planes of the size of a tensor, and their buffer, whose size is a multiple of 16.
private func paddedPlanes(like tensor: Tensor) -> (planes: ImagePlanes, buffer: FloatBuffer) {
  let buffer = FloatBuffer(count: (tensor.values.count + 15) / 16 * 16)
  return (
    ImagePlanes(buffer, channels: tensor.shape[0], height: tensor.shape[1], width: tensor.shape[2]), buffer
  )
}

/// Parameters that are the pixels themselves.
final class PixelParameters: PixelwiseParameters {
  let image: ImagePlanes
  let values: FloatBuffer
  let gradient: FloatBuffer
  private let gradientPlanes: ImagePlanes
  private let kernels: Kernels
  private let box: Box
  private let sums: RowSums
  private let parallel: Parallel
  var trueCount: Int { image.channels * image.height * image.width }

  /// Creates the parameters of an image in normalised space.
  init(_ start: Tensor, _ network: Network, _ parallel: Parallel) {
    (image, values) = paddedPlanes(like: start)
    (gradientPlanes, gradient) = paddedPlanes(like: start)
    (kernels, box, sums, self.parallel) = (network.kernels, Box(network.preprocessing), RowSums(image), parallel)
    image.tensor = start
  }

  func set(_ image: Tensor) { self.image.tensor = image }
  func makeImage() {}

  func clamp() {
    // A step of length 0 clamps.
    let body = Parallel.Body { [kernels, image, gradientPlanes, box, sums] in
      kernels.step(image, gradientPlanes, at: .none, 0, 0, box: box, sums: sums, rows: $0.rows)
    }
    parallel.overRows(image.height, body)
  }

  func pullBack(_ imageGradient: ImagePlanes) { gradientPlanes.fill(from: imageGradient, times: 1) }
}

/// Parameters that are the pixels as numbers from 0 to 255.
final class ByteParameters: PixelwiseParameters {
  let image: ImagePlanes
  let values, gradient: FloatBuffer
  private let colours, colourGradient: ImagePlanes
  /// From numbers to normalised space: 1 / (255 · std) and −mean / std.
  private let scale, offset: [Float]
  private let parallel: Parallel
  var trueCount: Int { image.channels * image.height * image.width }

  /// Creates the parameters of an image in normalised space.
  init(_ start: Tensor, _ preprocessing: Preprocessing, _ parallel: Parallel) {
    (colours, values) = paddedPlanes(like: start)
    (colourGradient, gradient) = paddedPlanes(like: start)
    image = ImagePlanes(start)
    scale = preprocessing.std.map { Float(1 / (255 * Double($0))) }
    offset = preprocessing.normalized(0)
    self.parallel = parallel
    setColours()
  }

  func set(_ image: Tensor) {
    self.image.tensor = image
    setColours()
  }

  private func setColours() {
    convert(colours, image, scale.map { 1 / $0 }, zip(offset, scale).map { -$0 / $1 })
  }

  func makeImage() { convert(image, colours, scale, offset) }

  func clamp() {
    let colours = colours
    parallel.overRows(colours.height, Parallel.Body { colours.clamp(to: 0...255, rows: $0.rows) })
    makeImage()
  }

  func pullBack(_ imageGradient: ImagePlanes) {
    convert(colourGradient, imageGradient, scale, scale.map { _ in 0 })
  }

  private func convert(_ y: ImagePlanes, _ x: ImagePlanes, _ scale: [Float], _ offset: [Float]) {
    parallel.overRows(y.height, Parallel.Body { y.fill(from: x, times: scale, plus: offset, rows: $0.rows) })
  }
}

/// Parameters that are Fourier coefficients in colours that do not correlate.
///
/// The image is σ(t · Cᵀ), where t = irfft2(scale · θ) / 4 in NumPy's orthonormal form. A frequency f has the scale
/// 1 / max(f, 1 / max(H, W)), with f in cycles per pixel. The columns of C point along the colours' principal axes in
/// natural photographs.
final class FourierParameters: ImageParameters {
  let image: ImagePlanes
  var values: FloatBuffer { spectrum.buffer }
  var gradient: FloatBuffer { spectrumGradient.buffer }
  var trueCount: Int { 2 * spectrum.channels * spectrum.height * spectrum.columns }
  /// The coefficients θ, and their gradient.
  let spectrum, spectrumGradient: Spectrum
  /// t, and the gradient of t.
  private let colourless, colourlessGradient: ImagePlanes
  /// The factors of the coefficients on the way to the image, and on the way back.
  private let factor, factorBack: FloatBuffer
  private let transform: FourierTransform
  private let space: ColourSpace
  private let kernels: Kernels
  private let parallel: Parallel

  /// The standard deviation of the coefficients' real and imaginary parts at the start.
  static let startDeviation: Float = 0.01

  /// Creates parameters that are all 0, which make a grey image.
  ///
  /// - Precondition: the width is even.
  /// - Throws: `PixelAscentError` of kind `sizeLimit` if the process can't get the memory.
  init(_ network: Network, height: Int, width: Int, _ parallel: Parallel) throws(PixelAscentError) {
    let channels = network.channels
    (kernels, self.parallel, space) = (network.kernels, parallel, ColourSpace(network.preprocessing))
    spectrum = Spectrum(channels: channels, height: height, width: width)
    spectrumGradient = Spectrum(channels: channels, height: height, width: width)
    image = ImagePlanes(channels: channels, height: height, width: width)
    colourless = ImagePlanes(channels: channels, height: height, width: width)
    colourlessGradient = ImagePlanes(channels: channels, height: height, width: width)
    transform = try FourierTransform(height: height, width: width, network.kernels, parallel)
    (factor, factorBack) = Self.factors(spectrum)
  }

  private static func factors(_ spectrum: Spectrum) -> (FloatBuffer, FloatBuffer) {
    let (height, width) = (spectrum.height, spectrum.width), least = 1 / Double(max(height, width))
    let factor = FloatBuffer(count: height * spectrum.stride), back = FloatBuffer(count: height * spectrum.stride)
    for row in 0..<height {
      let down = Double(min(row, height - row)) / Double(height)
      for column in 0..<spectrum.columns {
        let across = Double(column) / Double(width)
        let frequency = (down * down + across * across).squareRoot()
        // `irfft2` in its orthonormal form divides by √(H·W), as `rfft2` does.
        let scale = 1 / (max(frequency, least) * 4 * Double(height * width).squareRoot())
        let isAlone = column == 0 || 2 * column == width
        factor.base[row * spectrum.stride + column] = Float(scale)
        back.base[row * spectrum.stride + column] = Float(isAlone ? scale : 2 * scale)
      }
    }
    return (factor, back)
  }

  /// Draws the coefficients from a normal distribution with a standard deviation of ``startDeviation``.
  func fill(from random: RandomSource) {
    let half = spectrum.channels * spectrum.height * spectrum.columns
    let numbers = random.normals(2 * half)
    spectrum.fill { channel, row, column in
      let index = (channel * spectrum.height + row) * spectrum.columns + column
      return (Self.startDeviation * numbers[index], Self.startDeviation * numbers[half + index])
    }
  }

  /// Sets the coefficients of an image in normalised space, of shape (C, H, W). Colours of exactly 0 or 1 become 10⁻³
  /// and 1 − 10⁻³.
  func fill(from image: Tensor) {
    colourless.tensor = space.unbounded(image, least: 1e-3)
    let inverse = FloatBuffer(count: factor.count)
    for index in 0..<factor.count where factor[index] != 0 {
      inverse.base[index] = 1 / (factor[index] * Float(spectrum.height * spectrum.width))
    }
    transform.spectrum(spectrum, of: colourless, factor: inverse)
  }

  func makeImage() {
    transform.image(colourless, of: spectrum, factor: factor, through: spectrumGradient)
    space.makeImage(image, of: colourless, kernels, parallel)
  }

  func pullBack(_ imageGradient: ImagePlanes) {
    space.pullBack(colourlessGradient, imageGradient, at: colourless, kernels, parallel)
    transform.spectrum(spectrumGradient, of: colourlessGradient, factor: factorBack)
  }
}

/// The colours of a network's images: from three numbers without bounds that do not correlate to normalised space.
struct ColourSpace: Sendable {
  /// The matrix C, row by row.
  private let matrix: [Float]
  /// 1 / std and −mean / std: from colours to normalised space.
  private let scale, offset: [Float]

  /// The square root of the colours' covariance in natural photographs, divided by the norm of its longest column (Olah
  /// et al. 2017).
  static let correlation: [[Double]] = {
    let rows = [[0.26, 0.09, 0.02], [0.27, 0, -0.05], [0.27, -0.09, 0.03]]
    let longest = rows.reduce(0) { $0 + $1[0] * $1[0] }.squareRoot()
    return rows.map { $0.map { $0 / longest } }
  }()

  init(_ preprocessing: Preprocessing) {
    // A grey image has one colour.
    matrix = preprocessing.mean.count == 3 ? Self.correlation.flatMap { $0.map(Float.init) } : [1]
    scale = preprocessing.std.map { Float(1 / Double($0)) }
    offset = preprocessing.normalized(0)
  }

  /// Makes an image in normalised space of numbers t without bounds.
  func makeImage(_ image: ImagePlanes, of t: ImagePlanes, _ kernels: Kernels, _ parallel: Parallel) {
    let body = Parallel.Body { [matrix, scale, offset] in
      kernels.colours(image, t, matrix: matrix, scale: scale, offset: offset, rows: $0.rows)
    }
    parallel.overRows(image.height, body)
  }

  /// Computes the gradient of the numbers t from that of their image.
  func pullBack(
    _ gradient: ImagePlanes, _ imageGradient: ImagePlanes, at t: ImagePlanes, _ kernels: Kernels, _ parallel: Parallel
  ) {
    let body = Parallel.Body { [matrix, scale] in
      kernels.coloursInputGradient(gradient, imageGradient, t, matrix: matrix, scale: scale, rows: $0.rows)
    }
    parallel.overRows(imageGradient.height, body)
  }

  /// Returns the numbers t without bounds that make an image in normalised space: C⁻¹ · log(p / (1 − p)), for colours p
  /// from `least` to 1 − `least`.
  func unbounded(_ image: Tensor, least: Double) -> Tensor {
    let channels = scale.count, plane = image.values.count / channels, inverse = self.inverse
    var result = image
    for pixel in 0..<plane {
      let logits = (0..<channels).map { (channel: Int) -> Double in
        let colour = Double((image.values[channel * plane + pixel] - offset[channel]) / scale[channel])
        let clamped = min(1 - least, max(least, colour))
        return log(clamped / (1 - clamped))
      }
      for channel in 0..<channels {
        var sum = 0.0
        for other in 0..<channels { sum += inverse[channel][other] * logits[other] }
        result.values[channel * plane + pixel] = Float(sum)
      }
    }
    return result
  }

  /// C⁻¹, by Cramer's rule.
  private var inverse: [[Double]] {
    guard matrix.count == 9 else { return [[1]] }
    let m = Self.correlation
    func cofactor(_ row: Int, _ column: Int) -> Double {
      let (r1, r2, c1, c2) = ((row + 1) % 3, (row + 2) % 3, (column + 1) % 3, (column + 2) % 3)
      return m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
    }
    let determinant = (0..<3).reduce(0) { $0 + m[0][$1] * cofactor(0, $1) }
    return (0..<3).map { row in (0..<3).map { cofactor($0, row) / determinant } }
  }
}
