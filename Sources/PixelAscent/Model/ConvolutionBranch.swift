// SPDX-License-Identifier: MIT

/// A layer that may be one of several whose sum is a convolution: a convolution, or an affine layer, which is a depthwise
/// convolution of 1×1 pixel.
///
/// RepVGG's blocks, for example, add such layers in training (Ding et al.: "RepVGG: Making VGG-style ConvNets great
/// again", arXiv:2101.03697).
struct ConvolutionBranch {
  let name: String
  fileprivate let convolution: Convolution
  /// The number of input channels.
  fileprivate let inputs: Int

  /// Creates a branch from a layer; nil if the layer does something else too, or if its parameters don't fit.
  init?(_ layer: GraphLayer, _ parameters: [String: Parameter]) {
    guard let weight = parameters["\(layer.name).weight"] else { return nil }
    name = layer.name
    switch layer.operation {
    case let operation as Convolution:
      let window = operation.window
      guard !operation.isSame, operation.clamp == .none, operation.groups > 0, weight.shape.count == 4,
        weight.shape[0] == operation.outputs, operation.outputs % operation.groups == 0, weight.shape[1] > 0,
        weight.shape[2...] == [window.y.kernel, window.x.kernel]
      else { return nil }
      let (inputs, overflow) = weight.shape[1].multipliedReportingOverflow(by: operation.groups)
      guard !overflow else { return nil }
      (convolution, self.inputs) = (operation, inputs)
    case let affine as Affine:
      guard affine.clamp == .none, weight.shape.count == 1 else { return nil }
      inputs = weight.shape[0]
      convolution = Convolution(Window(kernel: 1), groups: inputs, outputs: inputs)
    default: return nil
    }
    let bias = parameters["\(name).bias"]
    guard convolution.outputs > 0, bias == nil || bias?.shape == [convolution.outputs] else { return nil }
  }

  /// The taps of the branch's kernel as taps of a convolution of `window`, for rows and columns; nil if they are not such
  /// taps, or the outputs have other sizes.
  fileprivate func taps(in window: Window) -> (rows: [Int], columns: [Int])? {
    guard let rows = convolution.window.y.taps(in: window.y), let columns = convolution.window.x.taps(in: window.x)
    else { return nil }
    return (rows, columns)
  }

  /// Calls `body` with the weights' number of elements and, in their order, the indices of the elements in the weights of
  /// `whole`.
  fileprivate func forEachElement(
    in whole: ConvolutionBranch, _ taps: (rows: [Int], columns: [Int]), _ body: (_ element: Int, _ target: Int) -> Void
  ) {
    let outputs = convolution.outputs, columns = whole.convolution.window.x.kernel
    let area = whole.convolution.window.y.kernel * columns
    let each = inputs / convolution.groups, eachOfWhole = inputs / whole.convolution.groups
    var element = 0
    for output in 0..<outputs {
      // The first input channels of the output's group, here and in the whole convolution.
      let first = output / (outputs / convolution.groups) * each
      let firstOfWhole = output / (outputs / whole.convolution.groups) * eachOfWhole
      for input in 0..<each {
        let start = (output * eachOfWhole + first + input - firstOfWhole) * area
        for row in taps.rows {
          for column in taps.columns {
            body(element, start + row * columns + column)
            element += 1
          }
        }
      }
    }
  }
}

extension WindowAxis {
  /// Returns the positions of the taps among the taps of `whole`; nil if `whole` lacks one of them, or if the two have
  /// different numbers of positions in some input.
  fileprivate func taps(in whole: WindowAxis) -> [Int]? {
    let numbers = [self, whole].flatMap { [$0.kernel, $0.stride, $0.before, $0.after, $0.dilation] }
    guard numbers.allSatisfy((0...Window.limit).contains), stride == whole.stride, whole.dilation > 0,
      before + after - dilation * (kernel - 1) == whole.before + whole.after - whole.dilation * (whole.kernel - 1)
    else { return nil }
    let offsets = (0..<kernel).map { whole.before - before + $0 * dilation }
    let taps = offsets.map { $0 / whole.dilation }
    guard zip(offsets, taps).allSatisfy({ $0 == $1 * whole.dilation && (0..<whole.kernel).contains($1) }) else {
      return nil
    }
    return taps
  }
}

extension [String: Parameter] {
  /// Returns the convolution that computes the sum of the branches, and replaces their parameters by those of the layer
  /// `name`; nil if no branch has all taps and groups that the sum needs. The sums are computed in double.
  mutating func foldSum(_ name: String, of branches: [ConvolutionBranch]) throws(PixelAscentError) -> Convolution? {
    guard
      let whole = branches.max(by: {
        let (one, other) = ($0.convolution, $1.convolution)
        return (one.window.y.kernel, one.window.x.kernel, other.groups)
          < (other.window.y.kernel, other.window.x.kernel, one.groups)
      })
    else { return nil }
    let convolution = whole.convolution, groups = convolution.groups
    guard
      branches.allSatisfy({
        $0.inputs == whole.inputs && $0.convolution.outputs == convolution.outputs && $0.inputs % groups == 0
          && $0.convolution.groups % groups == 0 && $0.taps(in: convolution.window) != nil
      })
    else { return nil }
    let shape = [
      convolution.outputs, whole.inputs / groups, convolution.window.y.kernel, convolution.window.x.kernel,
    ]
    // The whole convolution's own weights have this shape.
    var weight = [Double](repeating: 0, count: shape.reduce(1, *))
    var bias = [Double](repeating: 0, count: convolution.outputs)
    for branch in branches {
      guard let values = try finiteValues("\(branch.name).weight"),
        let taps = branch.taps(in: convolution.window)
      else { return nil }
      branch.forEachElement(in: whole, taps) { weight[$1] += Double(values[$0]) }
      if let values = try finiteValues("\(branch.name).bias") {
        for (output, value) in values.enumerated() { bias[output] += Double(value) }
      }
    }
    for branch in branches {
      for suffix in ["weight", "bias"] { self["\(branch.name).\(suffix)"] = nil }
    }
    self["\(name).weight"] = Parameter(Tensor(shape: shape, values: weight.map(Float.init)))
    self["\(name).bias"] = Parameter(Tensor(shape: [convolution.outputs], values: bias.map(Float.init)))
    return convolution
  }
}
