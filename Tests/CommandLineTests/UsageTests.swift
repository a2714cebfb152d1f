// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// Command lines that the program refuses.
@Suite struct UsageTests {
  @Test(arguments: [
    Refusal.usage("classify", "Missing expected argument '<image> ...'"),
    .usage("fool photo.png", "Missing expected argument '--target <class>'"),
    .usage("visualize", "Give a --class or an --objective."),
    .usage("convert weights.pkl", "Missing expected argument '--output <model>'"),
    .usage("visualise --class 76", "Unknown command \"visualise\"; the commands are classify, …", of: "pixelascent"),
    .usage("help visualise", "Unknown command \"visualise\"; the commands are classify, …", of: "pixelascent"),
    .usage("classify photo.png --best 5", "Unknown option '--best'. Did you mean '--mean'?"),
    .usage("saliency photo.png --objective score --objective=score", "--objective is given twice; it takes one value."),
    .usage(
      "saliency photo.png --background black --background white", "--background is given twice; it takes one value."),
    .usage("saliency photo.png -o a.png -o b.png", "-o is given twice; it takes one value."),
    .usage("classify - -", "- is given twice; standard input can be read once."),
    .usage("classify photo.png --background red", "The value 'red' is invalid for '--background <colour>'"),
    .usage("classify photo.png --background 1,2", "The value '1,2' is invalid for '--background <colour>'"),
    .usage("classify photo.png --background 1,2,256", "The value '1,2,256' is invalid for '--background <colour>'"),
    .usage("classify photo.png --background #12345g", "The value '#12345g' is invalid for '--background <colour>'"),
    .usage("saliency photo.png -o a.png --output b.png", "--output is given twice; it takes one value."),
    .usage("fool photo.png --target 1 --target 1", "--target is given twice; it takes one value."),
    .usage("inspect --labels a --bgr --labels a weights.pkl", "--labels is given twice; it takes one value."),
    .usage("classify photo.png --top 0", "--top must be 1 or more, found 0."),
    .usage("classify photo.png --top five", "The value 'five' is invalid for '--top <n>'"),
    .usage("classify photo.png --threads 0", "--threads must be from 1 to 1024, found 0."),
    .usage("classify photo.png --threads 9223372036854775807", "--threads must be from 1 to 1024, found …."),
    .usage("saliency photo.png -o a.gif", "Pictures are written as .png or .jpg, not as a.gif."),
    .usage("classify photo.png --max-megapixels 0", "--max-megapixels must be above 0, found 0.0."),
    .usage("classify photo.png --max-megapixels nan", "--max-megapixels must be above 0, found nan."),
    .usage("classify photo.png --max-memory 0", "--max-memory must be from 1 to 1099511627776, found 0."),
    .usage(
      "classify photo.png --max-memory 9223372036854775807",
      "--max-memory must be from 1 to 1099511627776, found 9223372036854775807."),
    .usage("classify photo.png --mean 0.5,half,0.5", "The value '0.5,half,0.5' is invalid for '--mean <r,g,b>'…"),
    .usage("classify photo.png --std 1,2", "The value '1,2' is invalid for '--std <r,g,b>'…"),
    .usage("classify photo.png --std 0.5,0,0.5", "--std must be above 0, found 0.0."),
    .usage(
      "classify photo.png --mean 0.5 --std 0.1,0.2,0.3",
      "--mean and --std must have equally many numbers, found 1 and 3."),
    .usage(
      "classify photo.png --mean 123.675,116.28,103.53",
      "--mean must be for pixels from 0 to 1, found 123.675; divide values for pixels from 0 to 255 by 255."),
    .usage("classify photo.png --std 58.4,57.1,57.4", "--std must be for pixels from 0 to 1, found 58.4; …"),
    .usage("visualize -phase", "Unknown option '-phase'"),
    .usage("-hx", "Unknown option '-hx'", of: "pixelascent"),
    .usage("classify photo.png --input-size 0", "--input-size must be from 1 to 65536, found 0."),
    .usage("classify photo.png --input-size 40x65537", "--input-size must be from 1 to 65536, found 65537."),
    .usage("classify photo.png --activation relu", "The value 'relu' is invalid for '--activation <activation>'…"),
    .usage("classify photo.png --resize squash", "The value 'squash' is invalid for '--resize <resize>'…"),
    .usage("saliency photo.png --objective loss", "The value 'loss' is invalid for '--objective <objective>'…"),
    .usage("saliency photo.png --colormap jet", "The value 'jet' is invalid for '--colormap <colormap>'…"),
    .usage("saliency photo.png --percentile 0", "--percentile must be above 0 and at most 100, found 0.0."),
    .usage("saliency photo.png --percentile -1", "--percentile must be above 0 and at most 100, found -1.0."),
    .usage("saliency photo.png --percentile 100.5", "--percentile must be above 0 and at most 100, found 100.5."),
    .usage("saliency photo.png --percentile nan", "--percentile must be above 0 and at most 100, found nan."),
    .usage("fool photo.png --target 76 --max-iterations -1", "--max-iterations must be 0 or more, found -1."),
    .usage("fool photo.png --target 76 --learning-rate nan", "--learning-rate must be a positive number, found nan."),
    .usage("fool photo.png --target 76 --learning-rate 0", "--learning-rate must be a positive number, found 0.0."),
    .usage("visualize --class 76 --iterations -1", "--iterations must be 1 or more, found -1."),
    .usage("visualize --class 76 --iterations=-1", "--iterations must be 1 or more, found -1."),
    .usage("visualize --class 76 --iterations 2.5", "The value '2.5' is invalid for '--iterations <n>'"),
    .usage("visualize --class 76 --learning-rate nan", "--learning-rate must be a positive number, found nan."),
    .usage("visualize --class 76 --learning-rate -inf", "--learning-rate must be a positive number, found -inf."),
    .usage("visualize --class 76 --l2 -0.1", "--l2 must be a number of 0 or more, found -0.1."),
    .usage("visualize --class 76 --blur-every -1", "--blur-every must be 0 or more, found -1."),
    .usage("visualize --class 76 --blur-sigma 0", "--blur-sigma must be above 0 and at most 10000, found 0.0."),
    .usage("visualize --class 76 --max-jitter -1", "--max-jitter must be 0 or more, found -1."),
    .usage("visualize --class 76 --samples 0", "--samples must be 1 or more, found 0."),
    .usage("visualize --class 76 --show-every -5", "--show-every must be 0 or more, found -5."),
    .usage("visualize --class 76 --seed -1", "The value '-1' is invalid for '--seed <n>'"),
    .usage("visualize --class 76 --size 0", "the size must be from 1 to 1048576 pixels, found 0×0."),
    .usage("visualize --class 76 --size 3x4x5", "The value '3x4x5' is invalid for '--size <n|hxw>'"),
    .usage("visualize --class 76 --recipe soup", "The value 'soup' is invalid for '--recipe <recipe>'…"),
    .usage(
      "visualize --class 76 --init photo.png --size 64",
      "--init photo.png has 48x72 pixels, which fixes the size; leave out --size."),
  ])
  func wrongParametersAreRefused(_ refusal: Refusal) throws {
    try refusal.check(in: .withModelAndPhoto())
  }

