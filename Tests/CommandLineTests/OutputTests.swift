// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

/// The names, folders and contents of the files that commands write.
@Suite struct OutputTests {
  private let folder: TemporaryFolder
  private let before: [String]

  init() throws {
    folder = try TemporaryFolder.withModelAndPhoto()
    before = folder.names
  }

  private func run(_ command: String) throws -> Program.Outcome {
    try Program.run(command.split(separator: " ").map(String.init) + ["--quiet"], in: folder)
  }

  private func new(_ sub: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/\(sub)").filter { !before.contains($0) }
      .sorted()
  }

  private static let commands = [
    ("saliency photo.png", "photo-saliency"), ("fool photo.png --target 76 --max-iterations 0", "photo-as-tarantula"),
    ("visualize --class 76 --init photo.png --iterations 1", "tarantula"),
  ]

  @Test("Without -o, a result gets its default name in the working directory", arguments: commands)
  func defaultNames(_ command: String, _ name: String) throws {
    #expect(try run(command).text.hasPrefix("\(name).png: "))
    #expect(try new() == ["\(name).png"])
  }

  @Test("A default name begins with the input's file name, without the last ending")
  func namesOfInputs() throws {
    try FileManager.default.createDirectory(atPath: folder.path + "/in.d", withIntermediateDirectories: false)
    for name in ["my.photo.JPG", ".hidden", "plain"] { try folder.add("in.d/\(name)", folder.bytes("photo.png")) }
    #expect(try run("saliency in.d/my.photo.JPG in.d/.hidden in.d/plain").status == 0)
    #expect(try new() == [".hidden-saliency.png", "in.d", "my.photo-saliency.png", "plain-saliency.png"])
  }

  @Test(
    "A result never replaces a file that the command reads, whatever path leads to the file",
    arguments: [
      "saliency photo.png -o photo.png", "saliency photo.png --figure link.png",
      "saliency photo.png --overlay ./photo.png",
      "saliency photo.png --raw model.npy", "fool photo.png --target 76 --raw sub/../Models/../photo.npy",
      "saliency photo.png --labels labels.npy --raw labels.npy", "fool photo.png --target 76 -o sub/../photo.png",
      "visualize --class 76 --init photo.png -o photo.png", "visualize --class 76 --init photo.png --figure link.png",
    ])
  func inputsStay(_ command: String) throws {
    try FileManager.default.createDirectory(atPath: folder.path + "/sub", withIntermediateDirectories: false)
    try folder.add("sub/a.png", folder.bytes("photo.png"))
    try folder.add("labels.npy", Array((0..<1000).map { "c\($0)\n" }.joined().utf8))
    for (link, file) in [
      ("link.png", "photo.png"), ("photo.npy", "photo.png"), ("model.npy", "Models/squeezenet1_1.safetensors"),
    ] {
      try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/\(link)", withDestinationPath: file)
    }
    let contents = try folder.contents(), outcome = try run(command), path = command.split(separator: " ").last ?? ""
    #expect(outcome.status == 64)
    #expect(outcome.text == "")
    #expect(outcome.errors.hasPrefix("Error: A result would replace \(path), which the command reads.\n"))
    #expect(try folder.contents() == contents)
  }

