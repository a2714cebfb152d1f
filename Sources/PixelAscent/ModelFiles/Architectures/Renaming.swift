// SPDX-License-Identifier: MIT

/// The beginning of a tensor's name: whole parts between dots, in which "#" stands for a number. "layer#+1" stands for a
/// number that is one greater than the same number in another pattern.
struct NamePattern: Sendable, ExpressibleByStringLiteral {
  private enum Piece: Sendable {
    case text([UInt8])
    case number(offset: Int)
  }

  private let pieces: [Piece]

  init(stringLiteral text: String) { self.init(text) }

  init(_ text: String) {
    var pieces: [Piece] = [], rest = text.utf8[...]
    while !rest.isEmpty {
      let literal = rest.prefix { $0 != UInt8(ascii: "#") }
      rest = rest.dropFirst(literal.count)
      if !literal.isEmpty { pieces.append(.text(Array(literal))) }
      guard rest.popFirst() != nil else { break }
      var offset = 0
      if rest.first == UInt8(ascii: "+") {
        let digits = rest.dropFirst().prefix { (48...57).contains($0) }
        offset = Int(String(Substring(digits))) ?? 0
        rest = rest.dropFirst(1 + digits.count)
      }
      pieces.append(.number(offset: offset))
    }
    self.pieces = pieces
  }

  /// Returns the numbers of a name that begins with this pattern, less the pattern's offsets, and the rest of the name:
  /// nothing, or a dot and more. Returns nil for other names.
  func match(_ name: String) -> (numbers: [Int], rest: Substring)? {
    var rest = name.utf8[...], numbers: [Int] = []
    for piece in pieces {
      switch piece {
      case .text(let text):
        guard rest.starts(with: text) else { return nil }
        rest = rest.dropFirst(text.count)
      case .number(let offset):
        // A number with a leading zero would not be the same text again.
        let digits = rest.prefix { (48...57).contains($0) }
        guard digits.count < 7, let number = Int(String(Substring(digits))), number >= offset,
          digits.count == 1 || digits.first != UInt8(ascii: "0")
        else { return nil }
        numbers.append(number - offset)
        rest = rest.dropFirst(digits.count)
      }
    }
    guard rest.isEmpty || rest.first == UInt8(ascii: ".") else { return nil }
    return (numbers, Substring(rest))
  }

  /// Returns the text of the pattern with these numbers.
  func text(_ numbers: [Int]) -> String {
    var text = "", next = numbers[...]
    for piece in pieces {
      switch piece {
      case .text(let bytes): text += String(decoding: bytes, as: UTF8.self)
      case .number(let offset): text += "\((next.popFirst() ?? 0) + offset)"
      }
    }
    return text
  }
}

/// The names that another program gives to the modules of a network that an ``ArchitectureFamily`` builds.
struct Renaming: Sendable {
  /// The programs whose names are known.
  enum Program: Sendable {
    /// Hugging Face's transformers, which write `config.json` beside the weights.
    case transformers
    /// OpenMMLab's mmpretrain and mmclassification.
    case openMMLab
    /// Facebook's own ConvNeXt.
    case facebook
    /// Networks for the small images of CIFAR.
    case cifar
  }

  let program: Program
  /// Modules that every state dict with these names has. The first renaming in ``all`` whose modules a state dict has is
  /// the one that is taken.
  private let signature: [String]
  /// Pairs of a module's name in the file and its name in the family. The first pattern that fits a name counts.
  private let rules: [Rule]

  private typealias Rule = (file: NamePattern, family: NamePattern)

  private init(_ program: Program, signature: [String], _ rules: [Rule]) {
    (self.program, self.signature, self.rules) = (program, signature, rules)
  }

  /// Returns the prefixes after which a state dict has these names, the longest first.
  func prefixes(in dict: StateDict) -> [String] {
    dict.prefixes(of: signature).sorted { ($1.utf8.count, $1) < ($0.utf8.count, $0) }
  }

  /// Returns the family's name of a tensor or module of the file.
  func familyName(_ name: String) -> String { renamed(name, from: \.file, to: \.family) }

  /// Returns the file's name of a tensor or module of the family.
  func fileName(_ name: String) -> String { renamed(name, from: \.family, to: \.file) }

  private func renamed(
    _ name: String, from: KeyPath<Rule, NamePattern>, to: KeyPath<Rule, NamePattern>
  ) -> String {
    for rule in rules {
      if let (numbers, rest) = rule[keyPath: from].match(name) { return rule[keyPath: to].text(numbers) + rest }
    }
    return name
  }
}

