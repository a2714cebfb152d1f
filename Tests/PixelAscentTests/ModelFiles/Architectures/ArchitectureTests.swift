// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Architectures recognised from the names and shapes of state dicts.
@Suite struct ArchitectureTests {
  @Test(arguments: ArchitectureFixture.labels) func recognisesStateDicts(of label: String) throws {
    let fixture = try #require(ArchitectureFixture.all.first { $0.label == label })
    let name = fixture.name
    let dict = try fixture.stateDict()
    let model = try Architecture.recognize(dict, named: name.hasPrefix("tf_") ? name : nil)
    #expect(model.source == name)
    #expect(model.labels?.count == 1000)
    #expect(model.preprocessing?.inputSize == PixelSize(square: fixture.size))
    // A layer with the name of one of the package's modules has the shape of the module's output.
    let shapes = try model.graph.shapes(height: fixture.size, width: fixture.size)
    #expect(shapes[model.graph.output] == ValueShape(channels: 1000))
    var seen = 0
    for (module, shape) in fixture.outputs {
      guard let found = shapes[module] else { continue }
      #expect([found.channels, found.height, found.width] == shape, "\(module)")
      seen += 1
    }
    let convolutions = fixture.tensors.count {
      $0.name.hasSuffix(".weight") && $0.shape.count == 4 && !isIgnored($0.name)
    }
    #expect(seen > convolutions)
    for layer in model.graph.layers {
      if let norm = layer.operation as? BatchNorm { #expect(norm.epsilon == fixture.epsilon) }
    }
    // The architecture's name gives the same graph.
    #expect(try Architecture.recognize(dict, named: name).graph == model.graph)
  }

  @Test func preprocessingDependsOnThePackage() throws {
    for fixture in ArchitectureFixture.all
    where ["resnet18", "efficientnet_lite0", "tf_efficientnet_lite0"].contains(fixture.name) {
      let model = try Architecture.recognize(try fixture.stateDict(), named: fixture.name)
      switch (fixture.package, fixture.name) {
      case ("lite", _):
        // The package takes (x − 127) / 128 for x from 0 to 255.
        #expect(model.preprocessing?.mean == [Float](repeating: 127 / 255, count: 3))
        #expect(model.preprocessing?.std == [Float](repeating: 128 / 255, count: 3))
      case (_, "tf_efficientnet_lite0"): #expect(model.preprocessing?.mean == [0.5, 0.5, 0.5])
      default: #expect(model.preprocessing == .imageNet)
      }
    }
  }

  /// TensorFlow pads one zero more after an axis than before it if the number of zeros is odd.
  @Test func padsAsTensorFlowDoes() throws {
    for fixture in ArchitectureFixture.all where fixture.name.hasSuffix("efficientnet_lite0") {
      let model = try Architecture.recognize(try fixture.stateDict(), named: fixture.name)
      guard let convolution = model.graph.layers[0].operation as? Convolution else { continue }
      let isSame = fixture.package == "lite" || fixture.name.hasPrefix("tf_")
      let axis = WindowAxis(kernel: 3, stride: 2, before: isSame ? 0 : 1, after: 1)
      #expect(convolution.window(for: ValueShape(channels: 3, height: 224, width: 224)) == Window(y: axis, x: axis))
      // EfficientNet-PyTorch pads every size as it pads 224×224; timm's padding depends on the size.
      #expect(convolution.isSame == fixture.name.hasPrefix("tf_"))
    }
  }

  private func isIgnored(_ name: String) -> Bool { name.hasPrefix("aux") || name.hasPrefix("AuxLogits") }

  /// A simplified network has only layers that run: convolutions, and what can't be folded into them.
  @Test(arguments: [
    ("resnet18", ["conv": 20, "maxPool": 1, "add": 8, "globalAverage": 1, "linear": 1]),
    ("squeezenet1_1", ["conv": 26, "maxPool": 3, "concatenate": 8, "globalAverage": 1]),
    // The branches of each block are one convolution.
    ("repvgg_a0", ["conv": 22, "globalAverage": 1, "linear": 1]),
    ("vgg11", ["conv": 8, "maxPool": 5, "adaptiveAverage": 1, "flatten": 1, "linear": 3]),
    (
      "mobilenet_v3_small",
      ["conv": 52, "function": 28, "globalAverage": 10, "multiply": 9, "add": 6, "linear": 2]
    ),
    (
      "shufflenet_v2_x0_5",
      ["conv": 56, "maxPool": 1, "slice": 26, "concatenate": 16, "shuffle": 16, "globalAverage": 1, "linear": 1]
    ),
  ]) func simplifiedNetworkHasOnlyLayersThatRun(name: String, expected: [String: Int]) throws {
    let model = try Architecture.recognize(try ArchitectureFixture.named(name).stateDict()).simplified()
    var counts = [String: Int]()
    for layer in model.graph.layers {
      counts[type(of: layer.operation).name, default: 0] += 1
    }
    #expect(counts == expected)
    _ = try model.graph.shapes(height: 224, width: 300)
  }

  @Test func takesOtherNumbersOfClassesAndChannels() throws {
    var fixture = try ArchitectureFixture.named("resnet18")
    for index in fixture.tensors.indices {
      switch fixture.tensors[index].name {
      case "fc.weight": fixture.tensors[index].shape = [7, 512]
      case "fc.bias": fixture.tensors[index].shape = [7]
      case "conv1.weight": fixture.tensors[index].shape = [64, 1, 7, 7]
      default: break
      }
    }
    let model = try Architecture.recognize(try fixture.stateDict())
    #expect(model.labels == nil)
    #expect(model.preprocessing == nil)
    #expect(model.graph.input.channels == 1)
    #expect(try model.graph.shapes(height: 64, width: 64)[model.graph.output] == ValueShape(channels: 7))
  }

  /// The mean and the deviation of timm's own weights, which check_normalization.py compares for all networks.
  @Test(
    arguments: [
      ("resnetv2_50", [0.5, 0.5, 0.5]), ("resnetv2_18d", [0.5, 0.5, 0.5]), ("tf_efficientnet_lite0", [0.5, 0.5, 0.5]),
      ("tf_efficientnetv2_b0", [0.485, 0.456, 0.406]), ("resnet10t", [0.485, 0.456, 0.406]),
      ("mobilenetv4_conv_small", [0.485, 0.456, 0.406]),
    ] as [(String, [Float])]) func takesTheNormalisationOfTimmsWeights(name: String, mean: [Float]) throws
  {
    let fixture = try #require(ArchitectureFixture.all.first { $0.label == "timm/\(name)" })
    let model = try Architecture.recognize(try fixture.stateDict(), named: name)
    #expect(model.preprocessing?.mean == mean)
    #expect(model.preprocessing?.std == (mean[0] == 0.5 ? [0.5, 0.5, 0.5] : [0.229, 0.224, 0.225]))
  }

  /// If timm's weights of one architecture need different means, a note says which mean is assumed, unless the user or a
  /// file says what it is.
  @Test func notesWeightsWithAnotherNormalisation() throws {
    let half = "\(advice: .mean) 0.5,0.5,0.5 \(advice: .std) 0.5,0.5,0.5" as Message
    let note: Message =
      """
      the file doesn't say how its images were normalised: assuming mean 0.485,0.456,0.406, std 0.229,0.224,0.225; \
      timm's weights e3600_r256_in1k need \(half)
      """
    let fixture = try #require(ArchitectureFixture.all.first { $0.label == "timm/mobilenetv4_conv_small" })
    var tensors: [String: Tensor] = [:]
    for (name, shape) in fixture.tensors where !name.hasSuffix(".num_batches_tracked") {
      tensors[name] = Tensor(shape: shape, repeating: 0)
    }
    let folder = try TemporaryFolder()
    let path = try folder.add("net.safetensors", Safetensors(tensors: tensors).data())
    func notes(_ change: (inout ModelSettings) -> Void = { _ in }) throws -> [Message] {
      var settings = ModelSettings()
      change(&settings)
      return try Network(contentsOf: path, settings: settings).notes
    }
    #expect(try notes() == [note])
    #expect(try !notes { ($0.mean, $0.std) = ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]) }.contains(note))
    try folder.add(
      "config.json", #"{"architecture": "mobilenetv4_conv_small", "pretrained_cfg": {"mean": [0.5, 0.5, 0.5]}}"#)
    #expect(try !notes().contains(note))
  }

  @Test func takesTransformedInputs() throws {
    for name in ["googlenet", "inception_v3"] {
      let fixture = try ArchitectureFixture.named(name)
      let dict = try fixture.stateDict()
      let plain = try Architecture.recognize(dict)
      let note: Message =
        """
        \(name == "googlenet" ? "torchvision's own weights" : "torchvision's weights and most of timm's") need \
        \(advice: .architecture) \(name):transform_input (mean and std 0.5)
        """
      #expect(plain.notes == [note])
      let transformed = try Architecture.recognize(dict, named: "\(name):transform_input")
      #expect(transformed.graph == plain.graph)
      #expect(transformed.notes.isEmpty)
      #expect(transformed.preprocessing?.mean == [0.5, 0.5, 0.5])
      #expect(transformed.preprocessing?.std == [0.5, 0.5, 0.5])
      #expect(transformed.preprocessing?.inputSize == PixelSize(square: fixture.size))
    }
  }

  /// Torchvision's files of DenseNet still have the names that versions before 0.3 used.
  @Test func readsTheOldNamesOfDenseNet() throws {
    var fixture = try ArchitectureFixture.named("densenet121")
    let expected = try Architecture.recognize(try fixture.stateDict())
    for index in fixture.tensors.indices where fixture.tensors[index].name.contains("denselayer") {
      for part in ["norm", "conv"] {
        for number in 1...2 {
          let name = fixture.tensors[index].name
          fixture.tensors[index].name = name.replacing(".\(part)\(number).", with: ".\(part).\(number).")
        }
      }
    }
    let model = try Architecture.recognize(try fixture.stateDict())
    #expect(model.source == "densenet121")
    #expect(model.graph.layers.count == expected.graph.layers.count)
  }

  @Test func namesAreKnown() {
    let names = Architecture.names
    #expect(Set(names).count == names.count)
    #expect(ArchitectureFixture.all.allSatisfy { names.contains($0.name) })
    #expect(names.contains("efficientnet_lite0"))
    #expect(names.contains("tf_efficientnet_lite0"))
  }

  /// The matrix of a channel attention must be square, and not much larger than the file.
  @Test func refusesChannelAttentionThatDoesNotFit() throws {
    let fixture = try ArchitectureFixture.named("ecaresnet26t")
    func line(_ shapes: [String: [Int]]) throws -> String {
      var fixture = fixture
      for (index, tensor) in fixture.tensors.enumerated() {
        fixture.tensors[index].shape = shapes[tensor.name] ?? tensor.shape
      }
      let dict = try fixture.stateDict()
      return errorLine { try Architecture.recognize(dict) }
    }
    #expect(
      try line(["layer1.0.se.conv.weight": [1, 1, 4]])
        == "net.pth: resnet-d (timm) expects an odd number of weights layer1.0.se.conv.weight, found 4")
    #expect(
      try line(["layer1.0.se.conv.weight": [1, 2, 3]])
        == "net.pth: resnet-d (timm) expects a tensor layer1.0.se.conv.weight of shape (1, 1, …), found (1, 2, 3)")
    var wide = ["layer1.0.conv3.weight": [1040, 64, 1, 1]]
    for suffix in ["weight", "bias", "running_mean", "running_var"] { wide["layer1.0.bn3.\(suffix)"] = [1040] }
    #expect(
      try line(wide)
        == "net.pth: resnet-d (timm) expects at most 16 outputs for each input of layer1.0.conv3, found 1040 and 64")
  }

  @Test func refusesStateDictsThatDoNotFit() throws {
    let fixture = try ArchitectureFixture.named("resnet18")
    func line(named name: String? = nil, _ change: (inout ArchitectureFixture) -> Void = { _ in }) throws -> String {
      var fixture = fixture
      change(&fixture)
      let dict = try fixture.stateDict()
      return errorLine { try Architecture.recognize(dict, named: name) }
    }
    func renaming(_ from: String, _ to: String) -> (inout ArchitectureFixture) -> Void {
      return { fixture in
        for index in fixture.tensors.indices where fixture.tensors[index].name == from {
          fixture.tensors[index].name = to
        }
      }
    }
    func shaping(_ name: String, _ shape: [Int]) -> (inout ArchitectureFixture) -> Void {
      return { fixture in
        for index in fixture.tensors.indices where fixture.tensors[index].name == name {
          fixture.tensors[index].shape = shape
        }
      }
    }
    #expect(try line(named: "resnet50") == "net.pth: expected the tensors of resnet50, found those of resnet18")
    #expect(
      try line(named: "vgg16")
        == "net.pth: vgg16 expects a tensor features.0.weight of shape (…, …, …, …), found none")
    #expect(
      try line(named: "resnet18", renaming("layer1.0.conv1.weight", "x"))
        == "net.pth: resnet18 expects a tensor layer1.0.conv1.weight of shape (…, 64, 3, 3), found none")
    #expect(
      try line(renaming("layer2.0.conv2.weight", "x"))
        == "net.pth: resnet expects a tensor layer2.0.conv2.weight of shape (…, 128, 3, 3), found none")
    #expect(
      try line(shaping("layer2.0.conv2.weight", [128, 64, 3, 3]))
        == "net.pth: resnet expects a tensor layer2.0.conv2.weight of shape (…, 128, 3, 3), found (128, 64, 3, 3)")
    // This tensor has many outputs, but no elements.
    #expect(
      try line(shaping("conv1.weight", [1 << 50, 3, 7, 0]))
        == "net.pth: resnet expects a tensor conv1.weight of shape (…, …, …, …), found (1125899906842624, 3, 7, 0)")
    #expect(
      try line(shaping("fc.weight", [0, 512]))
        == "net.pth: resnet18 expects a tensor fc.weight of shape (…, 512), found (0, 512)")
    #expect(
      try line(shaping("layer2.0.bn2.running_var", [64]))
        == "net.pth: resnet expects a tensor layer2.0.bn2.running_var of shape (128), found (64)")
    #expect(
      try line(shaping("conv1.weight", [64, 3, 5, 5]))
        == "net.pth: resnet expects a tensor conv1.weight of shape (…, 3, 7, 7), found (64, 3, 5, 5)")
    #expect(
      try line { $0.tensors.append(("layer5.0.weight", [512, 512, 3, 3])) }
        == "net.pth: resnet18 has no tensor layer5.0.weight, but the file does")
    let known =
      "alexnet, squeezenet, resnet, resnet-d (timm), resnetv2 (timm), repvgg (timm), deployed repvgg (timm), googlenet, "
      + "inception_v3, densenet, mobilenet_v2, mobilenet_v3, mnasnet, shufflenet_v2, efficientnet, efficientnet (timm), "
      + "efficientnet_lite, regnet, regnet (timm), convnext, convnext (timm), vgg, vgg (OpenMMLab); any other network is read as ONNX: "
      + "torch.onnx.export"
    #expect(
      try line(renaming("conv1.weight", "x.weight"))
        == "net.pth: its 122 tensors have the names of no known architecture; the nearest is resnet, but "
        + "the file lacks conv1.weight; known: \(known)")
    let strange = try StateDict([("a\nb", Parameter(Tensor(shape: [], values: [1])))], name: "x.pth")
    #expect(
      errorLine { try Architecture.recognize(strange) }
        == "x.pth: its only tensor has a name of no known architecture: a b, …; known: \(known)")
    #expect(
      try line(named: "ResNet1000\n")
        == "no architecture is called \"ResNet1000 \"; nearest: resnet101, resnet200, resnet10t, resnet101c, resnet101d"
    )
  }
}
