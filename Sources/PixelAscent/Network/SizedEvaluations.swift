// SPDX-License-Identifier: MIT

/// Evaluations of images of several sizes, which share the memory of the largest. Only one of them can be used at a time.
final class SizedEvaluations {
  private struct Size: Hashable {
    let height, width: Int
  }

  private let network: Network
  private let parallel: Parallel
  private let largest: Evaluation
  private var evaluations: [Size: Evaluation]
  private var last: Size?

  /// Allocates the memory for images of at most `height` × `width` pixels.
  ///
  /// - Throws: `PixelAscentError` of kind `sizeLimit`, as `Evaluation` does.
  init(_ network: Network, height: Int, width: Int, _ parallel: Parallel) throws(PixelAscentError) {
    (self.network, self.parallel) = (network, parallel)
    largest = try Evaluation(network, height: height, width: width, gradient: true, in: nil, parallel)
    evaluations = [Size(height: height, width: width): largest]
  }

  /// Returns the evaluation for images of `height` × `width` pixels. Its image and its activations are undefined if the
  /// evaluation before it had another size.
  ///
  /// - Throws: `PixelAscentError` of kind `sizeLimit` if the network can't take an image of this size.
  func evaluation(height: Int, width: Int) throws(PixelAscentError) -> Evaluation {
    precondition(height <= largest.height && width <= largest.width)
    let size = Size(height: height, width: width)
    let evaluation: Evaluation
    if let known = evaluations[size] {
      evaluation = known
    } else {
      evaluation = try Evaluation(network, height: height, width: width, gradient: true, in: largest, parallel)
      evaluations[size] = evaluation
    }
    if size != last { evaluation.clearHalos() }
    last = size
    return evaluation
  }
}

extension Evaluation {
  /// Writes zeros into the halo of every array, which another evaluation has overwritten.
  fileprivate func clearHalos() {
    image.fillHalo(with: [Float](repeating: 0, count: image.channels))
    for planes in activations + gradients { planes.clearHalo() }
  }
}
