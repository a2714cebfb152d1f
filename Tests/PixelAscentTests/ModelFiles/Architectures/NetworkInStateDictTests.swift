// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Networks under a prefix of the names, among tensors that belong to no layer.
@Suite struct NetworkInStateDictTests {
  private let fixture: ArchitectureFixture

  init() throws { fixture = try ArchitectureFixture.named("resnet18") }

  /// Returns a state dict with a ResNet-18 under each prefix, and with other tensors.
  private func dict(
    _ prefixes: [String], _ others: [(name: String, shape: [Int])] = [], wanted: String? = nil
  ) throws -> StateDict {
    var entries = [StateDict.Entry]()
    for (index, prefix) in prefixes.enumerated() {
      entries += try ArchitectureFixture.entries(fixture.tensors, prefix: prefix, at: index)
    }
    var dict = try StateDict(entries + ArchitectureFixture.entries(others), name: "net.pth")
    dict.wanted = wanted
    return dict
  }

  private func recognize(_ dict: StateDict) throws -> Model { try Architecture.recognize(dict) }

  /// Returns the notes on how a file was read, but not the one on the look-alike that every ResNet-18 has.
  private func notes(_ dict: StateDict) throws -> [String] {
    try recognize(dict).notes.filter { $0.advice != [.architecture] }.map(\.description)
  }

  private func line(_ dict: StateDict) -> String { errorLine { _ = try recognize(dict) } }

  @Test(arguments: [
    "", "module.", "model.", "_orig_mod.", "net.", "backbone.", "module.model.", "module.attacker.model.",
    "features.module.", "0.", "layer1.0.", "a.b.c.d.e.f.g.",
  ])
  func findsAnyPrefix(prefix: String) throws {
    let model = try recognize(dict([prefix]))
    #expect(model.source == "resnet18")
    #expect(try notes(dict([prefix])).isEmpty)
    #expect(try model.graph == recognize(dict([""])).graph)
    #expect(try Architecture.recognize(dict([prefix]), named: "resnet18").graph == model.graph)
  }

  @Test(arguments: ["vgg11", "densenet121", "mobilenet_v3_small", "squeezenet1_1", "regnet_y_400mf"])
  func findsEachFamilysPrefix(name: String) throws {
    let fixture = try ArchitectureFixture.named(name)
    let entries = try ArchitectureFixture.entries(fixture.tensors, prefix: "net.features.")
    #expect(try recognize(StateDict(entries, name: "net.pth")).source == name)
  }

