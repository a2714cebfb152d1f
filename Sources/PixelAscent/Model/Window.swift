// SPDX-License-Identifier: MIT

/// One axis of a window: the kernel's size, the stride, the padding before and after, the distance of the taps.
package struct WindowAxis: Hashable, Sendable {
  package var kernel, stride, before, after, dilation: Int

  package init(kernel: Int, stride: Int = 1, before: Int = 0, after: Int = 0, dilation: Int = 1) {
    self.kernel = kernel
    self.stride = stride
    self.before = before
    self.after = after
    self.dilation = dilation
  }

  /// An axis padded by as much before the input as after it.
  package init(kernel: Int, stride: Int = 1, padding: Int, dilation: Int = 1) {
    self.init(kernel: kernel, stride: stride, before: padding, after: padding, dilation: dilation)
  }
}

/// The window of a convolution or a pool.
package struct Window: Hashable, Sendable {
  /// Along the rows, from top to bottom, and along the columns, from left to right.
  package var y, x: WindowAxis

  package init(y: WindowAxis, x: WindowAxis) {
    self.y = y
    self.x = x
  }

  /// A square one.
  package init(kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1) {
    let axis = WindowAxis(kernel: kernel, stride: stride, padding: padding, dilation: dilation)
    self.init(y: axis, x: axis)
  }
}

extension Window {
  /// The greatest extent, stride, padding or dilation that a layer may have: sums and products of them don't overflow.
  static let limit = 65_536

  func output(of x: ValueShape, ceilMode: Bool) throws(PixelAscentError) -> ValueShape {
    for axis in [y, self.x] {
      guard [axis.kernel, axis.stride, axis.dilation].allSatisfy((1...Self.limit).contains),
        [axis.before, axis.after].allSatisfy((0...Self.limit).contains)
      else {
        throw PixelAscentError(
          .invalidModel,
          Message(
            "it declares a window of size \(axis.kernel), stride \(axis.stride), padding \(axis.before) and \(axis.after), "
              + "dilation \(axis.dilation)"))
      }
    }
    guard let height = y.positions(in: x.height, ceilMode: ceilMode),
      let width = self.x.positions(in: x.width, ceilMode: ceilMode)
    else { throw doesNotFit(x) }
    return ValueShape(channels: x.channels, height: height, width: width)
  }

  func doesNotFit(_ shape: ValueShape) -> PixelAscentError {
    PixelAscentError(
      .sizeLimit,
      Message(
        "its window of \(y.kernel)×\(x.kernel) does not fit into \(shape.height)×\(shape.width) pixels: "
          + "the network's input is too small"))
  }
}

extension WindowAxis {
  /// The number of positions in `size` elements, as PyTorch counts them; nil if there is none.
  ///
  /// In ceil mode a last window that would begin behind the end, its padding not counted, is left out.
  func positions(in size: Int, ceilMode: Bool) -> Int? {
    let room = size + before + after - dilation * (kernel - 1) - 1 + (ceilMode ? stride - 1 : 0)
    guard room >= 0 else { return nil }
    let count = room / stride + 1
    return ceilMode && (count - 1) * stride >= size + before ? count - 1 : count
  }
}

extension Window {
  var summary: String {
    func both(_ y: Int, _ x: Int) -> String { y == x ? "\(y)" : "\(y)×\(x)" }
    var text = "\(y.kernel)×\(x.kernel)"
    if (y.stride, x.stride) != (1, 1) { text += " / \(both(y.stride, x.stride))" }
    let padding = [y.before, x.before, y.after, x.after]
    if padding.allSatisfy({ $0 == padding[0] }) {
      if padding[0] > 0 { text += ", padding \(padding[0])" }
    } else if y.before == y.after && x.before == x.after {
      text += ", padding \(y.before)×\(x.before)"
    } else {
      text += ", padding \(padding.map(String.init).joined(separator: " "))"
    }
    if (y.dilation, x.dilation) != (1, 1) { text += ", dilation \(both(y.dilation, x.dilation))" }
    return text
  }
}
