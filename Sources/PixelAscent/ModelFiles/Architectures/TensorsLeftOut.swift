// SPDX-License-Identifier: MIT

extension ArchitectureBuilder {
  /// Returns a note that names the tensors that no layer uses; nil if there are none.
  ///
  /// A file may hold more than its network: weights of a loss, sums of a metric, a normaliser, a second network, the
  /// head of another task. These are left out. But a tensor that the trained network computes with must never be lost
  /// without a word, because the scores would be wrong. What a tensor is for can't be read from the file, so this is
  /// the rule:
  ///
  /// - *In a module of the network* ("layer1.0.gate.fc1.weight", if the network uses "layer1.0.conv1.weight";
  ///   "fc.1.weight", if it uses "fc.weight"): the modules of a network's own parts hold its layers, so the network is
  ///   another than the known one. The file is refused.
  /// - *In a module beside them*, where the module could stand in the chain of layers: it takes as many channels as it
  ///   returns, and a layer of the network has this width ("attention", before the head); or it takes as many as there
  ///   are scores (a second head behind the first). Such modules have weights (tensors called "weight" with two or more
  ///   dimensions, or with one dimension and a bias). The file is refused. If the user has chosen the prefix of
  ///   the network, the module is left out.
  /// - *Everything else beside them* is left out: modules that change the width as heads do, and tensors that are no
  ///   layer's weights.
  ///
  /// Counters (`num_batches_tracked`, `n_averaged`) and the numbers of multiplications that a profiler leaves in every
  /// module (`total_ops`, `total_params`) affect no score, and are not mentioned.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if a tensor may belong to the network.
  func noteOnTensorsLeftOut(classes: Int) throws(PixelAscentError) -> Message? {
    // A renamed network has modules of two names.
    let own = Set(used.map(Self.firstModule) + used.map { Self.firstModule(dict.nameInFile($0)) })
    var groups = [(name: String, entries: [StateDict.Entry])](), indices = [String: Int]()
    func add(_ entry: StateDict.Entry, to group: String) {
      if let index = indices[group] {
        groups[index].entries.append(entry)
      } else {
        indices[group] = groups.count
        groups.append((group, [entry]))
      }
    }
    for entry in dict.entries where !used.contains(entry.name) {
      let leaf = entry.name.split(separator: ".").last ?? ""
      if Self.counters.contains(String(leaf)) || ignoredPrefixes.contains(where: entry.name.hasPrefix) { continue }
      let module = Self.firstModule(entry.name), nameInFile = dict.nameInFile(entry.name)
      let name = fullNameInFile(entry.name)
      guard own.isDisjoint(with: [module, Self.firstModule(nameInFile)]) else {
        throw unexpected(name, isOutside: false)
      }
      add((name, entry.parameter), to: network.prefix + module)
    }
    let insideGroups = groups.count
    for entry in outside {
      let leaf = entry.name.split(separator: ".").last ?? ""
      if Self.counters.contains(String(leaf)) { continue }
      add(entry, to: network.moduleBeside(entry.name))
    }
    for (index, group) in groups.enumerated() where index < insideGroups || !isChosen {
      if let entry = layerInChain(group.entries, classes) {
        throw unexpected(entry.name, isOutside: index >= insideGroups)
      }
    }
    if groups.isEmpty { return nil }
    let list = groups.prefix(6).map { name, entries in
      entries.count == 1 ? entries[0].name.oneLine : "\(name).* (\(entries.count) tensors)".oneLine
    }
    let more = groups.count > 6 ? " and \(groups.count - 6) more" : ""
    return "left out, because no layer of \(architecture.oneLine) uses them: \(list.joined(separator: ", "))\(more)"
  }

  private static let counters: Set = ["num_batches_tracked", "n_averaged", "total_ops", "total_params"]

  private static func firstModule(_ name: String) -> String { String(name.prefix { $0 != "." }) }

  /// Returns a weight of a module that could stand in the network's chain of layers; nil if the module can't.
  private func layerInChain(_ entries: [StateDict.Entry], _ classes: Int) -> StateDict.Entry? {
    func isWeight(_ entry: StateDict.Entry) -> Bool { entry.name.split(separator: ".").last == "weight" }
    let matrices = entries.filter { isWeight($0) && $0.parameter.shape.count >= 2 }
    if let first = matrices.first, let last = matrices.last {
      let shape = first.parameter.shape
      // A depthwise convolution has one input channel for each kernel.
      let inputs = shape.count == 4 && shape[1] == 1 ? shape[0] : shape[1]
      return inputs == classes || inputs == last.parameter.shape[0] && widths.contains(inputs) ? first : nil
    }
    let names = Set(entries.map(\.name))
    return entries.first { entry in
      isWeight(entry) && entry.parameter.shape.count == 1 && widths.contains(entry.parameter.shape[0])
        && names.contains(String(entry.name.dropLast("weight".count)) + "bias")
    }
  }

  private func unexpected(_ name: String, isOutside: Bool) -> PixelAscentError {
    let line: Message = "\(architecture.oneLine) has no tensor \(name.oneLine), but the file does"
    let key = String(network.prefix.dropLast()).oneLine
    return PixelAscentError(
      .invalidModel,
      isOutside ? "\(line), and a layer may need it; \(advice: .weights) \(key) leaves it out" : line, about: dict.name)
  }
}
