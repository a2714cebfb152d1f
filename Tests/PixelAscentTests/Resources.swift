// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import Testing

/// The real model, the photographs and the goldens, found from this source file.
enum Resources {
  private static let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static let modelPath = package.appendingPathComponent("Models/squeezenet1_1.safetensors").path

  static let hasModel = FileManager.default.fileExists(atPath: modelPath)
  static let needsModel: Comment = "Models/squeezenet1_1.safetensors is not there; `make model` gets it"

  private static let loaded = Result { try Network(contentsOf: modelPath) }

  /// SqueezeNet 1.1.
  static func network(_ set: InstructionSet = .best, threads: Int? = nil) throws -> Network {
    var network = try loaded.get()
    network.options = ComputeOptions(
      threads: threads ?? ComputeOptions.availableThreads, instructionSet: set)
    return network
  }

  /// A photograph and the class that its name says.
  struct Photo: Sendable, CustomTestStringConvertible {
    let path: String
    let label: Int

    var testDescription: String { URL(fileURLWithPath: path).lastPathComponent }
    var image: RGBImage { get throws { try RGBImage(contentsOf: path) } }
  }

  /// The photographs `imagenet_NN_LABEL.jpg`, in the order of NN.
  static let photos: [Photo] = {
    let folder = package.appendingPathComponent("Samples")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().compactMap { name in
      let parts = name.split { "_.".contains($0) }
      guard parts.count == 4, parts[0] == "imagenet", parts[3] == "jpg", let label = Int(parts[2]) else { return nil }
      return Photo(path: folder.appendingPathComponent(name).path, label: label)
    }
  }()

  static let hasPhotos = hasModel && photos.count == 20
  static let needsPhotos: Comment = "the model or the 20 photographs are not there; `make model samples` gets them"

  private static func golden(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: package.appendingPathComponent("Tests/Golden/\(name)")))
  }

  /// The array `name`.npy of Tests/Golden.
  static func goldenTensor(_ name: String) throws -> Tensor {
    try Tensor(npy: golden("\(name).npy"), name: name)
  }

  /// The list `name`.json of Tests/Golden.
  static func goldenIndex<Entry: Decodable>(_ name: String, of type: Entry.Type) throws -> [Entry] {
    try JSONDecoder().decode([Entry].self, from: Data(golden("\(name).json")))
  }
}

/// ‖found − expected‖₂ / ‖expected‖₂.
func relativeError(_ found: some Sequence<Float>, _ expected: some Sequence<Float>) -> Double {
  var difference = 0.0, norm = 0.0
  for (found, expected) in zip(found, expected) {
    difference += (Double(found) - Double(expected)) * (Double(found) - Double(expected))
    norm += Double(expected) * Double(expected)
  }
  return (difference / norm).squareRoot()
}

/// max |found − expected|; infinite if their numbers differ or one is NaN.
func largestError(_ found: [Float], _ expected: [Float]) -> Double {
  guard found.count == expected.count else { return .infinity }
  return zip(found, expected).reduce(0) { worst, pair in
    let error = abs(Double(pair.0) - Double(pair.1))
    return error.isNaN ? .infinity : max(worst, error)
  }
}

extension [Double] {
  /// The middle element in order.
  var median: Double { sorted()[count / 2] }
}