extension Renaming {
  static let all: [Renaming] = [
    transformersResNet, transformersConvNeXt("convnext"), transformersConvNeXt("convnextv2"), transformersMobileNetV2,
    transformersEfficientNet, facebookConvNeXt, openMMLabResNet, openMMLabMobileNetV2, openMMLabVGG,
    shortcutResNet, sequentialResNet,
  ]

  private static let transformersResNet: Renaming = {
    let block = "resnet.encoder.stages.#.layers.#"
    return Renaming(
      .transformers,
      signature: ["resnet.embedder.embedder.convolution", "\(block.replacing("#", with: "0")).layer.0.convolution"],
      [
        ("resnet.embedder.embedder.convolution", "conv1"), ("resnet.embedder.embedder.normalization", "bn1"),
        (NamePattern("\(block).layer.#.convolution"), "layer#+1.#.conv#+1"),
        (NamePattern("\(block).layer.#.normalization"), "layer#+1.#.bn#+1"),
        (NamePattern("\(block).shortcut.convolution"), "layer#+1.#.downsample.0"),
        (NamePattern("\(block).shortcut.normalization"), "layer#+1.#.downsample.1"),
        (NamePattern(block), "layer#+1.#"), ("classifier.1", "fc"),
      ])
  }()

  /// ConvNeXt and ConvNeXt V2 have the same names but for the first part.
  private static func transformersConvNeXt(_ first: String) -> Renaming {
    let block = "\(first).encoder.stages.#.layers.#"
    return Renaming(
      .transformers, signature: ["\(first).embeddings.patch_embeddings", "\(block.replacing("#", with: "0")).dwconv"],
      [
        (NamePattern("\(first).embeddings.patch_embeddings"), "stem.0"),
        (NamePattern("\(first).embeddings.layernorm"), "stem.1"),
        (NamePattern("\(first).encoder.stages.#.downsampling_layer"), "stages.#.downsample"),
        (NamePattern("\(block).dwconv"), "stages.#.blocks.#.conv_dw"),
        (NamePattern("\(block).layernorm"), "stages.#.blocks.#.norm"),
        (NamePattern("\(block).pwconv1"), "stages.#.blocks.#.mlp.fc1"),
        (NamePattern("\(block).pwconv2"), "stages.#.blocks.#.mlp.fc2"),
        (NamePattern("\(block).grn"), "stages.#.blocks.#.mlp.grn"),
        (NamePattern("\(block).layer_scale_parameter"), "stages.#.blocks.#.gamma"),
        (NamePattern("\(first).layernorm"), "head.norm"), ("classifier", "head.fc"),
      ])
  }

  private static let transformersMobileNetV2: Renaming = {
    /// Returns the rules of a convolution and its batch norm.
    func unit(_ file: String, _ convolution: String, _ norm: String) -> [Rule] {
      [
        (NamePattern("mobilenet_v2.\(file).convolution"), NamePattern("features.\(convolution)")),
        (NamePattern("mobilenet_v2.\(file).normalization"), NamePattern("features.\(norm)")),
      ]
    }
    var rules = unit("conv_stem.first_conv", "0.0", "0.1")
    rules += unit("conv_stem.conv_3x3", "1.conv.0.0", "1.conv.0.1")
    rules += unit("conv_stem.reduce_1x1", "1.conv.1", "1.conv.2")
    rules += unit("layer.#.expand_1x1", "#+2.conv.0.0", "#+2.conv.0.1")
    rules += unit("layer.#.conv_3x3", "#+2.conv.1.0", "#+2.conv.1.1")
    rules += unit("layer.#.reduce_1x1", "#+2.conv.2", "#+2.conv.3")
    rules += unit("conv_1x1", "18.0", "18.1")
    rules.append(("classifier", "classifier.1"))
    return Renaming(
      .transformers,
      signature: ["mobilenet_v2.conv_stem.first_conv.convolution", "mobilenet_v2.layer.0.conv_3x3.convolution"], rules)
  }()

  private static let transformersEfficientNet: Renaming = {
    let block = "efficientnet.encoder.blocks.#"
    return Renaming(
      .transformers,
      signature: [
        "efficientnet.embeddings.convolution", "efficientnet.encoder.blocks.0.depthwise_conv.depthwise_conv",
      ],
      [
        ("efficientnet.embeddings.convolution", "_conv_stem"), ("efficientnet.embeddings.batchnorm", "_bn0"),
        (NamePattern("\(block).expansion.expand_conv"), "_blocks.#._expand_conv"),
        (NamePattern("\(block).expansion.expand_bn"), "_blocks.#._bn0"),
        (NamePattern("\(block).depthwise_conv.depthwise_conv"), "_blocks.#._depthwise_conv"),
        (NamePattern("\(block).depthwise_conv.depthwise_norm"), "_blocks.#._bn1"),
        (NamePattern("\(block).squeeze_excite.reduce"), "_blocks.#._se_reduce"),
        (NamePattern("\(block).squeeze_excite.expand"), "_blocks.#._se_expand"),
        (NamePattern("\(block).projection.project_conv"), "_blocks.#._project_conv"),
        (NamePattern("\(block).projection.project_bn"), "_blocks.#._bn2"),
        ("efficientnet.encoder.top_conv", "_conv_head"), ("efficientnet.encoder.top_bn", "_bn1"), ("classifier", "_fc"),
      ])
  }()

  private static let facebookConvNeXt = Renaming(
    .facebook, signature: ["downsample_layers.0.0", "stages.0.0.dwconv", "stages.0.0.pwconv1"],
    [
      ("downsample_layers.0", "stem"), ("downsample_layers.#", "stages.#.downsample"),
      ("stages.#.#.dwconv", "stages.#.blocks.#.conv_dw"), ("stages.#.#.norm", "stages.#.blocks.#.norm"),
      ("stages.#.#.pwconv1", "stages.#.blocks.#.mlp.fc1"), ("stages.#.#.pwconv2", "stages.#.blocks.#.mlp.fc2"),
      ("stages.#.#.grn.gamma", "stages.#.blocks.#.mlp.grn.weight"),
      ("stages.#.#.grn.beta", "stages.#.blocks.#.mlp.grn.bias"), ("stages.#.#.gamma", "stages.#.blocks.#.gamma"),
      ("norm", "head.norm"), ("head", "head.fc"),
    ])

  private static let openMMLabResNet = Renaming(
    .openMMLab, signature: ["backbone.conv1", "backbone.bn1", "backbone.layer1.0.conv1", "head.fc"],
    [
      ("backbone.conv1", "conv1"), ("backbone.bn1", "bn1"), ("backbone.layer#", "layer#"), ("head.fc", "fc"),
    ])

  private static let openMMLabMobileNetV2: Renaming = {
    var rules: [Rule] = [
      ("backbone.conv1.conv", "features.0.0"), ("backbone.conv1.bn", "features.0.1"),
      ("backbone.layer1.0.conv.0.conv", "features.1.conv.0.0"), ("backbone.layer1.0.conv.0.bn", "features.1.conv.0.1"),
      ("backbone.layer1.0.conv.1.conv", "features.1.conv.1"), ("backbone.layer1.0.conv.1.bn", "features.1.conv.2"),
      ("backbone.conv2.conv", "features.18.0"), ("backbone.conv2.bn", "features.18.1"), ("head.fc", "classifier.1"),
    ]
    // The stages' first blocks; the last stage comes first, because its blocks have the numbers of the family that fit the
    // other stages too.
    for (layer, first) in zip(2..., [2, 4, 7, 11, 14, 17]).reversed() {
      for (file, family) in [
        ("0.conv", "0.0"), ("0.bn", "0.1"), ("1.conv", "1.0"), ("1.bn", "1.1"), ("2.conv", "2"), ("2.bn", "3"),
      ] {
        rules.append(
          (NamePattern("backbone.layer\(layer).#.conv.\(file)"), NamePattern("features.#+\(first).conv.\(family)")))
      }
    }
    return Renaming(
      .openMMLab, signature: ["backbone.conv1.conv", "backbone.layer1.0.conv.0.conv", "backbone.conv2.conv"], rules)
  }()

  private static let openMMLabVGG = Renaming(
    .openMMLab, signature: ["backbone.features.0.conv"],
    [("backbone.features", "features"), ("backbone.classifier", "classifier"), ("head.fc", "classifier")])

  /// The names of networks after kuangliu's and akamaster's for CIFAR.
  private static let shortcutResNet = Renaming(
    .cifar, signature: ["conv1", "bn1", "layer1.0.conv1", "linear"],
    [("layer#.#.shortcut", "layer#.#.downsample"), ("linear", "fc")])

  /// The names of networks after weiaicunzai's for CIFAR-100.
  private static let sequentialResNet = Renaming(
    .cifar, signature: ["conv1.0", "conv2_x.0.residual_function.0"],
    [
      ("conv1.0", "conv1"), ("conv1.1", "bn1"), ("conv#+1_x.#.shortcut", "layer#.#.downsample"),
      ("conv#+1_x.#.residual_function.0", "layer#.#.conv1"), ("conv#+1_x.#.residual_function.1", "layer#.#.bn1"),
      ("conv#+1_x.#.residual_function.3", "layer#.#.conv2"), ("conv#+1_x.#.residual_function.4", "layer#.#.bn2"),
      ("conv#+1_x.#.residual_function.6", "layer#.#.conv3"), ("conv#+1_x.#.residual_function.7", "layer#.#.bn3"),
    ])
}
