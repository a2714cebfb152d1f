// SPDX-License-Identifier: MIT

/// Copies the image into blocked planes, for networks whose first layer can't read the image's plain planes.
struct ImageLayer: RunnableLayer {
  func forward(_ pass: ForwardPass) -> Step {
    let (kernels, y, image) = (pass.kernels, pass.y, pass.evaluation.image)
    return Step(rows: y.height, body: Parallel.Body { kernels.planes(y, of: image, rows: $0.rows) })
  }

  func backward(_ pass: BackwardPass) -> Step {
    let (kernels, dy, gradient) = (pass.kernels, pass.dy, pass.evaluation.gradientPlanes)
    return Step(rows: dy.height, body: Parallel.Body { kernels.image(gradient, of: dy, rows: $0.rows) })
  }

  var mayOverwriteInput: Bool { false }
  var partialOutput: PartialOutput { .impossible }
}
