// SPDX-License-Identifier: MIT

import PixelAscent

/// The work of `reproduce`: makes a picture again as its file describes, and compares the two.
package struct ReproduceWork {
  private let file: String
  private let bytes: [UInt8]
  private let provenance: Provenance
  private let network: Network
  private let source: Source?
  private let spectrum: Tensor?
  private let run: RunSettings

  /// The photo or the start image that a picture was made from, and its file.
  private struct Source {
    let subject: Subject
    let path, sha256: String
  }

  /// Reads the picture's file, the network, and the photo or the start image that the picture was made from.
  ///
  /// - Parameters:
  ///   - file: the picture's file
  ///   - input: the file of the photo or the start image; nil if the command names none
  ///   - spectrum: the file or the folder of the spectrum; nil if the command names none
  ///   - model: the model file; nil for the one that ``ModelLocation/find(_:)`` finds
  package init(_ file: String, input: String?, spectrum: String?, model: String?, _ run: RunSettings) throws {
    (self.file, self.run) = (file, run)
    bytes = try Files.read(file)
    provenance = try Provenance(ofPicture: bytes, name: file)
    var options = try run.computeOptions()
    if Files.environment(InstructionSet.variable) == nil {
      let recorded = InstructionSet.selectable.first { [provenance] in $0.name == provenance.instructionSet }
      options.instructionSet = recorded ?? options.instructionSet
    }
    // A larger limit than this run's would let the picture's file decide how much memory is used.
    options.maxMemory = min(options.maxMemory, provenance.maxMemory)
    var network = try run.network(model, provenance.model.settings, takesAdvice: false)
    network.options = options
    self.network = network
    source = try Self.source(of: file, provenance, input: input, network, run)
    guard (provenance.spectrum == nil) == (spectrum == nil) else {
      throw UsageError(
        spectrum == nil
          ? "\(file) was made with a spectrum; name its file with --spectrum."
          : "\(file) was not made with a spectrum of a file; leave out --spectrum.")
    }
    self.spectrum = try spectrum.map { [network] in try run.spectrum($0, network) }
  }

  private static func source(
    of file: String, _ provenance: Provenance, input: String?, _ network: Network, _ run: RunSettings
  ) throws -> Source? {
    guard provenance.input != nil else {
      if input != nil { throw UsageError("\(file) was not made from a file; leave out --input.") }
      return nil
    }
    guard let input else {
      throw UsageError("\(file) was made from a file; name that file with --input.")
    }
    var run = run
    run.background = provenance.background ?? .white
    if provenance.technique.source == .photo {
      let photo = try run.photo(input)
      return Source(subject: Subject(photo: photo.content), path: input, sha256: photo.sha256())
    }
    let start = try run.start(input, network)
    return Source(subject: Subject(start: start.content), path: input, sha256: start.sha256())
  }

  /// Makes the picture again, and compares the two.
  ///
  /// - Parameter mostSeconds: a file may ask for any number of iterations; if they would take longer than this, the
  ///   picture is not made
  /// - Throws: `PixelAscentError` as making the picture does, and of kind `sizeLimit` if it would take longer.
  package func compare(mostSeconds: Double) throws -> ReproduceRecord {
    let reasons = try provenance.differences(
      from: network, input: source?.sha256, spectrum: spectrum.map(Provenance.sha256(ofSpectrum:)))
    let again = try explained(by: reasons) {
      try checkTime(mostSeconds)
      return try data()
    }
    // A GIF can't be decoded, so its record has no distance.
    let distance = Animation.isGIF(bytes) ? nil : try decoded(again).distance(from: decoded(bytes))
    return ReproduceRecord(file, title: provenance.title, isSame: again == bytes, distance, reasons: reasons)
  }

  private func checkTime(_ most: Double) throws {
    if most == .infinity { return }
    let seconds = try withErrors(about: source?.path ?? file) {
      try provenance.estimatedSeconds(by: network, of: subject)
    }
    if seconds <= most { return }
    let advice = Terminal.standardError == nil ? "--max-seconds raises the limit" : "--yes makes it all the same"
    throw PixelAscentError(
      .sizeLimit,
      Message(
        "making it again would take about \(ProgressText.words(seconds)), more than the limit of \(fixed(most, 0)) "
          + "seconds; \(advice)"), about: file)
  }

  /// Makes the picture again, and returns the bytes of its file. They get the file's format and comment; `differences` has
  /// already compared what the comment says.
  private func data() throws -> [UInt8] {
    if provenance.kind == .animation {
      let animation = try withErrors(about: source?.path ?? file) {
        try provenance.animation(by: network, of: subject)
      }
      if Animation.isGIF(bytes) { return try animation.gif(comment: Animation.comment(inGIF: bytes)) }
      return try animation.apng(comment: RGBImage.comment(inFile: bytes, name: file))
    }
    let picture = try withErrors(about: source?.path ?? file) { try provenance.picture(by: network, of: subject) }
    return try picture.data(like: bytes, name: file)
  }

  private var subject: Subject {
    var subject = source?.subject ?? Subject()
    subject.spectrum = spectrum
    return subject
  }

  private func decoded(_ bytes: [UInt8]) throws -> RGBImage {
    try RGBImage(decoding: bytes, name: file, maxMegapixels: run.maxMegapixels)
  }

  /// Calls `work`, and adds to its errors what has changed since the picture was made.
  private func explained<Value>(by reasons: [String], _ work: () throws -> Value) throws -> Value {
    do {
      return try work()
    } catch var error as PixelAscentError {
      for reason in reasons { error.message = "\(error.message); \(reason)" }
      throw error
    }
  }
}
