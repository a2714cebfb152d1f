// SPDX-License-Identifier: MIT
//
// The kernels that work on images.

internal import CPixelKernels

extension Kernels {
  /// RGB8, or grey of one channel, of the same size as `x` into x = scale · RGB8 + offset.
  func normalize(_ x: ImagePlanes, _ rgb: [UInt8], scale: [Float], offset: [Float], rows: Range<Int>) {
    c.normalize(x.raw, rgb, scale, offset, rows.raw)
  }

  /// RGB8 = round(scale · x + offset), clamped.
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

  /// X ← X + a · G − b · X, clamped to the box, G being a gradient at X rolled by `shift`; sums X².
  func step(
    _ x: ImagePlanes, _ g: ImagePlanes, at shift: Shift, _ a: Float, _ b: Float, box: Box?, sums: RowSums,
    rows: Range<Int>
  ) {
    c.step(x.raw, sums.single, g.raw, Int32(shift.rows), Int32(shift.columns), a, b, box?.low, box?.high, rows.raw)
  }

  /// Sums G² and (a · G − b · X)².
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

/// A circular shift of an image, as in numpy's and torch's roll.
struct Shift: Hashable, Sendable {
  var rows = 0
  var columns = 0

  static let none = Shift()
  /// The shift that undoes it.
  var inverse: Shift { Shift(rows: -rows, columns: -columns) }
}

/// The allowed interval of every channel.
struct Box: Hashable, Sendable {
  let low, high: [Float]

  init(_ preprocessing: Preprocessing) {
    low = preprocessing.mean.indices.map(preprocessing.lowerBound)
    high = preprocessing.mean.indices.map(preprocessing.upperBound)
  }
}
