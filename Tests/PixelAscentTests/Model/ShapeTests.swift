// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Tests of the shapes of a graph's values.
@Suite struct ShapeTests {
  private func shape(
    _ operation: any PixelAscent.Operation, _ inputs: (Int, Int, Int)...
  ) throws -> [Int] {
    let shape = try operation.shape(of: inputs.map { ValueShape(channels: $0.0, height: $0.1, width: $0.2) })
    return [shape.channels, shape.height, shape.width]
  }

  private func convolution(_ window: Window, groups: Int = 1, _ outputs: Int) -> any PixelAscent.Operation {
    Convolution(window, groups: groups, outputs: outputs, clamp: .none)
  }

  @Test func convolutionsHaveTheShapesOfTheirWindows() throws {
    #expect(try shape(convolution(Window(kernel: 11, stride: 4, padding: 2), 64), (3, 224, 224)) == [64, 55, 55])
    #expect(try shape(convolution(Window(kernel: 3, dilation: 2), groups: 4, 8), (4, 9, 5)) == [8, 5, 1])
    let same = Window(y: WindowAxis(kernel: 3, stride: 2, before: 0, after: 1), x: WindowAxis(kernel: 1))
    #expect(try shape(convolution(same, 1), (2, 8, 7)) == [1, 4, 7])
  }

  /// TensorFlow's rule: ⌈size / stride⌉ positions, and of an odd number of zeros one more after the input.
  @Test func samePaddingDependsOnTheSize() throws {
    for (kernel, stride, dilation) in [
      (3, 2, 1), (5, 2, 1), (2, 2, 1), (3, 3, 1), (1, 2, 1), (4, 1, 1), (3, 2, 2), (7, 4, 1),
    ] {
      let operation = Convolution(
        Window(kernel: kernel, stride: stride, dilation: dilation), isSame: true, outputs: 1)
      for size in 1...40 {
        let shape = ValueShape(channels: 1, height: size, width: 2 * size + 1)
        let window = operation.window(for: shape), reach = dilation * (kernel - 1) + 1
        for (axis, size) in [(window.y, shape.height), (window.x, shape.width)] {
          let positions = (size + stride - 1) / stride
          let zeros = max((positions - 1) * stride + reach - size, 0)
          #expect((axis.before, axis.after) == (zeros / 2, (zeros + 1) / 2))
          #expect(axis.before <= operation.window.y.before && axis.after <= operation.window.y.after)
        }
        let output = try operation.shape(of: [shape])
        #expect(output.height == (shape.height + stride - 1) / stride)
        #expect(output.width == (shape.width + stride - 1) / stride)
      }
    }
  }

  /// As in PyTorch, the last window must begin inside the input or the padding before it.
  @Test func poolsInCeilModeHavePyTorchsSizes() throws {
    func size(_ window: Window, _ extent: Int) throws -> [Int] {
      try shape(MaxPool(window, ceilMode: true), (1, extent, extent))
    }
    #expect(try size(Window(kernel: 3, stride: 2), 109) == [1, 54, 54])
    #expect(try size(Window(kernel: 3, stride: 2), 54) == [1, 27, 27])
    #expect(try size(Window(kernel: 2, stride: 2, padding: 1), 3) == [1, 2, 2])
    #expect(try size(Window(kernel: 2, stride: 2, padding: 1), 2) == [1, 2, 2])
    #expect(try size(Window(kernel: 1, stride: 3), 5) == [1, 2, 2])
    #expect(try size(Window(kernel: 3, stride: 2), 2) == [1, 1, 1])
    #expect(try shape(MaxPool(Window(kernel: 3, stride: 2), ceilMode: false), (1, 54, 54)) == [1, 26, 26])
  }

  @Test func otherOperationsHaveTheirShapes() throws {
    #expect(try shape(Linear(outputs: 10, clamp: .none), (4, 1, 1)) == [10, 1, 1])
    #expect(try shape(Flatten(), (256, 6, 5)) == [7680, 1, 1])
    #expect(try shape(AdaptiveAverage(rows: 7, columns: 6), (5, 3, 3)) == [5, 7, 6])
    #expect(try shape(GlobalAverage(), (5, 3, 3)) == [5, 1, 1])
    #expect(try shape(Concatenate(), (5, 3, 2), (1, 3, 2), (2, 3, 2)) == [8, 3, 2])
    #expect(try shape(ChannelSlice(first: 3, count: 2), (5, 3, 2)) == [2, 3, 2])
    #expect(try shape(Multiply(), (5, 3, 2), (5, 1, 1)) == [5, 3, 2])
    #expect(try shape(Multiply(), (5, 1, 1), (5, 3, 2)) == [5, 3, 2])
    #expect(try shape(Pad(top: 1, left: 2, bottom: 3, right: 4, value: 0), (5, 3, 2)) == [5, 7, 8])
    #expect(try shape(ChannelShuffle(groups: 2), (6, 3, 2)) == [6, 3, 2])
  }

