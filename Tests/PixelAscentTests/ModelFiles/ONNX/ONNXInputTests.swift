// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Images, normalisation, sizes and outputs of ONNX files. make_onnx_input_fixtures.py makes the files and the expected
/// values.
@Suite struct ONNXInputTests {
  private struct Expected: Decodable {
    let scores: [Float]
    let gradient: [Float]?
  }

  private static let folder = PackageFiles.folder + "/Tests/Golden/onnx-inputs"
  private static let expected: [String: Expected] = {
    let bytes = (try? Files.read("\(folder)/expected.json")) ?? []
    return (try? JSONText.decode([String: Expected].self, from: bytes)) ?? [:]
  }()

  private static let photo = RGBImage(
    width: 8, height: 12,
    pixels: (0..<288).map { (i: Int) -> UInt8 in
      let value: Int = 37 * i + 11 * (i / 7)
      return UInt8(value & 255)
    })

  private func model(_ name: String, _ change: (inout ModelSettings) -> Void = { _ in }) throws -> Model {
    var settings = ModelSettings()
    change(&settings)
    return try ModelReader.read("\(Self.folder)/\(name).onnx", settings)
  }

  private static func plain(_ settings: inout ModelSettings) {
    (settings.mean, settings.std) = ([0, 0, 0], [1, 1, 1])
  }

  /// Returns the error line about a file, without the path.
  private func line(_ name: String, _ change: (inout ModelSettings) -> Void = { _ in }) -> String {
    errorLine { try model(name, change) }.replacing(Self.folder + "/", with: "")
  }

  /// Checks the scores, and the gradient with respect to the pixels from 0 to 1.
  private func check(_ model: Model, _ name: String) throws {
    let network = try Network(model, name: name), expected = try #require(Self.expected[name])
    let input = try network.input(for: Self.photo)
    let result = try network.gradient(of: .score(class: 0), at: input)
    for (found, score) in zip(result.scores, expected.scores) {
      #expect(abs(found - score) <= 1e-4 * max(1, abs(score)), "\(name): \(found) for \(score)")
    }
    guard let pixels = expected.gradient else { return }
    let plane = pixels.count / 3, size = pixels.map(abs).max() ?? 0
    for (index, slope) in pixels.enumerated() {
      let found = result.gradient.values[index] / network.preprocessing.std[index / plane]
      #expect(abs(found - slope) <= 1e-4 * size, "\(name), value \(index): \(found) for \(slope)")
    }
  }

  private static let imageNet = "mean 0.485,0.456,0.406 and std 0.229,0.224,0.225"

  /// Files, and the note's words for the input that each takes.
  private static let normalising = [
    ("sub-div", "from pixels of 0 to 1: \(imageNet)"), ("mul-add-last", "from pixels of 0 to 1: \(imageNet)"),
    ("uint8-normalised", "from pixels of 0 to 255: \(imageNet)"),
    ("div-255", "from pixels of 0 to 255: mean 0.0,0.0,0.0 and std 1.0,1.0,1.0"),
    ("keras", "from pixels of 0 to 255: mean 0.5,0.5,0.5 and std 0.5,0.5,0.5"),
    ("signed", "from pixels of -1 to 1: mean 0.0,0.0,0.0 and std 1.0,1.0,1.0"),
  ]

  @Test(arguments: normalising)
  func normalisesOnce(name: String, source: String) throws {
    let model = try model(name)
    try check(model, name)
    let note = "the graph normalises its input itself, \(source) are taken from it, and not applied twice"
    #expect(model.notes.map(\.description).filter { $0.contains("normalise") } == [note])
    #expect(!model.graph.layers.contains { $0.operation is Affine })
    // A converted file has the preprocessing.
    let bytes = try model.safetensors().data()
    try check(ModelReader.read(ByteSource(bytes, name: "m")), name)
  }