  @Test("Without -o, only pictures that the program made are replaced")
  func defaultNames() throws {
    let visualize = "visualize --class 76 --size 32 --iterations 1 --quiet"
    for command in [visualize, visualize, "\(visualize) --seed 2"] { #expect(try run(command).status == 0) }
    for (command, name) in [
      (visualize, "tarantula.png"), ("saliency photo.png", "photo-saliency.png"),
      ("fool photo.png --target 76", "photo-as-tarantula.png"),
    ] {
      try folder.add(name, folder.bytes("photo.png"))
      try Refusal(
        command,
        "error: \(name): already exists, and pixelascent did not make it; to replace it, name it in the command"
      ).check(in: folder)
    }
    #expect(try run("\(visualize) -o tarantula.png").status == 0)
    try FileManager.default.createDirectory(atPath: folder.path + "/out", withIntermediateDirectories: false)
    try folder.add("out/photo-saliency-overlay.png", folder.bytes("photo.png"))
    try Refusal(
      "saliency photo.png -o s.png --overlay out",
      "error: out/photo-saliency-overlay.png: already exists, and pixelascent did not make it; "
        + "to replace it, name it in the command"
    ).check(in: folder)
  }

  @Test("A result never replaces a file with the graph, the weights or the labels of the model")
  func weightsStay() throws {
    try folder.add("net.onnx", [1])
    try folder.add("labels.txt", [1])
    for name in ["external.onnx", "external.bin"] {
      try FileManager.default.copyItem(
        atPath: "\(PackageFiles.folder)/Tests/Golden/onnx/\(name)", toPath: "\(folder.path)/\(name)")
    }
    for (link, file) in [
      ("a.npy", "external.bin"), ("a.safetensors", "external.bin"), ("b.safetensors", "net.onnx"),
      ("c.safetensors", "labels.txt"),
    ] {
      try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/\(link)", withDestinationPath: file)
    }
    try Refusal.usage(
      "saliency photo.png --model external.onnx --mean 0.5,0.5,0.5 --quiet --raw a.npy",
      "A result would replace a.npy, which the command reads."
    ).check(in: folder)
    try Refusal(
      "convert external.onnx --quiet -o a.safetensors",
      "error: a.safetensors: the model's weights are in this file; write to another file"
    ).check(in: folder)
    for command in ["convert net.onnx -o ./b.safetensors", "convert net.onnx --labels labels.txt -o c.safetensors"] {
      let path = command.split(separator: " ").last ?? ""
      try Refusal.usage(command, "A result would replace \(path), which the command reads.").check(in: folder)
    }
  }

  @Test("A label becomes a file name of lower-case words")
  func namesOfClasses() throws {
    #expect(try run("visualize --class=Cardigan,cardi --init photo.png --iterations 1").status == 1)
    #expect(try run("visualize --class 182 --init photo.png --iterations 1").status == 0)
    #expect(try run("fool photo.png --target 1 --max-iterations 0").status == 1)
    #expect(try new() == ["border-terrier.png", "photo-as-goldfish.png"])
  }

  @Test("-o, --figure and --raw create the folder that they name with a slash at its end", arguments: commands)
  func newFolder(_ command: String, _ name: String) throws {
    _ = try run("\(command) -o out/ --figure figures/ --raw out/")
    #expect(try new() == ["figures", "out"])
    #expect(try new("out") == ["\(name).npy", "\(name).png"])
    #expect(try new("figures") == ["\(name)-figure.png"])
  }

  @Test("-o may name an existing folder, with or without a slash", arguments: ["there", "there/", "./there//"])
  func oldFolder(_ output: String) throws {
    try FileManager.default.createDirectory(atPath: folder.path + "/there", withIntermediateDirectories: false)
    #expect(try run("saliency photo.png -o \(output)").status == 0)
    #expect(try new("there") == ["photo-saliency.png"])
  }

  @Test("The maps of several images go into one folder; a bad image does not stop the others")
  func severalImages() throws {
    for name in ["b.png", "c.png"] { try folder.add(name, folder.bytes("photo.png")) }
    try folder.add("bad.png", [1, 2, 3])
    let outcome = try run("saliency photo.png bad.png b.png c.png -o maps/")
    #expect(outcome.status == 1)
    #expect(
      outcome.errors == """
        error: bad.png: not a JPEG or PNG image (starts with bytes 01 02 03)
        error: 1 of 4 images failed

        """)
    #expect(try new("maps") == ["b-saliency.png", "c-saliency.png", "photo-saliency.png"])
    #expect(try folder.bytes("maps/b-saliency.png") == folder.bytes("maps/c-saliency.png"))
  }

  @Test(
    "Images of unusual sizes give results of the size of the network's input",
    arguments: [(1, 1, 40, 40), (300, 16, 40, 750), (16, 300, 750, 40)],
    ["saliency flat.png", "fool flat.png --target 76 --max-iterations 0"])
  func sizes(_ size: (width: Int, height: Int, inputHeight: Int, inputWidth: Int), _ command: String) throws {
    try folder.add("flat.png", try Pictures.flat(width: size.width, height: size.height).pngData())
    #expect(try run("\(command) -o out.png").status == (command.hasPrefix("fool") ? 1 : 0))
    let output = try folder.image("out.png")
    #expect((output.width, output.height) == (size.inputWidth, size.inputHeight))
  }

  @Test("saliency writes the map, a figure and the gradient at the size of the network's input")
  func saliencyFiles() throws {
    #expect(try run("saliency photo.png -o map.png --figure both.jpg --raw g.npy").status == 0)
    let (map, both, gradient) = (try folder.image("map.png"), try folder.image("both.jpg"), try folder.tensor("g.npy"))
    #expect((map.width, map.height) == (60, 40))
    #expect(try folder.bytes("both.jpg").starts(with: [0xFF, 0xD8]))
    // The figure has the photo and the map side by side, with 10 pixels around them and captions of 16.
    #expect((both.width, both.height) == (2 * 60 + 3 * 10, 10 + 16 + 40 + 10))
    #expect(gradient.shape == [3, 40, 60])
    #expect(gradient.values.contains { $0 != 0 })
    #expect(gradient.values.allSatisfy { $0.isFinite })
  }

