// SPDX-License-Identifier: MIT

/// An image classifier that can be differentiated with respect to its input: a graph of layers with packed weights,
/// labels and preprocessing, read from a model file.
///
/// A network is an immutable value apart from its ``options``; any number of threads may use one at the same time.
public struct Network: Sendable {
  /// The names of the classes.
  public internal(set) var labels: Labels
  /// How a photograph becomes the network's input.
  public let preprocessing: Preprocessing
  /// How scores become probabilities.
  public let activation: Activation
  /// The origin of the weights: the architecture's name, or what the file says.
  public let source: String
  /// The licence of the weights.
  public let licence: String
  /// Notes for the user on how the file was read.
  public let notes: [Message]
  /// How much of the machine the network's computations may use.
  public var options: ComputeOptions

  let plan: LayerPlan
  private let layouts = ArenaLayouts()
  /// The files that the model was read from.
  private let sources: [ByteSource]

  /// Reads a model file: PixelAscent's own safetensors, a state dict of a known architecture as `.pth`, safetensors or
  /// a pickle of NumPy arrays, also inside a checkpoint, ONNX, or the pickle of SqueezeNet's original weights. The
  /// content decides the format, not the name.
  ///
  /// - Parameters:
  ///   - path: the model file
  ///   - settings: what replaces the file's own settings
  ///   - options: how much of the machine the network's computations may use
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile`, `invalidModel`, or `invalidParameter` if a setting does
  ///   not suit the model. The error's subject begins with the file.
  public init(
    contentsOf path: String, settings: ModelSettings = ModelSettings(), options: ComputeOptions = ComputeOptions()
  ) throws(PixelAscentError) {
    try self.init(ModelReader.read(path, settings), name: path, options: options)
  }

  /// Reads a model from the bytes of a file.
  ///
  /// - Parameters:
  ///   - bytes: the whole file, of a format that ``init(contentsOf:settings:options:)`` reads
  ///   - name: the file's name in errors
  ///   - options: how much of the machine the network's computations may use
  /// - Throws: ``PixelAscentError`` of kind `invalidModel`, or `unreadableFile` if a further file that holds weights
  ///   can't be read.
  public init(
    modelFile bytes: [UInt8], name: String, options: ComputeOptions = ComputeOptions()
  ) throws(PixelAscentError) {
    try self.init(ModelReader.read(ByteSource(bytes, name: name)), name: name, options: options)
  }

  /// Prepares a complete model for running. The subject of errors begins with `name`.
  package init(_ model: Model, name: String, options: ComputeOptions = ComputeOptions()) throws(PixelAscentError) {
    do {
      plan = try LayerPlan(model, threads: options.threads)
    } catch {
      throw error.about(name)
    }
    guard let labels = model.labels, let preprocessing = model.preprocessing else {
      preconditionFailure("a plan of a model that is not complete")
    }
    (self.labels, self.preprocessing, activation) = (labels, preprocessing, model.activation ?? .softmax)
    (source, licence, notes, sources) = (model.source, model.licence, model.notes, model.files)
    self.options = options
  }

  /// Returns the SHA-256 of the model's file, in hexadecimal.
  ///
  /// If further files hold weights, the hash continues over them in the order of their names. A network that was not
  /// read from a file has the hash of zero bytes.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile`.
  public func sha256() throws(PixelAscentError) -> String { try SHA256.digest(of: sources) }

  /// The names of the files that the model was read from.
  package var files: [String] { sources.map(\.name) }

  var kernels: Kernels { Kernels(options.instructionSet) }
  var parallel: Parallel { Parallel(threads: options.threads) }

  /// The number of classes.
  public var classCount: Int { labels.count }

  /// The number of the input's channels: 3 for red, green and blue, 1 for grey.
  public var channels: Int { preprocessing.mean.count }

