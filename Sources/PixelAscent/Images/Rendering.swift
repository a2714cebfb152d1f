// SPDX-License-Identifier: MIT

/// How values in normalised space become the 8-bit pixels of a picture.
public enum Rendering: Hashable, Sendable {
  /// Un-normalised and clipped to [0, 1]: the image as it is.
  case clip
  /// Un-normalised, then the least value of all channels becomes black and the greatest full intensity.
  case stretch
  /// Un-normalised, then the `low` and `high` percentiles (0…100, linearly interpolated) of all values of all channels
  /// become black and full intensity.
  case percentileStretch(low: Double, high: Double)
}

extension Network {
  /// A picture of a tensor of shape (C, H, W) in normalised space. A flat image that is to be stretched is mid grey.
  public func render(_ image: Tensor, _ rendering: Rendering) -> RGBImage {
    precondition(image.shape.count == 3 && image.shape[0] == channels)
    let planes = ImagePlanes(channels: channels, height: image.shape[1], width: image.shape[2])
    planes.tensor = image
    var low = 0.0, high = 1.0
    switch rendering {
    case .clip: break
    case .stretch:
      let range = pixels(of: image).range
      (low, high) = (Double(range.low), Double(range.high))
    case .percentileStretch(let lowPercent, let highPercent):
      let sorted = pixels(of: image).sorted()
      (low, high) = (sorted.percentile(lowPercent), sorted.percentile(highPercent))
    }
    // Rounding alone makes a grey image's channels differ by up to 2⁻²³.
    let isFlat = !(high - low > 0x1p-20)
    // (std·x + mean − low) / (high − low) · 255
    let gain = isFlat ? 0 : 255 / (high - low)
    let scale = preprocessing.std.map { Float(Double($0) * gain) }
    let offset = preprocessing.mean.map { isFlat ? 128 : Float((Double($0) - low) * gain) }
    let pixels = kernels.unnormalize(planes, scale: scale, offset: offset, parallel: parallel)
    return channels == 1
      ? RGBImage(width: planes.width, height: planes.height, grey: pixels)
      : RGBImage(width: planes.width, height: planes.height, pixels: pixels)
  }

  /// The values in units where a pixel lies in [0, 1].
  private func pixels(of image: Tensor) -> [Float] {
    affine(image, scale: preprocessing.std, offset: preprocessing.mean)
  }

  /// Pixels in [0, 1], shape (C, H, W), in normalised space.
  func normalized(_ pixels: Tensor) -> Tensor {
    let scale = preprocessing.std.map { 1 / $0 }
    let offset = zip(preprocessing.mean, preprocessing.std).map { -$0 / $1 }
    return Tensor(shape: pixels.shape, values: affine(pixels, scale: scale, offset: offset))
  }

  /// scale[c] · X + offset[c] of every channel.
  private func affine(_ image: Tensor, scale: [Float], offset: [Float]) -> [Float] {
    let plane = image.shape[1] * image.shape[2]
    return (0..<channels).flatMap { channel in
      [Float](count: plane) { image.values.block(channel * plane + $0) * scale[channel] + offset[channel] }
    }
  }
}

extension [Float] {
  /// The percentile of sorted values, linearly interpolated between neighbours as numpy does.
  func percentile(_ percent: Double) -> Double {
    let position = percent / 100 * Double(count - 1)
    let index = Swift.min(Int(position), count - 1), next = Swift.min(index + 1, count - 1)
    return Double(self[index]) + (position - Double(index)) * (Double(self[next]) - Double(self[index]))
  }
}

extension RGBImage {
  /// (self − other) · gain around mid grey, clipped. Both have one size.
  public func difference(from other: RGBImage, gain: Int = 1) -> RGBImage {
    precondition(width == other.width && height == other.height)
    let grey: Int32 = 128
    var bytes = pixels
    for start in stride(from: 0, to: bytes.count, by: 16) {
      let lanes = Swift.min(16, bytes.count - start)
      var a = SIMD16<Int32>(), b = SIMD16<Int32>()
      for lane in 0..<lanes {
        a[lane] = Int32(pixels[start + lane])
        b[lane] = Int32(other.pixels[start + lane])
      }
      let shifted = (a &- b) &* Int32(gain) &+ grey
      let result = SIMD16<UInt8>(clamping: shifted)
      for lane in 0..<lanes { bytes[start + lane] = result[lane] }
    }
    return RGBImage(width: width, height: height, pixels: bytes)
  }

  /// Where this picture differs from another of its size: the greatest difference of each pixel's values, in the colours
  /// "hot". Unlike the differences themselves it does not fade away when it is shrunk.
  package func changes(from other: RGBImage) -> RGBImage {
    let greatest = stride(from: 0, to: pixels.count, by: 3).map { (start: Int) -> Float in
      (start..<start + 3).reduce(0) { max($0, abs(Float(pixels[$1]) - Float(other.pixels[$1]))) }
    }
    return RGBImage(map: Tensor(shape: [height, width], values: greatest))
  }

  /// The images side by side on white, 4 pixels apart, aligned at the top.
  public init(row images: [RGBImage]) {
    let gap = 4
    let width = images.map(\.width).reduce(0, +) + gap * Swift.max(images.count - 1, 0)
    let height = images.map(\.height).max() ?? 0
    var pixels = [UInt8](repeating: 255, count: 3 * width * height)
    var left = 0
    for image in images {
      for row in 0..<image.height {
        let to = 3 * (row * width + left), from = 3 * row * image.width
        pixels.replaceSubrange(to..<to + 3 * image.width, with: image.pixels[from..<from + 3 * image.width])
      }
      left += image.width + gap
    }
    self.init(width: width, height: height, pixels: pixels)
  }
}
