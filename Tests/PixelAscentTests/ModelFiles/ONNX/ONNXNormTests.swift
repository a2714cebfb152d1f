// SPDX-License-Identifier: MIT

import PixelAscent
import Testing

/// Nodes that normalise the channels of each pixel, or the whole image, and linear layers on pixels.
@Suite struct ONNXNormTests {
  private func model(_ body: (inout ONNXWriter) -> Void) throws -> Model {
    try ONNXReader.read(ByteSource(ONNXWriter.file(body), name: "m.onnx"))
  }

  @Test func normalisesChannelsThatAreTheLastAxis() throws {
    let model = try model {
      $0.floats("scale", [3], [1, 2, 3])
      $0.floats("shift", [3], [4, 5, 6])
      $0.floats("matrix", [3, 2], [1, 2, 3, 4, 5, 6])
      $0.node("Transpose", ["x"], ["last"], ["perm": [0, 2, 3, 1]])
      $0.node("LayerNormalization", ["last", "scale", "shift"], ["normed"], name: "norm")
      $0.node("MatMul", ["normed", "matrix"], ["two"], name: "linear")
      $0.node("Transpose", ["two"], ["first"], ["perm": [0, 3, 1, 2]])
      $0.node("GlobalAveragePool", ["first"], ["y"])
    }
    let layers = model.graph.layers
    #expect(layers.map(\.name).prefix(2) == ["norm", "linear"])
    #expect(layers[0].operation.isEqual(to: LayerNorm(epsilon: 1e-5)))
    #expect(layers[1].operation.isEqual(to: Convolution(Window(kernel: 1), outputs: 2)))
    #expect(try model.parameters["norm.weight"]?.tensor().values == [1, 2, 3])
    #expect(try model.parameters["norm.bias"]?.tensor().values == [4, 5, 6])
    #expect(try model.parameters["linear.weight"]?.tensor().values == [1, 3, 5, 2, 4, 6])
  }

  @Test func normalisesTheWholeImageInOneGroup() throws {
    let model = try model {
      $0.floats("scale", [1], [2])
      $0.floats("shift", [3], [4, 5, 6])
      $0.node("GroupNormalization", ["x", "scale", "shift"], ["normed"], name: "norm", number: ("num_groups", 1))
      $0.node("GlobalAveragePool", ["normed"], ["y"])
    }
    #expect(model.graph.layers[0].operation.isEqual(to: GroupNorm(groups: 1, epsilon: 1e-5)))
    #expect(try model.parameters["norm.weight"]?.tensor().values == [2, 2, 2])
    #expect(try model.parameters["norm.bias"]?.tensor().values == [4, 5, 6])
  }

  /// The constant that is added to a linear layer's output is not the layer's bias if another node reads the output,
  /// even under another name.
  @Test func addedConstantIsNoBiasOfAnOutputWithOtherReaders() throws {
    let model = try model {
      $0.floats("matrix", [3, 2], [1, 2, 3, 4, 5, 6])
      $0.floats("shift", [2], [7, 8])
      $0.node("GlobalAveragePool", ["x"], ["average"])
      $0.node("Flatten", ["average"], ["flat"])
      $0.node("MatMul", ["flat", "matrix"], ["product"], name: "linear")
      $0.node("Flatten", ["product"], ["again"])
      $0.node("Add", ["again", "shift"], ["sum"])
      $0.node("Relu", ["product"], ["positive"])
      $0.node("Add", ["sum", "positive"], ["y"])
    }
    #expect(try model.parameters["linear.bias"]?.tensor().values ?? [0, 0] == [0, 0])
  }

  @Test func refusesOtherGroupsAndAxes() {
    func line(_ type: String, scale: Int = 3, _ number: (name: String, value: Int)? = nil) -> String {
      ONNXWriter.line {
        $0.floats("scale", [scale], Array(repeating: 1, count: scale))
        $0.node(type, ["x", "scale", "scale"], ["normed"], name: "norm", number: number)
        $0.node("GlobalAveragePool", ["normed"], ["y"])
      }
    }
    #expect(
      line("GroupNormalization", ("num_groups", 2)).contains(
        "expects groups of equally many channels, found 2 groups of 3 channels"))
    #expect(
      line("GroupNormalization", scale: 2, ("num_groups", 1)).contains(
        "expected one weight per channel (3), the same at every pixel, found 2 values"))
    #expect(
      line("LayerNormalization", scale: 8).contains(
        "expected a normalisation of the channels, of each channel's pixels or of both, found one of (1, 3, 8, 8) from "
          + "axis -1 on"))
  }

  /// A window of an even size has a longer side: behind the channel in ONNX, before the channel in PyTorch.
  @Test func refusesLocalResponseNormsOfAnEvenSize() throws {
    func line(_ size: Int) -> String {
      ONNXWriter.line {
        $0.node("LRN", ["x"], ["normed"], name: "norm", number: ("size", size))
        $0.node("GlobalAveragePool", ["normed"], ["y"])
      }
    }
    #expect(line(4).contains("it normalises over 4 channels; supported are odd numbers"))
    #expect(line(3) == "(no error)")
  }

  @Test func refusesOtherInputsMatricesAndParameters() {
    let none = ONNXWriter.line {
      $0.floats("matrix", [8, 2], Array(repeating: 1, count: 16))
      $0.node("MatMul", ["x", "matrix"], ["y"], name: "linear")
    }
    #expect(
      none.contains("expected a vector (1, values), or channels as the last axis, found (1, 3, 8, 8)"))
    let other = ONNXWriter.line {
      $0.floats("matrix", [4, 2], Array(repeating: 1, count: 8))
      $0.node("Transpose", ["x"], ["last"], ["perm": [0, 2, 3, 1]])
      $0.node("MatMul", ["last", "matrix"], ["y"], name: "linear")
    }
    #expect(other.contains("has a matrix of shape (2, 4), found 3 input channels"))
    let computed = ONNXWriter.line {
      $0.node("GlobalAveragePool", ["x"], ["scale"])
      $0.node("GroupNormalization", ["x", "scale", "scale"], ["y"], name: "norm", number: ("num_groups", 1))
    }
    #expect(computed.contains("expected constant parameters"))
    let last = ONNXWriter.line {
      $0.floats("scale", [3], [1, 1, 1])
      $0.node("Transpose", ["x"], ["last"], ["perm": [0, 2, 3, 1]])
      $0.node("GroupNormalization", ["last", "scale", "scale"], ["y"], name: "norm", number: ("num_groups", 1))
    }
    #expect(last.contains("expected channels as the second axis, found (1, 8, 8, 3)"))
  }
}
