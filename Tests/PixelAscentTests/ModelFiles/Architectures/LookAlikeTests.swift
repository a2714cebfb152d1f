// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Architectures whose state dicts have tensors of the same names and shapes.
@Suite struct LookAlikeTests {
  private func model(_ fixture: String, named name: String? = nil) throws -> Model {
    try Architecture.recognize(try ArchitectureFixture.named(fixture).stateDict(), named: name)
  }

  private func window(_ model: Model, _ layer: String) throws -> Window {
    let found = try #require(model.graph.layers.first { $0.name == layer })
    return try #require(found.operation as? Convolution).window
  }

  /// A file is read as the usual network, and a note names the others, unless the user has said which it is.
  @Test(arguments: [
    ("resnet18", ["resnetblur18"]),
    ("resnet50", ["resnetaa50", "resnetblur50", "resnet50:caffe"]), ("efficientnet_b0", ["tf_efficientnet_b0"]),
    ("mobilenetv3_small_100", ["tf_mobilenetv3_small_100"]),
    ("mobilenetv4_conv_medium", ["mobilenetv4_conv_blur_medium", "mobilenetv4_conv_aa_medium"]),
  ]) func notesOtherNetworksWithTheSameTensors(name: String, others: [String]) throws {
    let package = name.hasPrefix("resnet") ? "torchvision" : "timm"
    let fixture = try #require(ArchitectureFixture.all.first { $0.label == "\(package)/\(name)" })
    let dict = try fixture.stateDict()
    let (verb, which) = others.count == 1 ? ("has", others[0]) : ("have", "one of these")
    let note: Message =
      """
      read as \(name), but \(others.joined(separator: ", ")) \(verb) tensors of the same names and shapes; if it is \
      \(which), say so: \(advice: .architecture) \(others[0])
      """
    #expect(try Architecture.recognize(dict).notes == [note])
    for chosen in [name] + others {
      let model = try Architecture.recognize(dict, named: chosen)
      #expect(model.source == chosen)
      #expect(model.notes.isEmpty)
    }
  }

