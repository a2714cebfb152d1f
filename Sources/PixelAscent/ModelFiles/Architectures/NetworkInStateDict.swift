// SPDX-License-Identifier: MIT

/// A known network in a state dict: all its tensors' names begin with one prefix.
///
/// A network that was wrapped when it was saved has a prefix: "module.", "model.", "_orig_mod.", "net.backbone.". The
/// prefix is found from the names that follow it, whatever it is.
struct NetworkInStateDict {
  /// The prefix with its last dot; empty if the network was not wrapped.
  let prefix: String
  let family: ArchitectureFamily

  /// The prefix without its last dot.
  var key: String { String(prefix.dropLast()) }

  /// Returns whether a name is the prefix, or the last modules in it.
  func isCalled(_ name: String?) -> Bool { name.map { key == $0 || key.hasSuffix(".\($0)") } ?? false }

  /// Returns the networks of a state dict, those with the shortest prefix first. A prefix under which several families
  /// fit belongs to the first one.
  static func all(in dict: StateDict, _ families: [ArchitectureFamily]) -> [NetworkInStateDict] {
    var found = [String: NetworkInStateDict]()
    for family in families {
      for prefix in dict.prefixes(of: family.signature) where found.count < limit && found[prefix] == nil {
        found[prefix] = NetworkInStateDict(prefix: prefix, family: family)
      }
    }
    return found.values.sorted { ($0.prefix.utf8.count, $0.prefix) < ($1.prefix.utf8.count, $1.prefix) }
  }

  /// Returns the network's tensors without the prefix, and the others. If a linear layer beside the network is the
  /// network's head, as "fc" beside "backbone.", it counts among the network's tensors under the family's name, and
  /// `head` is the name that it has in the file.
  func divided(_ dict: StateDict) throws(PixelAscentError) -> (
    inside: StateDict, outside: [StateDict.Entry], head: String?
  ) {
    let (inside, outside) = try dict.divided(by: prefix)
    guard !family.head.isEmpty, !outside.isEmpty,
      !inside.entries.contains(where: { $0.name.hasPrefix("\(family.head).") })
    else { return (inside, outside, nil) }
    /// Returns the name of the head beside the network to which an entry belongs, and the number of modules around it.
    func head(_ entry: StateDict.Entry) -> (name: String, depth: Int)? {
      let parts = moduleBeside(entry.name).split(separator: ".")
      guard let last = parts.last, Self.heads.contains(String(last)) else { return nil }
      return (parts.joined(separator: "."), parts.count)
    }
    let linears = outside.compactMap { entry in
      entry.name.hasSuffix(".weight") && entry.parameter.shape.count == 2 ? head(entry) : nil
    }
    // The nearest one is the network's, if there is only one.
    let depth = linears.map(\.depth).max(), names = Set(linears.filter { $0.depth == depth }.map(\.name))
    guard let name = names.first, names.count == 1 else { return (inside, outside, nil) }
    var own = [StateDict.Entry](), others = [StateDict.Entry]()
    for entry in outside {
      if entry.name.hasPrefix("\(name).") {
        own.append((family.head + entry.name.dropFirst(name.count), entry.parameter))
      } else {
        others.append(entry)
      }
    }
    return (try inside.adding(own), others, name)
  }

  /// The names of heads that lie beside a network.
  private static let heads: Set = ["fc", "classifier", "head", "linear"]

  /// Returns the name of the outermost module that contains the tensor `name`, but not the network.
  func moduleBeside(_ name: String) -> String {
    var module = ""
    for (own, other) in zip(prefix.split(separator: "."), name.split(separator: ".")) {
      module += module.isEmpty ? other : ".\(other)"
      if own != other { break }
    }
    return module
  }

  /// The largest number of networks in a state dict that are compared.
  static let limit = 32

