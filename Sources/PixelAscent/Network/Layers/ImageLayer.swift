// SPDX-License-Identifier: MIT

/// The image in blocked planes, for networks whose first layer does not read the image itself.
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