  private struct Refusal: CustomTestStringConvertible {
    let operation: any PixelAscent.Operation
    let inputs: [ValueShape]
    let line: String
    init(_ operation: any PixelAscent.Operation, _ inputs: [Int]..., line: String) {
      self.operation = operation
      self.inputs = inputs.map { ValueShape(channels: $0[0], height: $0[1], width: $0[2]) }
      self.line = line
    }
    var testDescription: String { line }
  }

  private static let windowLimits =
    "expected a window with size, stride and dilation from 1 to 65536 and padding from 0 to 65536, "

  private static let refusals = [
    Refusal(Flatten(), line: "it has no input"),
    Refusal(Add(clamp: .none), [1, 2, 3], line: "expected 2 inputs, found 1"),
    Refusal(GlobalAverage(), [1, 2, 3], [1, 2, 3], line: "expected 1 input, found 2"),
    Refusal(
      Add(clamp: .none), [1, 2, 3], [1, 2, 2],
      line: "expected two inputs of the same shape, found (1, 2, 3) and (1, 2, 2)"),
    Refusal(
      Multiply(), [4, 2, 3], [3, 1, 1],
      line: "expected two inputs of the same shape, or one with 1×1 pixels, found (4, 2, 3) and (3, 1, 1)"),
    Refusal(
      Concatenate(), [1, 2, 3], [1, 3, 3],
      line: "expected inputs of the same height and width, found (1, 2, 3) and (1, 3, 3)"),
    Refusal(
      Convolution(Window(kernel: 1), groups: 2, outputs: 3, clamp: .none), [4, 1, 1],
      line: "2 groups do not divide 4 input and 3 output channels"),
    Refusal(
      Convolution(Window(kernel: 5, padding: 1), groups: 1, outputs: 3, clamp: .none), [4, 2, 9],
      line: "its window of 5×5 does not fit into 2×9 pixels: the network's input is too small"),
    Refusal(
      Convolution(Window(kernel: 3, stride: 0), groups: 1, outputs: 3, clamp: .none), [4, 9, 9],
      line: windowLimits + "found size 3, stride 0, padding 0 and 0, dilation 1"),
    Refusal(
      Convolution(Window(kernel: .max, dilation: .max), groups: 1, outputs: 3, clamp: .none), [4, 9, 9],
      line: windowLimits + "found size 9223372036854775807, stride 1, padding 0 and 0, dilation 9223372036854775807"),
    Refusal(
      MaxPool(Window(kernel: 2, padding: 2), ceilMode: false), [4, 9, 9],
      line: "expected padding of at most (size − 1) · dilation = 1, found 2"),
    Refusal(
      AveragePool(Window(kernel: 2, padding: 2), ceilMode: false, countPadding: true), [4, 9, 9],
      line: "a pool's padding must be smaller than its window of 2, found 2"),
    Refusal(
      MaxPool(Window(kernel: .min), ceilMode: false), [4, 9, 9],
      line: windowLimits + "found size -9223372036854775808, stride 1, padding 0 and 0, dilation 1"),
    Refusal(
      GroupNorm(groups: 3, epsilon: 0), [4, 2, 1],
      line: "expected a number of groups that divides the 4 channels, found 3"),
    Refusal(
      Interpolate(y: .init(scale: .nan), x: .init(scale: 1), coordinates: .halfPixel, sampling: .linear), [4, 2, 2],
      line: "expected a scale above 0 that keeps sizes small, found nan"),
    Refusal(
      Interpolate(y: .init(scale: 0.25), x: .init(scale: 1), coordinates: .halfPixel, sampling: .linear), [4, 2, 2],
      line: "it makes no pixel of 2 by the scale 0.25: the network's input is too small"),
    Refusal(
      AveragePool(Window(kernel: 2, dilation: 2), ceilMode: false, countPadding: true), [4, 9, 9],
      line: "expected an average pool without dilation, found 2×2"),
    Refusal(
      Linear(outputs: 3, clamp: .none), [4, 2, 1], line: "a linear layer takes a vector, found the shape (4, 2, 1)"),
    Refusal(
      ChannelSlice(first: .max, count: 1), [4, 2, 1],
      line: "expected channels from 0 to 3, found count 1, first 9223372036854775807"),
    Refusal(ChannelShuffle(groups: 0), [4, 2, 1], line: "0 groups do not divide 4 channels"),
    Refusal(
      Pad(top: -1, left: 0, bottom: 0, right: .max, value: 0), [4, 2, 1],
      line: "expected borders from 0 to 65536, found (-1, 0, 0, 9223372036854775807)"),
    Refusal(
      LocalResponseNorm(size: 0, alpha: 1, beta: 1, k: 1), [4, 2, 1],
      line: "expected a size from 1 to 65536 channels, found 0"),
    Refusal(
      LocalResponseNorm(size: 1, alpha: 1, beta: .nan, k: 1), [4, 2, 1], line: "expected a finite beta, found nan"),
    Refusal(
      Pad(top: 1, left: 0, bottom: 0, right: 0, value: .infinity), [4, 2, 1],
      line: "expected a finite value of the border, found inf"),
    Refusal(Elementwise(.leakyReLU(slope: .nan)), [4, 2, 1], line: "expected a finite slope, found nan"),
    Refusal(Elementwise(.elu(alpha: .infinity)), [4, 2, 1], line: "expected a finite alpha, found inf"),
    Refusal(
      Elementwise(.hardSigmoid(alpha: 1, beta: .nan)), [4, 2, 1], line: "expected a finite beta, found nan"),
    Refusal(LayerNorm(epsilon: -1), [4, 2, 1], line: "expected a finite epsilon of at least 0, found -1.0"),
  ]

