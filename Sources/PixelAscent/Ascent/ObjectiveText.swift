// SPDX-License-Identifier: MIT

/// An objective that was read from text, and the terms on the image that the text names.
///
/// The text is a sum of terms, with ` + ` or ` - ` between them, each with blanks around it. A term is a function, or a
/// number times a function, such as `0.1*channel:fire9/concat,30`. The functions are
///
/// - `score:C` or `class:C`, `log-probability:C`, `probability:C`, `margin:C`, `minus-others:C`, `contrast:C,D,…` of a class
///   C, by name or index;
/// - `neuron:L,c`, `neuron:L,c,y,x`, `channel:L,c` and `layer:L` of a layer L, by one of ``Network/layerNames``, by
///   torchvision's name (SqueezeNet's `features.12`) or by its number in the list, such as `#12`; the channel c, the row y
///   and the column x count from 0;
/// - `tv`, `l1` and `alpha-norm` of the image, which are subtracted: ` - 0.001*tv`.
public struct ObjectiveText: Sendable {
  /// The objective, without the terms on the image.
  public let objective: Objective
  /// The terms on the image, which are subtracted from the objective.
  public let regularizers: [Regularizer]
  /// The text with the classes' indices and the layers' names in the file. It gives the same objective again.
  public let text: String

  /// Reads an objective.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` that says at which character what was expected, or of kind
  ///   `classLookup` if a class can't be found.
  public init(_ text: String, _ network: Network) throws(PixelAscentError) {
    var reader = ObjectiveReader(text, network)
    try reader.read()
    (objective, regularizers, self.text) = (.sum(reader.terms), reader.regularizers, reader.written)
  }
}

/// The terms of an objective's text that have been read so far.
private struct ObjectiveReader {
  private let text: String
  private let network: Network
  private(set) var terms: [(weight: Double, objective: Objective)] = []
  private(set) var regularizers: [Regularizer] = []
  private(set) var written = ""
  /// The number of the first character of the term that is being read, from 1.
  private var position = 1

  init(_ text: String, _ network: Network) { (self.text, self.network) = (text, network) }

  private static let mostTerms = 100

  mutating func read() throws(PixelAscentError) {
    var rest = Substring(text), sign = 1.0
    while true {
      let plus = rest.firstRange(of: " + "), minus = rest.firstRange(of: " - ")
      let end = [plus, minus].compactMap(\.self).min { $0.lowerBound < $1.lowerBound }
      try term(rest[..<(end?.lowerBound ?? rest.endIndex)], sign)
      guard let end else { break }
      position = text.distance(from: text.startIndex, to: end.upperBound) + 1
      sign = end == minus ? -1 : 1
      rest = rest[end.upperBound...]
      guard terms.count + regularizers.count < Self.mostTerms else {
        throw fail("at most \(Self.mostTerms) terms", rest)
      }
    }
    guard !terms.isEmpty else {
      throw PixelAscentError(
        .invalidParameter, "objective \"\(text.oneLine)\": expected a term of a class, a neuron, a channel or a layer")
    }
  }

  private func fail(_ expected: String, _ found: some StringProtocol) -> PixelAscentError {
    PixelAscentError(
      .invalidParameter,
      Message(
        "objective \"\(text.oneLine)\": at character \(position): expected \(expected), found \"\(String(found).oneLine)\""
      ))
  }

  private mutating func term(_ text: Substring, _ sign: Double) throws(PixelAscentError) {
    var function = text.trimmed, weight = sign
    if let star = function.firstIndex(of: "*") {
      let factor = function[..<star].trimmed
      guard let number = Double(factor), number.isFinite, abs(number) <= 1e30 else {
        throw fail("a number before *", factor)
      }
      weight *= number
      function = function[function.index(after: star)...].trimmed
    } else if function.hasPrefix("-") {
      (weight, function) = (-weight, function.dropFirst().trimmed)
    }
    let colon = function.firstIndex(of: ":")
    let name = String(function[..<(colon ?? function.endIndex)])
    let argument = colon.map { function[function.index(after: $0)...].trimmed }
    if ["tv", "l1", "alpha-norm"].contains(name) { return try regularizer(name, argument, weight) }
    let (objective, canonical) = try objective(name, argument, function)
    terms.append((weight, objective))
    append(weight, canonical)
  }

  private mutating func regularizer(_ name: String, _ argument: Substring?, _ weight: Double) throws(PixelAscentError) {
    guard argument == nil else { throw fail("\(name) without \":\"", argument ?? "") }
    guard weight <= 0 else { throw fail("\" - \" before \(name), which is subtracted", name) }
    switch name {
    case "tv": regularizers.append(.totalVariation(weight: -weight))
    case "l1": regularizers.append(.l1(weight: -weight))
    default: regularizers.append(.alphaNorm(weight: -weight, exponent: 6))
    }
    append(weight, name)
  }

  private mutating func append(_ weight: Double, _ function: String) {
    let size = abs(weight) == 1 ? "" : "\(ImageTransform.text(abs(weight)))*"
    written += written.isEmpty ? (weight < 0 ? "-" : "") : (weight < 0 ? " - " : " + ")
    // "-2*f" is read as −2 times f, and "-f" as −1 times f.
    written += size + function
  }

