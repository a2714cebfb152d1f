// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// The real network, the photographs and the golden files.
enum Resources {
  static let hasModel = PackageFiles.hasModel
  static let needsModel: Comment = "Models/squeezenet1_1.safetensors is missing; `make model` gets it"

  private static let loaded = Result { try Network(contentsOf: PackageFiles.model) }

  /// Returns SqueezeNet 1.1.
  static func network(_ set: InstructionSet = .best, threads: Int? = nil) throws -> Network {
    var network = try loaded.get()
    network.options = ComputeOptions(
      threads: threads ?? ComputeOptions.availableThreads, instructionSet: set)
    return network
  }

  /// A photograph, and the class in its file's name.
  struct Photo: Sendable, CustomTestStringConvertible {
    let path: String
    let label: Int

    var testDescription: String { URL(fileURLWithPath: path).lastPathComponent }
    var image: RGBImage { get throws { try RGBImage(contentsOf: path) } }
  }

  /// The photographs, in the order of their numbers.
  static let photos = PackageFiles.photos.compactMap { path in
    Int(path.split { "_.".contains($0) }.dropLast().last ?? "").map { Photo(path: path, label: $0) }
  }
  static let hasPhotos = PackageFiles.hasPhotos
  static let needsPhotos: Comment = "the model or the 20 photographs are missing; `make model samples` gets them"

  private static func golden(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: PackageFiles.folder + "/Tests/Golden/\(name)")))
  }

  /// Returns the array in Tests/Golden/`name`.npy.
  static func goldenTensor(_ name: String) throws -> Tensor {
    try Tensor(npy: golden("\(name).npy"), name: name)
  }

  /// Returns the list in Tests/Golden/`name`.json.
  static func goldenIndex<Entry: Decodable>(_ name: String, of type: Entry.Type) throws -> [Entry] {
    try JSONDecoder().decode([Entry].self, from: Data(golden("\(name).json")))
  }
}

/// Returns ‖found − expected‖₂ / ‖expected‖₂.
func relativeError(_ found: some Sequence<Float>, _ expected: some Sequence<Float>) -> Double {
  var difference = 0.0, norm = 0.0
  for (found, expected) in zip(found, expected) {
    difference += (Double(found) - Double(expected)) * (Double(found) - Double(expected))
    norm += Double(expected) * Double(expected)
  }
  return (difference / norm).squareRoot()
}

/// Returns max |found − expected|; infinity if the counts differ or a difference is NaN.
func largestError(_ found: [Float], _ expected: [Float]) -> Double {
  guard found.count == expected.count else { return .infinity }
  return zip(found, expected).reduce(0) { worst, pair in
    let error = abs(Double(pair.0) - Double(pair.1))
    return error.isNaN ? .infinity : max(worst, error)
  }
}

extension [Double] {
  /// The middle one of the elements in ascending order.
  var median: Double { sorted()[count / 2] }
}
