// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// `reproduce`, for every kind of picture that the program makes.
@Suite struct ReproduceTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder.withModelAndPhoto() }

  private func run(_ command: String, _ environment: [String: String] = [:]) throws -> Program.Outcome {
    try Program.run(command.split(separator: " ").map(String.init), in: folder, environment: environment)
  }

  @Test(
    "reproduce makes the same bytes, on any number of threads",
    arguments: [
      ("saliency photo.png --figure f.png", " --input photo.png"),
      ("saliency photo.png --colormap viridis --percentile 90 --overlay f.png", " --input photo.png"),
      ("saliency photo.png --resize crop --colormap grey --overlay f.jpg", " --input photo.png"),
      ("saliency photo.png --class 7 --objective cross-entropy --figure f.jpg", " --input photo.png"),
      ("fool photo.png --target 76 --max-iterations 40 --figure f.png", " --input photo.png"),
      ("fool photo.png --target 76 --max-iterations 3 --labels l.txt --scale 2 --figure f.jpg", " --input photo.png"),
      ("fool photo.png --target 76 --max-iterations 3 --no-captions --figure f.png", " --input photo.png"),
      ("saliency photo.png --labels l.txt --scale 3 --figure f.png", " --input photo.png"),
      ("visualize --class 76 --iterations 4 --labels l.txt --show-every 1 --no-captions --figure f.png", ""),
      ("visualize --class 76 --iterations 30 --size 32 --labels l.txt --show-every 1 --figure f.png", ""),
      ("visualize --class 76 --iterations 4 --seed 9 --figure f.png", ""),
      ("visualize --class 76 --iterations 4 --recipe simonyan --size 32x40 --show-every 1 --figure f.png", ""),
      ("visualize --class 76 --iterations 4 --init photo.png --no-clamp --figure f.png", " --input photo.png"),
      ("visualize --class 76 --iterations 4 --recipe soft --figure f.png", ""),
      ("visualize --class 76 --iterations 4 --recipe lucid --show-every 1 --figure f.png", ""),
      ("visualize --class 76 --iterations 4 --recipe lucid --init photo.png --figure f.png", " --input photo.png"),
      ("visualize --objective layer:pool2 --iterations 4 --recipe lucid --figure f.png", ""),
      (
        "saliency photo.png --mean 0.1,0.2,0.3 --std 1,0.5,0.25 --bgr --input-size 32 --resize crop --figure f.png",
        " --input photo.png"
      ),
    ])
  func same(_ command: String, _ input: String) throws {
    try folder.add("l.txt", Array((0..<1000).map { "the class number \($0)\n" }.joined().utf8))
    let made = try run("\(command) -o o.png --quiet --threads 1")
    try #require(made.status <= 1, "\(made.errors)")
    let figure = command.hasSuffix(".jpg") ? "f.jpg" : "f.png"
    // The file's name does not matter.
    try folder.add("g.jpeg.png", folder.bytes(figure))
    for file in ["o.png", figure, "g.jpeg.png"] {
      let outcome = try run("reproduce \(file)\(input) --threads 3")
      #expect(outcome.status == 0, "\(outcome.errors)")
      try #require(outcome.lines.count == 1)
      #expect(outcome.lines[0].hasSuffix(": the same bytes"))
    }
  }

  @Test("--max-megapixels limits the picture, and control characters in a title don't reach the terminal")
  func limits() throws {
    #expect(try run("visualize --class 76 --iterations 1 --size 40 -o o.png --quiet").status == 0)
    let refused = try run("reproduce o.png --max-megapixels 0.0015")
    #expect(refused.status == 1)
    #expect(refused.errors.contains("more than the limit of 0.0015"))
    #expect(try run("reproduce o.png --max-megapixels 0.0017").status == 0)

    let bytes = try folder.bytes("o.png"), text = try #require(try RGBImage.comment(inFile: bytes, name: "o.png"))
    let title = #""title":"class visualization"#
    #expect(text.contains(title))
    let hostile = text.replacing(title, with: #""title":"\u001b[2J\u009b\nother.png: the same bytes"#)
    try folder.add("h.png", RGBImage(decoding: bytes, name: "o.png").pngData(comment: hostile))
    let outcome = try run("reproduce h.png")
    #expect(outcome.status == 0)
    #expect(outcome.lines.count == 1)
    #expect(outcome.text.hasPrefix("h.png:  [2J  other.png: the same bytes of "))
  }

  @Test("If the pictures differ, the output says how much and why")
  func different() throws {
    #expect(try run("saliency photo.png -o o.png --quiet").status == 0)
    try folder.add("other.png", Pictures.photo.resized(width: 40, height: 50).pngData())
    let size = try run("reproduce o.png --input other.png")
    #expect(size.status == 1)
    try #require(size.lines.count == 2)
    #expect(size.lines[0].hasSuffix(": differs in size"))
    #expect(size.lines[1].hasPrefix("  it was made from another file (SHA-256 "))

    var photo = Pictures.photo
    photo.pixels.reverse()
    try folder.add("changed.png", photo.pngData())
    let record = try run("reproduce o.png --input changed.png --json")
    #expect(record.status == 1)
    #expect(try record.record["same"] == .bool(false))
    #expect(try record.record["reasons"]?.count == 1)
    #expect(try #require(record.record["differing_values"]?.int) > 0)
    #expect(try #require(record.record["psnr"]?.number) > 1)

    var bytes = TinyModel.bytes
    bytes[bytes.count - 2] ^= 0x40
    try folder.add("other.safetensors", bytes)
    let model = try run("reproduce o.png --input photo.png --model other.safetensors")
    #expect(model.lines.last?.hasPrefix("  it was made with another model (SHA-256 ") == true)
  }

  @Test("An error, too, says what was different when the picture was made")
  func explained() throws {
    #expect(try run("visualize --class 76 --iterations 1 -o o.png --quiet").status == 0)
    let image = try folder.image("o.png")
    let text = try #require(try RGBImage.comment(inFile: folder.bytes("o.png"), name: ""))
    func add(_ name: String, _ changes: [(String, String)]) throws {
      let changed = changes.reduce(text) { $0.replacing($1.0, with: $1.1) }
      #expect(changed != text)
      try folder.add(name, image.pngData(comment: changed))
    }
    try add("class.png", [("\"class\":76", "\"class\":5000"), ("\"version\":\"", "\"version\":\"9.")])
    try Refusal(
      "reproduce class.png",
      "error: class.png: class 5000 is out of range: the model has classes 0 to 999; it was made by version 9.…"
    ).check(in: folder)
    try add("resize.png", [("\"sha256\"", "\"resize\":\"fold\",\"sha256\"")])
    try Refusal("reproduce resize.png", "error: resize.png: its provenance can't be read: …").check(in: folder)
    // This figure would have more pictures than fit into memory.
    try add(
      "figure.png",
      [
        ("\"picture\":\"result\"", "\"picture\":\"figure\""), ("\"show_every\":0", "\"show_every\":1"),
        ("\"iterations\":1,", "\"iterations\":1000000000,"),
      ])
    try Refusal(
      "reproduce figure.png --yes", "error: figure.png: keeping the shown pictures (--show-every 1) would take …"
    )
    .check(in: folder, megabytes: 1000)
  }

  @Test("A picture that would take too long is refused before it is made", arguments: ["visualize", "fool"])
  func tooLong(_ technique: String) throws {
    let isFool = technique == "fool"
    let made = try run(
      isFool
        ? "fool photo.png --target 76 --max-iterations 1 --learning-rate 0.0000001 -o o.png --quiet"
        : "visualize --class 76 --iterations 1 -o o.png --quiet")
    try #require(made.status <= 1, "\(made.errors)")
    let text = try #require(try RGBImage.comment(inFile: folder.bytes("o.png"), name: ""))
    let key = isFool ? "\"max_iterations\":" : "\"iterations\":"
    func add(_ name: String, _ iterations: Int) throws {
      let changed = text.replacing("\(key)1", with: "\(key)\(iterations)")
      #expect(changed != text)
      try folder.add(name, folder.image("o.png").pngData(comment: changed))
    }
    try add("long.png", 1_000_000_000_000_000)
    let input = isFool ? " --input photo.png" : "", start = "making it again would take about"
    for options in ["", " --max-seconds 100"] {
      let limit = options.isEmpty ? 60 : 100
      try Refusal(
        "reproduce long.png\(input)\(options)",
        "error: long.png: \(start) … years, more than the limit of \(limit) seconds; --max-seconds raises the limit"
      ).check(in: folder)
    }
    try add("short.png", 40)
    for options in ["", " --max-seconds 1e300", " --yes --max-seconds 1e-9"] {
      #expect(try run("reproduce short.png\(input)\(options)").errors == "")
    }
    try Refusal(
      "reproduce short.png\(input) --max-seconds 1e-9",
      "error: short.png: \(start) … seconds; --max-seconds raises the limit"
    ).check(in: folder)
    try Refusal.usage("reproduce o.png --max-seconds 0", "--max-seconds must be above 0, found 0.0.").check(in: folder)
  }

  @Test("reproduce uses the recorded instruction set unless another is forced")
  func instructionSet() throws {
    let scalar = ["PIXELASCENT_SIMD": "scalar"]
    #expect(try run("visualize --class 76 --iterations 3 -o o.png --quiet", scalar).status == 0)
    #expect(try run("reproduce o.png").status == 0)
    let best = try run("info --json").record["simd"]?.string ?? ""
    if best == "scalar" { return }
    let forced = try run("reproduce o.png", ["PIXELASCENT_SIMD": best])
    #expect(forced.lines.last == "  it was made with the instruction set scalar, this run uses \(best)")
  }

  /// 15 MB leave too little memory for all of SqueezeNet's weights for Winograd's method.
  @Test("reproduce uses the recorded memory limit", .enabled(if: PackageFiles.hasModel))
  func memoryLimit() throws {
    let model = "--model \(PackageFiles.model)", ascent = "visualize --class 76 --iterations 60 \(model) --quiet"
    #expect(try run("\(ascent) -o small.png --max-memory 15").status == 0)
    #expect(try run("\(ascent) -o o.png").status == 0)
    #expect(try run("reproduce small.png \(model)").status == 0)
    #expect(try run("reproduce o.png \(model)").status == 0)
    let limited = try run("reproduce o.png \(model) --max-memory 15")
    #expect(limited.status == 1)
    #expect(limited.lines.last == "  it was made with --max-memory 2048, this run has --max-memory 15")
  }

  @Test("A file that another program has rewritten has the same pixels but other bytes")
  func otherBytes() throws {
    #expect(try run("visualize --class 76 --iterations 2 -o o.png --quiet").status == 0)
    let bytes = try folder.bytes("o.png")
    // The file gets an empty text chunk before its end.
    let chunk: [UInt8] = [0, 0, 0, 2] + Array("tEXta".utf8) + [0, 0x90, 0xC5, 0x84, 0x6A]
    try folder.add("o.png", bytes.dropLast(12) + chunk + bytes.suffix(12))
    let outcome = try run("reproduce o.png")
    #expect(outcome.status == 1)
    #expect(
      outcome.lines.first?.contains(": the same pixels, but other bytes: ") == true, "\(outcome.text)\(outcome.errors)")
  }

  @Test(arguments: [
    Refusal(
      "reproduce photo.png",
      "error: photo.png: the file has no provenance; only pictures that PixelAscent wrote have one"),
    Refusal("reproduce missing.png", "error: missing.png: no such file"),
    Refusal("reproduce o.png --model missing", "error: missing: no such file"),
    .usage("reproduce o.png --input photo.png", "o.png was not made from a file; leave out --input."),
    .usage("reproduce m.png", "m.png was made from a file; name that file with --input."),
    Refusal("reproduce m.png --input nothing.png", "error: nothing.png: no such file"),
  ])
  func wrongFilesAreRefused(_ refusal: Refusal) throws {
    #expect(try run("visualize --class 76 --iterations 1 -o o.png --quiet").status == 0)
    #expect(try run("saliency photo.png -o m.png --quiet").status == 0)
    try refusal.check(in: folder)
  }
}