  @Test("--size may repeat the size of --init")
  func sameSize() throws {
    let folder = try TemporaryFolder.withModelAndPhoto()
    let arguments = ["visualize", "--class", "76", "--init", "photo.png", "--size", "48x72", "--iterations", "1"]
    #expect(try Program.run(arguments, in: folder).status == 0)
    #expect(try folder.image("tarantula.png").height == 48)
  }

  @Test(arguments: [
    Refusal.usage(
      "saliency photo.png b.png -o map.png", "With several results -o must be a folder; write map.png/ for a new one."),
    .usage(
      "saliency photo.png b.png --figure f.png",
      "With several results --figure must be a folder; write f.png/ for a new one."),
    .usage(
      "saliency photo.png b.png --overlay o.png",
      "With several results --overlay must be a folder; write o.png/ for a new one."),
    .usage("saliency photo.png -o a.png --overlay ./a.png", "Two results would be written to ./a.png."),
    .usage("saliency photo.png --overlay a.bmp", "Pictures are written as .png or .jpg, not as a.bmp."),
    .usage(
      "saliency photo.png --class 1 --class 2 -o map.png",
      "With several results -o must be a folder; write map.png/ for a new one."),
    .usage(
      "saliency photo.png --class 1 --class 2 --figure f.png",
      "With several results --figure must be a folder; write f.png/ for a new one."),
    .usage("saliency photo.png sub/photo.png", "Two results would be written to photo-saliency.png."),
    .usage("saliency photo.png -o a.png --figure a.png", "Two results would be written to a.png."),
    .usage("fool photo.png --target 76 -o a --raw ././a", "Two results would be written to ././a."),
    .usage("saliency photo.png --raw a.png", "Arrays are written as .npy, not as a.png."),
    .usage("convert a.pth -o a.onnx", "A model is written as .safetensors, not as a.onnx."),
    .usage("visualize --class 76 --figure tarantula.png", "Two results would be written to tarantula.png."),
    .usage(
      "fool photo.png --target 76 -o a.jpg",
      "A fooling image must be a PNG, because JPEG would lose the change. Write -o NAME.png."),
    .usage(
      "fool photo.png --target 76 -o a.JPEG",
      "A fooling image must be a PNG, because JPEG would lose the change. Write -o NAME.png."),
    Refusal(["saliency", "photo.png", "-o", ""], "Error: -o is empty.", status: 64),
  ])
  func wrongOutputsAreRefused(_ refusal: Refusal) throws {
    try refusal.check(in: .withModelAndPhoto())
  }

