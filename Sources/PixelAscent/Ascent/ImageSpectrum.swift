// SPDX-License-Identifier: MIT

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The magnitudes of the Fourier coefficients of natural photographs, in colours that do not correlate. Their scale is of
/// no importance.
public enum ImageSpectrum {
  /// Returns magnitudes that fall as frequency⁻¹·⁵, of shape (channels, `height`, `width` / 2 + 1); that of frequency 0 is
  /// as large as that of the lowest frequency.
  static func powerLaw(channels: Int, height: Int, width: Int) -> Tensor {
    let least = 1 / Double(max(height, width))
    let plane = (0..<height).flatMap { (row: Int) -> [Float] in
      let down = Double(min(row, height - row)) / Double(height)
      return (0...width / 2).map { (column: Int) -> Float in
        let across = Double(column) / Double(width)
        return Float(pow(max((down * down + across * across).squareRoot(), least), -1.5))
      }
    }
    let values = (0..<channels).flatMap { _ in plane }
    return Tensor(shape: [channels, height, width / 2 + 1], values: values)
  }

  /// Returns the magnitudes of a photograph's Fourier coefficients.
  ///
  /// - Parameters:
  ///   - photo: the network's input for the photograph, as ``Network/input(for:)`` makes it
  ///   - network: the network, whose preprocessing says which values are colours
  /// - Returns: the magnitudes, of shape (C, H, ⌊W/2⌋ + 1); colours of exactly 0 and 1 count as 10⁻³ and 1 − 10⁻³
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` if the tensor is no input of the network, `sizeLimit` if
  ///   the process can't get the memory.
  public static func magnitudes(of photo: Tensor, _ network: Network) throws(PixelAscentError) -> Tensor {
    try network.check(photo)
    let (channels, height, width) = (network.channels, photo.shape[1], photo.shape[2])
    let planes = ImagePlanes(ColourSpace(network.preprocessing).unbounded(photo, least: 1e-3))
    let spectrum = Spectrum(channels: channels, height: height, width: width)
    let ones = FloatBuffer(count: height * spectrum.stride)
    for index in 0..<ones.count { ones.base[index] = 1 }
    try FourierTransform(height: height, width: width, network.kernels, network.parallel)
      .spectrum(spectrum, of: planes, factor: ones)
    let parts = spectrum.tensor, half = parts.values.count / 2
    let values = (0..<half).map { (index: Int) -> Float in
      let (re, im) = (parts.values[index], parts.values[half + index])
      return (re * re + im * im).squareRoot()
    }
    return Tensor(shape: [channels, height, width / 2 + 1], values: values)
  }

  /// Checks magnitudes for a network.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter`.
  static func check(_ magnitudes: Tensor, _ network: Network) throws(PixelAscentError) {
    let shape = magnitudes.shape
    guard shape.count == 3, shape[0] == network.channels, shape[1] > 0, shape[2] > 1 else {
      throw PixelAscentError(
        .invalidParameter,
        "a spectrum must have the shape (\(network.channels), H, W/2 + 1), found \(shapeText(shape))")
    }
    guard magnitudes.isFinite, magnitudes.values.allSatisfy({ $0 >= 0 }), magnitudes.values.contains(where: { $0 > 0 })
    else {
      throw PixelAscentError(
        .invalidParameter, "a spectrum must have finite magnitudes of 0 or more, and not only zeros")
    }
  }

  /// Resizes magnitudes bilinearly, as an array: with half-pixel centres and the edge repeated.
  static func resized(_ magnitudes: Tensor, height: Int, width: Int, _ kernels: Kernels) -> Tensor {
    kernels.apply(
      down: .bilinear(from: magnitudes.shape[1], to: height),
      across: .bilinear(from: magnitudes.shape[2], to: width / 2 + 1), to: magnitudes)
  }
}
