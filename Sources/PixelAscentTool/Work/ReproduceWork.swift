// SPDX-License-Identifier: MIT

import PixelAscent

/// What `reproduce` does: makes a picture again, as its file says, and compares.
package struct ReproduceWork {
  private let file: String
  private let bytes: [UInt8]
  private let provenance: Provenance
  private let network: Network
  private let source: Source?
  private let run: RunSettings

  /// What a picture was made from.
  private struct Source {
    let subject: Subject
    let path, sha256: String
  }

  /// Reads the picture's file, the network, and what the picture was made from.
  ///
  /// - Parameters:
  ///   - file: the picture
  ///   - input: the photo or the start that it was made from; nil if none is given
  ///   - model: the model file; nil if it is looked for
  package init(_ file: String, input: String?, model: String?, _ run: RunSettings) throws {
    (self.file, self.run) = (file, run)
    bytes = try Files.read(file)
    provenance = try Provenance(ofPicture: bytes, name: file)
    var options = try run.computeOptions()
    if Files.environment(InstructionSet.variable) == nil {
      let recorded = InstructionSet.selectable.first { [provenance] in $0.name == provenance.instructionSet }
      options.instructionSet = recorded ?? options.instructionSet
    }
    var network = try run.network(model, provenance.model.settings)
    network.options = options
    self.network = network
    source = try Self.source(of: file, provenance, input: input, network, run)
  }

  private static func source(
    of file: String, _ provenance: Provenance, input: String?, _ network: Network, _ run: RunSettings
  ) throws -> Source? {
    guard provenance.input != nil else {
      if input != nil { throw UsageError("\(file) was made from no file; leave out --input.") }
      return nil
    }
    guard let input else {
      throw UsageError("\(file) was made from a file; give it with --input.")
    }
    if provenance.technique.source == .photo {
      let (photo, sha256) = try run.photo(input)
      return Source(subject: Subject(photo: photo), path: input, sha256: sha256)
    }
    let (start, sha256) = try run.start(input, network)
    return Source(subject: Subject(start: start), path: input, sha256: sha256)
  }

  /// Makes the picture again, and compares it with the file.
  package func compare() throws -> ReproduceRecord {
    let reasons = try provenance.differences(from: network, input: source?.sha256)
    let picture = try explained(by: reasons, picture)
    // Written as the file is: in the same format, and with the same comment. What the comment says is compared above.
    let again = try picture.data(like: bytes, name: file)
    return ReproduceRecord(
      file, title: provenance.title, isSame: again == bytes, try decoded(again).distance(from: decoded(bytes)),
      reasons: reasons)
  }

  /// Makes the picture.
  private func picture() throws -> RGBImage {
    try withErrors(about: source?.path ?? file) {
      try provenance.picture(by: network, of: source?.subject ?? Subject())
    }
  }

  private func decoded(_ bytes: [UInt8]) throws -> RGBImage {
    try RGBImage(decoding: bytes, name: file, maxMegapixels: run.maxMegapixels)
  }

  /// Adds what has changed since the picture was made to the reason why it can't be made again.
  private func explained<Value>(by reasons: [String], _ work: () throws -> Value) throws -> Value {
    do {
      return try work()
    } catch var error as PixelAscentError {
      for reason in reasons { error.message = "\(error.message); \(reason)" }
      throw error
    }
  }
}
