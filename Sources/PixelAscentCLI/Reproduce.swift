// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

struct Reproduce: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a picture again, as its file says, and compare.",
    discussion: """
      Pictures of saliency, fool, visualize and atlas say how they were made. The same model, version and instruction \
      set give the same bytes; with the recorded instruction set, if this machine has it.

      Examples:
        pixelascent reproduce gorilla.png
        pixelascent reproduce map.png --input photo.jpg
      """)

  @Argument(help: ArgumentHelp("A picture that this program has made.", valueName: "picture"), completion: .file())
  var file: String

  @Option(help: ArgumentHelp("The photo or start it was made from.", valueName: "file"), completion: .file())
  var input: String?

  @Option(help: ArgumentHelp("The model: safetensors, .pth or ONNX.", valueName: "file"), completion: .file())
  var model: String?

  @OptionGroup var options: RunOptions

  func run() throws {
    let bytes = try Files.read(file), provenance = try Provenance(ofPicture: bytes, name: file)
    var compute = try options.settings.computeOptions()
    if Files.environment(InstructionSet.variable) == nil,
      let recorded = InstructionSet.selectable.first(where: { $0.name == provenance.instructionSet })
    {
      compute.instructionSet = recorded
    }
    var network = try options.settings.network(model, provenance.model.settings)
    network.options = compute
    let source = try source(provenance, network)
    let reasons = try provenance.differences(from: network, input: source?.sha256)
    let picture = try explained(by: reasons) { try made(by: provenance, network, source) }
    // As the file has it: what differs in it is said below, and is no difference of the picture.
    let again = try picture.data(like: bytes, name: file)
    let isSame = again == bytes
    func decoded(_ bytes: [UInt8]) throws -> RGBImage {
      try RGBImage(decoding: bytes, name: file, maxMegapixels: options.maxMegapixels)
    }
    let distance = try decoded(again).distance(from: decoded(bytes))
    let record = ReproduceRecord(
      file: file, title: provenance.title, same: isSame, differing_values: distance?.count,
      linf_8bit: distance?.greatest,
      psnr: distance.flatMap { $0.count > 0 ? $0.psnr : nil }, reasons: reasons)
    try options.settings.console.listing(record) { record.lines }
    if !isSame { throw ExitStatus.failure }
  }

  /// What a picture was made from.
  private struct Source {
    var photo: RGBImage?
    var start: Tensor?
    let path, sha256: String
  }

  private func source(_ provenance: Provenance, _ network: Network) throws -> Source? {
    guard provenance.input != nil else {
      if input != nil { throw UsageError("\(file) was made from no file; leave out --input.") }
      return nil
    }
    guard let input else {
      throw UsageError("\(file) was made from a file; give it with --input.")
    }
    if case .visualization = provenance.technique {
      let (start, sha256) = try options.settings.start(input, network)
      return Source(start: start, path: input, sha256: sha256)
    }
    let (photo, sha256) = try options.settings.photo(input)
    return Source(photo: photo, path: input, sha256: sha256)
  }

  private func made(by provenance: Provenance, _ network: Network, _ source: Source?) throws -> RGBImage {
    try withErrors(about: source?.path ?? file) {
      try provenance.picture(by: network, photo: source?.photo, start: source?.start)
    }
  }

  /// Adds what is not as it was to the reason why a picture can't be made again.
  private func explained<Value>(by reasons: [String], _ work: () throws -> Value) throws -> Value {
    do {
      return try work()
    } catch let error as PixelAscentError {
      throw PixelAscentError(error.kind, ([error.message] + reasons).joined(separator: "; "))
    }
  }
}

struct ReproduceRecord: Encodable {
  let file, title: String
  let same: Bool
  let differing_values, linf_8bit: Int?
  let psnr: Double?
  let reasons: [String]

  var lines: [String] {
    let verdict: String
    if same {
      verdict = "the same bytes"
    } else if let differing_values, let linf_8bit, differing_values > 0 {
      let decibels = psnr.map { ", PSNR \(fixed($0, 1)) dB" } ?? ""
      verdict = "differs: \(differing_values) values, at most by \(linf_8bit)/255\(decibels)"
    } else if differing_values == 0 {
      verdict =
        "the same pixels in other bytes: the file was written by other versions of the image libraries, or changed"
    } else {
      verdict = "differs: another size"
    }
    return ["\(file): \(title.oneLine): \(verdict)"] + reasons.map { "  \($0)" }
  }
}
