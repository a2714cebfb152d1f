// SPDX-License-Identifier: MIT

/// An image classifier that is differentiated with respect to its input: a graph of layers with packed weights, its
/// labels and its preprocessing, read from a model file.
///
/// A network is a value and never changes; any number of threads may use one at once.
public struct Network: Sendable {
  /// The names of the classes.
  public let labels: Labels
  /// How an image becomes the input.
  public let preprocessing: Preprocessing
  /// Where the weights come from.
  public let source: String
  /// The weights' licence.
  public let licence: String
  /// What a user should know of how the file was read.
  public let notes: [Message]
  /// How much of the machine its computations may use.
  public var options: ComputeOptions

  let plan: LayerPlan
  private let layouts = ArenaLayouts()
  /// The files that the model was read from.
  private let sources: [ByteSource]

  /// Reads a model file: PixelAscent's own safetensors, a state dict of a known architecture as `.pth` or safetensors, ONNX,
  /// or the pickle of SqueezeNet's original weights. The kind is recognised by content.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile` or `invalidModel`; its subject begins with the file.
  public init(
    contentsOf path: String, settings: ModelSettings = ModelSettings(), options: ComputeOptions = ComputeOptions()
  ) throws(PixelAscentError) {
    try self.init(ModelReader.read(path, settings), name: path, options: options)
  }

  /// Reads the bytes of a model file; `name` is what errors call it.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidModel`.
  public init(
    modelFile bytes: [UInt8], name: String, options: ComputeOptions = ComputeOptions()
  ) throws(PixelAscentError) {
    try self.init(ModelReader.read(ByteSource(bytes, name: name)), name: name, options: options)
  }

  /// Makes a complete model ready to run; the subject of errors begins with `name`.
  package init(_ model: Model, name: String, options: ComputeOptions = ComputeOptions()) throws(PixelAscentError) {
    do {
      plan = try LayerPlan(model, threads: options.threads)
    } catch {
      throw error.about(name)
    }
    guard let labels = model.labels, let preprocessing = model.preprocessing else {
      preconditionFailure("a plan of a model that is not complete")
    }
    (self.labels, self.preprocessing) = (labels, preprocessing)
    (source, licence, notes, sources) = (model.source, model.licence, model.notes, model.files)
    self.options = options
  }

  /// The SHA-256 of the model's file, in hexadecimal; where weights lie in files beside it, of the file and of these, in the
  /// order of their names, one after another. That of nothing for a network that was not read from a file.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile`.
  public func sha256() throws(PixelAscentError) -> String { try SHA256.digest(of: sources) }

  /// The files it was read from.
  package var files: [String] { sources.map(\.name) }

  var kernels: Kernels { Kernels(options.instructionSet) }
  var parallel: Parallel { Parallel(threads: options.threads) }

  /// The number of classes.
  public var classCount: Int { labels.count }

  /// The number of the input's channels: red, green and blue, or grey alone.
  public var channels: Int { preprocessing.mean.count }

  /// The network's input for an image: resized as the preprocessing says, in normalised space. Shape (C, H, W).
  ///
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if an image of that size takes more memory than the options
  ///   allow, before it is resized.
  public func input(for image: RGBImage) throws(PixelAscentError) -> Tensor {
    tensor(from: try resized(image))
  }

  /// The image at the size of the network's input; grey where the network takes one channel.
  ///
  /// - Throws: as ``input(for:)`` does.
  public func resized(_ image: RGBImage) throws(PixelAscentError) -> RGBImage {
    let size = preprocessing.inputSize
    let resized: RGBImage
    switch preprocessing.resize {
    case .short:
      let (width, height) = RGBImage.size(width: image.width, height: image.height, shortSide: size)
      try checkSize(height: height, width: width, gradient: false)
      resized = image.resized(shortSide: size)
    case .crop:
      try checkSize(height: size, width: size, gradient: false)
      let whole = RGBImage.size(width: image.width, height: image.height, shortSide: preprocessing.shortSide)
      guard 3 * Double(whole.width) * Double(whole.height) <= Double(options.maxMemory) else {
        throw PixelAscentError(
          .sizeLimit,
          """
          resized to \(whole.width)×\(whole.height) pixels, of which the middle is taken, it would take more than the limit \
          of \(options.maxMemory >> 20) MB (\(advice: .maxMemory)); \(advice: .resize) stretch takes all of it
          """)
      }
      resized = image.resized(shortSide: preprocessing.shortSide).cropped(width: size, height: size)
    case .stretch:
      try checkSize(height: size, width: size, gradient: false)
      resized = image.resized(width: size, height: size)
    }
    return channels == 1
      ? RGBImage(width: resized.width, height: resized.height, grey: resized.greyValues) : resized
  }

