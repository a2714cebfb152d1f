// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

#if DEBUG
  private let isOptimized = false
#else
  private let isOptimized = true
#endif

/// The program with SqueezeNet 1.1 and a photograph.
@Suite(
  .enabled(if: PackageFiles.hasPhotos, "the model or the photographs are missing: `make model samples`"),
  .enabled(if: isOptimized, "a debug build takes minutes for a fooling image: `swift test -c release`"))
struct RealModelTests {
  private static let environment = ["PIXELASCENT_MODEL": PackageFiles.model]
  private static let photo = PackageFiles.photos[15]

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ command: String, _ environment: [String: String] = [:]) throws -> Program.Outcome {
    let outcome = try Program.run(
      command.split(separator: " ").map(String.init), in: folder,
      environment: Self.environment.merging(environment) { $1 })
    #expect(outcome.status == 0, "\(command): \(outcome.errors)")
    return outcome
  }

  private func predictions(_ image: String, _ environment: [String: String] = [:]) throws -> [JSONValue] {
    let record = try run("classify \(image) --json", environment).record
    return try (0..<5).map { try #require(record["predictions"]?[$0]) }
  }

  @Test("The same seed gives the same bytes, on any number of threads; another seed gives other bytes")
  func seeds() throws {
    let command = "visualize --class gorilla --size 48x65 --iterations 4 --quiet"
    var files: [[[UInt8]]] = []
    for options in ["--threads 1", "--threads 1", "--threads 2", "--threads 3", "--seed 0", "--seed 1"] {
      _ = try run("\(command) \(options) -o a.png --figure b.png --raw c.npy")
      files.append(try ["a.png", "b.png", "c.npy"].map(folder.bytes))
    }
    for other in files[1..<5] { #expect(other == files[0]) }
    for (other, first) in zip(files[5], files[0]) { #expect(other != first) }
  }

  @Test("Several ascents in one command give the same bytes as each alone, on any number of threads")
  func severalAscents() throws {
    let options = "--size 32 --iterations 3 --quiet"
    for threads in [1, 2, 3] {
      _ = try run("visualize --class 76 --class gorilla --seeds 0,3 \(options) --threads \(threads) -o \(threads)/")
    }
    for name in ["tarantula", "gorilla"] {
      for seed in [0, 3] {
        for threads in [1, 3] {
          _ = try run("visualize --class \(name) --seed \(seed) \(options) --threads \(threads) -o alone.png")
          for several in [1, 2, 3] {
            #expect(try folder.bytes("\(several)/\(name)-seed-\(seed).png") == folder.bytes("alone.png"))
          }
        }
      }
    }
  }

  @Test("saliency and fool, too, give the same bytes on any number of threads, alone and in a batch")
  func threads() throws {
    try folder.add("photo.jpg", Array(Data(contentsOf: URL(fileURLWithPath: Self.photo))))
    try folder.add("other.jpg", folder.bytes("photo.jpg"))
    _ = try run("saliency photo.jpg --threads 1 -o map.png --raw map.npy")
    _ = try run("fool photo.jpg --target tarantula --threads 1 -o fooled.png --raw fooled.npy")
    for threads in 2...3 {
      _ = try run("saliency photo.jpg other.jpg --threads \(threads) -o batch/ --raw batch/")
      for name in ["photo", "other"] {
        #expect(try folder.bytes("batch/\(name)-saliency.png") == folder.bytes("map.png"))
        #expect(try folder.bytes("batch/\(name)-saliency.npy") == folder.bytes("map.npy"))
      }
      _ = try run("fool photo.jpg --target tarantula --threads \(threads) -o again.png --raw again.npy")
      #expect(try folder.bytes("again.png") == folder.bytes("fooled.png"))
      #expect(try folder.bytes("again.npy") == folder.bytes("fooled.npy"))
    }
  }

  @Test("Every instruction set that info calls selectable can be forced and agrees with scalar within 2e-4")
  func instructionSets() throws {
    let info = try run("info --json").record
    let names = try (0..<#require(info["selectable"]?.count)).compactMap { info["selectable"]?[$0]?.string }
    #expect(names.first == "scalar")
    #expect(names.last == info["simd"]?.string)
    let expected = try predictions(Self.photo, ["PIXELASCENT_SIMD": "scalar"])
    for name in names {
      let environment = ["PIXELASCENT_SIMD": name]
      #expect(try run("info --json", environment).record["simd"] == .string(name))
      for (found, expected) in zip(try predictions(Self.photo, environment), expected) {
        #expect(found["class"] == expected["class"])
        // Each of the two scores may be 1e-4 away from the score in float64.
        #expect(try abs(#require(found["score"]?.number) - #require(expected["score"]?.number)) <= 2e-4)
      }
      _ = try run("visualize --class 76 --size 33 --iterations 2 --quiet", environment)
    }
  }

  @Test("classify finds the target class in the PNG that fool saves", arguments: [76, 130, 366])
  func savedImageFools(_ target: Int) throws {
    let text = try run("fool \(Self.photo) --target \(target) --json --quiet -o fooled.png").text
    let record = try JSONValue(text)
    #expect(record["fooled"] == .bool(true))
    #expect(record["survives_8bit"] == .bool(true))
    #expect(try #require(record["iterations"]?.int) >= 1)
    #expect(try #require(record["linf_8bit"]?.int) >= 1)
    #expect(try #require(record["l2"]?.number) > 0)
    let saved = try predictions("fooled.png")[0]
    #expect(saved["class"] == .int(target))
    #expect(saved["score"] == record["target"]?["score"])
    let original = try predictions(Self.photo)[0]
    #expect(original["class"] == record["original"]?["class"])
    #expect(original["class"] != .int(target))
  }

  @Test(
    "Images of unusual sizes are classified",
    arguments: [(1, 1, 224, 224), (300, 16, 224, 4200), (16, 300, 4200, 224), (8000, 6000, 224, 298)])
  func sizes(_ width: Int, _ height: Int, _ inputHeight: Int, _ inputWidth: Int) throws {
    try folder.add("flat.png", try Pictures.flat(width: width, height: height).pngData())
    let record = try run("classify flat.png --json").record
    #expect(record["height"] == .int(inputHeight))
    #expect(record["width"] == .int(inputWidth))
  }

  @Test(
    "An image of 4 × 30,000 pixels is refused before gigabytes are allocated",
    arguments: ["classify", "saliency", "fool --target 76"])
  func thin(_ command: String) throws {
    try folder.add("thin.png", try Pictures.flat(width: 4, height: 30_000).pngData())
    try Refusal(
      "\(command) thin.png",
      "error: thin.png: a network input of 1680000×224 pixels would take … MB of memory, "
        + "more than the limit of 2048 MB (--max-memory)", environment: Self.environment
    ).check(in: folder, megabytes: 1000)
  }
}
