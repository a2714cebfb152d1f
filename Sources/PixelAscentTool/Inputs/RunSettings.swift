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
  /// The colour behind the transparent parts of images.
  package var background = RGBColor.white
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
  ///
  /// - Parameter takesAdvice: whether the command has the options that some notes advise; else these notes are left out
  package func network(_ path: String?, _ settings: ModelSettings, takesAdvice: Bool = true) throws -> Network {
    let network = try Network(
      contentsOf: try ModelLocation.find(path), settings: settings, options: try computeOptions())
    for note in network.notes where takesAdvice || note.advice.isEmpty { console.note("note: \(note.text)") }
    return network
  }
}

/// What a picture is made from: a photo or the start of an ascent, and what its provenance says about it.
package struct InputFile<Content: Sendable>: Sendable {
  package let content: Content
  fileprivate let bytes: [UInt8]
  /// The colour behind the transparent parts of the image; nil if that is white, or if there are no such parts.
  package let background: RGBColor?

  /// Returns the SHA-256 of the file.
  package func sha256() -> String { SHA256.digest(of: bytes) }
}

extension RunSettings {
  /// Reads a photograph.
  package func photo(_ path: String) throws -> InputFile<RGBImage> {
    try input(EncodedImage(Files.read(path), name: path, maxMegapixels: maxMegapixels))
  }

  /// Waits until `memory` has enough free bytes for a photograph, then decodes the photograph, and calls `work` with it.
  ///
  /// - Parameter copies: how many bytes each value of the photo takes while the photo is decoded and while `work` runs
  package func withPhoto<Value>(
    _ path: String, _ memory: MemoryBudget, copies: Int, _ work: (InputFile<RGBImage>) throws -> Value
  ) throws -> Value {
    let file = try EncodedImage(Files.read(path), name: path, maxMegapixels: maxMegapixels)
    return try memory.holding(copies * file.valueCount + file.bytes.count) { try work(input(file)) }
  }

  /// Reads the start of an ascent: a .npy file, or an image at its own size.
  package func start(_ path: String, _ network: Network) throws -> InputFile<Tensor> {
    let bytes = try Files.read(path)
    if bytes.starts(with: Tensor.npyMagic) {
      return InputFile(content: try Tensor(npy: bytes, name: path), bytes: bytes, background: nil)
    }
    let photo = try input(EncodedImage(bytes, name: path, maxMegapixels: maxMegapixels))
    let start = try withErrors(about: path) { try network.start(from: photo.content) }
    return InputFile(content: start, bytes: bytes, background: photo.background)
  }

  /// Reads the magnitudes of Fourier coefficients: those in a .npy file, those of a photo, or the mean of those of all
  /// photos in a folder.
  package func spectrum(_ path: String, _ network: Network) throws -> Tensor {
    if !Files.isFolder(path) {
      let bytes = try Files.read(path)
      if bytes.starts(with: Tensor.npyMagic) { return try Tensor(npy: bytes, name: path) }
    }
    let images = try InputImages([path])
    if let problem = images.problems.first { throw problem }
    var sum: Tensor?
    for path in images.paths {
      let photo = try photo(path).content
      let magnitudes = try withErrors(about: path) {
        try ImageSpectrum.magnitudes(of: network.input(for: photo), network)
      }
      guard var total = sum else {
        sum = magnitudes
        continue
      }
      guard total.shape == magnitudes.shape else {
        throw PixelAscentError(
          .invalidParameter,
          "the photos of a spectrum must have one size after preprocessing; --resize stretch or crop makes it one",
          about: path)
      }
      for index in total.values.indices { total.values[index] += magnitudes.values[index] }
      sum = total
    }
    guard let sum else { preconditionFailure("a list of images is never empty") }
    // The scale of the magnitudes is of no importance, so their sum is as good as their mean.
    return sum
  }

  /// Decodes an image, and prints the note about it if there is one.
  private func input(_ file: EncodedImage) throws -> InputFile<RGBImage> {
    let (image, note) = try file.decoded(over: background)
    if let note { console.note("note: \(file.name): \(note)") }
    return InputFile(
      content: image, bytes: file.bytes, background: file.isTransparent && background != .white ? background : nil)
  }
}
