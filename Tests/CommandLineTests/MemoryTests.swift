// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

#if os(Linux)
  /// Files that take more memory than the process can get.
  @Suite struct MemoryTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder.withModelAndPhoto() }

    /// A short pickle of very many objects, or a long one.
    struct Case: Sendable, CustomTestStringConvertible {
      let testDescription: String
      /// What takes the memory, in the words of the error line.
      let what: String
      let body: [UInt8]

      init(_ name: String, what: String = "the pickle's objects may take", _ body: [UInt8]) {
        (testDescription, self.what, self.body) = (name, what, body)
      }

      /// A pickle that begins with `start`, repeats `unit` and ends with `end`.
      init(_ name: String, _ start: String, _ unit: String, count: Int, _ end: String) {
        self.init(name, Array(start.utf8) + repeated(unit, count) + Array(end.utf8))
      }
    }

    private static func repeated(_ text: String, _ count: Int) -> [UInt8] {
      Array(String(repeating: text, count: count).utf8)
    }

    private static var listsInsideLists: [UInt8] {
      repeated("]", 1_000_000) + repeated("a", 999_999) + Array(".".utf8)
    }

    /// An empty list that the pickle stores in 600,000 places of its memo.
    private static var memos: [UInt8] {
      var bytes = Array("]".utf8)
      for place in 0..<600_000 { bytes += [0x72, UInt8(place & 255), UInt8(place >> 8 & 255), UInt8(place >> 16), 0] }
      return bytes + Array(".".utf8)
    }

    private static var longText: [UInt8] {
      let start: [UInt8] = [0x42, 0, 0x87, 0x93, 3]
      return start + repeated("A", 60_000_000) + Array(".".utf8)
    }

    private static let pickles: [Case] = [
      Case("a list of empty lists", "](", "]", count: 1_000_000, "e."),
      Case("a list of empty tuples", "](", ")", count: 1_000_000, "e."),
      Case("lists inside lists", listsInsideLists),
      Case("one value many times", "](N", "2", count: 1_000_000, "e."),
      Case("short texts", "](", "U\u{1}a", count: 900_000, "e."),
      Case("marks", "", "(", count: 2_000_000, "]."),
      Case("objects", "](", "c__main__\nA\n)R", count: 300_000, "e."),
      Case("memos", memos),
      Case("a long text", what: "60000007 bytes of a pickle may take", longText),
    ]

    @Test("A pickle that takes too much memory is refused in one line", arguments: pickles, [60, 140])
    func pickle(_ pickle: Case, megabytes: Int) throws {
      try folder.add("net.pkl", [0x80, 2] + pickle.body)
      try Refusal("inspect net.pkl", "error: net.pkl: \(pickle.what) … MB, more memory than this process can get")
        .check(in: folder, megabytes: megabytes)
    }

    @Test("Weights are read within the memory that the process can get, or refused in one line", arguments: [1, 2])
    func weights(threads: Int) throws {
      // Three layers of 9 MB each, one of 18 MB, and a photo that the layers make small.
      var layers: [GraphLayer] = [], tensors: [String: Tensor] = [:], input = "image", channels = 3
      func convolution(_ name: String, _ outputs: Int, kernel: Int, stride: Int = 1) {
        let window = Window(kernel: kernel, stride: stride, padding: kernel / 2)
        layers.append(
          GraphLayer(
            name: name, operation: Convolution(window, groups: 1, outputs: outputs, clamp: .relu), inputs: [input]))
        let shape = [outputs, channels, kernel, kernel]
        tensors["\(name).weight"] = Tensor(shape: shape, values: Array(repeating: 0.01, count: shape.reduce(1, *)))
        tensors["\(name).bias"] = Tensor(shape: [outputs], values: Array(repeating: 0, count: outputs))
        (input, channels) = (name, outputs)
      }
      convolution("a", 8, kernel: 3, stride: 4)
      convolution("b", 512, kernel: 3, stride: 4)
      for name in ["c", "d", "e"] { convolution(name, 512, kernel: 3, stride: 2) }
      convolution("f", 1024, kernel: 3)
      layers.append(GraphLayer(name: "scores", operation: GlobalAverage(), inputs: [input]))
      let model = try Model(
        graph: Graph(input: .init(channels: 3), layers: layers, output: "scores"),
        labels: Labels(names: (0..<1024).map { ["class \($0)"] }),
        preprocessing: Preprocessing(mean: [0, 0, 0], std: [1, 1, 1], inputSize: PixelSize(square: 64)),
        source: "a test", licence: "MIT", tensors: tensors, name: "m")
      try folder.add("m.safetensors", model.safetensors().data())

      var statuses: [Int32] = []
      for megabytes in stride(from: 80, through: 300, by: 10) {
        let command = "saliency photo.png --model m.safetensors -o map.png --class 7 --quiet --threads \(threads)"
        let script = "ulimit -v \(megabytes << 10); exec \"$0\" \(command)"
        let outcome = try Program.run(["-c", script, Program.path], in: folder, program: "/bin/sh")
        statuses.append(outcome.status)
        let lines = outcome.errors.split(separator: "\n")
        let isRefused = lines.count == 1 && lines[0].hasPrefix("error: ") && lines[0].hasSuffix("this process can get")
        #expect(outcome.status == 0 || outcome.status == 1 && isRefused, "\(megabytes) MB: \(outcome.errors)")
      }
      #expect(statuses.first == 1 && statuses.last == 0)
    }

    @Test("Very many names of classes are refused in one line if they take too much memory", arguments: [60, 100, 140])
    func labels(megabytes: Int) throws {
      try folder.add("labels", String(repeating: "a\n", count: 1_000_000))
      try Refusal(
        "classify photo.png --labels labels",
        "error: labels: the names of the classes may take 123 MB, more memory than this process can get"
      ).check(in: folder, megabytes: megabytes)
    }

    @Test("Constants that a graph asks for are refused in one line if they take too much memory")
    func constants() throws {
      func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] { [number << 3 | 2, UInt8(content.count)] + content }
      func node(_ type: String, _ inputs: [String], _ output: String) -> [UInt8] {
        let names: [UInt8] = inputs.flatMap { field(1, Array($0.utf8)) }
        return field(1, names + field(2, Array(output.utf8)) + field(4, Array(type.utf8)))
      }
      func value(_ name: String, _ shape: [UInt8]) -> [UInt8] {
        let dimensions = shape.flatMap { field(1, [0x08, $0]) }
        let tensor: [UInt8] = [0x08, 1] + field(2, dimensions)
        return field(1, Array(name.utf8)) + field(2, field(1, tensor))
      }
      // 4000 × 4000 zeros, and their sum.
      var size: [UInt8] = [0x08, 2, 0x10, 7]
      size += field(7, [0xA0, 0x1F, 0xA0, 0x1F])
      size += field(8, Array("n".utf8))
      var graph = node("ConstantOfShape", ["n"], "c")
      graph += node("Add", ["c", "c"], "d")
      graph += node("Add", ["x", "d"], "y")
      graph += field(5, size)
      graph += field(11, value("x", [1, 3, 8, 8]))
      graph += field(12, value("y", [1]))
      var file: [UInt8] = [0x08, 8]
      file += field(8, [0x10, 13])
      file += [0x3A, UInt8(graph.count & 127 | 128), UInt8(graph.count >> 7)]
      try folder.add("net.onnx", file + graph)
      try Refusal(
        "inspect net.onnx",
        "error: net.onnx: … constants of 16000000 elements take 245 MB, more memory than this process can get"
      ).check(in: folder, megabytes: 200)
    }

    @Test("Too little memory for the weights of Winograd's method is refused, and --max-memory leaves them out")
    func winograd() throws {
      try folder.add("wide.safetensors", TinyModel.withManyWeights().safetensors().data())
      let command = "saliency photo.png --model wide.safetensors -o map.png --quiet"
      try Refusal(
        command,
        """
        error: photo.png: the weights for Winograd's convolutions, which a lower --max-memory leaves out, take 72 MB, \
        more memory than this process can get
        """
      ).check(in: folder, megabytes: 130)
      let limited = try Program.run(
        (command + " --max-memory 10").split(separator: " ").map(String.init), in: folder, megabytes: 130)
      #expect(limited.status == 0, "\(limited.errors)")
    }
  }
#endif
