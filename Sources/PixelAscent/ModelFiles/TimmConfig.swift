// SPDX-License-Identifier: MIT

/// The `config.json` that timm writes beside the weights of a network.
struct TimmConfig {
  private let fields: Fields
  private let source: ByteSource

  /// What the file holds; `fields` is nil if another program than timm wrote it.
  private struct File: Decodable {
    let fields: Fields?

    init(from decoder: any Decoder) throws {
      guard let object = try? decoder.container(keyedBy: JSONKey.self), object.contains("architecture") else {
        fields = nil
        return
      }
      // Old versions of timm write one object that holds all settings.
      let isOld = object.contains("input_size") || object.contains("mean")
      fields = object.contains("pretrained_cfg") || isOld ? try Fields(from: decoder) : nil
    }
  }

  private struct Fields: Decodable {
    let architecture: String
    let pretrained: Pretrained
    let pool: String?
    let arguments: [String]
    let labels: Labels?

    private enum CodingKeys: String, CodingKey {
      case architecture
      case pretrained = "pretrained_cfg"
      case pool = "global_pool"
      case arguments = "model_args"
    }

    init(from decoder: any Decoder) throws {
      let object = try decoder.container(keyedBy: CodingKeys.self)
      architecture = try object.decode(String.self, forKey: .architecture)
      pretrained =
        try object.contains(.pretrained)
        ? object.decode(Pretrained.self, forKey: .pretrained) : Pretrained(from: decoder)
      var pool = try object.decodeIfPresent(String.self, forKey: .pool), arguments: [String] = []
      if try object.contains(.arguments) && !object.decodeNil(forKey: .arguments) {
        let given = try object.nestedContainer(keyedBy: JSONKey.self, forKey: .arguments)
        arguments = given.allKeys.map(\.stringValue).sorted()
        pool = try given.decodeIfPresent(String.self, forKey: "global_pool") ?? pool
      }
      (self.pool, self.arguments) = (pool, arguments)
      let own = try ClassNames(from: decoder)
      labels = try own.labels() ?? pretrained.names.labels()
    }
  }

  /// The names of the classes: identifiers such as those of WordNet, and descriptions of the identifiers.
  private struct ClassNames: Decodable {
    private let names: LabelList?
    private let descriptions: [String: String]?

    private enum CodingKeys: String, CodingKey {
      case names = "label_names"
      case oldNames = "labels"
      case descriptions = "label_descriptions"
    }

    init(from decoder: any Decoder) throws {
      let object = try decoder.container(keyedBy: CodingKeys.self)
      names =
        try object.decodeIfPresent(LabelList.self, forKey: .names)
        ?? object.decodeIfPresent(LabelList.self, forKey: .oldNames)
      descriptions = try object.decodeIfPresent([String: String].self, forKey: .descriptions)
    }

    func labels() throws(PixelAscentError) -> Labels? {
      guard let names else { return nil }
      return try names.labels(descriptions: descriptions ?? [:])
    }
  }

  private struct Pretrained: Decodable {
    let mean, std: [Float]?
    let inputSize: [Int]?
    let cropShare: Double?
    let cropMode, interpolation: String?
    let names: ClassNames

    private enum CodingKeys: String, CodingKey {
      case mean, std, interpolation
      case inputSize = "input_size"
      case cropShare = "crop_pct"
      case cropMode = "crop_mode"
    }

    init(from decoder: any Decoder) throws {
      let object = try decoder.container(keyedBy: CodingKeys.self)
      mean = try object.decodeIfPresent([Float].self, forKey: .mean)
      std = try object.decodeIfPresent([Float].self, forKey: .std)
      inputSize = try object.decodeIfPresent([Int].self, forKey: .inputSize)
      cropShare = try object.decodeIfPresent(Double.self, forKey: .cropShare)
      cropMode = try object.decodeIfPresent(String.self, forKey: .cropMode)
      interpolation = try object.decodeIfPresent(String.self, forKey: .interpolation)
      names = try ClassNames(from: decoder)
    }

