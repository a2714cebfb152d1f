// SPDX-License-Identifier: MIT

/// How much of the machine a computation may use. None of it changes any result.
public struct ComputeOptions: Hashable, Sendable {
  /// The most threads that work on one image at once; at least 1.
  public var threads: Int
  /// The most memory, in bytes, that one image's way through the network may take.
  public var maxMemory: Int
  /// The instruction set of the kernels.
  public var instructionSet: InstructionSet

  /// Options; the defaults are every core the process may use, 2 GiB, and the fastest instruction set.
  public init(
    threads: Int = ComputeOptions.availableThreads, maxMemory: Int = 2 << 30,
    instructionSet: InstructionSet = .best
  ) {
    precondition(threads >= 1 && maxMemory >= 0)
    self.threads = threads
    self.maxMemory = maxMemory
    self.instructionSet = instructionSet
  }

  /// How many of `count` images or ascents, at least one, go side by side: no more than there are threads, and no more than
  /// half of the machine's memory holds.
  package func lanes(_ count: Int, bytesEach: Int, memory: Int = Files.physicalMemory) -> Int {
    max(1, min(count, threads, memory / 2 / max(1, bytesEach)))
  }

  /// - Throws: `PixelAscentError` of kind `sizeLimit` if that, which takes so many bytes, is more than these options allow, or
  ///   than there is.
  func checkMemory(_ bytes: Int, of what: String) throws(PixelAscentError) {
    if bytes > maxMemory {
      let megabytes = (bytes - 1) >> 20 + 1
      throw PixelAscentError(
        .sizeLimit,
        "\(what) would take \(megabytes) MB of memory, more than the limit of \(maxMemory >> 20) MB (--max-memory)")
    }
    try Files.checkMemory(bytes, "\(what) would take")
  }
}

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
  /// What a user should know of how the file was read, a line each.
  public private(set) var notes: [String] = []
  /// How much of the machine its computations may use.
  public var options: ComputeOptions

  let plan: LayerPlan
  /// What it was read from.
  private var sources: [ByteSource] = []

  /// Reads a model file: PixelAscent's own safetensors, a state dict of a known architecture as `.pth` or safetensors, ONNX,
  /// or the pickle of SqueezeNet's original weights. The kind is recognised by content.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile` or `invalidModel`; the line names the file.
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

  private init(_ reading: ModelReader.Reading, name: String, options: ComputeOptions) throws(PixelAscentError) {
    try self.init(reading.file, name: name, options: options)
    (notes, sources) = (reading.notes, reading.files)
  }

  package init(_ file: ModelFile, name: String, options: ComputeOptions = ComputeOptions()) throws(PixelAscentError) {
    do {
      plan = try LayerPlan(file, threads: options.threads)
    } catch {
      throw error.within(name)
    }
    labels = file.labels
    preprocessing = file.preprocessing
    source = file.source
    licence = file.licence
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
      try Workspace.check(self, height: height, width: width, gradient: false)
      resized = image.resized(shortSide: size)
    case .crop:
      try Workspace.check(self, height: size, width: size, gradient: false)
      let whole = RGBImage.size(width: image.width, height: image.height, shortSide: preprocessing.shortSide)
      guard 3 * Double(whole.width) * Double(whole.height) <= Double(options.maxMemory) else {
        throw PixelAscentError(
          .sizeLimit,
          "resized to \(whole.width)×\(whole.height) pixels, of which the middle is taken, it would take more than the limit "
            + "of \(options.maxMemory >> 20) MB (--max-memory); --resize stretch takes all of it")
      }
      resized = image.resized(shortSide: preprocessing.shortSide).cropped(width: size, height: size)
    case .stretch:
      try Workspace.check(self, height: size, width: size, gradient: false)
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
    try Workspace.check(self, height: image.height, width: image.width, gradient: true)
    return tensor(from: image)
  }

  /// An image's pixels in normalised space, at its own size. Shape (C, H, W).
  public func tensor(from image: RGBImage) -> Tensor {
    let planes = ImagePlanes(channels: channels, height: image.height, width: image.width)
    let scale = preprocessing.std.map { Float(1 / (255 * Double($0))) }
    let offset = zip(preprocessing.mean, preprocessing.std).map { Float(-Double($0) / Double($1)) }
    let pixels = channels == 1 ? image.greyValues : image.pixels
    let body = Parallel.Body { [kernels] in
      kernels.normalize(planes, pixels, scale: scale, offset: offset, rows: $0.rows)
    }
    parallel.overRows(image.height, body)
    return planes.tensor
  }
}
