// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

@Suite struct ModelSettingsTests {
  private static let file = try? SmallNetworks.random(
    SmallNetworks.squeezed, integers: true, seed: 2, preprocessing: SmallNetworks.halves(inputSize: 32))

  private func read(_ change: (inout ModelSettings) -> Void) throws -> Model {
    var settings = ModelSettings()
    change(&settings)
    let bytes = try #require(Self.file).safetensors().data()
    return try ModelReader.read(ByteSource(bytes, name: "m"), settings)
  }

  private static func picture(_ width: Int, _ height: Int) -> RGBImage {
    var random = TestRandom(8)
    let pixels = (0..<3 * width * height).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  @Test func settingsReplaceThePreprocessing() throws {
    let usual = try read { _ in }.preprocessing
    #expect(try usual == SmallNetworks.halves(inputSize: 32))
    let all = try read {
      ($0.mean, $0.std) = ([0.1, 0.2, 0.3], [1, 2, 4])
      ($0.inputSize, $0.resize) = (48, .crop)
    }
    #expect(
      try all.preprocessing == Preprocessing(mean: [0.1, 0.2, 0.3], std: [1, 2, 4], inputSize: 48, resize: .crop))
    #expect(try read { $0.mean = [0, 0, 0] }.preprocessing?.std == usual?.std)
    #expect(
      errorLine { try read { $0.mean = [0, 0] } }
        == "m: preprocessing: expected the mean of 3 channels or of 1, found 2")
  }

  /// An error line begins with the file's name, and has the name once, even if the message begins with the same word.
  @Test func errorLineNamesTheFileOnce() throws {
    let bytes = ONNXWriter.file { $0.node("GlobalAveragePool", ["x"], ["y"]) }
    var settings = ModelSettings()
    settings.labels = try Labels(names: [["a"], ["b"]])
    for name in ["m.onnx", "the"] {
      #expect(
        errorLine { try ModelReader.read(ByteSource(bytes, name: name), settings) }
          == "\(name): the network has 3 classes, labels names 2")
    }
  }

  /// A pixel p in [0, 1] becomes (p − mean) / std.
  @Test func normalisesWithMeanAndStd() throws {
    let network = try Network(
      read {
        ($0.mean, $0.std) = ([0.1, 0.2, 0.3], [1, 2, 4])
        $0.inputSize = 20
      }, name: "m")
    let picture = Self.picture(20, 24), input = try network.input(for: picture)
    #expect(input.shape == [3, 24, 20])
    for index in input.values.indices {
      let (channel, pixel) = (index / 480, index % 480)
      let mean: [Float] = [0.1, 0.2, 0.3], std: [Float] = [1, 2, 4]
      let expected = (Float(picture.pixels[3 * pixel + channel]) / 255 - mean[channel]) / std[channel]
      #expect(abs(input.values[index] - expected) < 1e-6)
    }
  }

  /// A network for blue, green, red equals one for red, green, blue whose first weights have the channels in reverse.
  @Test func takesBlueFirst() throws {
    var turned = try #require(Self.file)
    var tensors = try turned.tensors
    var weight = try #require(tensors["conv1.weight"])
    let source = weight.values
    for index in source.indices {
      let (output, channel, tap) = (index / 27, index / 9 % 3, index % 9)
      weight.values[(output * 3 + 2 - channel) * 9 + tap] = source[index]
    }
    tensors["conv1.weight"] = weight
    turned.parameters = tensors.mapValues { Parameter($0) }
    let expected = try Network(turned, name: "turned"), found = try Network(read { $0.isBGR = true }, name: "bgr")
    var random = TestRandom(9)
    let image = Tensor(shape: [3, 17, 33], values: random.integers(3 * 17 * 33).map(Float.init))
    for index in 0..<21 {
      let a = try expected.gradient(of: .score(class: index), at: image)
      let b = try found.gradient(of: .score(class: index), at: image)
      #expect(a.scores == b.scores)
      #expect(a.gradient == b.gradient)
    }
    // A written file keeps the order of the channels.
    let again = try Network(modelFile: read { $0.isBGR = true }.safetensors().data(), name: "again")
    #expect(try again.scores(of: image) == expected.scores(of: image))
    var settings = ModelSettings()
    settings.isBGR = true
    let bytes = try read { $0.isBGR = true }.safetensors().data()
    let twice = try Network(ModelReader.read(ByteSource(bytes, name: "m"), settings), name: "twice")
    #expect(try twice.scores(of: image) == Network(read { _ in }, name: "m").scores(of: image))
  }

  @Test(arguments: [(50, 40), (40, 50), (32, 99), (64, 64), (20, 31)]) func resizes(width: Int, height: Int) throws {
    let picture = Self.picture(width, height)
    func resized(_ resize: Preprocessing.Resize, _ size: PixelSize) throws -> RGBImage {
      let file = try read { ($0.resize, $0.inputSize) = (resize, size) }
      let network = try Network(file, name: "m")
      #expect(try network.input(for: picture) == network.tensor(from: network.resized(picture)))
      return try network.resized(picture)
    }
    let short = RGBImage.size(width: width, height: height, covering: 28)
    #expect(try resized(.short, 28) == picture.resized(width: short.width, height: short.height))
    #expect(try resized(.stretch, 28) == picture.resized(width: 28, height: 28))
    // The short side becomes 32 pixels, and the middle 28 of both sides are taken.
    let large = RGBImage.size(width: width, height: height, covering: 32)
    let whole = picture.resized(width: large.width, height: large.height)
    func middle(_ side: Int) -> Int { Int((Double(side - 28) / 2).rounded(.toNearestOrEven)) }
    let (left, top) = (middle(large.width), middle(large.height))
    var pixels: [UInt8] = []
    for row in top..<top + 28 {
      for column in left..<left + 28 {
        let at = 3 * (row * large.width + column)
        pixels += whole.pixels[at..<at + 3]
      }
    }
    #expect(try resized(.crop, 28) == RGBImage(width: 28, height: 28, pixels: pixels))
  }

  @Test func readsLabelsOfEveryForm() throws {
    let folder = try TemporaryFolder(), path = folder.path + "/labels"
    func labels(_ text: String) throws -> [[String]] {
      try Files.write(Array(text.utf8), to: path)
      return try Labels(contentsOf: path).names
    }
    #expect(try labels("cat\ndog, hound\n\n") == [["cat"], ["dog, hound"]])
    #expect(try labels("cat\r\ndog\r\n") == [["cat"], ["dog"]])
    #expect(try labels("[\"cat\", \"dog\"]") == [["cat"], ["dog"]])
    #expect(try labels(" [[\"cat\", \"puss\"], \"dog\"]") == [["cat", "puss"], ["dog"]])
    #expect(try labels("{\"1\": \"dog\", \"0\": [\"n02\", \"cat\"]}") == [["n02", "cat"], ["dog"]])
    // Keras' imagenet_class_index.json has this form.
    #expect(try labels("{\"0\": [\"n01440764\", \"tench\"]}") == [["tench", "n01440764"]])

    // torchvision's class_to_idx, Hugging Face's config.json, and imagenet1000_clsidx_to_labels.txt.
    #expect(try labels("{\"dog\": 1, \"cat\": 0}") == [["cat"], ["dog"]])
    #expect(
      try labels("{\"id2label\": {\"0\": \"cat\", \"1\": \"dog\"}, \"depths\": [3, 4]}") == [["cat"], ["dog"]])
    #expect(
      try labels("{0: 'tench, Tinca tinca',\n 1: \"goldfish\",\n 2: 'a ram\\'s head'}\n") == [
        ["tench, Tinca tinca"], ["goldfish"], ["a ram's head"],
      ])
    #expect(try labels("1: jay\n0: 'magpie'\n") == [["magpie"], ["jay"]])
    #expect(try labels("0,jay\n1,\"magpie, pie\"\n") == [["jay"], ["magpie, pie"]])
    #expect(try labels("- jay\n- \"magpie\"\n") == [["jay"], ["magpie"]])
    for table in [
      "id,name\n0,jay\n1,magpie\n", "name,id\njay,0\nmagpie,1\n", "magpie,1\njay,0\n",
      "names:\n  0: jay\n  1: magpie\n",
      "train: a\nnames:\n- jay\n- magpie\nnc: 2\n", "names: [jay, 'magpie']\n",
    ] {
      #expect(try labels(table) == [["jay"], ["magpie"]], "\(table)")
    }
    #expect(try labels("0 of a kind\n1: jay\n") == [["0 of a kind"], ["1: jay"]])

    func line(_ text: String) -> String {
      errorLine { try labels(text) }.replacing(folder.path + "/", with: "")
    }
    #expect(line("cat\n\ndog\n") == "labels: labels: class 1 has no name")
    #expect(
      line("{\"1\": \"cat\", \"2\": \"dog\"}") == "labels: labels: class 0 is missing; expected the classes 0 to 1")
    #expect(line("1: jay\n2: magpie\n") == "labels: labels: class 0 is missing; expected the classes 0 to 1")
    #expect(line("{\"cat\": 0, \"dog\": 0}") == "labels: labels: class 1 is missing; expected the classes 0 to 1")
    #expect(
      line("{\"id2label\": {\"0\": \"cat\", \"2\": \"dog\"}}")
        == "labels: labels: class 1 is missing; expected the classes 0 to 1")
    #expect(line("{\"a\": [\"cat\"]}") == "labels: labels: class 0 is missing; expected the classes 0 to 0")
    #expect(line("{\"id2label\": {\"0\": 1.5}}") == "labels: labels: id2label[0] holds a value of the wrong kind")
    #expect(line("{0: 'cat', 1: dog}").hasPrefix("labels: labels: not valid JSON"))
    #expect(line("[1, 2]").hasPrefix("labels: labels: "))
    #expect(line("[\"cat\"").hasPrefix("labels: labels: not valid JSON"))
    try Files.write([0xFF, 0xFE, 0x41], to: path)
    #expect(
      errorLine { try Labels(contentsOf: path) }.hasSuffix("labels: not text in UTF-8"))

    let names = try Labels(names: (0..<21).map { ["name \($0)"] })
    #expect(try read { $0.labels = names }.labels == names)
    let few = try Labels(names: [["one"]])
    #expect(
      errorLine { try read { $0.labels = few } }
        == "m: the network has 21 classes, labels names 1")
  }
}
