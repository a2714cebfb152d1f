// SPDX-License-Identifier: MIT

/// A network as plain data: its layers, its parameters, and what is known about its images and classes.
///
/// Readers make a model from a file, `ModelReader` adds what the file does not say, and `Network` makes the model ready
/// to run.
package struct Model: Sendable {
  /// The layers and their connections. The graph of a file may hold operations that `simplified()` replaces.
  package var graph: Graph
  /// The parameters by name: `<layer's name>.weight` and so on, as the layer's operation lists them.
  package var parameters: [String: Parameter]
  /// The conversion of photographs to the network's input; nil as long as it is not known.
  package var preprocessing: Preprocessing?
  /// The names of the classes; nil as long as they are not known.
  package var labels: Labels?
  /// How scores become probabilities; nil as long as it is not known. A network then takes the softmax.
  package var activation: Activation?
  /// The last layer, in a few words, if its numbers are probabilities already, or at least lie between 0 and 1, and it is
  /// no softmax or sigmoid; nil for others.
  package var probabilities: String?
  /// The architecture's name ("resnet18"), or what the file says about its origin.
  package var source: String
  /// The licence of the weights.
  package var licence: String
  /// The format of the file, in a word or two.
  package var format = ""
  /// Notes for the user on how the file was read.
  package var notes: [Message]
  /// A note on the mean and the deviation that a reader assumed; nil if there is nothing to say, or the user or another
  /// file gives them.
  package var normalizationNote: Message?
  /// The size of the images that the file was made for; nil if the file does not say.
  package var inputSize: PixelSize?
  /// Whether the network's input has a type of whole numbers, so that it takes pixels from 0 to 255 as they are.
  package var takesPixels = false
  /// Whether the network takes its channels in the order blue, green, red.
  package var isBGR = false
  /// The outputs of the graph in an ONNX file.
  package var outputs: [ModelOutput] = []
  /// The files that hold the parameters: the model's own file first, then the others in the order of their names.
  package var files: [ByteSource] = []

  /// Creates a model from its parts. The parts are not checked against each other.
  package init(
    graph: Graph, parameters: [String: Parameter], preprocessing: Preprocessing? = nil, labels: Labels? = nil,
    source: String, licence: String = "unknown", notes: [Message] = [], inputSize: PixelSize? = nil
  ) {
    self.graph = graph
    self.parameters = parameters
    self.preprocessing = preprocessing
    self.labels = labels
    self.source = source
    self.licence = licence
    self.notes = notes
    self.inputSize = inputSize
  }

  /// Checks the parts of a complete model against each other.
  ///
  /// - Returns: the shape of every layer's output, by the layer's name, for an image of the preprocessing's size or, if
  ///   that image is too small, for the smallest that fits
  /// - Throws: `PixelAscentError` of kind `invalidModel` if the graph contradicts itself, the parameters, labels or
  ///   preprocessing contradict the graph, or the labels or the preprocessing are missing.
  @discardableResult
  package func check() throws(PixelAscentError) -> [String: ValueShape] {
    guard let preprocessing, let labels else {
      throw PixelAscentError(.invalidModel, "the model has no \(preprocessing == nil ? "preprocessing" : "labels")")
    }
    let shapes = try graph.shapes(inputSize: preprocessing.inputSize)
    guard graph.input.channels == preprocessing.mean.count else {
      throw PixelAscentError(
        .invalidModel,
        "the graph declares \(graph.input.channels) input channels, the preprocessing \(preprocessing.mean.count)")
    }
    try checkParameters(shapes)
    let scores = shapes[graph.output]?.channels ?? 0
    guard scores == labels.count else {
      throw PixelAscentError(.invalidModel, "the graph declares \(scores) classes, found labels for \(labels.count)")
    }
    return shapes
  }

  /// Checks the parameters against the shapes of all layers' outputs.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel`.
  func checkParameters(_ shapes: [String: ValueShape]) throws(PixelAscentError) {
    var unused = Set(parameters.keys)
    for layer in graph.layers {
      let input = layer.inputs.first.flatMap { shapes[$0] } ?? ValueShape(channels: 0)
      for (suffix, allowed) in layer.operation.parameterShapes(input) {
        let key = "\(layer.name).\(suffix)"
        guard let found = parameters[key]?.shape else {
          throw PixelAscentError(
            .invalidModel, "the graph declares a tensor \(key.oneLine) of shape \(shapeText(allowed[0])), found none")
        }
        guard allowed.contains(found) else {
          throw PixelAscentError(
            .invalidModel, "the graph declares the shape \(shapeText(allowed[0])), found \(shapeText(found))",
            about: "tensor \(key.oneLine)")
        }
        unused.remove(key)
      }
    }
    if let key = unused.min() {
      throw PixelAscentError(.invalidModel, "it holds a tensor \(key.oneLine) that no layer of the graph uses")
    }
  }
}
