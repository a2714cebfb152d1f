// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Functions that an ONNX file defines itself. The file local-functions.onnx has such functions too.
@Suite struct ONNXInliningTests {
  private func layers(_ body: (inout ONNXWriter) -> Void) throws -> [GraphLayer] {
    try ONNXReader.read(ByteSource(ONNXWriter.file(body), name: "m.onnx")).graph.layers
  }

  @Test func layersAreNamedAfterTheCallAndTheNode() throws {
    let layers = try layers {
      $0.function("Inner", ["a"], ["b"]) { $0.node("Tanh", ["a"], ["b"], name: "tanh") }
      $0.function("Outer", ["a"], ["b"]) {
        $0.node("Inner", ["a"], ["t"], name: "inner")
        $0.node("Sigmoid", ["t"], ["b"])
      }
      $0.node("Outer", ["x"], ["t"], name: "first")
      $0.node("Outer", ["t"], ["u"], name: "first")
      $0.node("GlobalAveragePool", ["u"], ["y"], name: "head")
    }
    #expect(layers.map(\.name) == ["first/inner/tanh", "first/b", "first/inner/tanh_2", "first/b_2", "head"])
    #expect(layers.map(\.inputs) == [["image"]] + layers.dropLast().map { [$0.name] })
  }

  @Test func anOutputMayBeAnInput() throws {
    let layers = try layers {
      $0.function("Both", ["a"], ["b", "a"]) { $0.node("Tanh", ["a"], ["b"], name: "tanh") }
      $0.node("Both", ["x"], ["t", "u"], name: "f")
      $0.node("Add", ["t", "u"], ["v"], name: "sum")
      $0.node("GlobalAveragePool", ["v"], ["y"], name: "head")
    }
    #expect(layers.map(\.name) == ["f/tanh", "sum", "head"])
    #expect(layers[1].inputs == ["f/tanh", "image"])
  }

  /// Before opset 13 a softmax goes over all axes from the second one on, which here are more than the channels.
  @Test func aFunctionHasItsOwnVersionOfTheOperators() {
    func line(_ opset: Int) -> String {
      ONNXWriter.line {
        $0.function("End", ["a"], ["b"], opset: opset) { $0.node("Softmax", ["a"], ["b"], name: "softmax") }
        $0.node("GlobalAveragePool", ["x"], ["t"])
        $0.node("End", ["t"], ["u"], name: "end")
        $0.node("Flatten", ["u"], ["y"])
      }
    }
    #expect(line(11) == "(no error)")
    #expect(line(13).hasPrefix("m.onnx: node end/softmax: operator Softmax is not supported here: "))
  }

  @Test func refusesFunctionsThatCallThemselves() {
    let line = ONNXWriter.line {
      $0.function("A", ["a"], ["b"]) { $0.node("B", ["a"], ["b"]) }
      $0.function("B", ["a"], ["b"]) { $0.node("A", ["a"], ["b"]) }
      $0.node("A", ["x"], ["y"])
    }
    #expect(line == "m.onnx: the function A calls itself")
  }

  /// Each function calls the next one twice. With 40 of them there would be 2⁴⁰ calls.
  @Test(arguments: [true, false]) func boundsTheNumberOfNodes(lastHasNodes: Bool) {
    let line = ONNXWriter.line {
      for index in 0..<40 {
        $0.function("F\(index)", ["a"], ["b"]) {
          if index < 39 {
            $0.node("F\(index + 1)", ["a"], ["t"])
            $0.node("F\(index + 1)", ["t"], ["b"])
          } else if lastHasNodes {
            $0.node("Tanh", ["a"], ["b"])
          }
        }
      }
      $0.node("F0", ["x"], ["y"])
    }
    #expect(line == "m.onnx: the file's functions make more than 131072 nodes, or names that are too long")
  }

  @Test func boundsTheDepthOfCalls() {
    let line = ONNXWriter.line {
      for index in 0..<5000 { $0.function("F\(index)", ["a"], ["b"]) { $0.node("F\(index + 1)", ["a"], ["b"]) } }
      $0.node("F0", ["x"], ["y"])
    }
    #expect(line == "m.onnx: the function F64 lies more than 64 calls deep")
  }

  @Test func refusesCallsWithTooManyInputs() {
    let line = ONNXWriter.line {
      $0.function("F", ["a"], ["b"]) { $0.node("Tanh", ["a"], ["b"]) }
      $0.node("F", ["x", "x"], ["y"], name: "call")
    }
    #expect(line == "m.onnx: node call has 2 inputs and 1 outputs, but the function F has 1 and 1")
  }
}
