// SPDX-License-Identifier: MIT

extension Network {
  /// Returns a picture of an image in normalised space. A stretch turns an image of one shade of grey into mid grey.
  ///
  /// - Parameters:
  ///   - image: the image, of shape (C, H, W)
  ///   - rendering: how the image's values become 8-bit pixels
  /// - Precondition: the image has three dimensions and the network's number of channels.
  public func render(_ image: Tensor, _ rendering: Rendering) -> RGBImage {
    precondition(image.shape.count == 3 && image.shape[0] == channels)
    let planes = ImagePlanes(image)
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
    // Rounding alone can make the channels of a grey image differ by up to 2⁻²³.
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

  /// Returns a photo with a map drawn over the region that the network saw after resizing and cropping, at the photo's
  /// own size. The photo becomes grey: dimmed to at most half its brightness under the map, to a quarter elsewhere.
  ///
  /// - Parameters:
  ///   - map: the map, of shape (H, W)
  ///   - photo: the photo that the map was computed from
  ///   - colormap: the colours of the map's values; see ``RGBImage/init(map:colormap:percentile:)``
  ///   - percentile: the percentile of the map's values from which on all values get the last colour: above 0, at most
  ///     100
  public func overlay(
    of map: Tensor, on photo: RGBImage, colormap: Colormap = .hot, percentile: Double = 100
  ) -> RGBImage {
    let seen = preprocessing.visibleRegion(width: photo.width, height: photo.height)
    return photo.overlaid(
      by: map, columns: seen.columns, rows: seen.rows, colormap: colormap, percentile: percentile)
  }

  /// Returns the values in units in which black is 0 and full intensity is 1.
  private func pixels(of image: Tensor) -> [Float] {
    affine(image, scale: preprocessing.std, offset: preprocessing.mean)
  }

  /// Converts pixels in [0, 1], of shape (C, H, W), to normalised space.
  package func normalized(_ pixels: Tensor) -> Tensor {
    let scale = preprocessing.std.map { 1 / $0 }
    let offset = zip(preprocessing.mean, preprocessing.std).map { -$0 / $1 }
    return Tensor(shape: pixels.shape, values: affine(pixels, scale: scale, offset: offset))
  }

  /// Returns scale[c] · X[c] + offset[c] for each channel c.
  private func affine(_ image: Tensor, scale: [Float], offset: [Float]) -> [Float] {
    let plane = image.shape[1] * image.shape[2]
    return (0..<channels).flatMap { channel in
      [Float](count: plane) { image.values.block(channel * plane + $0) * scale[channel] + offset[channel] }
    }
  }
}