  /// Returns the network's input for an image, resized as the preprocessing says: shape (C, H, W), in normalised space.
  ///
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if the network can't take the resized image, or if the image
  ///   would take more memory than the options allow. In both cases nothing has been resized.
  public func input(for image: RGBImage) throws(PixelAscentError) -> Tensor {
    tensor(from: try resized(image))
  }

  /// Returns the image resized as the preprocessing says; grey if the network takes one channel.
  ///
  /// - Throws: as ``input(for:)`` does.
  public func resized(_ image: RGBImage) throws(PixelAscentError) -> RGBImage {
    let whole = preprocessing.resizedSize(width: image.width, height: image.height)
    let isCropped = preprocessing.isCropped, size = isCropped ? preprocessing.inputSize : whole
    try checkSize(height: size.height, width: size.width, gradient: false)
    guard !isCropped || 3 * Double(whole.width) * Double(whole.height) <= Double(options.maxMemory) else {
      throw PixelAscentError(
        .sizeLimit,
        """
        the image, resized to \(whole.width)×\(whole.height) pixels before it is cropped, would take more than the limit \
        of \(options.maxMemory >> 20) MB (\(advice: .maxMemory)); \(advice: .resize) stretch does not crop it
        """)
    }
    var resized = image.resized(width: whole.width, height: whole.height)
    if isCropped { resized = resized.cropped(width: size.width, height: size.height) }
    return channels == 1
      ? RGBImage(width: resized.width, height: resized.height, grey: resized.greyValues) : resized
  }

  /// Returns the start of an ascent: an image's pixels in normalised space, at the image's own size.
  ///
  /// - Returns: a tensor of shape (C, H, W)
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if the network can't take that size, or the ascent would take
  ///   more memory than the options allow. No memory has been allocated then.
  public func start(from image: RGBImage) throws(PixelAscentError) -> Tensor {
    try checkSize(height: image.height, width: image.width, gradient: true)
    return tensor(from: image)
  }

  /// Returns an image's pixels in normalised space, at the image's own size, of shape (C, H, W).
  public func tensor(from image: RGBImage) -> Tensor {
    let planes = ImagePlanes(channels: channels, height: image.height, width: image.width)
    normalize(image, into: planes)
    return planes.tensor
  }

  /// Writes an image's pixels in normalised space into planes of the image's size.
  func normalize(_ image: RGBImage, into planes: ImagePlanes) {
    let scale = preprocessing.std.map { Float(1 / (255 * Double($0))) }
    let offset = preprocessing.normalized(0)
    let pixels = channels == 1 ? image.greyValues : image.pixels
    let body = Parallel.Body { [kernels] in
      kernels.normalize(planes, pixels, scale: scale, offset: offset, rows: $0.rows)
    }
    parallel.overRows(image.height, body)
  }

  /// Resizes an image as the preprocessing says, and returns an evaluation with the resized image loaded.
  ///
  /// - Parameters:
  ///   - image: a photograph of any size
  ///   - gradient: false for scores and activations alone, which takes less memory
  /// - Throws: as ``resized(_:)`` does, and ``PixelAscentError`` of kind `sizeLimit` if the evaluation would take more
  ///   memory than the options allow.
  public func evaluation(of image: RGBImage, gradient: Bool = true) throws(PixelAscentError) -> Evaluation {
    try evaluation(ofResized: resized(image), gradient: gradient)
  }

  /// Returns an evaluation with an image loaded, at the image's own size.
  package func evaluation(ofResized image: RGBImage, gradient: Bool = true) throws(PixelAscentError) -> Evaluation {
    let evaluation = try Evaluation(self, height: image.height, width: image.width, gradient: gradient)
    try evaluation.load(image)
    return evaluation
  }