  private func objective(
    _ name: String, _ argument: Substring?, _ function: Substring
  ) throws(PixelAscentError) -> (Objective, String) {
    let functions =
      "class:C, log-probability:C, probability:C, margin:C, minus-others:C, contrast:C,D, neuron:L,c, channel:L,c, layer:L, "
      + "tv, l1 or alpha-norm"
    func needed(_ form: String) throws(PixelAscentError) -> Substring {
      guard let argument, !argument.isEmpty else { throw fail(form, function) }
      return argument
    }
    func ofClass(_ make: (Int) -> Objective) throws(PixelAscentError) -> (Objective, String) {
      let index = try network.labels.find(String(needed("\(name):C with a class C")))
      return (make(index), "\(name == "score" ? "class" : name):\(index)")
    }
    switch name {
    case "class", "score": return try ofClass { .score(class: $0) }
    case "log-probability": return try ofClass { .logProbability(class: $0) }
    case "probability": return try ofClass { .probability(class: $0) }
    case "margin": return try ofClass { .margin(class: $0) }
    case "minus-others": return try ofClass { .minusOthers(class: $0) }
    case "contrast":
      var classes: [Int] = []
      let parts = try needed("contrast:C,D with classes C and D").split(
        separator: ",", omittingEmptySubsequences: false)
      for part in parts { classes.append(try network.labels.find(String(part.trimmed))) }
      guard classes.count > 1 else { throw fail("contrast:C,D with at least two classes", function) }
      return (
        .contrast(class: classes[0], others: Array(classes.dropFirst())),
        "contrast:" + classes.map(String.init).joined(separator: ",")
      )
    case "neuron", "channel":
      let isNeuron = name == "neuron", form = isNeuron ? "neuron:L,c or neuron:L,c,y,x" : "channel:L,c"
      let (layer, numbers) = try layerAndNumbers(needed(form), isNeuron ? [3, 1] : [1], form)
      let list = numbers.map { ",\($0)" }.joined()
      if !isNeuron { return (.activation(of: layer, .channel(numbers[0])), "channel:\(layer)\(list)") }
      let place = numbers.count == 3 ? (numbers[1], numbers[2]) : nil
      return (
        .activation(of: layer, .neuron(channel: numbers[0], row: place?.0, column: place?.1)), "neuron:\(layer)\(list)"
      )
    case "layer":
      let layer = try layer(needed("layer:L with a layer L"))
      return (.activation(of: layer, .meanSquare), "layer:\(layer)")
    default: throw fail(functions, function)
    }
  }

  /// Splits "L,c" or "L,c,y,x" at its last commas; the layer's name may have commas, too.
  private func layerAndNumbers(
    _ argument: Substring, _ counts: [Int], _ form: String
  ) throws(PixelAscentError) -> (layer: String, numbers: [Int]) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    for count in counts where parts.count > count {
      let numbers = parts.suffix(count).map { Int($0.trimmed) }
      guard numbers.allSatisfy({ $0 != nil }) else { continue }
      let layer = try layer(Substring(parts.dropLast(count).joined(separator: ",")))
      let channels = network.channels(of: layer)
      let found = numbers.compactMap(\.self)
      guard (0..<channels).contains(found[0]) else {
        throw fail("a channel from 0 to \(channels - 1) of layer \(layer.oneLine)", "\(found[0])")
      }
      return (layer, found)
    }
    throw fail("\(form) with whole numbers after the layer L", argument)
  }

  private func layer(_ name: Substring) throws(PixelAscentError) -> String {
    let name = String(name.trimmed), names = network.layerNames
    if names.contains(name) { return name }
    if name.hasPrefix("#"), let index = Int(name.dropFirst()) {
      guard names.indices.contains(index) else { throw fail("a layer from #0 to #\(names.count - 1)", name) }
      return names[index]
    }
    if let other = network.torchvisionLayers[name] { return other }
    let others = nearest(to: name, names.indices) { [names[$0]] }.map { "\($0.name) (#\($0.candidate))" }
    throw PixelAscentError(
      .invalidParameter,
      "the network has no layer \"\(name.oneLine)\"; nearest: \(others.map(\.oneLine).joined(separator: ", "))")
  }
}

extension Network {
  /// The number of a layer's channels.
  ///
  /// - Precondition: the network has the layer.
  fileprivate func channels(of layer: String) -> Int {
    guard let position = plan.positions[layer] else { preconditionFailure("no layer \(layer)") }
    return plan.values[position.value].channels
  }

  /// The names of torchvision for the modules of SqueezeNet 1.1 whose outputs this network has under other names.
  fileprivate var torchvisionLayers: [String: String] {
    let fires = [3: 2, 4: 3, 6: 4, 7: 5, 9: 6, 10: 7, 11: 8, 12: 9]
    let known = Set(layerNames)
    return Dictionary(
      uniqueKeysWithValues: fires.map { ("features.\($0.key)", "fire\($0.value)/concat") }.filter {
        known.contains($0.1)
      })
  }
}
