// SPDX-License-Identifier: MIT

import PixelAscent

extension ClassVisualization {
  /// These parameters for an ascent that starts from an image.
  package func starting(from image: Tensor) -> ClassVisualization {
    var visualization = self
    visualization.start = .image
    (visualization.height, visualization.width) = (image.shape[1], image.shape[2])
    return visualization
  }

  /// Climbs the score of a class from an image.
  package func run(_ network: Network, class index: Int, image: Tensor) throws(PixelAscentError) -> Result {
    try starting(from: image).run(network, class: index, from: image)
  }
}