  @Test("Two results in the same file are refused, even if their paths differ")
  func oneFile() throws {
    let folder = try TemporaryFolder.withModelAndPhoto()
    try FileManager.default.createDirectory(atPath: folder.path + "/b", withIntermediateDirectories: false)
    for (link, target) in [("c", "b"), ("l.png", "t.png")] {
      try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/\(link)", withDestinationPath: target)
    }
    try folder.add("t.png", [])
    for options in ["-o b/p.png --figure b/../b/p.png", "-o b/y.png --overlay c/y.png", "-o t.png --overlay l.png"] {
      let path = options.split(separator: " ").last ?? ""
      try Refusal.usage("saliency photo.png \(options)", "Two results would be written to \(path).").check(in: folder)
    }
  }

  @Test(arguments: ["avx1024", "AVX2", "sse9\n", "neon,scalar"])
  func unknownInstructionSetIsRefused(_ name: String) throws {
    let folder = try TemporaryFolder.withModelAndPhoto()
    let names = InstructionSet.selectable.map(\.name).joined(separator: ", ")
    let line =
      "error: PIXELASCENT_SIMD: this build has no \"\(name.replacing("\n", with: " "))\"; selectable here: \(names)"
    for command in ["classify photo.png", "visualize --class 76", "info"] {
      try Refusal(command, line, environment: ["PIXELASCENT_SIMD": name]).check(in: folder)
    }
  }

  #if arch(x86_64)
    private static let otherMachine = "neon"
  #else
    private static let otherMachine = "avx2"
  #endif

  @Test func otherMachinesInstructionSetIsRefused() throws {
    let names = InstructionSet.selectable.map(\.name).joined(separator: ", ")
    try Refusal(
      "saliency photo.png",
      "error: PIXELASCENT_SIMD: this build has no \"\(Self.otherMachine)\"; selectable here: \(names)",
      environment: ["PIXELASCENT_SIMD": Self.otherMachine]
    ).check(in: .withModelAndPhoto())
  }
}
