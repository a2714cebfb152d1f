// SPDX-License-Identifier: MIT

import PixelAscent

/// What a command may use of the machine, and where it says what it does.
package struct RunSettings: Sendable {
  /// The number of threads.
  package let threads: Int
  /// Larger images are refused.
  package let maxMegapixels: Double
  /// The most memory, in bytes, that one image's way through the network may take.
  package let maxMemory: Int
  package let console: Console

  package init(threads: Int, maxMegapixels: Double, maxMemory: Int, console: Console) {
    (self.threads, self.maxMegapixels, self.maxMemory) = (threads, maxMegapixels, maxMemory)
    self.console = console
  }

  /// - Throws: `PixelAscentError` if the environment asks for an instruction set that this machine lacks.
  package func computeOptions() throws -> ComputeOptions {
    ComputeOptions(threads: threads, maxMemory: maxMemory, instructionSet: try .selected())
  }

  /// Reads the model file at `path`, or the one that is found if there is no path, and prints the notes on it.
  package func network(_ path: String?, _ settings: ModelSettings) throws -> Network {
    let network = try Network(
      contentsOf: try ModelLocation.find(path), settings: settings, options: try computeOptions())
    for note in network.notes { console.note("note: \(note.text)") }
    return network
  }
}

extension RunSettings {
  /// Reads a photograph; also gives its file's SHA-256.
  package func photo(_ path: String) throws -> (image: RGBImage, sha256: String) {
    let bytes = try Files.read(path)
    return (try RGBImage(decoding: bytes, name: path, maxMegapixels: maxMegapixels), SHA256.digest(of: bytes))
  }

  /// Waits until there is memory for a photograph, then calls `work` with it and with its file's bytes.
  ///
  /// - Parameter copies: how many bytes each of the photo's values takes, while it is decoded and while `work` runs
  package func withPhoto<Value>(
    _ path: String, _ memory: MemoryBudget, copies: Int, _ work: (RGBImage, _ bytes: [UInt8]) throws -> Value
  ) throws -> Value {
    let file = try EncodedImage(Files.read(path), name: path, maxMegapixels: maxMegapixels)
    return try memory.holding(copies * file.valueCount + file.bytes.count) { try work(file.decoded(), file.bytes) }
  }

  /// Reads the start of an ascent, a .npy as it is or an image at its own size; also gives its file's SHA-256.
  package func start(_ path: String, _ network: Network) throws -> (image: Tensor, sha256: String) {
    let bytes = try Files.read(path), sha256 = SHA256.digest(of: bytes)
    if bytes.starts(with: Tensor.npyMagic) { return (try Tensor(npy: bytes, name: path), sha256) }
    let image = try RGBImage(decoding: bytes, name: path, maxMegapixels: maxMegapixels)
    return (try withErrors(about: path) { try network.start(from: image) }, sha256)
  }
}