  /// The start of an ascent: an image's pixels in normalised space, at its own size. Shape (C, H, W).
  ///
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if the network can't take that size, or the ascent would take more
  ///   memory than the options allow; before the memory is taken.
  public func start(from image: RGBImage) throws(PixelAscentError) -> Tensor {
    try checkSize(height: image.height, width: image.width, gradient: true)
    return tensor(from: image)
  }

  /// An image's pixels in normalised space, at its own size. Shape (C, H, W).
  public func tensor(from image: RGBImage) -> Tensor {
    let planes = ImagePlanes(channels: channels, height: image.height, width: image.width)
    normalize(image, into: planes)
    return planes.tensor
  }

  /// Writes an image's pixels in normalised space into planes of its size.
  func normalize(_ image: RGBImage, into planes: ImagePlanes) {
    let scale = preprocessing.std.map { Float(1 / (255 * Double($0))) }
    let offset = zip(preprocessing.mean, preprocessing.std).map { Float(-Double($0) / Double($1)) }
    let pixels = channels == 1 ? image.greyValues : image.pixels
    let body = Parallel.Body { [kernels] in
      kernels.normalize(planes, pixels, scale: scale, offset: offset, rows: $0.rows)
    }
    parallel.overRows(image.height, body)
  }

  /// An evaluation that an image is loaded into, resized as the preprocessing says.
  ///
  /// - Parameters:
  ///   - image: a photograph of any size
  ///   - gradient: false for scores and activations alone, which takes less memory
  /// - Throws: as ``resized(_:)`` does, and ``PixelAscentError`` of kind `sizeLimit` if the gradient takes more memory than the
  ///   options allow.
  public func evaluation(of image: RGBImage, gradient: Bool = true) throws(PixelAscentError) -> Evaluation {
    try evaluation(ofResized: resized(image), gradient: gradient)
  }

  /// An evaluation of the size of an image that is loaded into it.
  func evaluation(ofResized image: RGBImage, gradient: Bool = true) throws(PixelAscentError) -> Evaluation {
    let evaluation = try Evaluation(self, height: image.height, width: image.width, gradient: gradient)
    try evaluation.load(image)
    return evaluation
  }

  /// An evaluation of the JPEG or PNG image in a file's bytes; errors call the file `name`.
  ///
  /// - Throws: as ``evaluation(of:gradient:)-(RGBImage,_)`` does, and as ``RGBImage/init(decoding:name:maxMegapixels:)`` does.
  public func evaluation(
    decoding bytes: [UInt8], name: String, maxMegapixels: Double = 100, gradient: Bool = true
  ) throws(PixelAscentError) -> Evaluation {
    try evaluation(of: RGBImage(decoding: bytes, name: name, maxMegapixels: maxMegapixels), gradient: gradient)
  }

  /// An evaluation that an input of shape (C, H, W) in normalised space is loaded into.
  ///
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if the input is too small for the network or too large for the
  ///   memory the options allow, `invalidParameter` if it is no finite tensor of shape (C, H, W).
  public func evaluation(of input: Tensor, gradient: Bool = true) throws(PixelAscentError) -> Evaluation {
    try check(input)
    let evaluation = try Evaluation(self, height: input.shape[1], width: input.shape[2], gradient: gradient)
    try evaluation.load(input)
    return evaluation
  }

  /// Whether an image of this size is large enough for the network and its gradient small enough for the memory.
  ///
  /// - Returns: the bytes that it would take
  /// - Throws: as ``Evaluation/init(_:height:width:gradient:)`` does, before anything is taken.
  @discardableResult
  func checkSize(height: Int, width: Int, gradient: Bool) throws(PixelAscentError) -> Int {
    try layout(height: height, width: width, gradient: gradient).bytes
  }

  /// Where everything lies in the memory of an evaluation.
  func layout(height: Int, width: Int, gradient: Bool) throws(PixelAscentError) -> ArenaLayout {
    let layout = try layouts.layout(plan, height: height, width: width, gradient: gradient)
    try options.checkMemory(layout.bytes, of: "a network input of \(height)×\(width) pixels")
    return layout
  }

  func check(class index: Int) throws(PixelAscentError) {
    guard (0..<classCount).contains(index) else {
      throw PixelAscentError(
        .classLookup, "class \(index) is out of range: the model has classes 0 to \(classCount - 1)")
    }
  }

  func check(_ objective: Objective) throws(PixelAscentError) {
    for index in objective.classes { try check(class: index) }
  }

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
