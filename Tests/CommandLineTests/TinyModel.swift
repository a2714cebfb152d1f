// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import PixelAscentTool
import TestSupport

/// A model with ImageNet's classes and arbitrary weights, small enough to run in milliseconds.
enum TinyModel {
  static let bytes: [UInt8] = {
    do {
      return try file().safetensors().data()
    } catch {
      fatalError("\(error)")
    }
  }()

  /// The size of the network's input, so small that a debug build is fast too.
  static let inputSize = 40

  /// The layers, which halve an image four times. SqueezeNet does so too, so both need at least 17 × 17 pixels.
  private static func file() throws -> Model {
    try model(
      [
        convolution("conv1", "image", Window(kernel: 3, stride: 2), 16), pool("pool1", "conv1"),
        pool("pool2", "pool1"), pool("pool3", "pool2"), convolution("conv2", "pool3", Window(kernel: 1), 1000),
        GraphLayer(name: "scores", operation: GlobalAverage(), inputs: ["conv2"]),
      ],
      [
        "conv1.weight": ([16, 3, 3, 3], 0.5), "conv1.bias": ([16], 0.1), "conv2.weight": ([1000, 16, 1, 1], 1),
        "conv2.bias": ([1000], 0.1),
      ])
  }

  /// A model whose weights take 20 MB, and 75 MB more for Winograd's method.
  static func withManyWeights() throws -> Model {
    try model(
      [
        convolution("conv1", "image", Window(kernel: 3, stride: 2), 512),
        convolution("wide", "conv1", Window(kernel: 3, padding: 1), 512),
        convolution("conv2", "wide", Window(kernel: 1), 1000),
        GraphLayer(name: "scores", operation: GlobalAverage(), inputs: ["conv2"]),
      ],
      [
        "conv1.weight": ([512, 3, 3, 3], 0.5), "conv1.bias": ([512], 0.1),
        "wide.weight": ([512, 512, 3, 3], 0.01), "wide.bias": ([512], 0.1),
        "conv2.weight": ([1000, 512, 1, 1], 0.1), "conv2.bias": ([1000], 0.1),
      ])
  }

  private static func convolution(_ name: String, _ input: String, _ window: Window, _ channels: Int) -> GraphLayer {
    let operation = Convolution(window, groups: 1, outputs: channels, clamp: .relu)
    return GraphLayer(name: name, operation: operation, inputs: [input])
  }

  private static func pool(_ name: String, _ input: String) -> GraphLayer {
    GraphLayer(name: name, operation: MaxPool(Window(kernel: 3, stride: 2), ceilMode: true), inputs: [input])
  }

  /// Returns a model with arbitrary weights in these layers.
  private static func model(
    _ layers: [GraphLayer], _ weights: KeyValuePairs<String, (shape: [Int], scale: Float)>
  ) throws -> Model {
    var random = TestRandom(5)
    let tensors = weights.map { name, tensor in
      (
        name,
        Tensor(shape: tensor.shape, values: random.reals(tensor.shape.reduce(1, *)).map { Float($0) * tensor.scale })
      )
    }
    return try Model(
      graph: Graph(input: .init(channels: 3), layers: layers, output: "scores"), labels: ImageNetLabels.labels,
      preprocessing: Preprocessing(
        mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25], inputSize: PixelSize(square: inputSize)),
      source: "a test", licence: "MIT", tensors: Dictionary(uniqueKeysWithValues: tensors), name: "tiny")
  }
}

extension TemporaryFolder {
  func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))) }

  /// Returns the path and the size of every file and folder inside this folder.
  func contents() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: path).sorted().map { name in
      let size = try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")[.size] as? Int
      return "\(name) \(size ?? -1)"
    }
  }

  func image(_ name: String) throws -> RGBImage { try RGBImage(contentsOf: "\(path)/\(name)") }

  func tensor(_ name: String) throws -> Tensor { try Tensor(npy: bytes(name), name: name) }

  /// Returns a folder with a photo, and with the tiny model where the program finds it.
  static func withModelAndPhoto() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.add("Models/\(ModelLocation.defaultName)", TinyModel.bytes)
    try folder.add("photo.png", try Pictures.photo.pngData())
    return folder
  }
}

enum Pictures {
  /// A picture of 72 × 48 pixels with soft shapes of all colours.
  static let photo = RGBImage(
    width: 72, height: 48,
    pixels: (0..<72 * 48).flatMap { (index: Int) -> [UInt8] in
      let x = Double(index % 72), y = Double(index / 72)
      let waves: [Double] = [sin(x / 9), cos(y / 7), sin((x + y) / 11)]
      return waves.map { (wave: Double) -> UInt8 in UInt8(127.5 + 127 * wave) }
    })

  static func flat(width: Int, height: Int) -> RGBImage {
    RGBImage(width: width, height: height, pixels: [UInt8](repeating: 130, count: 3 * width * height))
  }

  /// A PNG file of 69 bytes that declares 100,000 × 100,000 pixels.
  static let bomb = Array(
    Data(
      base64Encoded: "iVBORw0KGgoAAAANSUhEUgABhqAAAYagCAIAAADEOMBSAAAADElEQVR4nGNgoD0AAABkAAEvELgxAAAAAElFTkSuQmCC")
      ?? Data())

  /// A PNG file that declares 20,000 × 10,000 pixels.
  static let large = Array(
    Data(
      base64Encoded: "iVBORw0KGgoAAAANSUhEUgAATiAAACcQCAIAAAB2Rt/1AAAADElEQVR4nGNgoD0AAABkAAGGZDw1AAAAAElFTkSuQmCC")
      ?? Data())

  /// A PNG file that declares 10⁹ × 10⁹ pixels. The bytes of eight copies are more than an integer can count.
  static let vast = Array(
    Data(
      base64Encoded: "iVBORw0KGgoAAAANSUhEUjuaygA7msoACAIAAADr/pGzAAAADElEQVR4nGNgoD0AAABkAAGGZDw1AAAAAElFTkSuQmCC")
      ?? Data())
}
