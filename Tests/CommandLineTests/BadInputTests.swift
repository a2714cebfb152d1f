// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

@Suite struct BadInputTests {
  private static let commands = ["classify", "saliency", "fool --target 76", "visualize --class 76 --init"]

  @Test(
    "Every command refuses files that are missing, too large or not images",
    arguments: commands,
    [
      ("missing.jpg", "no such file"), ("empty.jpg", "the file is empty"),
      ("text.jpg", "not a JPEG or PNG image (starts with \"Hello, pixels…\")"),
      ("photo.png/a.jpg", "a part of the path is not a folder"),
      ("bomb.png", "100000×100000 pixels are 10000 megapixels, more than the limit of 100 (--max-megapixels)"),
    ])
  func noImage(_ command: String, _ file: (name: String, message: String)) throws {
    let folder = try TemporaryFolder.withModelAndPhoto()
    try folder.add("empty.jpg", [])
    try folder.add("text.jpg", Array("Hello, pixels\n".utf8))
    try folder.add("bomb.png", Pictures.bomb)
    try Refusal("\(command) \(file.name)", "error: \(file.name): \(file.message)").check(in: folder)
  }

  @Test("An image that is cut off is refused, wherever the cut is", arguments: ["photo.jpg", "photo.png"], 0..<16)
  func truncated(_ name: String, _ sixteenths: Int) throws {
    let folder = try TemporaryFolder.withModelAndPhoto()
    let picture = Pictures.photo.resized(width: 360, height: 240)
    let whole = try name == "photo.jpg" ? picture.jpegData() : picture.pngData()
    let length = whole.count * sixteenths / 16
    try folder.add(name, Array(whole.prefix(length)))
    let kind = name == "photo.jpg" ? "JPEG" : "PNG"
    let line = length == 0 ? "the file is empty" : "\(kind) is cut off: it ends after \(length) bytes…"
    try Refusal("classify \(name)", "error: \(name): \(line)").check(in: folder)
  }

  @Test(
    "An input that would take gigabytes is refused before the memory is allocated",
    arguments: [
      Refusal("classify thin.png", "error: thin.png: a network input of 1200000×40 pixels would take …"),
      Refusal("saliency thin.png", "error: thin.png: a network input of 1200000×40 pixels would take …"),
      Refusal(
        "fool thin.png --target 76", "error: thin.png: a network input of 1200000×40 pixels would take …"),
      Refusal(
        "visualize --class 76 --size 1000000x224", "error: a network input of 1000000×224 pixels would take …"),
    ])
  func thin(_ refusal: Refusal) throws {
    let folder = try TemporaryFolder.withModelAndPhoto()
    try folder.add("thin.png", try Pictures.flat(width: 4, height: 120_000).pngData())
    let whole = Refusal(
      refusal.arguments, refusal.line + " MB of memory, more than the limit of 2048 MB (--max-memory)")
    try whole.check(in: folder, megabytes: 1000)
  }

  @Test(
    "A size whose number of bytes overflows an integer is refused", arguments: ["classify", "saliency --overlay o.png"])
  func vast(_ command: String) throws {
    let folder = try TemporaryFolder.withModelAndPhoto()
    try folder.add("vast.png", Pictures.vast)
    try Refusal(
      "\(command) vast.png --max-megapixels 1e14",
      "error: vast.png: 1000000000×1000000000 pixels take … MB, more memory than this machine has"
    ).check(in: folder)
  }

  #if os(Linux)
    @Test("A file that is too long is refused before it is read")
    func endless() throws {
      let folder = try TemporaryFolder.withModelAndPhoto()
      try folder.add("long.png", Array(Pictures.large))
      #expect(truncate(folder.path + "/long.png", 5 << 30) == 0)
      let outcome = try Program.run(
        ["-c", "ulimit -v 500000; exec \"$0\" classify long.png", Program.path], in: folder, program: "/bin/sh")
      #expect(outcome.status == 1)
      #expect(outcome.errors == "error: long.png: more than 1024 MB\n")
    }

    @Test("A file that does not fit into the memory of the process is refused before it is read")
    func larger() throws {
      let folder = try TemporaryFolder.withModelAndPhoto()
      try folder.add("long.png", Array(Pictures.large))
      #expect(truncate(folder.path + "/long.png", 600 << 20) == 0)
      try Refusal(
        "classify long.png", "error: long.png: it takes 601 MB, more memory than this process can get"
      ).check(in: folder, megabytes: 500)
    }

    @Test(
      "If the process can't get enough memory for an image or an ascent, one line says so",
      arguments: [
        Refusal(
          "classify large.png",
          "error: large.png: 20000×10000 pixels take 573 MB, more memory than this process can get"),
        Refusal(
          "visualize --class 76 --size 3000 --max-memory 9000",
          "error: a network input of 3000×3000 pixels would take … MB, more memory than this process can get"),
      ])
    func limited(_ refusal: Refusal) throws {
      let folder = try TemporaryFolder.withModelAndPhoto()
      try folder.add("large.png", Pictures.large)
      let whole = Refusal(refusal.arguments + ["--max-megapixels", "1000"], refusal.line)
      try whole.check(in: folder, megabytes: 500)
    }
  #endif

