// SPDX-License-Identifier: MIT

internal import CPixelKernels

/// An image or its gradient in plain planes, [C][H + 2·halo][W + 2·halo], at an offset in a buffer.
struct ImagePlanes {
  let channels, height, width, halo: Int
  private let buffer: FloatBuffer
  private let offset: Int

  init(_ buffer: FloatBuffer, at offset: Int = 0, channels: Int, height: Int, width: Int, halo: Int = 0) {
    precondition(
      offset + ImagePlanes.floats(channels: channels, height: height, width: width, halo: halo) <= buffer.count)
    self.channels = channels
    self.height = height
    self.width = width
    self.halo = halo
    self.buffer = buffer
    self.offset = offset
  }

  /// Creates an image in a new buffer.
  init(channels: Int, height: Int, width: Int) {
    self.init(FloatBuffer(count: channels * height * width), channels: channels, height: height, width: width)
  }

  /// Creates a copy of a tensor of shape (C, H, W) in a new buffer.
  init(_ tensor: Tensor) {
    self.init(channels: tensor.shape[0], height: tensor.shape[1], width: tensor.shape[2])
    self.tensor = tensor
  }

  /// Returns whether `other` lies at the same place in memory.
  func isSame(as other: ImagePlanes) -> Bool { buffer === other.buffer && offset == other.offset }

  static func floats(channels: Int, height: Int, width: Int, halo: Int) -> Int {
    channels * (height + 2 * halo) * (width + 2 * halo)
  }

  var raw: pxa_image {
    pxa_image(
      data: buffer.base + offset, channels: Int32(channels), height: Int32(height), width: Int32(width),
      halo: Int32(halo))
  }

  /// The elements as a tensor of shape (C, H, W). Setting the tensor overwrites the elements and leaves the halo as it
  /// is.
  var tensor: Tensor {
    get {
      var values: [Float] = []
      values.reserveCapacity(channels * height * width)
      forEachRow { row, _ in values += buffer.values(row) }
      return Tensor(shape: [channels, height, width], values: values)
    }
    nonmutating set {
      precondition(newValue.shape == [channels, height, width])
      forEachRow { row, start in buffer.replace(from: row.lowerBound, with: newValue.values[start..<start + row.count])
      }
    }
  }

  /// The sum of the magnitudes of all elements of an image without a halo: 0 only if every element is 0, and not finite
  /// if an element is not finite.
  var sumOfMagnitudes: Float {
    precondition(halo == 0)
    return buffer.sumOfMagnitudes(offset..<offset + channels * height * width)
  }

  /// Overwrites the image with a multiple of another of the same size. Neither has a halo.
  func fill(from other: ImagePlanes, times factor: Float) {
    precondition(halo == 0 && other.halo == 0)
    for index in 0..<channels * height * width {
      buffer.base[offset + index] = factor * other.buffer.base[other.offset + index]
    }
  }

  /// Adds a multiple of another image of the same size. Neither has a halo.
  func add(_ other: ImagePlanes, times factor: Float) {
    precondition(halo == 0 && other.halo == 0)
    for index in 0..<channels * height * width {
      buffer.base[offset + index] += factor * other.buffer.base[other.offset + index]
    }
  }

  /// Overwrites some rows of every channel c with factor[c] · X + offset[c]. X has the same size, and neither image has a
  /// halo.
  func fill(from x: ImagePlanes, times factor: [Float], plus offset: [Float], rows: Range<Int>) {
    precondition(halo == 0 && x.halo == 0 && (x.channels, x.height, x.width) == (channels, height, width))
    for channel in 0..<channels {
      let (start, end) = ((channel * height + rows.lowerBound) * width, (channel * height + rows.upperBound) * width)
      let factor = factor[channel], shift = offset[channel]
      for index in start..<end {
        buffer.base[self.offset + index] = factor * x.buffer.base[x.offset + index] + shift
      }
    }
  }

  /// Clamps the elements of some rows of every channel. The image has no halo.
  func clamp(to range: ClosedRange<Float>, rows: Range<Int>) {
    precondition(halo == 0)
    for channel in 0..<channels {
      for index in (channel * height + rows.lowerBound) * width..<(channel * height + rows.upperBound) * width {
        buffer.base[offset + index] = min(range.upperBound, max(range.lowerBound, buffer.base[offset + index]))
      }
    }
  }

  /// Adds `values`, in the order of a tensor, to the elements.
  func add(_ values: [Float]) {
    precondition(values.count == channels * height * width)
    forEachRow { row, start in
      for index in 0..<row.count { buffer.base[row.lowerBound + index] += values[start + index] }
    }
  }

  /// Adds (value + shift) · factor[c] to the elements of some rows of every channel c. The values are those of all
  /// elements in the order of a tensor.
  func add(_ values: FloatBuffer, times factor: [Float], shift: Float, rows: Range<Int>) {
    precondition(values.count >= channels * height * width && factor.count == channels)
    let line = width + 2 * halo
    for channel in 0..<channels {
      for row in rows {
        let y = buffer.base + offset + (channel * (height + 2 * halo) + row + halo) * line + halo
        let x = values.base + (channel * height + row) * width, factor = factor[channel]
        for index in 0..<width { y[index] += (x[index] + shift) * factor }
      }
    }
  }

  /// Overwrites the halo of every channel with a value of its own.
  func fillHalo(with values: [Float]) {
    let row = width + 2 * halo, plane = row * (height + 2 * halo)
    if halo == 0 { return }
    for channel in 0..<channels {
      let start = offset + channel * plane
      buffer.fill(start..<start + row * halo, with: values[channel])
      buffer.fill(start + row * (height + halo)..<start + plane, with: values[channel])
      for line in halo..<height + halo {
        let left = start + line * row, right = left + row - halo
        buffer.fill(left..<left + halo, with: values[channel])
        buffer.fill(right..<right + halo, with: values[channel])
      }
    }
  }

  /// Calls `body` with the range of each row in the buffer, and with the offset at which the row starts in a tensor.
  /// Without a halo, all rows are one range.
  private func forEachRow(_ body: (_ row: Range<Int>, _ start: Int) -> Void) {
    if halo == 0 { return body(offset..<offset + channels * height * width, 0) }
    let stride = width + 2 * halo
    for channel in 0..<channels {
      for row in 0..<height {
        let first = offset + (channel * (height + 2 * halo) + row + halo) * stride + halo
        body(first..<first + width, (channel * height + row) * width)
      }
    }
  }
}