    /// Returns the size of the network's input, and the size of a photograph before the crop.
    func sizes() throws(PixelAscentError) -> (input: PixelSize, beforeCrop: PixelSize) {
      // The file's size is that of the channels, rows and columns.
      let shape = inputSize ?? [3, 224, 224], share = cropShare ?? 0.875
      guard shape.count == 3, shape.allSatisfy(Preprocessing.inputSizes.contains) else {
        throw PixelAscentError(
          .invalidModel, "expected an input_size of channels, rows and columns from 1 to 65536, found \(shape)")
      }
      guard share > 0, share <= 1, Double(max(shape[1], shape[2])) / share < Double(Preprocessing.inputSizes.upperBound)
      else {
        throw PixelAscentError(
          .invalidModel, "expected a crop_pct above 0 and at most 1 that keeps photographs small, found \(share)")
      }
      func whole(_ side: Int) -> Int { Int(Double(side) / share) }
      return (
        PixelSize(height: shape[1], width: shape[2]), PixelSize(height: whole(shape[1]), width: whole(shape[2]))
      )
    }
  }

  /// Reads the file in the folder of a weight file; nil if it does not exist, or another program wrote it.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidModel` or `unreadableFile` if the file can't be read, or says that the
  ///   network is another than the usual one of its architecture.
  init?(beside weights: ByteSource) throws(PixelAscentError) {
    let file: (value: File, source: ByteSource)? = try FileBeside.read("config.json", beside: weights)
    guard let file, let fields = file.value.fields else { return nil }
    (self.fields, source) = (fields, file.source)
    func fail(_ message: String) -> PixelAscentError {
      PixelAscentError(.invalidModel, "\(message) is supported here, export ONNX", about: "config.json")
    }
    if let pool = fields.pool, !["avg", "fast"].contains(pool) {
      throw fail("global_pool is \(pool.oneLine); only avg")
    }
    if let argument = fields.arguments.first(where: { !Self.arguments.contains($0) }) {
      throw fail("model_args has \(argument.oneLine), and no setting of a network's layers")
    }
  }

  /// The settings in `model_args` that change no score, or that the shapes of the weights tell.
  private static let arguments: Set = [
    "num_classes", "in_chans", "img_size", "drop_rate", "drop_path_rate", "drop_block_rate", "global_pool",
    "ls_init_value", "zero_init_last",
  ]

  /// The architecture that the file names; nil if it is unknown here.
  var knownArchitecture: String? { Architecture.names.contains(fields.architecture) ? fields.architecture : nil }

  /// Gives a model the labels and the preprocessing of this file, and notes that say so.
  ///
  /// What the file leaves open is as timm's `resolve_data_config` takes it.
  ///
  /// - Parameter isNamed: whether the user has named the architecture
  func complete(_ model: inout Model, isNamed: Bool) throws(PixelAscentError) {
    if knownArchitecture == nil && !isNamed {
      model.notes.append(
        """
        config.json names the architecture \(fields.architecture.oneLine), which is not known here: read as \
        \(model.source.oneLine), whose tensors it has
        """)
    }
    if let labels = fields.labels {
      model.labels = labels
      model.notes.append("the labels are those of config.json")
    }
    model.files.append(source)
    let pretrained = fields.pretrained, usual = Preprocessing.imageNet
    let mean = pretrained.mean ?? usual.mean, std = pretrained.std ?? usual.std
    let channels = model.graph.input.channels
    guard mean.count == channels else {
      model.notes.append(
        """
        the network takes \(channels) channel\(channels == 1 ? "" : "s"), and the mean in config.json is for \
        \(mean.count): leaving out mean, std, size and resizing of config.json
        """)
      return
    }
    do throws(PixelAscentError) {
      let (size, whole) = try pretrained.sizes()
      let isSquashed = pretrained.cropMode == "squash"
      model.preprocessing = try Preprocessing(
        mean: mean, std: std, inputSize: size, resize: isSquashed ? .stretch : .crop, sizeBeforeCrop: whole)
    } catch {
      throw error.about("config.json")
    }
    model.normalizationNote = nil
    model.notes.append("mean, std, size and resizing are those of timm's config.json")
    if pretrained.cropMode == "border" {
      model.notes.append(
        """
        its crop_mode is border, which shows the whole photograph in a border of one colour; here the middle of the \
        photograph is taken; see \(advice: .resize)
        """)
    }
    let filter = pretrained.interpolation ?? "bicubic"
    if filter != "bilinear" {
      model.notes.append(
        "its filter for resizing is \(filter.oneLine), and here it is bilinear: scores of photographs differ a little")
    }
  }
}
