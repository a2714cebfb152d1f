// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// State dicts with the names of other programs than torchvision and timm, and with replaced heads. Tests/Golden/names.txt
/// has what PyTorch computes with these networks in float64.
@Suite struct ForeignNameTests {
  private static let fixtures = ArchitectureFixture.read(PackageFiles.folder + "/Tests/Golden/names.txt")
  /// The networks' indices. (Debian's Swift 6.0.3 crashes on a closure in a test's arguments.)
  private static let indices = Array(fixtures.indices)

  /// Returns a fixture's tensors with the numbers that make_name_goldens.py gives them.
  static func tensors(_ fixture: ArchitectureFixture) -> [String: Tensor] {
    let named = fixture.tensors.filter { !$0.name.hasSuffix(".num_batches_tracked") }.sorted { $0.name < $1.name }
    var tensors: [String: Tensor] = [:]
    for (index, tensor) in named.enumerated() {
      let (name, shape) = tensor
      var random = TestRandom(UInt64(index))
      let isFactor =
        name.hasSuffix("running_var")
        || shape.count < 2 && ["weight", "gamma", "layer_scale_parameter"].contains(where: name.hasSuffix)
      let range = shape.count < 2 ? 0.2 : (6 / Double(shape.dropFirst().reduce(1, *))).squareRoot()
      let values = random.reals(shape.reduce(1, *)).map { Float(isFactor ? 1 + 0.3 * $0 : $0 * range) }
      tensors[name] = Tensor(shape: shape, values: values)
    }
    return tensors
  }

