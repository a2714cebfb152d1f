// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// The files that transformers write beside the weights.
@Suite struct TransformersTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try ForeignNameTests.folder(ForeignNameTests.fixture("transformers/resnet12"))
  }

  private func network(
    config: String? = nil, processor: String? = nil, _ change: (inout ModelSettings) -> Void = { _ in }
  ) throws -> Network {
    if let config { try folder.add("config.json", config) }
    if let processor { try folder.add("preprocessor_config.json", processor) }
    var settings = ModelSettings()
    change(&settings)
    return try Network(contentsOf: folder.path, settings: settings)
  }

  /// An image processor's file, and the preprocessing that it stands for.
  private static let processors: [(text: String, preprocessing: Preprocessing?)] = [
    // Microsoft's ResNet.
    (
      """
      {"crop_pct": 0.875, "do_normalize": true, "do_resize": true, "feature_extractor_type": "ConvNextFeatureExtractor",
       "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225], "resample": 2, "size": 224}
      """, preprocessing(224, .crop)
    ),
    (
      #"{"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 288}, "crop_pct": 0.95}"#,
      preprocessing(288, .crop, before: 303, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5])
    ),
    (
      #"{"image_processor_type": "ConvNextImageProcessorFast", "size": {"shortest_edge": 384}, "crop_pct": 0.875}"#,
      preprocessing(384, .stretch, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5])
    ),
    (
      """
      {"image_processor_type": "MobileNetV2ImageProcessor", "size": {"shortest_edge": 128}, "do_center_crop": true,
       "crop_size": {"height": 96, "width": 96}, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
       "rescale_factor": 0.00392156862745098}
      """, preprocessing(96, .crop, before: 128, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5])
    ),
    (
      #"{"image_processor_type": "MobileNetV2ImageProcessor"}"#,
      preprocessing(224, .crop, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5])
    ),
    // The standard deviation counts twice.
    (
      """
      {"image_processor_type": "EfficientNetImageProcessor", "size": {"height": 240, "width": 240}, "include_top": true,
       "do_center_crop": false, "image_mean": [0.5, 0.25, 0.125], "image_std": [0.5, 0.25, 0.125]}
      """, preprocessing(240, .stretch, mean: [0.5, 0.25, 0.125], std: [0.25, 0.0625, 0.015625])
    ),
    // A pixel p from 0 to 1 becomes 2p − 1, then (2p − 1 − 0.5) / 0.25.
    (
      """
      {"image_processor_type": "EfficientNetImageProcessor", "size": {"height": 64, "width": 64}, "include_top": false,
       "rescale_offset": true, "rescale_factor": 0.00784313725490196, "image_mean": 0.5, "image_std": 0.25}
      """, preprocessing(64, .stretch, mean: [0.75, 0.75, 0.75], std: [0.125, 0.125, 0.125])
    ),
    (
      #"{"image_processor_type": "ViTImageProcessor", "size": 96, "do_normalize": false}"#,
      preprocessing(96, .stretch, mean: [0, 0, 0], std: [1, 1, 1])
    ),
    (#"{"size": {"shortest_edge": 96}}"#, preprocessing(96, .short)),
    // The short side becomes 64, whatever the shape of the crop is.
    (
      #"{"size": {"shortest_edge": 64}, "do_center_crop": true, "crop_size": {"height": 48, "width": 32}}"#,
      preprocessing(PixelSize(height: 48, width: 32), .crop, before: 64)
    ),
    (
      #"{"size": {"height": 40, "width": 60}, "do_center_crop": true, "crop_size": {"height": 32, "width": 48}}"#,
      preprocessing(PixelSize(height: 32, width: 48), .stretch, before: PixelSize(height: 40, width: 60))
    ),
  ]

  private static let indices = Array(processors.indices)

  private static func preprocessing(
    _ size: PixelSize, _ resize: Preprocessing.Resize, before: PixelSize? = nil,
    mean: [Float] = Preprocessing.imageNet.mean,
    std: [Float] = Preprocessing.imageNet.std
  ) -> Preprocessing? {
    try? Preprocessing(mean: mean, std: std, inputSize: size, resize: resize, sizeBeforeCrop: before)
  }

  @Test(arguments: indices) func readsTheImageProcessor(index: Int) throws {
    let (text, expected) = Self.processors[index]
    let network = try network(processor: text), found = network.preprocessing
    #expect(
      (found.inputSize, found.resize.rawValue, found.sizeBeforeCrop)
        == (expected?.inputSize ?? 0, expected?.resize.rawValue ?? "", expected?.sizeBeforeCrop ?? 0))
    for (found, expected) in zip(found.mean + found.std, (expected?.mean ?? []) + (expected?.std ?? [])) {
      #expect(abs(found - expected) <= 1e-6)
    }
    #expect(network.notes.contains("mean, std, size and resizing are those of preprocessor_config.json"))
    #expect(
      network.files.map(\.folderAndName.name) == ["model.safetensors", "config.json", "preprocessor_config.json"])
  }

  @Test func settingsTakePrecedence() throws {
    let processor =
      #"{"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 200}, "crop_pct": 0.8}"#
    let larger = try network(processor: processor) { $0.inputSize = 400 }.preprocessing
    #expect((larger.inputSize, larger.resize, larger.sizeBeforeCrop) == (400, .crop, 500))
    let usual = try network { ($0.inputSize, $0.resize) = (224, .crop) }.preprocessing
    #expect(usual.sizeBeforeCrop == 256)
    #expect(try network { $0.mean = [0, 0, 0] }.preprocessing.mean == [0, 0, 0])
  }

  @Test func readsTheLabels() throws {
    let config = #"{"id2label": {"0": "a", "2": "c", "1": "b, B", "3": "d", "4": "e"}, "hidden_act": "relu"}"#
    let network = try network(config: config)
    #expect(network.labels.names == [["a"], ["b, B"], ["c"], ["d"], ["e"]])
    #expect(network.notes == ["the labels are those of config.json"])
  }

  @Test func missingFilesAreNoError() throws {
    let fixture = try ForeignNameTests.fixture("transformers/resnet12"), alone = try TemporaryFolder()
    let path = try alone.add("net.safetensors", Safetensors(tensors: ForeignNameTests.tensors(fixture)).data())
    let network = try Network(contentsOf: path)
    #expect(network.notes.first == "no config.json lies beside the file: assuming what transformers assume")
    #expect(network.preprocessing == .imageNet)
    #expect(network.files == [path])
  }

  @Test(arguments: [
    ("config.json", "{", "not valid JSON, or a number in it is out of range"),
    ("config.json", #"{"hidden_act": 1}"#, "hidden_act holds a value of the wrong kind"),
    ("config.json", #"{"hidden_act": "gelu\n"}"#, "hidden_act is gelu ; only relu is supported here, export ONNX"),
    ("config.json", #"{"id2label": {"0": "a", "2": "b"}}"#, "class 1 is missing; expected the classes 0 to 1"),
    ("config.json", #"{"image_size": 0}"#, "the input size must be from 1 to 65536, found 0"),
    ("preprocessor_config.json", "[1]", "it holds a value of the wrong kind"),
    ("preprocessor_config.json", #"{"size": 0}"#, "expected sizes from 1 to 65536, found 0×0 and 0×0"),
    (
      "preprocessor_config.json", #"{"size": {"shortest_edge": -5}, "crop_pct": 1e-300}"#,
      "a size of -5 with a crop_pct of 1e-300 is no size of photographs"
    ),
    (
      "preprocessor_config.json", #"{"size": 224, "crop_pct": 0}"#,
      "expected a crop_pct above 0 and at most 1, found 0.0"
    ),
    (
      "preprocessor_config.json", #"{"size": {"shortest_edge": 64}, "image_std": [0, 1, 1]}"#,
      "preprocessing: expected finite standard deviations above 0, found 0.0,1.0,1.0"
    ),
  ]) func damagedFilesAreErrors(file: String, text: String, message: String) throws {
    try folder.add(file, text)
    let path = folder.path
    let line = errorLine { try Network(contentsOf: path) }
    #expect(line.contains("model.safetensors: \(file): "), "\(line)")
    #expect(line.hasSuffix(message), "\(line)")
  }

  /// The line about an epsilon names the file.
  @Test func checksTheEpsilon() throws {
    let mobile = try ForeignNameTests.folder(ForeignNameTests.fixture("transformers/mobilenet_v2"))
    try mobile.add("config.json", #"{"layer_norm_eps": -1}"#)
    #expect(
      errorLine { try Network(contentsOf: mobile.path) }
        .hasSuffix("config.json: expected an epsilon from 0 to 1, found -1.0"))
  }

  @Test func saysWhatIsDoneInAnotherWay() throws {
    let processor =
      #"{"size": {"shortest_edge": 20}, "crop_size": {"height": 20, "width": 30}, "do_center_crop": true, "resample": 3}"#
    let network = try network(processor: processor)
    #expect(
      network.notes.dropFirst().prefix(2) == [
        """
        its way to resize a photograph does not exist here: scaling a photograph to cover 20×30; see \(advice: .inputSize) \
        and \(advice: .resize)
        """,
        "its filter for resizing is bicubic, and here it is bilinear: scores of photographs differ a little",
      ])
  }

  @Test func readsASizeThatIsNoSquare() throws {
    let found = try network(processor: #"{"size": {"height": 20, "width": 30}}"#).preprocessing
    #expect((found.inputSize, found.resize) == (PixelSize(height: 20, width: 30), .stretch))
  }

  @Test func aFolderWithoutAModelIsAnError() throws {
    let empty = try TemporaryFolder()
    #expect(
      errorLine { try Network(contentsOf: empty.path) }
        == "\(empty.path): is a folder without model.safetensors or pytorch_model.bin")
    #expect(try ModelInspection(contentsOf: folder.path).source == "resnet12")
  }

  /// Every value of the wrong type gives one line that names the file and the key.
  @Test(arguments: [
    ("config.json", "downsample_in_bottleneck"), ("config.json", "downsample_in_first_stage"),
    ("config.json", "depthwise_padding"), ("config.json", "tf_padding"), ("config.json", "layer_norm_eps"),
    ("config.json", "batch_norm_eps"), ("config.json", "image_size"), ("config.json", "id2label"),
    ("config.json", "hidden_act"), ("config.json", "output_stride"), ("config.json", "pooling_type"),
    ("preprocessor_config.json", "image_processor_type"), ("preprocessor_config.json", "do_resize"),
    ("preprocessor_config.json", "do_rescale"), ("preprocessor_config.json", "do_normalize"),
    ("preprocessor_config.json", "do_center_crop"), ("preprocessor_config.json", "include_top"),
    ("preprocessor_config.json", "rescale_offset"), ("preprocessor_config.json", "size"),
    ("preprocessor_config.json", "crop_size"), ("preprocessor_config.json", "crop_pct"),
    ("preprocessor_config.json", "rescale_factor"), ("preprocessor_config.json", "image_mean"),
    ("preprocessor_config.json", "image_std"), ("preprocessor_config.json", "resample"),
  ]) func valuesOfTheWrongTypeAreErrors(file: String, key: String) throws {
    let values = [
      #""same""#, #"[["same"]]"#, #"{"height": "same", "0": [[1]]}"#, "[true]", "1e400", #"{"0": {}}"#,
    ]
    // These are of the right type. A size without known keys has no sides, which has a test of its own.
    let right = [
      "hidden_act": 0, "pooling_type": 0, "image_processor_type": 0, "id2label": 1, "size": 5, "crop_size": 5,
    ]
    for (index, value) in values.enumerated() where index != right[key] {
      try folder.add(file, "{\"\(key)\": \(value)}")
      let path = folder.path
      let line = errorLine { try Network(contentsOf: path) }
      #expect(line.contains("model.safetensors: \(file): "), "\(line)")
      #expect(!line.contains("\n"))
      #expect(line.contains(key) || value == "1e400", "\(line)")
    }
  }

  /// Keys that nobody reads may hold anything, and null is as if the key were missing.
  @Test func otherKeysAndNullHaveNoEffect() throws {
    let config = #"{"padding": "same", "image_size": null, "id2label": null, "x": [{"y": [null]}]}"#
    let processor = #"{"padding": {"same": []}, "size": null, "image_mean": null, "do_resize": null}"#
    let network = try network(config: config, processor: processor)
    #expect(
      try network.preprocessing
        == Preprocessing(
          mean: Preprocessing.imageNet.mean, std: Preprocessing.imageNet.std, inputSize: 224, resize: .stretch))
    #expect(network.labels.count == 5)
  }

  @Test(arguments: ["config.json", "preprocessor_config.json"]) func deepNestingIsAnError(file: String) throws {
    try folder.add(file, "{\"x\": " + String(repeating: "[", count: 100_000))
    let path = folder.path
    #expect(errorLine { try Network(contentsOf: path) }.contains("\(file): not valid JSON"))
  }

  /// A folder with the older file of weights.
  @Test func readsAFolderWithABinFile() throws {
    let fixture = try ForeignNameTests.fixture("transformers/resnet12"), old = try TemporaryFolder()
    try old.add("pytorch_model.bin", TorchFiles.stateDict(ForeignNameTests.tensors(fixture)))
    try old.add("config.json", #"{"id2label": {"0": "a", "1": "b", "2": "c", "3": "d", "4": "e"}}"#)
    try old.add("preprocessor_config.json", #"{"size": 96}"#)
    let found = try Network(contentsOf: old.path), expected = try network(processor: #"{"size": 96}"#)
    #expect(found.source == "resnet12")
    #expect(found.labels.names.flatMap(\.self) == ["a", "b", "c", "d", "e"])
    #expect(found.preprocessing == expected.preprocessing)
    #expect(
      found.files.map(\.folderAndName.name) == ["pytorch_model.bin", "config.json", "preprocessor_config.json"])
    var random = TestRandom(1)
    let image = Tensor(shape: [3, 32, 32], values: random.reals(3 * 32 * 32).map { Float($0) })
    #expect(
      try found.gradient(of: .score(class: 1), at: image).scores
        == expected.gradient(of: .score(class: 1), at: image).scores)
  }

  @Test func aSizeBeforeTheCropIsWrittenAndRead() throws {
    let own: [(Preprocessing.Resize, PixelSize, String?)] = [
      (.crop, 128, #""sizeBeforeCrop":128"#), (.crop, 109, nil), (.stretch, 96, nil),
      (.stretch, PixelSize(height: 100, width: 97), #""sizeBeforeCrop":[100,97]"#),
    ]
    for (resize, size, text) in own {
      let preprocessing = try Preprocessing(mean: [0], std: [1], inputSize: 96, resize: resize, sizeBeforeCrop: size)
      let json = try JSONText.encode(preprocessing)
      #expect(json.contains(text ?? "sizeBeforeCrop") == (text != nil))
      #expect(try JSONText.decode(Preprocessing.self, from: json.utf8) == preprocessing)
    }
    let low = PixelSize(height: 95, width: 200)
    #expect(
      errorLine { try Preprocessing(mean: [0], std: [1], inputSize: 96, resize: .crop, sizeBeforeCrop: low) }
        == "preprocessing: expected a size of at least 96×96 before the crop, found 95×200")
  }
}