  @Test(arguments: refusals.indices) func refusesInputsAndNumbersThatDoNotFit(_ index: Int) {
    let refusal = Self.refusals[index]
    #expect(errorLine { try refusal.operation.shape(of: refusal.inputs) } == refusal.line)
  }

  @Test func graphsHaveShapesOrAreRefused() throws {
    func layer(_ name: String, _ operation: any PixelAscent.Operation, _ inputs: String...) -> GraphLayer {
      GraphLayer(name: name, operation: operation, inputs: inputs)
    }
    func line(_ layers: [GraphLayer], output: String = "a", channels: Int = 3) -> String {
      let graph = Graph(input: .init(channels: channels), layers: layers, output: output)
      return errorLine { try graph.shapes(height: 9, width: 8) }
    }
    let flatten = layer("a", Flatten(), "image")
    let shapes = try Graph(input: .init(channels: 3), layers: [flatten], output: "a").shapes(height: 9, width: 8)
    #expect(shapes == ["image": ValueShape(channels: 3, height: 9, width: 8), "a": ValueShape(channels: 216)])
    #expect(line([flatten], channels: 0) == "the graph declares 0 input channels")
    #expect(line([]) == "the output is a, which no layer makes")
    #expect(line([flatten], output: "image") == "the output is image, which no layer makes")
    #expect(line([flatten, flatten]) == "layer a is declared twice")
    #expect(line([layer("image", Flatten(), "image")]) == "layer image is declared twice")
    #expect(line([layer("a", Flatten(), "b")]) == "layer a takes b, which no earlier layer makes")
    let unsuitable = ", which is empty or too large"
    #expect(
      line([layer("a", AdaptiveAverage(rows: 0, columns: 1), "image")])
        == "layer a: its output has the shape (3, 0, 1)" + unsuitable)
    func average(_ rows: Int, _ columns: Int) -> GraphLayer {
      layer("a", AdaptiveAverage(rows: rows, columns: columns), "image")
    }
    let large = 1 << 22
    #expect(line([average(1 << 24 + 1, 1)]) == "layer a: its output has the shape (3, 16777217, 1)" + unsuitable)
    #expect(line([average(2 * large, large)]) == "layer a: its output has the shape (3, 8388608, 4194304)" + unsuitable)
    #expect(
      line([average(large, large), layer("b", Flatten(), "a")])
        == "layer b: its output has the shape (52776558133248, 1, 1)" + unsuitable)
    let wide = layer("a", Convolution(Window(kernel: 1), groups: 1, outputs: 1 << 30, clamp: .none), "image")
    #expect(line([wide]).hasPrefix("layer a: its output has the shape (1073741824, "))
  }
}
