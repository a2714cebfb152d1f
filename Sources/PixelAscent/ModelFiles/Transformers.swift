// SPDX-License-Identifier: MIT

extension KeyedDecodingContainer {
  /// Returns the value of a key; nil if the object doesn't have it, or has null.
  func ifPresent<Value: Decodable>(_ key: Key) throws -> Value? { try decodeIfPresent(Value.self, forKey: key) }
}

/// The two files that Hugging Face's transformers write beside the weights of an image classifier.
struct TransformersFiles {
  let config: TransformersConfig?
  private let processor: ImageProcessorConfig?
  private let sources: [ByteSource]

  /// Reads `config.json` and `preprocessor_config.json` in the folder of a weight file. Either may be missing.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` or `unreadableFile` if one of the files can't be read.
  init(beside weights: ByteSource) throws(PixelAscentError) {
    let config: (value: TransformersConfig, source: ByteSource)? = try FileBeside.read("config.json", beside: weights)
    let processor: (value: ImageProcessorConfig, source: ByteSource)? = try FileBeside.read(
      "preprocessor_config.json", beside: weights)
    (self.config, self.processor) = (config?.value, processor?.value)
    sources = [config?.source, processor?.source].compactMap(\.self)
  }

  /// Gives a model the labels and the preprocessing of these files, and notes that say so.
  func complete(_ model: inout Model) throws(PixelAscentError) {
    if config == nil {
      model.notes.append("no config.json lies beside the file: assuming what transformers assume")
    }
    if let labels = config?.labels {
      model.labels = labels
      model.notes.append("the labels are those of config.json")
    }
    let usual: Preprocessing
    do throws(PixelAscentError) {
      usual = try (model.preprocessing ?? .imageNet).sized(config?.imageSize.map(PixelSize.init(square:)))
    } catch {
      throw error.about("config.json")
    }
    if let processor {
      do throws(PixelAscentError) {
        let (preprocessing, notes) = try processor.preprocessing(usual)
        model.preprocessing = preprocessing
        model.notes.append("mean, std, size and resizing are those of preprocessor_config.json")
        model.notes += notes
      } catch {
        throw error.about("preprocessor_config.json")
      }
    } else if model.preprocessing != nil {
      model.preprocessing = usual
    }
    model.files += sources
  }
}

/// The settings in transformers' `config.json` that change a network's values, and the names of its classes.
package struct TransformersConfig: Decodable, Sendable {
  /// Whether the first 1×1 convolution of a ResNet's bottleneck has the stride, not the 3×3 convolution.
  private(set) var downsamplesInBottleneck = false
  /// Whether a ResNet's first stage has a stride of 2.
  private(set) var downsamplesInFirstStage = false
  /// The blocks of an EfficientNet that have a stride of 2 and equal padding on both sides; nil if the file doesn't say.
  private(set) var depthwisePadding: [Int]?
  /// Whether a MobileNetV2 has TensorFlow's padding.
  private(set) var hasTensorFlowPadding = true
  private(set) var layerNormEpsilon: Double?
  private(set) var batchNormEpsilon: Double?
  private(set) var imageSize: Int?
  private(set) var labels: Labels?
  private var activation: String?
  private var outputStride: Int?
  private var pooling: String?

  private enum CodingKeys: String, CodingKey {
    case downsamplesInBottleneck = "downsample_in_bottleneck"
    case downsamplesInFirstStage = "downsample_in_first_stage"
    case depthwisePadding = "depthwise_padding"
    case hasTensorFlowPadding = "tf_padding"
    case layerNormEpsilon = "layer_norm_eps"
    case batchNormEpsilon = "batch_norm_eps"
    case imageSize = "image_size"
    case labels = "id2label"
    case activation = "hidden_act"
    case outputStride = "output_stride"
    case pooling = "pooling_type"
  }

  /// Creates a configuration that leaves everything to transformers' defaults.
  package init() {}

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    downsamplesInBottleneck = try fields.ifPresent(.downsamplesInBottleneck) ?? false
    downsamplesInFirstStage = try fields.ifPresent(.downsamplesInFirstStage) ?? false
    depthwisePadding = try fields.ifPresent(.depthwisePadding)
    hasTensorFlowPadding = try fields.ifPresent(.hasTensorFlowPadding) ?? true
    layerNormEpsilon = try fields.ifPresent(.layerNormEpsilon)
    batchNormEpsilon = try fields.ifPresent(.batchNormEpsilon)
    imageSize = try fields.ifPresent(.imageSize)
    labels = try (fields.ifPresent(.labels) as LabelList?)?.labels()
    activation = try fields.ifPresent(.activation)
    outputStride = try fields.ifPresent(.outputStride)
    pooling = try fields.ifPresent(.pooling)
  }

  /// Checks that the network is the usual one of its family.
  ///
  /// - Parameter usual: transformers' name of the family's activation function
  func check(activation usual: String) throws(PixelAscentError) {
    func check(_ holds: Bool, _ key: String, _ found: String, _ expected: String) throws(PixelAscentError) {
      if holds { return }
      throw PixelAscentError(
        .invalidModel, "\(key) is \(found.oneLine); only \(expected) is supported here, export ONNX",
        about: "config.json")
    }
    let found = activation == "silu" ? "swish" : activation ?? usual
    try check(found == usual, "hidden_act", found, usual)
    try check(outputStride ?? 32 == 32, "output_stride", "\(outputStride ?? 0)", "32")
    try check(pooling ?? "mean" == "mean", "pooling_type", pooling ?? "", "mean")
  }

  /// Returns an epsilon of this configuration, or transformers' own if the file doesn't have it.
  func epsilon(_ found: Double?, else usual: Double) throws(PixelAscentError) -> Double {
    let epsilon = found ?? usual
    guard epsilon >= 0, epsilon < 1 else {
      throw PixelAscentError(.invalidModel, "expected an epsilon from 0 to 1, found \(epsilon)", about: "config.json")
    }
    return epsilon
  }
}

