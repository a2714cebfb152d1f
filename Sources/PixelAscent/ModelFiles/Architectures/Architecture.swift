// SPDX-License-Identifier: MIT

/// A family of architectures: how to recognise its state dicts, and how to make the graph of one.
///
/// Widths, depths, groups and the number of classes come from the shapes in the state dict. Strides, activation
/// functions and everything else that shapes don't tell come from the architecture. Modules have torchvision's names,
/// unless a family's comment says otherwise.
struct ArchitectureFamily: Sendable {
  let name: String
  /// The names of the architectures in this family that a caller may give.
  let members: [String]
  /// Modules that every state dict of this family has. A state dict belongs to the first family in `all` whose modules
  /// it has.
  let signature: [String]
  /// The linear layer that makes the scores, or the module that holds it; empty if it is no linear layer.
  let head: String
  /// Adds the network's layers to a builder, sets the architecture's name and returns the scores.
  let build: @Sendable (inout ArchitectureBuilder) throws(PixelAscentError) -> ArchitectureBuilder.Value

  /// All families, in the order in which they are tried. VGG is last, as other families have its one module too.
  static let all: [ArchitectureFamily] = [
    alexNet, squeezeNet, resNet, deepStemResNet, resNetV2, repVGG, deployedRepVGG, googLeNet, inception, denseNet,
    mobileNetV2, mobileNetV3, mnasNet, shuffleNet, efficientNet, timmEfficientNet, efficientNetLite, regNet, timmRegNet,
    convNeXt, timmConvNeXt, vgg, openMMLabVGG,
  ]
}

/// Recognises architectures by the names and shapes in a state dict.
package enum Architecture {
  /// The names of architectures that ``recognize(_:named:)`` accepts.
  package static let names: [String] = {
    var seen: Set<String> = []
    return ArchitectureFamily.all.flatMap(\.members).filter { seen.insert($0).inserted }
  }()

  /// Returns why there is no architecture of this name, with the nearest ones; nil if there is one.
  package static func refusal(ofName name: String) -> String? {
    if names.contains(name) { return nil }
    let others = nearest(to: name, names) { [$0] }.map(\.name)
    return "no architecture is called \"\(name.oneLine)\"; nearest: \(others.joined(separator: ", "))"
  }

  /// Returns the model of a state dict. Names and shapes decide the architecture; if `wanted` names one, they must fit
  /// that one.
  ///
  /// The network may lie under any prefix of the names ("module.", "net.backbone."). Tensors that belong to no layer
  /// are left out with a note: see ``ArchitectureBuilder/noteOnTensorsLeftOut(classes:)``. The elements of weights that a
  /// network standardises are read, and of no other tensor. The model has the architecture's preprocessing, and ImageNet's
  /// labels if it has 1000 classes.
  ///
  /// - Parameter config: transformers' `config.json`; nil for the values that transformers assume. Only tensors with the
  ///   names that transformers give them need it
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the state dict fits no architecture, or does not fit the
  ///   wanted one, or holds several networks and does not choose one, and of kind `invalidParameter` if `wanted` is not
  ///   one of ``names``.
  package static func recognize(
    _ dict: StateDict, named wanted: String? = nil, config: TransformersConfig? = nil
  ) throws(PixelAscentError) -> Model {
    let dict = try dict.reparametrized().renamed()
    if let refusal = wanted.flatMap(refusal) { throw PixelAscentError(.invalidParameter, Message(refusal)) }
    let candidates = ArchitectureFamily.all.filter { wanted == nil || $0.members.contains(wanted ?? "") }
    var networks = NetworkInStateDict.all(in: dict, candidates)
    if networks.isEmpty, wanted != nil, let family = candidates.first {
      networks = [NetworkInStateDict(prefix: "", family: family)]
    }
    do throws(PixelAscentError) {
      guard !networks.isEmpty else { throw unknown(dict) }
      return try NetworkInStateDict.choose(networks, dict) { network throws(PixelAscentError) in
        try model(of: network, dict, wanted, config)
      }
    } catch {
      guard wanted == nil, let line = OtherNetwork.line(dict) else { throw error }
      throw PixelAscentError(.invalidModel, Message(line), about: dict.name)
    }
  }

  private static func model(
    of network: NetworkInStateDict, _ dict: StateDict, _ wanted: String?, _ config: TransformersConfig?
  ) throws(PixelAscentError) -> Model {
    let (inside, outside, head) = try network.divided(dict)
    let usual = dict.renaming?.program == .transformers ? TransformersConfig() : nil
    var builder = ArchitectureBuilder(inside, network, wanted: wanted, config: config ?? usual)
    (builder.outside, builder.isChosen) = (outside, network.isCalled(dict.wanted))
    if let head {
      builder.headOutside = head
      builder.notes.append(
        "the head is \(head.oneLine), which lies outside \(network.key.oneLine), where the other layers are")
    }
    let scores = try network.family.build(&builder)
    if dict.renaming?.program == .openMMLab { try builder.takeDataPreprocessor() }
    let model = try builder.model(scores: scores)
    if let wanted, builder.architecture != wanted {
      throw PixelAscentError(
        .invalidModel,
        "expected the tensors of \(wanted.oneLine), found those of \(builder.architecture.oneLine)", about: dict.name)
    }
    return model
  }

  private static func unknown(_ dict: StateDict) -> PixelAscentError {
    let count = dict.entries.count
    var line = count == 1 ? "its only tensor has a name" : "its \(count) tensors have the names"
    line += " of no known architecture"
    func present(_ family: ArchitectureFamily) -> Int {
      family.signature.count { dict.shape("\($0).weight") != nil }
    }
    let nearest = ArchitectureFamily.all.max { present($0) * $1.signature.count < present($1) * $0.signature.count }
    if let nearest, present(nearest) > 0,
      let missing = nearest.signature.first(where: { dict.shape("\($0).weight") == nil })
    {
      line += "; the nearest is \(nearest.name), but the file lacks \(dict.nameInFile("\(missing).weight"))"
    } else if let first = dict.entries.first {
      line += ": \(dict.nameInFile(first.name).oneLine), …"
    }
    let known = ArchitectureFamily.all.map(\.name).joined(separator: ", ")
    return PixelAscentError(
      .invalidModel, "\(line); known: \(known); any other network is read as ONNX: torch.onnx.export", about: dict.name)
  }
}
