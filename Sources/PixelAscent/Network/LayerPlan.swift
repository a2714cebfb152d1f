// SPDX-License-Identifier: MIT

/// A graph's layers with packed weights, the storages of their outputs, and the order of their gradients: everything
/// that does not depend on the size of the image.
struct LayerPlan: Sendable {
  var layers: [Layer] = []
  var values: [Value] = []
  var storages: [Storage] = []
  /// By the index of a storage, the indices of the values that lie in it.
  private(set) var held: [[Int]] = []
  var imageHalo = 0
  let graph: Graph
  /// The size of images in the model's preprocessing, which the network can take.
  let inputSize: PixelSize
  /// The index of the value that holds the scores.
  private(set) var output = 0
  /// The index of the value that holds the network's one output, from which the last layer makes the scores of two
  /// classes; nil if the network has several outputs.
  private(set) var oneOutput: Int?
  /// The layers whose activations the objective reads.
  var seeds: [Seed] = []
  /// The number of layers that the objective needs.
  var end = 0
  /// Whether the network can compute one block of scores without the others.
  var hasPartialLayers = false

  /// By the index of a value that lies in the memory of other values, the indices of those values. Such a value is a
  /// slice, a concatenation or a sum in place.
  private(set) var sources: [Int: [Int]] = [:]
  /// The position of each layer's output, by the layer's name in the graph. A layer that only passes on its input has
  /// none.
  private(set) var positions: [String: LayerPosition] = [:]
  /// The index of the value that belongs to each name of the graph.
  private var valuesByName: [String: Int] = [:]
  /// How often the graph reads the value of a name.
  private(set) var readCounts: [String: Int] = [:]

  var imageChannels: Int { graph.input.channels }
  var classes: Int { values[output].channels }

  /// Plans a complete model, whose weights are packed on `threads` threads.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the model is not consistent, or this version can't run a
  ///   layer, which the error names; of kind `unreadableFile` if parameters can't be read.
  init(_ model: Model, threads: Int) throws(PixelAscentError) {
    let shapes = try model.check()
    graph = model.graph
    inputSize = model.preprocessing?.inputSize ?? 0
    for name in graph.layers.flatMap(\.inputs) + [graph.output] { readCounts[name, default: 0] += 1 }
    let appends = try LayerParameters.load(model, threads: threads)
    if !graph.hasStem {
      let value = addValue(Graph.image, channels: imageChannels)
      layers.append(Layer(Graph.image, ImageLayer(), [], value))
    }
    for (layer, append) in zip(graph.layers, appends) {
      let node = PlanNode(
        name: layer.name, inputNames: layer.inputs, inputs: layer.inputs.compactMap { valuesByName[$0] },
        shape: shapes[layer.name, default: ValueShape(channels: 0)])
      do throws(PixelAscentError) {
        guard let append else {
          throw PlanNode.unsupported("the operation \(layer.operation.summary) at this place of the network")
        }
        try append(node, &self)
      } catch {
        throw error.about("layer \(layer.name.oneLine)")
      }
      if let value = valuesByName[layer.name], !node.inputs.contains(value) {
        positions[layer.name] = LayerPosition(value: value, end: layers.count)
      }
    }
    guard let scores = valuesByName[graph.output], let shape = shapes[graph.output], shape.isVector else {
      throw PixelAscentError(
        .invalidModel,
        Message(
          "the output \(graph.output.oneLine) has the shape \(shapes[graph.output]?.description ?? "()"), "
            + "expected a score for each class"))
    }
    if try model.hasOpposite() { oneOutput = layers.last?.inputs.first }
    output = vector(scores, "the scores")
    planGradients()
    planNonzeroMasks()
    planPartialLayers()
    planMemory()
  }

  /// Adds a value in a new storage and gives it a name of the graph; returns its index.
  mutating func addValue(_ name: String, channels: Int, clamp: Clamp = .none, isVector: Bool = false) -> Int {
    let value = addUnnamedValue(shapeName: name, channels: channels, isVector: isVector)
    values[value].clamp = clamp == .none ? nil : clamp
    setName(name, value)
    return value
  }

  /// Adds a value in a new storage without a name in the graph; returns its index.
  mutating func addUnnamedValue(shapeName: String, channels: Int, isVector: Bool = false) -> Int {
    storages.append(Storage(channels: channels))
    held.append([values.count])
    values.append(Value(shapeName: shapeName, channels: channels, isVector: isVector, storage: storages.count - 1))
    return values.count - 1
  }

  /// Adds a value that lies in the memory of `others`, the values it is made of; returns its index.
  @discardableResult
  mutating func addName(_ name: String, for value: Value, of others: [Int]) -> Int {
    sources[values.count] = others
    held[value.storage].append(values.count)
    values.append(value)
    setName(name, values.count - 1)
    return values.count - 1
  }

  /// Moves all values of the storage `from` into another storage, whose blocks from `block` on they become.
  mutating func moveValues(of from: Int, to storage: Int, at block: Int) {
    for index in held[from] {
      values[index].storage = storage
      values[index].firstBlock += block
    }
    held[storage] += held[from]
    held[from] = []
    storages[storage].channels = 16 * block + storages[from].channels
    storages[storage].halo = max(storages[storage].halo, storages[from].halo)
    storages[storage].gradientHalo = max(storages[storage].gradientHalo, storages[from].gradientHalo)
  }

  /// Gives a value a name of the graph.
  mutating func setName(_ name: String, _ value: Int) { valuesByName[name] = value }

  /// Makes a layer's name a second name of its input, for a layer that computes nothing.
  mutating func addAlias(_ node: PlanNode) {
    let name = node.inputNames[0], count = readCounts[name, default: 0] + readCounts[node.name, default: 0] - 1
    (readCounts[name], readCounts[node.name]) = (count, count)
    valuesByName[node.name] = node.input
  }

  /// Adds a layer whose output has the shape of its first input.
  mutating func appendElementwise(_ node: PlanNode, _ layer: any RunnableLayer, _ clamp: Clamp = .none) {
    let output = addValue(
      node.name, channels: values[node.input].channels, clamp: clamp,
      isVector: node.inputs.allSatisfy { values[$0].isVector })
    layers.append(Layer(node.name, layer, node.inputs, output))
  }

  /// Makes the halo of a value's planes at least `halo` wide.
  mutating func requireHalo(_ halo: Int, of value: Int) {
    storages[values[value].storage].halo = max(storages[values[value].storage].halo, halo)
  }

  /// Makes the halo of a value's gradient at least `halo` wide.
  mutating func requireHalo(_ halo: Int, ofGradient value: Int) {
    storages[values[value].storage].gradientHalo = max(storages[values[value].storage].gradientHalo, halo)
  }
}
