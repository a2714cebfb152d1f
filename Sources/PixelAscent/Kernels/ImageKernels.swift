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

  /// Crops or pads: Y[y, x] = X[y + top, x + left], or a channel's `fill` outside X; nil for zeros.
  func reframe(_ y: ImagePlanes, _ x: ImagePlanes, top: Int, left: Int, fill: [Float]?, rows: Range<Int>) {
    if let fill {
      c.reframe(y.raw, x.raw, Int32(top), Int32(left), fill, rows.raw)
    } else {
      c.reframe(y.raw, x.raw, Int32(top), Int32(left), nil, rows.raw)
    }
  }

  /// Applies a matrix to the columns of an image.
  func applyDown(_ taps: ImageTaps, _ y: ImagePlanes, _ x: ImagePlanes, rows: Range<Int>) {
    taps.withRaw { c.taps_vertical(y.raw, x.raw, $0, rows.raw) }
  }

  /// Applies a matrix to the rows of an image.
  func applyAcross(_ taps: ImageTaps, _ y: ImagePlanes, _ x: ImagePlanes, rows: Range<Int>) {
    taps.withRaw { c.taps_horizontal(y.raw, x.raw, $0, rows.raw) }
  }

  /// Rotates an image, whose halo holds what lies around the image.
  func rotate(_ y: ImagePlanes, _ x: ImagePlanes, cosine: Float, sine: Float, rows: Range<Int>) {
    c.rotate(y.raw, x.raw, cosine, sine, rows.raw)
  }

  /// Computes the gradient of `rotate` for some channels of dX, and overwrites the halo of dX.
  func rotateInputGradient(_ dx: ImagePlanes, _ dy: ImagePlanes, cosine: Float, sine: Float, channels: Range<Int>) {
    c.rotate_input_grad(dx.raw, dy.raw, cosine, sine, channels.raw)
  }

  /// Computes X = scale · σ(matrix · T) + offset, with `matrix` row by row.
  func colours(
    _ x: ImagePlanes, _ t: ImagePlanes, matrix: [Float], scale: [Float], offset: [Float], rows: Range<Int>
  ) {
    c.colours_forward(x.raw, t.raw, matrix, scale, offset, rows.raw)
  }

  /// Makes a step of Adam on 16 parameters at each index of a range: θ ← θ + (ofMoment·m + ofGradient·g) / (correction·√v +
  /// epsilon), after both moments have taken in the gradient.
  func adam(
    _ parameters: FloatBuffer, _ moments: FloatBuffer, _ gradient: FloatBuffer, count: Int,
    ofMoment: Float, ofGradient: Float, correction: Float, epsilon: Float, range: Range<Int>
  ) {
    let step = pxa_adam(
      of_moment: ofMoment, of_gradient: ofGradient, correction: correction, epsilon: epsilon)
    c.adam(parameters.base, moments.base, moments.base + count, gradient.base, step, range.raw)
  }

  func coloursInputGradient(
    _ dt: ImagePlanes, _ dx: ImagePlanes, _ t: ImagePlanes, matrix: [Float], scale: [Float], rows: Range<Int>
  ) {
    c.colours_input_grad(dt.raw, dx.raw, t.raw, matrix, scale, rows.raw)
  }
}

/// A matrix that makes a row or a column of an image from another, with few elements that are not zero.
struct ImageTaps: Sendable {
  /// The number of outputs and of inputs.
  let size, inputs: Int
  /// The number of elements of each row.
  private let count: Int
  private let index: [Int32]
  private let weight: [Float]

  /// Creates a matrix from the elements of each row: the input's index and its weight.
  init(rows: [[(index: Int, weight: Float)]], inputs: Int) {
    (size, self.inputs) = (rows.count, inputs)
    let size = rows.count, count = rows.map(\.count).max() ?? 0
    var index = [Int32](repeating: 0, count: size * count), weight = [Float](repeating: 0, count: size * count)
    for (row, elements) in rows.enumerated() {
      for (place, element) in elements.enumerated() {
        precondition((0..<inputs).contains(element.index))
        index[place * size + row] = Int32(element.index)
        weight[place * size + row] = element.weight
      }
    }
    (self.count, self.index, self.weight) = (count, index, weight)
  }

  /// The transposed matrix, which computes the gradient.
  var transposed: ImageTaps {
    var columns = [[(index: Int, weight: Float)]](repeating: [], count: inputs)
    for row in 0..<size {
      for place in 0..<count where weight[place * size + row] != 0 {
        columns[Int(index[place * size + row])].append((row, weight[place * size + row]))
      }
    }
    return ImageTaps(rows: columns, inputs: size)
  }

  fileprivate func withRaw(_ body: (pxa_taps) -> Void) {
    index.withUnsafeBufferPointer { index in
      weight.withUnsafeBufferPointer { weight in
        body(
          pxa_taps(size: Int32(size), count: Int32(count), index: index.baseAddress, weight: weight.baseAddress))
      }
    }
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
