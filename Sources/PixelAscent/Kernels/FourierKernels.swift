// SPDX-License-Identifier: MIT
//
// The kernels that transform an image into its spectrum and back.

internal import CPixelKernels

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Half of the two-dimensional Fourier transform of a real image of H×W pixels: ⌊W/2⌋ + 1 complex numbers in each of H rows,
/// for each channel. The real parts of all channels come first in the buffer, then the imaginary parts: two arrays of
/// shape (C, H, ``stride``). The numbers from ``columns`` on are 0.
struct Spectrum {
  let channels, height, width: Int
  let buffer: FloatBuffer

  init(channels: Int, height: Int, width: Int) {
    (self.channels, self.height, self.width) = (channels, height, width)
    stride = (width / 2 + 1 + 15) / 16 * 16
    buffer = FloatBuffer(count: 2 * channels * height * stride)
  }

  /// The number of complex numbers in a row.
  var columns: Int { width / 2 + 1 }
  /// The distance of two rows in memory: a multiple of 16.
  let stride: Int

  /// Sets both parts of every number in the columns that are not padding. `body` gets the channel, the row and the column.
  func fill(_ body: (_ channel: Int, _ row: Int, _ column: Int) -> (re: Float, im: Float)) {
    let half = buffer.count / 2
    for channel in 0..<channels {
      for row in 0..<height {
        for column in 0..<columns {
          let index = (channel * height + row) * stride + column
          (buffer.base[index], buffer.base[half + index]) = body(channel, row, column)
        }
      }
    }
  }

  /// The real and imaginary parts as a tensor of shape (2, C, H, ``columns``).
  var tensor: Tensor {
    let rows = 2 * channels * height
    var values: [Float] = []
    values.reserveCapacity(rows * columns)
    for row in 0..<rows { values += buffer.values(row * stride..<row * stride + columns) }
    return Tensor(shape: [2, channels, height, columns], values: values)
  }

  fileprivate var raw: pxa_spectrum {
    pxa_spectrum(
      re: buffer.base, im: buffer.base + buffer.count / 2, channels: Int32(channels), height: Int32(height),
      columns: Int32(columns), stride: Int32(stride))
  }
}

/// The Fourier transforms of images of one size, from pixels to a spectrum and back.
final class FourierTransform {
  private let kernels: Kernels
  private let parallel: Parallel
  private let height, width: Int
  private let rows, columns: FourierTable
  private let scratch: Scratch

  /// - Throws: `PixelAscentError` of kind `sizeLimit` if the process can't get the memory.
  init(height: Int, width: Int, _ kernels: Kernels, _ parallel: Parallel) throws(PixelAscentError) {
    (self.height, self.width, self.kernels, self.parallel) = (height, width, kernels, parallel)
    (columns, rows) = (FourierTable(size: height), FourierTable(size: width))
    scratch = try Scratch(
      threads: parallel.threads, floats: pxa_fourier_floats(Int32(max(height, width))),
      for: "the scratch memory of Fourier transforms takes")
  }

  /// Computes T = Σ_{j,k} w(k) · Re(factor[j, k] · X[j, k] · exp(2πi·(j·y/H + k·x/W))) for each channel, where w(k) is 1
  /// for k = 0 and k = W/2 and 2 otherwise: H · W times NumPy's `irfft2`.
  ///
  /// - Parameters:
  ///   - image: T, in planes of H×W
  ///   - spectrum: X
  ///   - factor: a number for every row and column of the spectrum, of shape (H, stride)
  ///   - columns: the memory of the result along the columns; it may be that of X
  func image(
    _ image: ImagePlanes, of spectrum: Spectrum, factor: FloatBuffer, through columns: Spectrum
  ) {
    transformColumns(columns, spectrum, factor: factor, inverse: true)
    let (kernels, scratch, table) = (kernels, scratch, rows)
    overRowGroups(spectrum.channels) { groups in
      scratch.borrow { kernels.c.spectrum_to_image(image.raw, columns.raw, table.raw, $0, groups.raw) }
    }
  }

  /// Computes X[j, k] = factor[j, k] · Σ_{y,x} T[y, x] · exp(−2πi·(j·y/H + k·x/W)) for each channel: NumPy's `rfft2` times
  /// the factor.
  func spectrum(_ spectrum: Spectrum, of image: ImagePlanes, factor: FloatBuffer) {
    let (kernels, scratch, table) = (kernels, scratch, rows)
    overRowGroups(spectrum.channels) { groups in
      scratch.borrow { kernels.c.image_to_spectrum(spectrum.raw, image.raw, table.raw, $0, groups.raw) }
    }
    transformColumns(spectrum, spectrum, factor: factor, inverse: false)
  }

  private func transformColumns(_ y: Spectrum, _ x: Spectrum, factor: FloatBuffer, inverse: Bool) {
    precondition(x.height == height && x.width == width && factor.count >= height * x.stride)
    let (kernels, scratch, table) = (kernels, scratch, columns)
    let body = Parallel.Body { part in
      scratch.borrow {
        kernels.c.spectrum_columns(y.raw, x.raw, factor.base, table.raw, inverse, $0, part.blocks.raw)
      }
    }
    parallel.overParts(blocks: 0..<x.channels * x.stride / 16, rows: 1, body)
  }

  private func overRowGroups(_ channels: Int, _ body: @escaping (Range<Int>) -> Void) {
    parallel.overParts(blocks: 0..<channels * ((height + 31) / 32), rows: 1, Parallel.Body { body($0.blocks) })
  }
}

/// The cosines and sines of a Fourier transform.
private final class FourierTable: Sendable {
  let size: Int
  private let values: FloatBuffer

  init(size: Int) {
    self.size = size
    values = FloatBuffer(count: 2 * size)
    for k in 0..<size {
      let angle = 2 * Double.pi * Double(k) / Double(size)
      values.base[k] = Float(cos(angle))
      values.base[size + k] = Float(sin(angle))
    }
  }

  var raw: pxa_fourier {
    pxa_fourier(size: Int32(size), cosines: UnsafePointer(values.base), sines: UnsafePointer(values.base + size))
  }
}