  /// Reads the image in a JPEG or PNG file, resizes it as the preprocessing says, and returns an evaluation with the
  /// resized image loaded.
  ///
  /// - Parameters:
  ///   - bytes: the whole file
  ///   - name: the file's name in errors
  ///   - maxMegapixels: the limit on the image's size, in 10⁶ pixels
  ///   - gradient: false for scores and activations alone, which takes less memory
  /// - Throws: as ``evaluation(of:gradient:)-(RGBImage,_)`` does, and as
  ///   ``RGBImage/init(decoding:name:maxMegapixels:background:)`` does.
  public func evaluation(
    decoding bytes: [UInt8], name: String, maxMegapixels: Double = 100, gradient: Bool = true
  ) throws(PixelAscentError) -> Evaluation {
    try evaluation(of: RGBImage(decoding: bytes, name: name, maxMegapixels: maxMegapixels), gradient: gradient)
  }

  /// Returns an evaluation with an input in normalised space loaded, at the input's own size.
  ///
  /// - Parameters:
  ///   - input: the image in normalised space, of shape (C, H, W)
  ///   - gradient: false for scores and activations alone, which takes less memory
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if the input is too small for the network or its evaluation
  ///   would take more memory than the options allow, `invalidParameter` if the input has another shape or is not
  ///   finite.
  public func evaluation(of input: Tensor, gradient: Bool = true) throws(PixelAscentError) -> Evaluation {
    try check(input)
    let evaluation = try Evaluation(self, height: input.shape[1], width: input.shape[2], gradient: gradient)
    try evaluation.load(input)
    return evaluation
  }

  /// Checks that the network can take an image of this size and that its evaluation stays below the memory limit.
  ///
  /// - Returns: the bytes that the evaluation would take
  /// - Throws: as ``Evaluation/init(_:height:width:gradient:)`` does, but without allocating any memory.
  @discardableResult
  package func checkSize(height: Int, width: Int, gradient: Bool) throws(PixelAscentError) -> Int {
    try layout(height: height, width: width, gradient: gradient).bytes
  }

  /// Returns the memory layout of an evaluation of this size.
  ///
  /// - Throws: as ``Evaluation/init(_:height:width:gradient:)`` does.
  func layout(height: Int, width: Int, gradient: Bool) throws(PixelAscentError) -> ArenaLayout {
    let layout = try arenaLayout(height: height, width: width, gradient: gradient)
    try options.checkMemory(layout.bytes, of: "a network input of \(height)×\(width) pixels")
    return layout
  }

  /// Returns the memory layout of an evaluation of this size, whatever the memory limit is.
  ///
  /// - Throws: `PixelAscentError` of kind `sizeLimit` if the network can't take an image of this size.
  func arenaLayout(height: Int, width: Int, gradient: Bool) throws(PixelAscentError) -> ArenaLayout {
    try layouts.layout(plan, height: height, width: width, gradient: gradient)
  }

  /// Throws a `PixelAscentError` of kind `classLookup` if the network has no class with this index.
  func check(class index: Int) throws(PixelAscentError) {
    guard (0..<classCount).contains(index) else {
      throw PixelAscentError(
        .classLookup, "class \(index) is out of range: the model has classes 0 to \(classCount - 1)")
    }
  }

  /// Throws a `PixelAscentError` of kind `classLookup` if the objective names a class that the network does not have.
  func check(_ objective: Objective) throws(PixelAscentError) {
    for index in objective.classes { try check(class: index) }
  }

  /// Throws a `PixelAscentError` of kind `invalidParameter` unless the input is a finite tensor of shape (C, H, W).
  package func check(_ input: Tensor) throws(PixelAscentError) {
    guard input.shape.count == 3, input.shape[0] == channels, input.shape[1] > 0, input.shape[2] > 0 else {
      throw PixelAscentError(
        .invalidParameter, "an input image must have the shape (\(channels), H, W), found \(shapeText(input.shape))")
    }
    if let index = input.firstNonFiniteIndex {
      throw PixelAscentError(.invalidParameter, "an input image must be finite, found \(input.values[index])")
    }
  }
}
