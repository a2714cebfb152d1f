// SPDX-License-Identifier: MIT

import PixelAscent

extension ClassVisualization {
  /// Returns these parameters with the size of `image`, for an ascent that starts from it.
  package func starting(from image: Tensor) -> ClassVisualization {
    var visualization = self
    visualization.start = .image
    (visualization.height, visualization.width) = (image.shape[1], image.shape[2])
    return visualization
  }

  /// Runs an ascent of a class's score that starts from `image`.
  package func run(_ network: Network, class index: Int, image: Tensor) throws(PixelAscentError) -> Result {
    try starting(from: image).run(network, class: index, from: image)
  }
}
