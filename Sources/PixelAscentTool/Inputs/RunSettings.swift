// SPDX-License-Identifier: MIT

import PixelAscent

/// The threads and the memory that a command may use, and the console that it prints on.
package struct RunSettings: Sendable {
  /// The number of threads.
  package let threads: Int
  /// The largest number of megapixels that an image may have.
  package let maxMegapixels: Double
  /// The most memory, in bytes, that the network may take for one image.
  package let maxMemory: Int
  package let console: Console

  package init(threads: Int, maxMegapixels: Double, maxMemory: Int, console: Console) {
    (self.threads, self.maxMegapixels, self.maxMemory) = (threads, maxMegapixels, maxMemory)
    self.console = console
  }

  /// Returns the options for the network's computations.
  ///
  /// - Throws: `PixelAscentError` if the environment asks for an instruction set that this machine does not have.
  package func computeOptions() throws -> ComputeOptions {
    ComputeOptions(threads: threads, maxMemory: maxMemory, instructionSet: try .selected())
  }

  /// Reads the model file at `path`, or the one that ``ModelLocation/find(_:)`` finds if `path` is nil, and prints the
  /// notes about it.
  package func network(_ path: String?, _ settings: ModelSettings) throws -> Network {
    let network = try Network(
      contentsOf: try ModelLocation.find(path), settings: settings, options: try computeOptions())
    for note in network.notes { console.note("note: \(note.text)") }
    return network
  }
}

extension RunSettings {
  /// Reads a photograph. Also returns the SHA-256 of its file.
  package func photo(_ path: String) throws -> (image: RGBImage, sha256: String) {
    let bytes = try Files.read(path)
    return (try RGBImage(decoding: bytes, name: path, maxMegapixels: maxMegapixels), SHA256.digest(of: bytes))
  }

  /// Waits until `memory` has enough free bytes for a photograph, then decodes the photograph, and calls `work` with the
  /// image and with the bytes of its file.
  ///
  /// - Parameter copies: how many bytes each value of the photo takes while the photo is decoded and while `work` runs
  package func withPhoto<Value>(
    _ path: String, _ memory: MemoryBudget, copies: Int, _ work: (RGBImage, _ bytes: [UInt8]) throws -> Value
  ) throws -> Value {
    let file = try EncodedImage(Files.read(path), name: path, maxMegapixels: maxMegapixels)
    return try memory.holding(copies * file.valueCount + file.bytes.count) { try work(file.decoded(), file.bytes) }
  }

  /// Reads the start of an ascent: a .npy file, or an image at its own size. Also returns the SHA-256 of the file.
  package func start(_ path: String, _ network: Network) throws -> (image: Tensor, sha256: String) {
    let bytes = try Files.read(path), sha256 = SHA256.digest(of: bytes)
    if bytes.starts(with: Tensor.npyMagic) { return (try Tensor(npy: bytes, name: path), sha256) }
    let image = try RGBImage(decoding: bytes, name: path, maxMegapixels: maxMegapixels)
    return (try withErrors(about: path) { try network.start(from: image) }, sha256)
  }
}
