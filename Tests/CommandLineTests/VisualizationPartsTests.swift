// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// The options of `visualize` that choose the parts of an ascent.
@Suite struct VisualizationPartsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder.withModelAndPhoto() }

  private static let refusals: [Refusal] = [
    .usage(
      "visualize --class 76 --transforms spin:3",
      "The value 'spin:3' is invalid for '--transforms <list>': transform \"spin:3\": expected jitter, …"),
    .usage(
      "visualize --class 76 --transforms pad:x",
      "The value 'pad:x' is invalid for '--transforms <list>': transform \"pad:x\": expected pad:n …"),
    .usage("visualize --class 76 --optimizer best", "The value 'best' is invalid for '--optimizer <rule>'. …"),
    .usage(
      "visualize --class 76 --parametrization cppn",
      "The value 'cppn' is invalid for '--parametrization <parametrization>'. …"),
    .usage("visualize --class 76 --tv -1", "--tv must be a number of 0 or more, found -1.0."),
    .usage("visualize --class 76 --l1 nan", "--l1 must be a number of 0 or more, found nan."),
    .usage("visualize --class 76 --alpha-norm inf", "--alpha-norm must be a number of 0 or more, found inf."),
    .usage("visualize --class 76 --recipe lucid --clamp", "--clamp and --blur-every change pixels; …"),
    .usage("visualize --class 76 --recipe lucid --blur-every 3", "--clamp and --blur-every change pixels; …"),
    .usage(
      "visualize --class 76 --recipe lucid --size 33x35", "Fourier coefficients need an even width, found 33×35."),
    .usage("visualize --class 76 --recipe maco --size 33x35", "Fourier coefficients need an even width, found 33×35."),
    .usage(
      "visualize --class 76 --recipe maco --init zero",
      "the parametrization phase starts from noise, found the start zero."),
    .usage(
      "visualize --class 76 --recipe maco --init photo.png",
      "the parametrization phase starts from noise, found the start image."),
    .usage(
      "visualize --class 76 --recipe lucid --spectrum photo.png",
      "--spectrum belongs to the parametrization phase, found fourier."),
    Refusal("visualize --class 76 --recipe maco --spectrum none.npy", "error: none.npy: no such file"),
    Refusal(
      "visualize --class 76 --recipe maco --spectrum Models/squeezenet1_1.safetensors",
      "error: Models/squeezenet1_1.safetensors: not a JPEG or PNG image (…"),
    Refusal(
      "visualize --class 76 --recipe maco --spectrum Models",
      "error: Models: has no .jpg, .jpeg or .png file"),
    Refusal(
      "visualize --class 76 --transforms crop:40", "error: transform crop:40 leaves no pixels of an image of 40×40"),
    Refusal(
      "visualize --class 76 --transforms crop:30",
      "error: a network input of 10×10 pixels is too small: the network needs at least …"),
    Refusal(
      "visualize --objective nonsense",
      "error: objective \"nonsense\": at character 1: expected class:C, …, found \"nonsense\""),
    Refusal("visualize --objective layer:pool9", "error: the network has no layer \"pool9\"; nearest: pool1 (#1), …"),
    Refusal(
      "visualize --objective channel:conv1,16",
      "error: objective \"channel:conv1,16\": at character 1: expected a channel from 0 to 15 of layer conv1, found \"16\""
    ),
    .usage(
      "visualize --objective channel:conv1,1 --objective channel:#0,1",
      "--objective channel:conv1,1 is given twice."),
    .usage("visualize --class 76 --every 2", "--every belongs to --animate."),
    .usage("visualize --class 76 --fps 2", "--fps belongs to --animate."),
    .usage("visualize --class 76 --animate a.png --every 0", "--every must be 1 or more, found 0."),
    .usage(
      "visualize --class 76 --animate a.png --fps 1000",
      "the frames per second of an animation must be 0.1 to 100, found 1000.0."),
    .usage(
      "visualize --class 76 --animate a.mp4", "Animations are written as .png, .apng or .gif, not as a.mp4."),
    .usage(
      "visualize --class 76 --animate a.png -o a.png --iterations 1", "Two results would be written to a.png."),
    Refusal(
      "visualize --class 76 --animate a.png --every 1 --iterations 1000000000 --size 64",
      "error: keeping the frames (--every 1) …"),
    Refusal(
      "visualize --class 76 --animate a.png --iterations 9223372036854775807 --size 64",
      "error: keeping the frames (--every 4) …"),
    Refusal("visualize --objective class:nobody", "error: no class is called \"nobody\"; …"),
  ]

  @Test(arguments: refusals) func mistakesAreRefusedInOneLine(refusal: Refusal) throws {
    try refusal.check(in: folder)
  }

  @Test func objectivesAreNamedInRecordsAndFiles() throws {
    let command = "visualize --class 76 --objective channel:conv1,3 --objective layer:#1 --iterations 2 -o out/ --json"
    let outcome = try Program.run(command.split(separator: " ").map(String.init), in: folder)
    try #require(outcome.status == 0, "\(outcome.errors)")
    try #require(outcome.lines.count == 3)
    #expect(outcome.lines[0].contains("\"class\":76") && outcome.lines[0].contains("\"label\":\"tarantula\""))
    #expect(!outcome.lines[1].contains("\"class\""))
    #expect(outcome.lines[1].contains("\"label\":\"channel:conv1,3\""))
    #expect(
      outcome.lines[1].contains("out\\/channel-conv1-3.png") || outcome.lines[1].contains("out/channel-conv1-3.png"))
    #expect(outcome.lines[2].contains("\"label\":\"layer:pool1\""))
    let text = try RGBImage.comment(inFile: folder.bytes("out/layer-pool1.png"), name: "layer-pool1.png")
    let comment = try #require(text)
    #expect(comment.contains("\"title\":\"visualization of layer:pool1\"") && !comment.contains("\"class\""))
  }

  /// A class and an objective are two ascents, which run at the same time, so neither shows its iterations.
  @Test func aClassAndAnObjectiveAreTwoAscents() throws {
    let both = "visualize --class 76 --objective layer:#1 --iterations 2 -o out/"
    let outcome = try Program.run(both.split(separator: " ").map(String.init), in: folder)
    try #require(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.lines.count == 2 && !outcome.errors.contains("iteration"))
    let one = "visualize --objective layer:#1 --iterations 2 -o one.png"
    #expect(try Program.run(one.split(separator: " ").map(String.init), in: folder).errors.contains("iteration 2/2"))
  }

  /// Runs a command, and returns its result.
  private func run(_ command: String) throws -> Program.Outcome {
    try Program.run(command.split(separator: " ").map(String.init), in: folder)
  }

  /// A spectrum comes from a .npy file, a photo or a folder of photos; `reproduce` needs it again.
  @Test func spectraAreReadAndReproduced() throws {
    try folder.add("flat.npy", Tensor(shape: [3, 8, 5], repeating: 1).npyData())
    try folder.add("bad.npy", Tensor(shape: [2, 8, 5], repeating: 1).npyData())
    try folder.add("photos/a.png", Pictures.photo.pngData())
    try folder.add("photos/b.png", Pictures.flat(width: 72, height: 48).pngData())
    var pictures: Set<[UInt8]> = []
    for spectrum in ["flat.npy", "photo.png", "photos"] {
      let made =
        "visualize --class 76 --recipe maco --iterations 3 --samples 2 --quiet -o maco.png --spectrum \(spectrum)"
      let outcome = try run(made)
      try #require(outcome.status == 0, "\(outcome.errors)")
      pictures.insert(try folder.bytes("maco.png"))
      let again = try run("reproduce maco.png --spectrum \(spectrum)")
      #expect(again.status == 0, "\(again.errors)")
    }
    #expect(pictures.count == 3)
    #expect(
      try run("reproduce maco.png").errors.contains(
        "maco.png was made with a spectrum; name its file with --spectrum."))
    let other = try run("reproduce maco.png --spectrum flat.npy")
    #expect(other.status == 1 && (other.text + other.errors).contains("it was made with another spectrum"))
    let bad = try run("visualize --class 76 --recipe maco --spectrum bad.npy")
    #expect(bad.errors == "error: bad.npy: a spectrum must have the shape (3, H, W/2 + 1), found (2, 8, 5)\n")
    _ = try run("visualize --class 76 --recipe maco --iterations 2 --samples 1 --quiet -o law.png --spectrum powerlaw")
    #expect(
      try run("reproduce law.png --spectrum flat.npy").errors.contains(
        "law.png was not made with a spectrum of a file; leave out --spectrum."))
    #expect(try run("reproduce law.png").status == 0)
  }

  /// The frames are the images after the first iteration, every n-th and the last; the last is also the still picture.
  @Test(arguments: ["steps.png", "steps.gif"]) func animationsShowTheSteps(file: String) throws {
    let command = "visualize --class 76 --iterations 6 --quiet -o last.png --animate \(file) --every 2 --fps 5"
    let outcome = try run(command)
    try #require(outcome.status == 0, "\(outcome.errors)")
    let bytes = try folder.bytes(file)
    if file == "steps.png" {
      let chunks = Data(bytes)
      let count = try #require(chunks.range(of: Data("acTL".utf8)))
      #expect(bytes[count.upperBound..<count.upperBound + 4] == [0, 0, 0, 4])
      #expect(
        try RGBImage(decoding: bytes, name: "") == RGBImage(decoding: folder.bytes("last.png"), name: ""))
    }
    let again = try run("reproduce \(file)")
    #expect(again.status == 0 && again.text.contains("the same bytes"), "\(again.text)\(again.errors)")
    // Other bytes in the last frame: a GIF ends in 0x3B, a PNG in the IEND chunk of 12 bytes.
    var damaged = bytes
    damaged[file == "steps.gif" ? bytes.count - 8 : bytes.count - 12 - 30] ^= 1
    try folder.add("damaged-\(file)", damaged)
    let other = try run("reproduce damaged-\(file)")
    #expect(other.status == 1 && !other.text.contains("the same bytes"), "\(other.text)\(other.errors)")
  }

  @Test func aGIFWithoutProvenanceCantBeReproduced() throws {
    try folder.add("other.gif", Animation(frames: [Pictures.photo]).gif(comment: "hello"))
    try folder.add("plain.gif", Animation(frames: [Pictures.photo]).gif())
    for name in ["other.gif", "plain.gif"] {
      #expect(
        try run("reproduce \(name)").errors
          == "error: \(name): the file has no provenance; only pictures that PixelAscent wrote have one\n")
    }
  }

  /// A file that says that it is an animation of a technique without steps.
  @Test func aSaliencyMapHasNoAnimation() throws {
    _ = try run("saliency photo.png --class 76 --quiet -o map.png")
    let text = try #require(try RGBImage.comment(inFile: folder.bytes("map.png"), name: ""))
    let forged = text.replacing("\"picture\":\"result\"", with: "\"picture\":\"animation\"")
    #expect(forged != text)
    try folder.add("forged.png", Pictures.photo.pngData(comment: forged))
    let outcome = try run("reproduce forged.png --input photo.png")
    #expect(outcome.status == 1 && outcome.errors.contains("a saliency map has no steps to animate"))
  }

  @Test func reportNamesTheObjective() throws {
    let command = "visualize --objective layer:pool1 --recipe lucid --iterations 3 --report page.html -o o.png --quiet"
    let outcome = try Program.run(command.split(separator: " ").map(String.init), in: folder)
    try #require(outcome.status == 0, "\(outcome.errors)")
    let page = String(decoding: try folder.bytes("page.html"), as: UTF8.self)
    #expect(
      page.contains("layer:pool1") && page.contains("the objective has the value") && page.contains("pad:12 crop:8"))
  }
}
