// SPDX-License-Identifier: MIT

/// A family of architectures: how its state dicts are told from others, and how their graph is made.
///
/// Widths, depths, groups and the number of classes come from the shapes; strides, activations and what else shapes don't
/// tell from the architecture. The names of modules are those of torchvision, or of timm where that is said.
struct ArchitectureFamily: Sendable {
  let name: String
  /// The architectures that it knows by name, those that a caller may give.
  let members: [String]
  /// Modules that its state dicts have and those of other families don't have together.
  let signature: [String]
  /// Reads the state dict, names the architecture and gives the scores.
  let build: @Sendable (inout ArchitectureBuilder) throws(PixelAscentError) -> ArchitectureBuilder.Value

  static let all: [ArchitectureFamily] = [
    alexNet, squeezeNet, resNet, googLeNet, inception, denseNet, mobileNetV2, mobileNetV3, mnasNet, shuffleNet,
    efficientNet, timmEfficientNet, efficientNetLite, regNet, convNeXt, timmConvNeXt, vgg,
  ]
}

/// The recognition of architectures by the names and shapes of a state dict.
package enum Architecture {
  /// The names that ``recognize(_:named:)`` takes.
  package static var names: [String] {
    var seen: Set<String> = []
    return ArchitectureFamily.all.flatMap(\.members).filter { seen.insert($0).inserted }
  }

  /// The model of a state dict, its architecture recognised by names and shapes, or given by a name.
  ///
  /// Nothing is read of the tensors. A known architecture brings its preprocessing, and ImageNet's labels if it has 1000
  /// classes.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel`; the line names the file and what does not fit. Of kind
  ///   `invalidParameter` if the name is not one of ``names``.
  package static func recognize(_ dict: StateDict, named wanted: String? = nil) throws(PixelAscentError)
    -> Model
  {
    func fits(_ family: ArchitectureFamily) -> Bool {
      family.signature.allSatisfy { dict.shape("\($0).weight") != nil }
    }
    let candidates = ArchitectureFamily.all.filter { wanted == nil || $0.members.contains(wanted ?? "") }
    if let wanted, candidates.isEmpty {
      throw PixelAscentError(
        .invalidParameter,
        "no architecture is called \"\(wanted.oneLine)\"; known: \(names.joined(separator: ", "))")
    }
    guard let family = candidates.first(where: fits) ?? (wanted == nil ? nil : candidates.first) else {
      throw unknown(dict)
    }
    var builder = ArchitectureBuilder(dict, family: family.name, wanted: wanted)
    let scores = try family.build(&builder)
    let model = try builder.model(scores: scores)
    if let wanted, builder.architecture != wanted {
      throw PixelAscentError(
        .invalidModel,
        "expected the tensors of \(wanted.oneLine), found those of \(builder.architecture.oneLine)", about: dict.name)
    }
    return model
  }

  private static func unknown(_ dict: StateDict) -> PixelAscentError {
    var line = "the names of its \(dict.entries.count) tensors are those of no known architecture"
    func present(_ family: ArchitectureFamily) -> Int {
      family.signature.count { dict.shape("\($0).weight") != nil }
    }
    let nearest = ArchitectureFamily.all.max { present($0) * $1.signature.count < present($1) * $0.signature.count }
    if let nearest, present(nearest) > 0,
      let missing = nearest.signature.first(where: { dict.shape("\($0).weight") == nil })
    {
      line += "; nearest: \(nearest.name), which has \(missing).weight"
    } else if let first = dict.entries.first {
      line += ": \(first.name.oneLine), …"
    }
    let known = ArchitectureFamily.all.map(\.name).joined(separator: ", ")
    return PixelAscentError(.invalidModel, "\(line); known: \(known)", about: dict.name)
  }
}