  /// Networks without look-alikes say nothing.
  @Test(arguments: ["squeezenet1_1", "vgg16_bn", "tf_efficientnetv2_b0", "mobilenetv4_conv_small"])
  func otherNetworksHaveNoNote(name: String) throws { #expect(try model(name).notes.isEmpty) }

  @Test func caffesResNetHasTheStrideInTheFirstConvolution() throws {
    let (usual, caffe) = (try model("resnet50"), try model("resnet50", named: "resnet50:caffe"))
    #expect(try window(usual, "layer2.0.conv1").y.stride == 1)
    #expect(try window(usual, "layer2.0.conv2").y.stride == 2)
    #expect(try window(caffe, "layer2.0.conv1").y.stride == 2)
    #expect(try window(caffe, "layer2.0.conv2").y.stride == 1)
  }

  /// What config.json says about the strides holds, whatever the name is; ":caffe" says it too.
  @Test func configAndNameBothChooseCaffesStrides() throws {
    func strides(_ config: String, named name: String?) throws -> [Int] {
      let dict = try ForeignNameTests.fixture("transformers/resnet50:caffe").stateDict()
      let config = try JSONText.decode(TransformersConfig.self, from: Array(config.utf8))
      let model = try Architecture.recognize(dict, named: name, config: config)
      #expect(model.source == name ?? "resnet50")
      return try ["conv1", "conv2"].map { try window(model, "layer2.0.\($0)").y.stride }
    }
    for name in [nil, "resnet50", "resnet50:caffe"] {
      #expect(try strides(#"{"downsample_in_bottleneck": true}"#, named: name) == [2, 1])
    }
    #expect(try strides("{}", named: "resnet50:caffe") == [2, 1])
    #expect(try strides("{}", named: "resnet50") == [1, 2])
    #expect(try strides(#"{"downsample_in_bottleneck": false}"#, named: nil) == [1, 2])
  }

  @Test func antiAliasedResNetsHavePoolsInPlaceOfStrides() throws {
    let model = try model("resnet50", named: "resnetaa50")
    #expect(try window(model, "layer2.0.conv2").y.stride == 1)
    #expect(try window(model, "layer2.0.downsample.0").y.stride == 2)
    let shapes = try model.graph.shapes(height: 224, width: 224)
    #expect(shapes["layer4.2"] == ValueShape(channels: 2048, height: 7, width: 7))
    let pools = model.graph.layers.filter { $0.operation is AveragePool }.map(\.name)
    #expect(pools == ["maxpool", "layer2.0.aa", "layer3.0.aa", "layer4.0.aa"])
  }

  @Test func blurredMobileNetsHaveABinomialFilterInPlaceOfStrides() throws {
    let model = try model("mobilenetv4_conv_medium", named: "mobilenetv4_conv_blur_medium")
    #expect(try window(model, "blocks.0.0.conv_exp").y.stride == 1)
    let name = "blocks.0.0.conv_exp.aa"
    #expect(try window(model, name) == Window(kernel: 3, stride: 2, padding: 1))
    let blur = try #require(model.parameters["\(name).weight"]).tensor()
    #expect(blur.shape == [128, 1, 3, 3])
    #expect(blur.values.suffix(9) == [0.0625, 0.125, 0.0625, 0.125, 0.25, 0.125, 0.0625, 0.125, 0.0625])
  }

  /// The blur of timm's ResNets mirrors the image at its edges.
  @Test func blurredResNetsHaveMirroredBorders() throws {
    let layers = try model("resnet50", named: "resnetblur50").graph.layers
    let borders = layers.compactMap { $0.operation as? Pad }
    #expect(borders == Array(repeating: Pad(top: 1, left: 1, bottom: 1, right: 1, mode: .reflect), count: 4))
  }

  @Test func tensorFlowsNetworksHaveTheirEpsilonAndPadding() throws {
    let fixture = try #require(ArchitectureFixture.all.first { $0.label == "timm/efficientnet_b0" })
    let model = try Architecture.recognize(try fixture.stateDict(), named: "tf_efficientnet_b0")
    for layer in model.graph.layers {
      if let norm = layer.operation as? BatchNorm { #expect(norm.epsilon == 1e-3) }
      guard let convolution = layer.operation as? Convolution, convolution.window.y.kernel > 1 else { continue }
      #expect(convolution.isSame, "\(layer.name)")
    }
    for (size, outputs) in [(224, 7), (225, 8), (97, 4), (96, 3)] {
      let shapes = try model.graph.shapes(height: size, width: size)
      #expect(shapes["blocks.6.0.conv_pwl"]?.height == outputs)
    }
  }

  /// The line for a network that no family reads names the network and the command that exports it.
  @Test func namesNetworksThatAreReadAsONNXOnly() throws {
    func line(_ module: String, classes: Int = 1000) throws -> String {
      let dict = try ArchitectureFixture.stateDict([
        ("\(module).weight", [8, 3, 3, 3]), ("classifier.weight", [classes, 8]),
      ])
      return errorLine { try Architecture.recognize(dict) }
    }
    for (module, name) in [
      ("blocks.1.0.conv_pw.0", "mixnet"), ("layer1.0.bns.0", "res2net"), ("level0.0", "dla"),
      ("blocks.0.0.ghost1.primary_conv.0", "ghostnet"),
    ] {
      #expect(
        try line(module)
          == "net.pth: its tensors have the names of timm's \(name), which is read as ONNX only: python -c "
          + "\"import timm, torch; torch.onnx.export(timm.create_model('NAME', checkpoint_path='net.pth').eval(), "
          + "torch.zeros(1, 3, 224, 224), 'model.onnx')\"")
    }
    #expect(try line("level0.0", classes: 10).contains("checkpoint_path='net.pth', num_classes=10).eval(), "))
    #expect(
      try line("blocks.0.attn.qkv")
        == "net.pth: its tensors have the names of a network with attention, which is not supported")
  }
}
