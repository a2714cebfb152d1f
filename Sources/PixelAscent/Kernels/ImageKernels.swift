// SPDX-License-Identifier: MIT
//
// The kernels that work on images.

internal import CPixelKernels

extension Kernels {
  /// Computes x = scale · rgb + offset. The 8-bit values `rgb` have the size and the channels of `x`: three, or one for
  /// grey.
  func normalize(_ x: ImagePlanes, _ rgb: [UInt8], scale: [Float], offset: [Float], rows: Range<Int>) {
    c.normalize(x.raw, rgb, scale, offset, rows.raw)
  }

  /// Returns round(scale · x + offset) as 8-bit values, clamped to 0…255.
  func unnormalize(_ x: ImagePlanes, scale: [Float], offset: [Float], parallel: Parallel) -> [UInt8] {
    let count = x.height * x.width * x.channels
    return [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
      guard let base = bytes.baseAddress else { return }
      parallel.overRows(x.height, Parallel.Body { c.unnormalize(base, x.raw, scale, offset, $0.rows.raw) })
      initialized = count
    }
  }

  func roll(_ y: ImagePlanes, _ x: ImagePlanes, by shift: Shift, accumulate: Bool = false, rows: Range<Int>) {
    c.roll(y.raw, x.raw, Int32(shift.rows), Int32(shift.columns), accumulate, rows.raw)
  }

  /// Replaces X by X + a · G − b · X, clamped to the box. `g` is the gradient for the image that is X rolled by
  /// `shift`, and G is `g` rolled back. Writes the sums of the new X² to `sums`.
  func step(
    _ x: ImagePlanes, _ g: ImagePlanes, at shift: Shift, _ a: Float, _ b: Float, box: Box?, sums: RowSums,
    rows: Range<Int>
  ) {
    c.step(x.raw, sums.single, g.raw, Int32(shift.rows), Int32(shift.columns), a, b, box?.low, box?.high, rows.raw)
  }

  /// Writes the sums of G² and of (a · G − b · X)² to `sums`.
  func squares(_ g: ImagePlanes, _ x: ImagePlanes, _ a: Float, _ b: Float, sums: RowSums, rows: Range<Int>) {
    c.row_squares(sums.pairs, g.raw, x.raw, a, b, rows.raw)
  }

  func blurVertical(_ y: ImagePlanes, _ x: ImagePlanes, taps: [Float], rows: Range<Int>) {
    c.blur_vertical(y.raw, x.raw, taps, Int32(taps.count / 2), rows.raw)
  }

  func blurHorizontal(_ y: ImagePlanes, _ x: ImagePlanes, taps: [Float], rows: Range<Int>) {
    c.blur_horizontal(y.raw, x.raw, taps, Int32(taps.count / 2), rows.raw)
  }
}

/// A roll of an image: a shift that wraps around, like `roll` in NumPy and PyTorch.
struct Shift: Hashable, Sendable {
  var rows = 0
  var columns = 0

  static let none = Shift()
  /// The shift that undoes this shift.
  var inverse: Shift { Shift(rows: -rows, columns: -columns) }
}

/// The box: for every channel, the interval of the values in normalised space that are colours from 0 to 1.
struct Box: Hashable, Sendable {
  let low, high: [Float]

  init(_ preprocessing: Preprocessing) {
    low = preprocessing.mean.indices.map(preprocessing.lowerBound)
    high = preprocessing.mean.indices.map(preprocessing.upperBound)
  }
}
