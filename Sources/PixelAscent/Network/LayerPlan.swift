// SPDX-License-Identifier: MIT

/// A graph's layers with packed weights and with the places of their outputs: all that does not depend on the size of
/// the image.
struct LayerPlan: Sendable {
  var layers: [Layer] = []
  var values: [Value] = []
  var storages: [Storage] = []
  var imageHalo = 0
  let graph: Graph
  /// The value that holds the scores.
  private(set) var output = 0
  /// Whether one class's score can be computed without the others'.
  var hasHead = false

  /// Of each value that lies in the memory of others, those others: a slice, a concatenation, a sum in place.
  private(set) var sources: [Int: [Int]] = [:]
  /// Where the output of each layer of the graph lies; a layer that only passes its input on has no place of its own.
  private(set) var positions: [String: LayerPosition] = [:]
  /// The value that goes by each name of the graph.
  private var indices: [String: Int] = [:]
  /// How often the graph reads each value.
  private(set) var readers: [String: Int] = [:]

  var imageChannels: Int { graph.input.channels }
  var classes: Int { values[output].channels }

  /// - Throws: `PixelAscentError` of kind `invalidModel` that names the layer this version can't run, `unreadableFile`.
  init(_ model: Model, threads: Int) throws(PixelAscentError) {
    let shapes = try model.check()
    graph = model.graph
    for name in graph.layers.flatMap(\.inputs) + [graph.output] { readers[name, default: 0] += 1 }
    let appends = try LayerParameters.load(model, threads: threads)
    if !graph.hasStem {
      let value = addValue(Graph.image, channels: imageChannels)
      layers.append(Layer(Graph.image, ImageLayer(), [], value))
    }
    for (layer, append) in zip(graph.layers, appends) {
      let node = PlanNode(
        name: layer.name, inputNames: layer.inputs, inputs: layer.inputs.compactMap { indices[$0] },
        shape: shapes[layer.name, default: ValueShape(channels: 0)])
      do throws(PixelAscentError) {
        guard let append else { throw PlanNode.unsupported("this operation here") }
        try append(node, &self)
      } catch {
        throw error.about("layer \(layer.name.oneLine)")
      }
      if let value = indices[layer.name], !node.inputs.contains(value) {
        positions[layer.name] = LayerPosition(value: value, end: layers.count)
      }
    }
    guard let scores = indices[graph.output], let shape = shapes[graph.output], shape.isVector else {
      throw PixelAscentError(
        .invalidModel,
        Message(
          "the output \(graph.output.oneLine) has the shape \(shapes[graph.output]?.description ?? "()"), expected a score for "
            + "each class"))
    }
    output = vector(scores, "the scores")
    planGradients()
    planTail()
    planMemory()
  }

  /// A value with a storage of its own that goes by a name of the graph.
  mutating func addValue(_ name: String, channels: Int, clamp: Clamp = .none, isVector: Bool = false) -> Int {
    let value = addUnnamedValue(shape: name, channels: channels, isVector: isVector)
    values[value].clamp = clamp == .none ? nil : clamp
    setName(name, value)
    return value
  }

  /// A value with a storage of its own that no layer of the graph reads.
  mutating func addUnnamedValue(shape: String, channels: Int, isVector: Bool = false) -> Int {
    storages.append(Storage(channels: channels))
    values.append(Value(shape: shape, channels: channels, isVector: isVector, storage: storages.count - 1))
    return values.count - 1
  }

  /// A value that lies in the memory of others, which it is made of.
  @discardableResult
  mutating func addName(_ name: String, for value: Value, of others: [Int]) -> Int {
    sources[values.count] = others
    values.append(value)
    setName(name, values.count - 1)
    return values.count - 1
  }

  mutating func setName(_ name: String, _ value: Int) { indices[name] = value }

  /// A layer that does nothing here: its input goes by its name too.
  mutating func rename(_ node: PlanNode) {
    let name = node.inputNames[0], count = readers[name, default: 0] + readers[node.name, default: 0] - 1
    (readers[name], readers[node.name]) = (count, count)
    indices[node.name] = node.input
  }

  /// A layer whose output has the shape of its inputs.
  mutating func appendElementwise(_ node: PlanNode, _ layer: any RunnableLayer, _ clamp: Clamp = .none) {
    let output = addValue(
      node.name, channels: values[node.input].channels, clamp: clamp,
      isVector: node.inputs.allSatisfy { values[$0].isVector })
    layers.append(Layer(node.name, layer, node.inputs, output))
  }

  /// Asks for a halo of zeros around a value's planes.
  mutating func requireHalo(_ halo: Int, of value: Int) {
    storages[values[value].storage].halo = max(storages[values[value].storage].halo, halo)
  }

  /// Asks for a halo of zeros around the planes of a value's gradient.
  mutating func requireHalo(_ halo: Int, ofGradient value: Int) {
    storages[values[value].storage].gradientHalo = max(storages[values[value].storage].gradientHalo, halo)
  }
}
