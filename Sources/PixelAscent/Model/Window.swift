// SPDX-License-Identifier: MIT

/// One axis of a window: the kernel's size, the stride, the padding before and after the input, and the dilation, which
/// is the distance between two taps.
package struct WindowAxis: Hashable, Sendable {
  package var kernel, stride, before, after, dilation: Int

  package init(kernel: Int, stride: Int = 1, before: Int = 0, after: Int = 0, dilation: Int = 1) {
    self.kernel = kernel
    self.stride = stride
    self.before = before
    self.after = after
    self.dilation = dilation
  }

  /// Creates an axis with the same padding before and after the input.
  package init(kernel: Int, stride: Int = 1, padding: Int, dilation: Int = 1) {
    self.init(kernel: kernel, stride: stride, before: padding, after: padding, dilation: dilation)
  }
}

/// The window of a convolution or a pool.
package struct Window: Hashable, Sendable {
  /// The vertical axis, from top to bottom, and the horizontal axis, from left to right.
  package var y, x: WindowAxis

  package init(y: WindowAxis, x: WindowAxis) {
    self.y = y
    self.x = x
  }

  /// Creates a square window.
  package init(kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1) {
    let axis = WindowAxis(kernel: kernel, stride: stride, padding: padding, dilation: dilation)
    self.init(y: axis, x: axis)
  }
}

extension WindowAxis {
  /// Returns the axis with TensorFlow's padding "SAME" for an input of `size` elements: the least padding with which the
  /// window has ⌈size / stride⌉ positions. If it is odd, one element more lies after the input than before it.
  package func same(size: Int) -> WindowAxis {
    let rest = size % stride
    return padded(max(dilation * (kernel - 1) + 1 - (rest == 0 ? stride : rest), 0))
  }

  /// The least padding "SAME" of any size of the input.
  fileprivate var leastSame: WindowAxis { padded(max(dilation * (kernel - 1) + 1 - stride, 0)) }

  /// The greatest padding "SAME" of any size of the input.
  fileprivate var greatestSame: WindowAxis { padded(dilation * (kernel - 1)) }

  private func padded(_ total: Int) -> WindowAxis {
    var axis = self
    (axis.before, axis.after) = (total / 2, total - total / 2)
    return axis
  }
}

extension Window {
  /// Returns the window with TensorFlow's padding "SAME" for an input of this size.
  package func same(height: Int, width: Int) -> Window { Window(y: y.same(size: height), x: x.same(size: width)) }

  /// The window with the least padding "SAME" of any size of the input.
  var leastSame: Window { Window(y: y.leastSame, x: x.leastSame) }

  /// The window with the greatest padding "SAME" of any size of the input.
  var greatestSame: Window { Window(y: y.greatestSame, x: x.greatestSame) }
}

extension Window {
  /// The greatest size, stride, padding or dilation that a layer may have. Sums and products of such numbers don't
  /// overflow.
  static let limit = 65_536

  func output(of x: ValueShape, ceilMode: Bool) throws(PixelAscentError) -> ValueShape {
    for axis in [y, self.x] {
      guard [axis.kernel, axis.stride, axis.dilation].allSatisfy((1...Self.limit).contains),
        [axis.before, axis.after].allSatisfy((0...Self.limit).contains)
      else {
        throw PixelAscentError(
          .invalidModel,
          """
          expected a window with size, stride and dilation from 1 to \(Self.limit) and padding from 0 to \(Self.limit), \
          found size \(axis.kernel), stride \(axis.stride), padding \(axis.before) and \(axis.after), \
          dilation \(axis.dilation)
          """)
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
  /// Returns the number of positions of the window in `size` elements, as PyTorch counts them; nil if the window does
  /// not fit.
  ///
  /// In ceil mode, a last window that would begin after the last element, in the padding, is left out.
  func positions(in size: Int, ceilMode: Bool) -> Int? {
    let slack = size + before + after - dilation * (kernel - 1) - 1 + (ceilMode ? stride - 1 : 0)
    guard slack >= 0 else { return nil }
    let count = slack / stride + 1
    return ceilMode && (count - 1) * stride >= size + before ? count - 1 : count
  }
}

extension Window {
  var summary: String { summary(isSame: false) }

  func summary(isSame: Bool) -> String {
    func both(_ y: Int, _ x: Int) -> String { y == x ? "\(y)" : "\(y)×\(x)" }
    var text = "\(y.kernel)×\(x.kernel)"
    if (y.stride, x.stride) != (1, 1) { text += " / \(both(y.stride, x.stride))" }
    let padding = [y.before, x.before, y.after, x.after]
    if isSame {
      text += ", padding \"same\""
    } else if padding.allSatisfy({ $0 == padding[0] }) {
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
