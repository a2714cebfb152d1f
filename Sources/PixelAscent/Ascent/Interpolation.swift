// SPDX-License-Identifier: MIT
//
// Linear interpolation of images, as matrices along their two axes.

extension ImageTaps {
  /// Returns the matrix that interpolates linearly between inputs. A place outside the inputs is the nearest input.
  static func linear(at places: [Double], inputs: Int) -> ImageTaps {
    ImageTaps(
      rows: places.map { (place: Double) -> [(index: Int, weight: Float)] in
        let place = min(max(0, place), Double(inputs - 1)), index = Int(place), part = place - Double(index)
        if part == 0 { return [(index: index, weight: 1)] }
        return [(index: index, weight: Float(1 - part)), (index: index + 1, weight: Float(part))]
      }, inputs: inputs)
  }

  /// Returns the matrix of a bilinear resize along an axis, with half-pixel centres and the edge repeated.
  static func bilinear(from inputs: Int, to outputs: Int) -> ImageTaps {
    linear(at: (0..<outputs).map { (Double($0) + 0.5) * Double(inputs) / Double(outputs) - 0.5 }, inputs: inputs)
  }

  /// Returns the matrix of a bilinear resize along an axis that keeps the first and the last element in their places, as
  /// SciPy's `ndimage.zoom` does.
  static func cornerAligned(from inputs: Int, to outputs: Int) -> ImageTaps {
    let step = outputs > 1 ? Double(inputs - 1) / Double(outputs - 1) : 0
    return linear(at: (0..<outputs).map { Double($0) * step }, inputs: inputs)
  }
}

extension Kernels {
  /// Applies one matrix to the columns and one to the rows of an image.
  func apply(down: ImageTaps, across: ImageTaps, to image: Tensor) -> Tensor {
    let x = ImagePlanes(image)
    let middle = ImagePlanes(channels: image.shape[0], height: down.size, width: image.shape[2])
    let y = ImagePlanes(channels: image.shape[0], height: down.size, width: across.size)
    applyDown(down, middle, x, rows: 0..<down.size)
    applyAcross(across, y, middle, rows: 0..<down.size)
    return y.tensor
  }
}

/// A part of an axis, stretched: output i of m lies at (centre − side / 2) · (n − 1) + i · side · (n − 1) / (m − 1) of n
/// inputs, as TensorFlow's `crop_and_resize` samples; a single output lies at the centre.
struct ZoomedAxis {
  /// The first input that is read.
  let first: Int
  /// The number of outputs before the first one that lies inside the image.
  let before: Int
  /// The matrix from the read inputs to the outputs inside the image.
  let taps: ImageTaps

  /// Returns nil if no output lies inside the image.
  init?(centre: Double, side: Double, from inputs: Int, to outputs: Int) {
    let low = (centre - side / 2) * Double(inputs - 1)
    let step = outputs > 1 ? side * Double(inputs - 1) / Double(outputs - 1) : 0
    // A single output lies at the box's centre.
    let begin = outputs > 1 ? low : centre * Double(inputs - 1)
    let places = (0..<outputs).map { begin + Double($0) * step }
    guard let inside = places.firstIndex(where: { $0 >= 0 }) else { return nil }
    let placesInside = places[inside...].prefix { $0 <= Double(inputs - 1) }
    guard let lowest = placesInside.first, let highest = placesInside.last else { return nil }
    let first = Int(lowest), last = Int(highest.rounded(.up))
    (self.first, before) = (first, inside)
    taps = .linear(at: placesInside.map { $0 - Double(first) }, inputs: last - first + 1)
  }
}
