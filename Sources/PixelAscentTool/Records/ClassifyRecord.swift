// SPDX-License-Identifier: MIT

import PixelAscent

/// The record that `classify` prints about an image.
package struct ClassifyRecord: ResultRecord {
  /// A class that the network sees in the image.
  package struct Prediction: Encodable, Sendable {
    package let `class`: Int
    package let label: String
    package let score: Float
    package let probability: Double?
  }

  package let image: String
  package let height, width: Int
  package let predictions: [Prediction]

  /// Makes the record of the image at `path`, which the network got as `input`.
  init(_ path: String, input: Tensor, _ predictions: [PixelAscent.Prediction], _ labels: Labels) {
    image = path
    (height, width) = (input.shape[1], input.shape[2])
    self.predictions = predictions.map {
      Prediction(
        class: $0.classIndex, label: labels[$0.classIndex], score: $0.score, probability: $0.probability)
    }
  }

  /// The image, then one line per class: the score, the probability if it is known, and the name. The decimal points of
  /// the scores are aligned.
  package var lines: [String] {
    [image]
      + predictions.map { prediction in
        let score = fixed(prediction.score, 3), column = String(repeating: " ", count: max(0, 10 - score.count))
        let probability = prediction.probability.map { "  \(fixed($0, 4))" } ?? ""
        return "\(column)\(score)\(probability)  \(prediction.label) (\(prediction.class))"
      }
  }
}