  @Test(arguments: [
    Refusal("fool Models --target 76", "error: Models: is a folder, not a file"),
    Refusal("visualize --class 76 --init Models", "error: Models: is a folder, not a file"),
    Refusal(
      "classify photo.png --max-megapixels 0.003",
      "error: photo.png: 72×48 pixels are 0.003456 megapixels, more than the limit of 0.003 (--max-megapixels)"),
    Refusal(
      "classify thin.png --max-memory 20",
      "error: thin.png: a network input of 1200000×40 pixels would take … MB of memory, "
        + "more than the limit of 20 MB (--max-memory)"),
    Refusal(
      "visualize --class 76 --size 224 --max-memory 1",
      "error: a network input of 224×224 pixels would take … MB of memory, more than the limit of 1 MB (--max-memory)"),
    Refusal(
      "visualize --class 76 --size 1048576x1048576 --max-memory 1099511627776",
      "error: a network input of 1048576×1048576 pixels would take … MB, more memory than this machine has"),
    Refusal(
      "visualize --class 76 --iterations 100000 --show-every 1 --figure steps.png --max-memory 500",
      "error: keeping the shown pictures (--show-every 1) would take … MB of memory, more than the limit of 500 MB "
        + "(--max-memory)"),
    Refusal(
      "visualize --class 76 --iterations 9223372036854775807 --show-every 1 --report page.html",
      "error: keeping the shown pictures (--show-every 1) would take … MB of memory, more than the limit of 2048 MB "
        + "(--max-memory)"),
    Refusal(
      "visualize --class 76 --init thin.png",
      "error: thin.png: a network input of 120000×4 pixels is too small: the network needs at least 17×17"),
    Refusal(
      "visualize --class 76 --size 16",
      "error: a network input of 16×16 pixels is too small: the network needs at least 17×17"),
    Refusal(
      "visualize --class 76 --size 300x16",
      "error: a network input of 300×16 pixels is too small: the network needs at least 17×17"),
    Refusal(
      "visualize --class 76 --init small.npy",
      "error: small.npy: a network input of 4×9 pixels is too small: the network needs at least 17×17"),
    Refusal("visualize --class 76 --init nan.npy", "error: nan.npy: an input image must be finite, found nan"),
    Refusal(
      "visualize --class 76 --init grey.npy",
      "error: grey.npy: an input image must have the shape (3, H, W), found (20, 20)"),
    Refusal(
      "visualize --class 76 --init grey.npy --size 20",
      "error: grey.npy: an input image must have the shape (3, H, W), found (20, 20)"),
    Refusal(
      "classify photo.png --mean 0.5 --std 0.5",
      "error: …squeezenet1_1.safetensors: the network takes 3 channels, but --mean and --std have 1"),
    Refusal(
      "classify photo.png --resize crop --input-size 3000 --max-memory 40",
      "error: photo.png: a network input of 3000×3000 pixels would take …"),
    Refusal(
      "classify narrow.png --resize crop --max-memory 100",
      "error: narrow.png: the image, resized to … MB (--max-memory); --resize stretch does not crop it"),
    Refusal(
      "visualize --class 76 --init cut.npy",
      "error: cut.npy: the header declares the shape (20, 20) of float32, found 1599 bytes"),
  ])
  func wrongSizesAndArraysAreRefused(_ refusal: Refusal) throws {
    let folder = try TemporaryFolder.withModelAndPhoto()
    try folder.add("thin.png", try Pictures.flat(width: 4, height: 120_000).pngData())
    try folder.add("small.npy", Tensor(shape: [3, 4, 9], repeating: 0).npyData())
    try folder.add("nan.npy", Tensor(shape: [3, 20, 20], repeating: .nan).npyData())
    try folder.add("narrow.png", Pictures.flat(width: 1, height: 20_000).pngData())
    let grey = Tensor(shape: [20, 20], repeating: 0).npyData()
    try folder.add("grey.npy", grey)
    try folder.add("cut.npy", grey.dropLast())
    try refusal.check(in: folder)
  }

  @Test(arguments: [
    Refusal(
      "saliency photo.png --class crane",
      "error: class \"crane\" names 2 classes: crane (134), crane (517); use the index"),
    Refusal(
      "fool photo.png --target maillot",
      "error: class \"maillot\" names 2 classes: maillot (638), maillot (639); use the index"),
    Refusal(
      "visualize --class cardigan",
      "error: class \"cardigan\" names 2 classes: Cardigan (264), cardigan (474); use the index"),
    Refusal("visualize --class tarantulla", "error: no class is called \"tarantulla\"; nearest: tarantula (76)"),
    Refusal("saliency photo.png --class 1000", "error: class 1000 is out of range: the model has classes 0 to 999"),
    Refusal("fool photo.png --target=-1", "error: class -1 is out of range: the model has classes 0 to 999"),
    Refusal(["visualize", "--class", " "], "error: a class name can't be empty"),
  ])
  func unknownOrAmbiguousClassesAreRefused(_ refusal: Refusal) throws {
    try refusal.check(in: .withModelAndPhoto())
  }

  @Test("An error stays on one line even if the file's name contains a line break")
  func namesOfSeveralLines() throws {
    let folder = try TemporaryFolder.withModelAndPhoto()
    try folder.add("a\nb", [1, 2])
    try Refusal(["classify", "a\nb"], "error: a?b: not a JPEG or PNG image (starts with bytes 01 02)").check(in: folder)
  }
}