  /// Returns the model of the one network, or of the network that the state dict's `wanted` or a rule chooses.
  ///
  /// - Averaged weights are preferred to raw weights of the same network, and a note says so.
  /// - A network without a prefix is preferred to networks inside its own modules.
  /// - Parameter model: returns the model of a network
  /// - Throws: the error of `model` if no network fits, and `PixelAscentError` of kind `invalidModel` if several do and
  ///   nothing chooses one.
  static func choose(
    _ networks: [NetworkInStateDict], _ dict: StateDict,
    model: (NetworkInStateDict) throws(PixelAscentError) -> Model
  ) throws(PixelAscentError) -> Model {
    func fail(_ message: Message) -> PixelAscentError { PixelAscentError(.invalidModel, message, about: dict.name) }
    func isAverage(_ network: NetworkInStateDict) -> Bool {
      Checkpoint.isAverage(network.prefix.split(separator: ".").map(String.init))
    }
    let networks = try unique(networks, dict)
    var allowed = networks
    switch dict.wanted {
    case "ema":
      allowed = networks.filter(isAverage)
      guard !allowed.isEmpty else { throw fail("the file holds no averaged (EMA) weights: \(advice: .weights) raw") }
    case "raw":
      allowed = networks.filter { !isAverage($0) }
      guard !allowed.isEmpty else { throw fail("the file holds no raw weights: \(advice: .weights) ema") }
    case let key?:
      let exact = networks.filter { $0.key == key }
      allowed = exact.isEmpty ? networks.filter { $0.isCalled(key) } : exact
      guard !allowed.isEmpty else {
        let keys = networks.filter { !$0.prefix.isEmpty }.map(\.key)
        let known: Message = keys.isEmpty ? "the file has one network" : "found \(list(keys))"
        throw fail("no network is called \"\(key.oneLine)\" (\(advice: .weights)): \(known)")
      }
    case nil: break
    }
    if allowed.count == 1 { return try model(allowed[0]) }

    var models = [(network: NetworkInStateDict, model: Model)](), problem: PixelAscentError?
    for network in allowed {
      do throws(PixelAscentError) {
        models.append((network, try model(network)))
      } catch {
        problem = problem ?? error
      }
    }
    let averages = models.filter { isAverage($0.network) }, raw = models.filter { !isAverage($0.network) }
    if averages.count == 1, raw.count == 1, averages[0].model.graph == raw[0].model.graph {
      var model = averages[0].model
      let other: Message = raw[0].network.prefix.isEmpty ? "the others" : "those of \(raw[0].network.key.oneLine)"
      model.notes.insert(
        """
        the file holds raw and averaged (EMA) weights: reading the averaged ones (\(averages[0].network.key.oneLine)); \
        \(advice: .weights) raw reads \(other)
        """, at: 0)
      return model
    }
    if let root = models.first, models.count == 1 || root.network.prefix.isEmpty { return root.model }
    if models.isEmpty, let problem { throw problem }
    let keys = models.map(\.network.key)
    throw fail(
      """
      found \(keys.count) networks: \(list(keys)); choose one with \(advice: .weights), for example \(advice: .weights) \
      \(keys[0].oneLine)
      """)
  }

  private static func list(_ keys: [String]) -> String {
    keys.prefix(8).map(\.oneLine).joined(separator: ", ") + (keys.count > 8 ? ", …" : "")
  }

  /// Returns the networks without those whose tensors are the tensors of another one: a module can be in two places.
  private static func unique(
    _ networks: [NetworkInStateDict], _ dict: StateDict
  ) throws(PixelAscentError) -> [NetworkInStateDict] {
    if networks.count < 2 { return networks }
    var result = [(network: NetworkInStateDict, dict: StateDict)]()
    for network in networks {
      let own = try dict.divided(by: network.prefix).inside
      let isKnown = result.contains { _, other in
        own.entries.allSatisfy { other[$0.name]?.isSame(as: $0.parameter) ?? false }
      }
      if !isKnown { result.append((network, own)) }
    }
    return result.map(\.network)
  }
}