/// Transformers' `preprocessor_config.json`.
struct ImageProcessorConfig: Decodable {
  /// A size: one number, a short side, or height and width.
  private struct Size: Decodable {
    var short: Int?, height: Int?, width: Int?, side: Int?

    private enum CodingKeys: String, CodingKey {
      case short = "shortest_edge"
      case height, width
    }

    init(from decoder: any Decoder) throws {
      if let side = try? decoder.singleValueContainer().decode(Int.self) {
        self.side = side
        return
      }
      let fields = try decoder.container(keyedBy: CodingKeys.self)
      short = try fields.ifPresent(.short)
      height = try fields.ifPresent(.height)
      width = try fields.ifPresent(.width)
    }

    init(short: Int) { self.short = short }
    init(side: Int) { self.side = side }

    /// The side of a square; nil for another shape.
    var square: Int? { side ?? (height == width ? height : nil) }

    /// The height and the width; nil for a short side.
    var pixels: PixelSize? {
      if let side { return PixelSize(square: side) }
      return height.flatMap { height in width.map { PixelSize(height: height, width: $0) } }
    }

    var text: String { short.map { "\($0)" } ?? side.map { "\($0)" } ?? "\(height ?? 0)×\(width ?? 0)" }
  }

  /// One number for all channels, or one for each.
  private struct Channels: Decodable {
    let values: [Double]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      values = try (try? container.decode(Double.self)).map { [$0, $0, $0] } ?? container.decode([Double].self)
    }
  }

  private let type: String
  private let resizes, rescales, normalises, includesTop, hasOffset: Bool
  private let crops: Bool?
  private let size, cropSize: Size?
  private let cropShare: Double?
  private let factor: Double
  private let mean, std: [Double]?
  private let filter: Int?

  private enum CodingKeys: String, CodingKey {
    case type = "image_processor_type"
    case oldType = "feature_extractor_type"
    case resizes = "do_resize"
    case rescales = "do_rescale"
    case normalises = "do_normalize"
    case crops = "do_center_crop"
    case includesTop = "include_top"
    case hasOffset = "rescale_offset"
    case size
    case cropSize = "crop_size"
    case cropShare = "crop_pct"
    case factor = "rescale_factor"
    case mean = "image_mean"
    case std = "image_std"
    case filter = "resample"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    type = try fields.ifPresent(.type) ?? fields.ifPresent(.oldType) ?? ""
    resizes = try fields.ifPresent(.resizes) ?? true
    rescales = try fields.ifPresent(.rescales) ?? true
    normalises = try fields.ifPresent(.normalises) ?? true
    crops = try fields.ifPresent(.crops)
    includesTop = try fields.ifPresent(.includesTop) ?? type.hasPrefix("EfficientNet")
    hasOffset = try fields.ifPresent(.hasOffset) ?? false
    size = try fields.ifPresent(.size)
    cropSize = try fields.ifPresent(.cropSize)
    cropShare = try fields.ifPresent(.cropShare)
    factor = try fields.ifPresent(.factor) ?? 1.0 / 255
    mean = try (fields.ifPresent(.mean) as Channels?)?.values
    std = try (fields.ifPresent(.std) as Channels?)?.values
    filter = try fields.ifPresent(.filter)
  }

  /// Returns the preprocessing that this file describes, and notes on what is done in another way here.
  ///
  /// - Parameter usual: the network's preprocessing, for what the file leaves open
  func preprocessing(_ usual: Preprocessing) throws(PixelAscentError) -> (Preprocessing, notes: [Message]) {
    var notes = [Message](), size = usual.inputSize, resize = Preprocessing.Resize.short, whole: PixelSize?
    let found = try geometry()
    if let found { (size, resize, whole) = found } else if let target = cropSize?.pixels { size = target }
    let sides = [size, whole ?? size].flatMap { [$0.height, $0.width] }
    guard sides.allSatisfy(Preprocessing.inputSizes.contains) else {
      throw PixelAscentError(.invalidModel, "expected sizes from 1 to 65536, found \(size) and \(whole ?? size)")
    }
    if found == nil {
      notes.append(
        """
        its way to resize a photograph does not exist here: scaling a photograph to cover \(size); see \(advice: .inputSize) \
        and \(advice: .resize)
        """)
    }
    // Pillow's numbers of the filters.
    if resizes, let filter, filter != 2 {
      let name =
        [0: "the nearest pixel", 1: "Lanczos", 3: "bicubic", 4: "box", 5: "Hamming"][filter] ?? "number \(filter)"
      notes.append("its filter for resizing is \(name), and here it is bilinear: scores of photographs differ a little")
    }
    let (mean, std) = try normalisation(usual)
    return (
      try Preprocessing(mean: mean, std: std, inputSize: size, resize: resize, sizeBeforeCrop: whole), notes
    )
  }

  /// Returns the mean and the standard deviation for pixels from 0 to 1.
  private func normalisation(_ usual: Preprocessing) throws(PixelAscentError) -> (mean: [Float], std: [Float]) {
    // A pixel p becomes (p · scale − shift − mean) / std.
    let scale = rescales ? 255 * factor : 255, shift = rescales && hasOffset ? 1.0 : 0
    let hasHalves = ["ConvNext", "MobileNetV2", "EfficientNet", "ViT"].contains(where: type.hasPrefix)
    let found = std ?? usual.std.map { hasHalves ? 0.5 : Double($0) }
    var means = normalises ? mean ?? usual.mean.map { hasHalves ? 0.5 : Double($0) } : found.map { _ in 0 }
    var deviations = normalises ? found : found.map { _ in 1 }
    // The network's authors divide by the standard deviation a second time.
    if includesTop { deviations = zip(deviations, found).map { $0 * $1 } }
    means = means.map { ($0 + shift) / scale }
    return (means.map { Float($0) }, deviations.map { Float($0 / scale) })
  }

  /// Returns the input size, the way to resize and the size before a crop; nil if they can't be had here.
  private func geometry() throws(PixelAscentError) -> Geometry? {
    guard resizes else { return nil }
    if type.hasPrefix("ConvNext") || cropShare != nil {
      guard let side = size.map({ $0.short ?? $0.square }) ?? 384 else { return nil }
      let size = PixelSize(square: side)
      // A crop after the crop that belongs to resizing.
      if crops ?? false, cropSize?.pixels != size { return nil }
      if side >= 384 { return (size, .stretch, nil) }
      let share = cropShare ?? 224.0 / 256
      guard share > 0, share <= 1 else {
        throw PixelAscentError(.invalidModel, "expected a crop_pct above 0 and at most 1, found \(share)")
      }
      let short = Double(side) / share
      guard (1..<1e6).contains(short) else {
        throw PixelAscentError(
          .invalidModel, "a size of \(side) with a crop_pct of \(share) is no size of photographs")
      }
      return (size, .crop, PixelSize(square: Int(short)))
    }
    let isMobileNet = type.hasPrefix("MobileNetV2")
    let size = size ?? (isMobileNet ? Size(short: 256) : Size(side: 224))
    // A number alone is a short side for the processors that crop.
    let crops = crops ?? isMobileNet
    let short = size.short ?? (crops ? size.side : nil)
    guard crops else {
      if let short { return (PixelSize(square: short), .short, nil) }
      return size.pixels.map { ($0, .stretch, nil) }
    }
    guard let target = cropSize.map({ $0.pixels ?? $0.short.map(PixelSize.init(square:)) }) ?? 224,
      let whole = short.map(PixelSize.init(square:)) ?? size.pixels
    else { return nil }
    // A photo that is smaller than the crop would get a border of zeros.
    guard whole.height >= target.height, whole.width >= target.width else { return nil }
    return (target, short == nil ? .stretch : .crop, whole)
  }

  private typealias Geometry = (size: PixelSize, resize: Preprocessing.Resize, beforeCrop: PixelSize?)
}
