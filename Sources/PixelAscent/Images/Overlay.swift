// SPDX-License-Identifier: MIT

extension RGBImage {
  /// Returns this photo, at its own size, with a map of shape (H, W) over `columns` and `rows`.
  ///
  /// The photo becomes grey and at most half as bright. So every colour comes from the map, and so does every pixel
  /// that is more than half as bright as white. Let h be the map's value at a pixel, scaled to 0…1, and c the colour of
  /// this value: the pixel becomes √h · c + (1 − √h) · grey / 2. A pixel outside the map becomes grey / 4.
  func overlaid(
    by map: Tensor, columns: Range<Int>, rows: Range<Int>, colormap: Colormap, percentile: Double
  ) -> RGBImage {
    // Resize the map's values, not its colours: between black and white, resized colours would be grey, but "hot" has
    // red and yellow there.
    let heat = RGBImage(map: map, colormap: .grey, percentile: percentile)
      .resized(width: columns.count, height: rows.count).pixels
    let colors = RGBImage(map: Tensor(shape: [1, 256], values: (0..<256).map { Float($0) }), colormap: colormap).pixels
    let weights = (0..<256).map { (level: Int) -> Float in (Float(level) / 255).squareRoot() }
    var result: [UInt8] = []
    result.reserveCapacity(pixels.count)
    for (index, grey) in greyValues.enumerated() {
      let (row, column) = index.quotientAndRemainder(dividingBy: width)
      guard rows.contains(row) && columns.contains(column) else {
        for _ in 0..<3 { result.append(grey / 4) }
        continue
      }
      let level = Int(heat[3 * ((row - rows.lowerBound) * columns.count + column - columns.lowerBound)])
      for channel in 0..<3 {
        let color = Float(colors[3 * level + channel])
        result.append(UInt8(weights[level] * color + (1 - weights[level]) * Float(grey) / 2 + 0.5))
      }
    }
    return RGBImage(width: width, height: height, pixels: result)
  }
}