  /// Writes a fixture's file of weights, and its config.json if it has one, to a new folder.
  static func folder(_ fixture: ArchitectureFixture) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.add("model.safetensors", Safetensors(tensors: tensors(fixture)).data())
    if let config = fixture.values["config"] { try folder.add("config.json", config) }
    return folder
  }

  static func fixture(_ label: String) throws -> ArchitectureFixture {
    try #require(fixtures.first { $0.label == label })
  }

  @Test(arguments: indices) func agreesWithPyTorch(index: Int) throws {
    let fixture = Self.fixtures[index]
    func numbers(_ key: String) throws -> [Float] {
      try #require(fixture.values[key]).split(separator: " ").compactMap { Float($0) }
    }
    var settings = ModelSettings()
    if fixture.name.contains(":") { settings.architecture = fixture.name }
    let folder = try Self.folder(fixture)
    let network = try withExtendedLifetime(folder) { try Network(contentsOf: folder.path, settings: settings) }
    #expect(network.source == fixture.name)

    var random = TestRandom(9999)
    let count = 3 * fixture.size * fixture.size
    let input = Tensor(shape: [3, fixture.size, fixture.size], values: random.reals(count).map { Float($0) })
    let target = try #require(fixture.values["class"].flatMap { Int($0) })
    let found = try network.gradient(of: .score(class: target), at: input)
    let scores = try numbers("scores")
    #expect(largestError(found.scores, scores) <= 1e-4 * max(1, Double(scores.map(abs).max() ?? 0)), "\(fixture.label)")
    let positions = (0..<64).map { index -> Int in
      var random = TestRandom((65536 << 32) + UInt64(index))
      return Int(random.next() % UInt64(count))
    }
    let error = relativeError(positions.map { found.gradient.values[$0] }, try numbers("gradient"))
    #expect(error <= 1e-4, "\(fixture.label)")
  }

  /// The file's own names are in the lines, not the names of the family.
  @Test(arguments: [
    ("transformers/resnet12", "resnet.encoder.stages.1.layers.1.layer.0.normalization.weight", "(8)"),
    ("transformers/resnet12", "classifier.1.weight", "(…, 16)"),
    ("transformers/convnext", "convnext.encoder.stages.1.layers.0.pwconv2.weight", "(…, 32, 1, 1)"),
    ("transformers/mobilenet_v2", "mobilenet_v2.layer.3.conv_3x3.normalization.running_var", "(48)"),
    ("transformers/efficientnet_b1", "efficientnet.encoder.blocks.4.projection.project_bn.bias", "(24)"),
    ("openmmlab/mobilenet_v2", "backbone.layer3.1.conv.2.bn.weight", "(8)"),
    ("openmmlab/vgg7_bn", "backbone.features.2.bn.bias", "(8)"),
  ]) func errorsHaveTheNamesOfTheFile(label: String, tensor: String, shape: String) throws {
    var fixture = try Self.fixture(label)
    let before = fixture.tensors.count
    fixture.tensors.removeAll { $0.name == tensor }
    #expect(fixture.tensors.count == before - 1)
    let dict = try fixture.stateDict()
    let line = errorLine { try Architecture.recognize(dict) }
    #expect(line.hasSuffix("expects a tensor \(tensor) of shape \(shape), found none"), "\(line)")
  }

  @Test func leftOverTensorHasTheNameOfTheFile() throws {
    var fixture = try Self.fixture("transformers/resnet12")
    fixture.tensors.append(("resnet.encoder.stages.0.layers.0.layer.7.convolution.weight", [1]))
    let dict = try fixture.stateDict()
    #expect(
      errorLine { try Architecture.recognize(dict) } == "net.pth: resnet12 has no tensor "
        + "resnet.encoder.stages.0.layers.0.layer.7.convolution.weight, but the file does")
  }

  /// A number with a leading zero is not the number.
  @Test func keepsNumbersAsTheyAreWritten() throws {
    var fixture = try Self.fixture("openmmlab/resnet14")
    fixture.tensors.append(("backbone.layer01.0.conv1.weight", [1]))
    let dict = try fixture.stateDict()
    #expect(
      errorLine { try Architecture.recognize(dict) }
        == "net.pth: resnet14 has no tensor backbone.layer01.0.conv1.weight, but the file does")
  }

  @Test func saysWhichActivationFunctionsAHeadIsAssumedToHave() throws {
    func notes(_ index: Int) throws -> [Message] {
      let fixture = Self.fixtures.filter { $0.package == "heads" }[index]
      return try Architecture.recognize(fixture.stateDict()).notes
    }
    func note(_ names: String) -> Message {
      """
      the file doesn't say which activation functions its last layers have: assuming ReLU between \(names); if they \
      have others, export ONNX
      """
    }
    #expect(try notes(0) == [])
    #expect(try notes(1) == [note("fc.0 and fc.3")])
    #expect(try notes(2) == [note("fc.0 and fc.4")])
    #expect(try notes(3) == [note("fc.2 and fc.6")])
    #expect(try notes(4) == [note("fc.fc1 and fc.fc2")])
    #expect(try notes(5) == ["the head is classifier, which lies outside backbone, where the other layers are"])
    #expect(try notes(6) == [])
    #expect(try notes(7) == [note("classifier.0 and classifier.3")])
  }

  @Test func assumesCIFARsPreprocessing() throws {
    let fixture = try Self.fixture("cifar/resnet26_cifar")
    let ten = try Architecture.recognize(fixture.stateDict())
    #expect(
      try ten.preprocessing
        == Preprocessing(mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.2010], inputSize: 32))
    let note: Message =
      """
      this looks like a network for images of 32×32 pixels: assuming that size, and mean and std of CIFAR-10; set others \
      with \(advice: .inputSize), \(advice: .mean) and \(advice: .std)
      """
    #expect(ten.notes == [note])
    var larger = fixture
    for index in larger.tensors.indices where larger.tensors[index].name.hasPrefix("linear.") {
      larger.tensors[index].shape[0] = 100
    }
    let hundred = try Architecture.recognize(larger.stateDict())
    #expect(
      try hundred.preprocessing
        == Preprocessing(mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761], inputSize: 32))
  }

  /// A max pool has no tensors, so a file with torchvision's names may have one behind its small stem.
  @Test func saysThatAMaxPoolMayFollowASmallStem() throws {
    let dict = try Self.fixture("cifar/resnet10_cifar").stateDict()
    let note: Message =
      """
      the file doesn't say whether a max pool follows its stem of 3×3: assuming none; \(advice: .architecture) \
      resnet18_cifar:max_pool has one
      """
    // The note names the architecture of the file.
    let notes = try Architecture.recognize(dict).notes.map(\.description)
    #expect(notes.first == note.description.replacing("resnet18", with: "resnet10"))
    #expect(notes.count == 2)
    #expect(Architecture.names.contains("resnet18_cifar:max_pool"))
  }

  @Test func refusesOtherNetworksWithTheNamesOfAResNet() throws {
    var fixture = try Self.fixture("cifar/resnet10_cifar")
    for index in fixture.tensors.indices where fixture.tensors[index].name.hasPrefix("layer2.0.") {
      fixture.tensors[index].shape = fixture.tensors[index].shape.map { $0 == 8 ? 6 : $0 }
    }
    let dict = try fixture.stateDict()
    #expect(
      errorLine { try Architecture.recognize(dict) }
        == "net.pth: resnet for small images has 8 channels in stage 2, found 6")
  }

  @Test func saysThatWeightsWithCaffesNumbersMayNeedOtherPixels() throws {
    let model = try Architecture.recognize(Self.fixture("caffe/vgg7").stateDict())
    let note: Message =
      """
      its linear layers have the numbers of weights from Caffe; most of these take pixels from 0 to 255 in the order \
      blue, green, red: \(advice: .bgr) \(advice: .mean) 0.485,0.458,0.408 \(advice: .std) 0.00392,0.00392,0.00392
      """
    #expect(model.notes == [note])
    #expect(model.preprocessing == .imageNet)
  }

  @Test func takesTheMeanOfADataPreprocessor() throws {
    let fixture = try Self.fixture("openmmlab/resnet14"), folder = try TemporaryFolder()
    var tensors = Self.tensors(fixture)
    tensors["data_preprocessor.mean"] = Tensor(shape: [3, 1, 1], values: [51, 102, 153])
    tensors["data_preprocessor.std"] = Tensor(shape: [3, 1, 1], values: [25.5, 51, 255])
    let path = try folder.add("net.safetensors", Safetensors(tensors: tensors).data())
    let network = try Network(contentsOf: path)
    #expect(
      try network.preprocessing == Preprocessing(mean: [0.2, 0.4, 0.6], std: [0.1, 0.2, 1], inputSize: 224))
    #expect(network.notes.contains("mean and std are those of the file's data_preprocessor"))
  }
}
