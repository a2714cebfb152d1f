// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool

// What --json prints, one object a line.

struct PredictionRecord: Encodable {
  let `class`: Int
  let label: String
  let score: Float
  let probability: Double

  init(_ prediction: Prediction, _ labels: Labels) {
    `class` = prediction.classIndex
    label = labels[prediction.classIndex]
    score = prediction.score
    probability = prediction.probability
  }
}

struct ClassifyRecord: Encodable, Sendable {
  let image: String
  let height, width: Int
  let predictions: [PredictionRecord]
}

struct SaliencyRecord: Encodable, Sendable {
  let image: String
  let `class`: Int
  let label: String
  let score: Float
  let height, width: Int
  let output: String
}

struct FoolRecord: Encodable {
  struct Scored: Encodable {
    let `class`: Int
    let label: String
    let score: Float
  }

  let image: String
  let original, target: Scored
  let iterations: Int
  let fooled, survives_8bit: Bool
  let l2: Double
  let linf_8bit: Int
  let output: String
}

struct VisualizeRecord: Encodable, Sendable {
  let `class`: Int
  let label, recipe: String
  let seed: UInt64
  let iterations: Int
  let score: Float
  let probability, seconds: Double
  let output: String
}

struct ConvertRecord: Encodable {
  let weights, output: String
  let classes: Int
}

struct InfoRecord: Encodable {
  let version, simd: String
  let selectable: [String]
  let threads: Int
  var model: String?
  var classes: Int?
}

/// The line about an ascent's picture.
func ascentLine(
  _ path: String, _ label: String, _ class: Int, score: Float, probability: Double, seconds: Double
) -> String {
  "\(path): \(label) (\(`class`)), score \(fixed(score, 3)), probability \(fixed(probability, 4)), \(fixed(seconds, 2)) s"
}