  @Test("saliency --overlay writes pictures of the photos' own sizes, into a file or a folder")
  func overlay() throws {
    #expect(try run("saliency photo.png -o map.png --overlay over.png").status == 0)
    let over = try folder.image("over.png"), photo = try folder.image("photo.png")
    #expect((over.width, over.height) == (photo.width, photo.height))

    try folder.add("b.png", folder.bytes("photo.png"))
    #expect(try run("saliency photo.png b.png -o maps/ --overlay maps/").status == 0)
    let names = ["b-saliency-overlay.png", "b-saliency.png", "photo-saliency-overlay.png", "photo-saliency.png"]
    #expect(try new("maps") == names)
    #expect(try folder.bytes("maps/photo-saliency-overlay.png") == folder.bytes("over.png"))
  }

  @Test("saliency --resize crop --overlay shows the cropped border too, but darker")
  func croppedOverlay() throws {
    try folder.add("flat.png", Pictures.flat(width: 90, height: 60).pngData())
    #expect(try run("saliency flat.png --resize crop --input-size 28 -o map.png --overlay over.png").status == 0)
    let over = try folder.image("over.png")
    #expect((over.width, over.height) == (90, 60))
    let corner: UInt8 = over.pixels[0], middle: UInt8 = over.pixels[3 * (30 * 90 + 45)]
    #expect(corner == 130 / 4)
    #expect(middle >= 65)
  }

  @Test("saliency --colormap and --percentile change every picture, but not the array")
  func displays() throws {
    let files = "-o m.png --figure f.png --overlay o.png --raw r.npy", names = ["m.png", "f.png", "o.png"]
    #expect(try run("saliency photo.png \(files)").status == 0)
    let raw = try folder.bytes("r.npy")
    var seen = [try names.map(folder.bytes)]
    for option in ["--colormap grey", "--colormap viridis", "--percentile 90"] {
      #expect(try run("saliency photo.png \(files) \(option)").status == 0)
      let pictures = try names.map(folder.bytes)
      for earlier in seen { #expect(!zip(pictures, earlier).contains { $0 == $1 }) }
      seen.append(pictures)
      #expect(try folder.bytes("r.npy") == raw)
    }
    #expect(try run("saliency photo.png \(files) --colormap hot --percentile 100").status == 0)
    #expect(try names.map(folder.bytes) == seen[0])
  }

  @Test("fool writes the image, four panels and the image before rounding, even if the network is not fooled")
  func foolFiles() throws {
    let outcome = try run("fool photo.png --target 76 --max-iterations 0 -o f.png --figure panels.png --raw f.npy")
    #expect(outcome.status == 1)
    #expect(outcome.errors == "error: photo.png: not fooled in 0 iterations; the image so far is in f.png\n")
    let (image, panels) = (try folder.image("f.png"), try folder.image("panels.png"))
    #expect((image.width, image.height) == (60, 40))
    #expect((panels.width, panels.height) == (4 * 60 + 5 * 10, 10 + 16 + 40 + 10))
    #expect(try folder.tensor("f.npy").shape == [3, 40, 60])
    // Without a step the image is the resized photo, and the difference is mid grey.
    #expect(try image == folder.image("photo.png").resized(shortSide: 40))
    #expect(panels.pixels[3 * (26 * panels.width + 10 + 2 * 70)] == 128)
  }

  @Test("visualize writes the picture, a row of the shown iterations, and an array that --init reads")
  func visualizeFiles() throws {
    let start = "visualize --class 76 --init photo.png --iterations 5 --show-every 2"
    #expect(try run("\(start) -o v.png --figure steps.png --raw v.npy").status == 0)
    let (picture, steps) = (try folder.image("v.png"), try folder.image("steps.png"))
    #expect((picture.width, picture.height) == (72, 48))
    // The shown iterations are 1, 2, 4 and 5.
    #expect((steps.width, steps.height) == (4 * 72 + 5 * 10, 10 + 16 + 48 + 10))
    #expect(try folder.tensor("v.npy").shape == [3, 48, 72])

    let again = "visualize --class 76 --init v.npy --iterations 1 --max-jitter 0 --blur-every 0 --l2 0"
    #expect(try run("\(again) --learning-rate 1e-30 -o again.png --raw again.npy").status == 0)
    #expect(try folder.bytes("again.npy") == folder.bytes("v.npy"))
    #expect(try folder.image("again.png") == folder.image("v.png"))
  }
}