  /// A head outside the prefix of the other tensors, under its usual name or another one.
  @Test(arguments: [
    ("backbone.", "fc"), ("module.backbone.", "module.classifier"), ("net.encoder.", "head"), ("a.b.c.", "a.linear"),
  ])
  func findsAHeadBesideTheNetwork(prefix: String, head: String) throws {
    func tensors(_ head: String) -> [(name: String, shape: [Int])] {
      fixture.tensors.map { name, shape in
        (name.hasPrefix("fc.") ? head + name.dropFirst(2) : prefix + name, shape)
      }
    }
    let beside = try StateDict(ArchitectureFixture.entries(tensors(head)), name: "net.pth")
    #expect(try recognize(beside).graph == recognize(dict([""])).graph)
    let place = prefix.dropLast()
    #expect(try notes(beside) == ["the head is \(head), which lies outside \(place), where the other layers are"])
    // A module of another name may be anything.
    #expect(
      line(try StateDict(ArchitectureFixture.entries(tensors("projector")), name: "net.pth"))
        == "net.pth: resnet18 expects a tensor \(prefix)fc.weight of shape (…, 512), found none")
  }

  /// Each network has the head that is nearest to it, and errors have the head's name in the file.
  @Test func findsTheHeadOfEachNetwork() throws {
    func network(_ prefix: String, _ width: Int) -> [(name: String, shape: [Int])] {
      fixture.tensors.filter { !$0.name.hasPrefix("fc.") }.map { ("\(prefix).backbone.\($0.name)", $0.shape) }
        + [("\(prefix).fc.weight", [7, width]), ("\(prefix).fc.bias", [7])]
    }
    var two = try StateDict(
      ArchitectureFixture.entries(network("student", 512))
        + ArchitectureFixture.entries(network("teacher", 512), at: 1),
      name: "net.pth")
    two.wanted = "teacher.backbone"
    #expect(
      try notes(two) == [
        "the head is teacher.fc, which lies outside teacher.backbone, where the other layers are",
        "left out, because no layer of resnet18 uses them: student.* (102 tensors)",
      ])
    #expect(
      line(try StateDict(ArchitectureFixture.entries(network("net", 256)), name: "net.pth"))
        == "net.pth: resnet18 expects a tensor net.fc.weight of shape (…, 512), found (7, 256)")
    let both: [(name: String, shape: [Int])] = [("head.weight", [7, 512]), ("fc.weight", [7, 512])]
    let backbone = network("net", 512).filter { $0.name.contains("backbone") }
    #expect(
      line(try StateDict(ArchitectureFixture.entries(backbone + both), name: "net.pth"))
        == "net.pth: resnet18 expects a tensor net.backbone.fc.weight of shape (…, 512), found none")
  }

  @Test func errorsNameTensorsAsTheFileDoes() throws {
    var fixture = fixture
    fixture.tensors.removeAll { $0.name == "fc.weight" }
    let entries = try ArchitectureFixture.entries(fixture.tensors, prefix: "net.")
    #expect(
      line(try StateDict(entries, name: "net.pth"))
        == "net.pth: resnet18 expects a tensor net.fc.weight of shape (…, 512), found none")
  }

  @Test(
    arguments: [
      ([("loss.weight", [1000])], "loss.weight"),
      ([("normalizer.new_mean", [3, 1, 1]), ("normalizer.new_std", [3, 1, 1])], "normalizer.* (2 tensors)"),
      ([("accuracy.total", []), ("epoch", [])], "accuracy.total, epoch"),
      ([("rotation.weight", [4, 512]), ("rotation.bias", [4])], "rotation.* (2 tensors)"),
      ([("proj.0.weight", [2048, 512]), ("proj.2.weight", [128, 2048])], "proj.* (2 tensors)"),
      ([("queue", [128, 65536]), ("queue_ptr", [1])], "queue, queue_ptr"),
      ([("layer1.0.conv1.total_ops", [1]), ("n_averaged", [])], ""),
      (
        [("a", [1]), ("b", [1]), ("c", [1]), ("d", [1]), ("e", [1]), ("f", [1]), ("g", [1]), ("h", [1])],
        "a, b, c, d, e, f and 2 more"
      ),
    ] as [([(name: String, shape: [Int])], String)])
  func leavesOutWhatBelongsToNoLayer(others: [(name: String, shape: [Int])], named: String) throws {
    for prefix in ["", "module.net."] {
      let expected = named.isEmpty ? [] : ["left out, because no layer of resnet18 uses them: \(named)"]
      #expect(try notes(dict([prefix], others)) == expected)
    }
  }

  /// Tensors that the trained network may compute with.
  @Test(
    arguments: [
      [("layer1.0.gate.fc1.weight", [4, 64])], [("layer1.0.conv1.weight_fake_quant.scale", [1])],
      [("fc.1.weight", [7, 1000])],
      [("layer5.0.conv1.weight", [512, 512, 3, 3])],
      [("attention.0.weight", [32, 512]), ("attention.2.weight", [512, 32])],
      [("head.weight", [10, 1000])], [("bn2.weight", [512]), ("bn2.bias", [512])], [("mix.weight", [3, 3, 1, 1])],
      [("spread.weight", [512, 1, 3, 3])],
    ] as [[(name: String, shape: [Int])]])
  func refusesWhatMayBelongToTheNetwork(others: [(name: String, shape: [Int])]) throws {
    #expect(
      line(try dict([""], others)) == "net.pth: resnet18 has no tensor \(others[0].name), but the file does")
  }

  @Test func theUserDecidesWhatBelongsToThePrefix() throws {
    let others = [(name: "1.weight", shape: [10, 1000])]
    #expect(
      line(try dict(["0."], others))
        == "net.pth: resnet18 has no tensor 1.weight, but the file does, and a layer may need it; weights 0 leaves it out"
    )
    #expect(
      try notes(dict(["0."], others, wanted: "0")) == ["left out, because no layer of resnet18 uses them: 1.weight"])
    #expect(
      line(try dict(["0."], [("0.layer1.0.gate.fc1.weight", [4, 64])], wanted: "0"))
        == "net.pth: resnet18 has no tensor 0.layer1.0.gate.fc1.weight, but the file does")
  }

  @Test func choosesBetweenNetworks() throws {
    #expect(
      line(try dict(["student.", "teacher."]))
        == "net.pth: found 2 networks: student, teacher; choose one with weights, for example weights student")
    #expect(
      try notes(dict(["student.", "teacher."], wanted: "teacher"))
        == ["left out, because no layer of resnet18 uses them: student.* (102 tensors)"])
    #expect(
      line(try dict(["student.", "teacher."], wanted: "nobody\n"))
        == "net.pth: no network is called \"nobody \" (weights): found student, teacher")
    #expect(
      line(try dict([""], wanted: "nobody"))
        == "net.pth: no network is called \"nobody\" (weights): the file has one network")
    #expect(
      try notes(dict(["", "teacher."])) == ["left out, because no layer of resnet18 uses them: teacher.* (102 tensors)"]
    )
    // A network whose tensors are stored under two names counts once.
    let twice = try ["a.", "b."].flatMap { try ArchitectureFixture.entries(fixture.tensors, prefix: $0) }
    #expect(
      try notes(StateDict(twice, name: "net.pth"))
        == ["left out, because no layer of resnet18 uses them: b.* (102 tensors)"])
  }

  @Test func prefersAveragedWeights() throws {
    let pair = ["model.", "model_ema.module."]
    let note =
      "the file holds raw and averaged (EMA) weights: reading the averaged ones (model_ema.module); weights raw reads "
      + "those of model"
    let rest = "left out, because no layer of resnet18 uses them: "
    #expect(try notes(dict(pair)) == [note, rest + "model.* (102 tensors)"])
    #expect(try notes(dict(pair, wanted: "raw")) == [rest + "model_ema.* (102 tensors)"])
    #expect(try notes(dict(pair, wanted: "ema")) == [rest + "model.* (102 tensors)"])
    #expect(
      line(try dict(["model."], wanted: "ema")) == "net.pth: the file holds no averaged (EMA) weights: weights raw")
    #expect(line(try dict(["ema."], wanted: "raw")) == "net.pth: the file holds no raw weights: weights ema")
    #expect(try notes(dict(["schema."])) == [])
  }

  /// The names of 100,000 modules end like the first module of several families.
  @Test(.timeLimit(.minutes(120))) func takesManyPrefixes() throws {
    let names = (0..<100_000).map { (name: "m\($0).features.0.weight", shape: [1, 1, 3, 3]) }
    #expect(line(try ArchitectureFixture.stateDict(names)).hasPrefix("net.pth: "))
  }
}