  /// A mean in the settings is for the graph's own input.
  @Test func settingsNormaliseTheGraphsInput() throws {
    try check(model("sub-div", Self.plain), "sub-div")
    let pixels: Float = 1 / 255
    let bytes = try model("div-255") { ($0.mean, $0.std) = ([0, 0, 0], [pixels, pixels, pixels]) }
    try check(bytes, "div-255")
    #expect(bytes.preprocessing?.std == [pixels, pixels, pixels])
    try check(model("div-255") { $0.mean = [0, 0, 0] }, "div-255")
    let note =
      "the graph normalises its input itself, from pixels of 0 to 1, after mean and std have been applied"
    #expect(try !model("sub-div", Self.plain).notes.map(\.description).contains(note))
    let twice = try model("sub-div") { ($0.mean, $0.std) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]) }
    #expect(twice.notes.map(\.description).contains(note))
  }

  /// If the file's metadata tell another normalisation than the graph makes, both are made.
  @Test func tellsOfTwoNormalisations() throws {
    func notes(mean: String, std: String) throws -> [String] {
      let file = ONNXWriter.file {
        $0.metadata = ["mean": mean, "std": std]
        $0.floats("mean", [1, 3, 1, 1], [0.485, 0.456, 0.406])
        $0.floats("std", [1, 3, 1, 1], [0.229, 0.224, 0.225])
        $0.node("Sub", ["x", "mean"], ["a"])
        $0.node("Div", ["a", "std"], ["b"])
        $0.node("GlobalAveragePool", ["b"], ["c"])
        $0.node("Flatten", ["c"], ["y"])
      }
      return try ModelReader.read(ByteSource(file, name: "m.onnx")).notes.map(\.description).filter {
        $0.contains("normalise")
      }
    }
    let once =
      "the graph normalises its input itself, from pixels of 0 to 1: \(Self.imageNet) are taken from it, and not applied "
      + "twice"
    #expect(try notes(mean: "0.485, 0.456, 0.406", std: "0.229, 0.224, 0.225") == [once])
    #expect(try notes(mean: "0, 0, 0", std: "1, 1, 1") == [])
    #expect(
      try notes(mean: "0.5, 0.5, 0.5", std: "0.5, 0.5, 0.5") == [
        "the graph normalises its input itself, from pixels of 0 to 1, after the mean 0.5,0.5,0.5 and std 0.5,0.5,0.5 that "
          + "the file gives have been applied; mean and std replace these"
      ])
  }

  @Test func takesPixelsAsWholeNumbers() throws {
    let plain = try model("uint8-plain")
    try check(plain, "uint8-plain")
    #expect(plain.preprocessing?.mean == [0, 0, 0])
    #expect(plain.preprocessing?.std == [Float](repeating: 1 / 255, count: 3))
    #expect(
      plain.notes.map(\.description).contains(
        "the input has a type of whole numbers: it gets pixels of 0 to 255, not normalised"))
    #expect(
      line("uint8-plain") { $0.mean = [0.5, 0.5, 0.5] }
        == "uint8-plain.onnx: the network's input takes pixels as whole numbers from 0 to 255; leave out mean and std")
    #expect(
      line("uint8-arithmetic").hasPrefix(
        "uint8-arithmetic.onnx: node v0: operator Div is not supported here: it computes with the whole numbers of the "
          + "input; cast the input to floats first"))
  }

  /// The mean tells the order of the channels too.
  @Test func takesBlueFirst() throws {
    let model = try model("caffe")
    try check(model, "caffe")
    #expect(model.notes.map(\.description).contains { $0.contains("in the order blue, green, red") })
    try check(self.model("caffe") { $0.isBGR = true }, "caffe")
  }

  /// Files of torchvision's GoogLeNet begin with a scale and a shift that are no normalisation of pixels.
  @Test func assumesWhatTheGraphDoesNotTell() throws {
    let model = try model("transform-input")
    try check(model, "transform-input")
    let notes = model.notes.map(\.description)
    #expect(
      notes.contains("the graph begins with a scale and a shift that don't tell the range of the pixels it takes"))
    #expect(notes.contains { $0.hasPrefix("the file doesn't say how its images were normalised: assuming mean") })
  }

  @Test func readsUltralyticsMetadata() throws {
    let model = try model("ultralytics")
    try check(model, "ultralytics")
    #expect(
      try model.preprocessing
        == Preprocessing(
          mean: [0, 0, 0], std: [1, 1, 1], inputSize: PixelSize(height: 12, width: 8), resize: .crop,
          sizeBeforeCrop: PixelSize(height: 12, width: 8)))
    #expect(model.labels?.names == [["tench"], ["bird's nest"], ["c"], ["d"], ["e"]])
    #expect(model.licence == "AGPL-3.0")
    #expect(model.notes.isEmpty)
    let size = PixelSize(height: 20, width: 24)
    #expect(try self.model("ultralytics") { $0.inputSize = size }.preprocessing?.inputSize == size)
    #expect(
      line("ultralytics-detect")
        == "ultralytics-detect.onnx: an Ultralytics network for the task detect; only networks for the task classify "
        + "work")
  }

  /// A linear layer after Flatten fixes the size, which photos get by being stretched.
  @Test func runsAtTheDeclaredSize() throws {
    let model = try model("flat", Self.plain)
    try check(model, "flat")
    let size = PixelSize(height: 12, width: 8)
    #expect(model.preprocessing?.inputSize == size)
    #expect(model.preprocessing?.resize == .stretch)
    #expect(
      model.notes.map(\.description).contains(
        "the network takes only images of 12×8 pixels (height × width), so photos are stretched to that size; resize crop "
          + "keeps their proportions"))
    let network = try Network(model, name: "flat"), wide = Self.photo.resized(width: 31, height: 17)
    #expect(try network.resized(wide) == wide.resized(width: 8, height: 12))
    let crop = try Network(self.model("flat") { $0.resize = .crop }, name: "flat")
    #expect(try crop.input(for: wide).shape == [3, 12, 8])
    let short = try Network(self.model("flat") { $0.resize = .short }, name: "flat")
    #expect(
      errorLine { try short.input(for: wide) }
        == "a network input of 12×21 pixels does not fit: layer scores is made for images of 12×8 pixels; resize crop or "
        + "stretch makes photographs 12×8")
    for other in [PixelSize(square: 12), 24] {
      #expect(
        line("flat") { $0.inputSize = other }
          == "flat.onnx: the layers are made for images of 12×8 pixels and can't take \(other); leave out inputSize")
    }
    // A converted file keeps the size, and so does the line about another one.
    let bytes = try model.safetensors().data()
    let again = try ModelReader.read(ByteSource(bytes, name: "m"))
    #expect(again.preprocessing == model.preprocessing)
    try check(again, "flat")
    var settings = ModelSettings()
    settings.inputSize = 24
    #expect(
      errorLine { try ModelReader.read(ByteSource(bytes, name: "m"), settings) }
        == "m: the layers are made for images of 12×8 pixels and can't take 24×24; leave out inputSize")
  }

  @Test func takesTheSizeThatIsLeftOpenFromTheSettings() throws {
    let size = PixelSize(height: 12, width: 8)
    let model = try model("open") {
      Self.plain(&$0)
      $0.inputSize = size
    }
    try check(model, "open")
    #expect(model.preprocessing?.resize == .stretch)
    #expect(
      model.notes.map(\.description).contains(
        "the network takes images of 12×8 pixels (height × width), so photos are stretched to that size; resize crop keeps "
          + "their proportions"))
    #expect(try self.model("open", Self.plain).preprocessing?.inputSize == 224)
    let flat = try self.model("open-flat") {
      Self.plain(&$0)
      $0.inputSize = size
    }
    try check(flat, "open-flat")
    #expect(flat.preprocessing?.resize == .stretch)
    #expect(
      line("open-flat")
        == "open-flat.onnx: node scores: Gemm has a matrix of shape (5, 144), found 75264 input values for images of "
        + "224×224 pixels; the file leaves their size open, set it with inputSize")
    let network = try Network(model, name: "open")
    #expect(try network.input(for: Self.photo.resized(width: 40, height: 36)).shape == [3, 12, 8])
    let short = try self.model("open") { ($0.inputSize, $0.resize) = (size, .short) }
    #expect(
      try Network(short, name: "open").input(for: Self.photo.resized(width: 20, height: 45)).shape == [3, 18, 8])
  }

  @Test(arguments: ["features", "aux", "top"]) func choosesTheClassifier(name: String) throws {
    let model = try model(name, Self.plain)
    try check(model, name)
    #expect(model.outputs.filter(\.isScores).map(\.name) == [name == "top" ? "probabilities" : "logits"])
  }

  @Test func namesTheOutputs() throws {
    let aux = try model("aux") {
      Self.plain(&$0)
      $0.onnxOutput = "aux_logits"
    }
    try check(aux, "aux:aux_logits")
    #expect(!aux.notes.map(\.description).contains { $0.contains("outputs") })
    #expect(
      try model("aux", Self.plain).notes.map(\.description).contains(
        "the file has 2 outputs, aux_logits, logits: logits is taken for the scores; choose another with onnxOutput"))
    #expect(
      line("aux") { $0.onnxOutput = "main" }
        == "aux.onnx: no output is called \"main\"; its outputs are aux_logits, logits")
    #expect(
      line("flat") { $0.onnxOutput = "main" } == "flat.onnx: no output is called \"main\"; its only output is scores")
    let inspection = try ModelInspection(contentsOf: "\(Self.folder)/features.onnx")
    #expect(
      inspection.outputs == [
        ModelOutput(name: "v1", shape: [1, 6, 6, 4], isScores: false),
        ModelOutput(name: "features", shape: [1, 6], isScores: false),
        ModelOutput(name: "logits", shape: [1, 5], isScores: true),
      ])
  }
}
