// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// The config.json that timm writes beside the weights.
@Suite struct TimmConfigTests {
  private let folder: TemporaryFolder

  init() throws { folder = try ForeignNameTests.folder(ForeignNameTests.fixture("heads/resnet10")) }

  private func network(_ config: String, _ change: (inout ModelSettings) -> Void = { _ in }) throws -> Network {
    try folder.add("config.json", config)
    var settings = ModelSettings()
    change(&settings)
    return try Network(contentsOf: folder.path, settings: settings)
  }

  private func pretrained(_ settings: String, _ others: String = "") throws -> Network {
    try network("{\"architecture\": \"x\", \"pretrained_cfg\": {\(settings)}\(others)}")
  }

  private func line(_ config: String) -> String { errorLine { try network(config) } }

  @Test func readsTheFile() throws {
    let found = try network(
      """
      {"architecture": "resnet10x", "pretrained_cfg": {"mean": [0.5, 0.25, 0.125], "std": [0.5, 0.5, 1],
       "input_size": [3, 96, 96], "crop_pct": 0.75, "interpolation": "bicubic"}}
      """)
    #expect(
      try found.preprocessing
        == Preprocessing(
          mean: [0.5, 0.25, 0.125], std: [0.5, 0.5, 1], inputSize: 96, resize: .crop, sizeBeforeCrop: 128))
    #expect(
      found.notes.prefix(3) == [
        "config.json names the architecture resnet10x, which is not known here: read as resnet10, whose tensors it has",
        "mean, std, size and resizing are those of timm's config.json",
        "its filter for resizing is bicubic, and here it is bilinear: scores of photographs differ a little",
      ])
    #expect(found.source == "resnet10")
    #expect(found.files.map(\.folderAndName.name) == ["model.safetensors", "config.json"])
  }

  /// Another program's file has no effect.
  @Test(arguments: ["{}", "[1]", "3", #"{"architecture": "resnet50"}"#, #"{"architecture": {"type": 1}, "lr": 2}"#])
  func leavesOtherProgramsFilesAlone(text: String) throws {
    let found = try network(text)
    #expect(found.preprocessing == .imageNet)
    #expect(found.files.count == 1)
  }

  /// Timm takes 224×224, ImageNet's mean and std, a share of 0.875 and the bicubic filter for what the file leaves open.
  @Test func takesTimmsDefaults() throws {
    let found = try pretrained("")
    #expect(
      try found.preprocessing
        == Preprocessing(
          mean: Preprocessing.imageNet.mean, std: Preprocessing.imageNet.std, inputSize: 224, resize: .crop,
          sizeBeforeCrop: 256))
    #expect(
      found.notes.contains(
        "its filter for resizing is bicubic, and here it is bilinear: scores of photographs differ a little"))
    let old = try network(
      #"{"architecture": "x", "input_size": [3, 64, 64], "mean": [0.5, 0.5, 0.5], "crop_pct": 1.0}"#)
    #expect((old.preprocessing.inputSize, old.preprocessing.sizeBeforeCrop) == (64, 64))
    #expect(old.preprocessing.mean == [0.5, 0.5, 0.5])
  }

  /// With "squash", height and width are stretched to the size divided by the share, and the middle is taken.
  @Test(arguments: [("1.0", 64, 64), ("0.9", 71, 71), ("0.875", 73, 73)])
  func stretchesBeforeTheCrop(share: String, height: Int, width: Int) throws {
    let found = try pretrained(#""input_size": [3, 64, 64], "crop_mode": "squash", "crop_pct": \#(share)"#)
    #expect(found.preprocessing.resize == .stretch)
    #expect(found.preprocessing.sizeBeforeCrop == PixelSize(height: height, width: width))
    // A photo of any shape is stretched, and the network sees its middle.
    let photo = RGBImage(width: 200, height: 50, pixels: (0..<30_000).map { UInt8($0 / 3 % 200) })
    let resized = try found.resized(photo)
    #expect((resized.width, resized.height) == (64, 64))
    let whole = photo.resized(width: width, height: height)
    #expect(resized == whole.cropped(width: 64, height: 64))
  }

  @Test func saysThatABorderDoesNotExist() throws {
    let found = try pretrained(#""crop_mode": "border", "interpolation": "bilinear""#)
    #expect(
      found.notes.contains(
        """
        its crop_mode is border, which shows the whole photograph in a border of one colour; here the middle of the \
        photograph is taken; see \(advice: .resize)
        """))
    // Timm takes every other name for "center".
    #expect(try pretrained(#""crop_mode": "centre""#).preprocessing.resize == .crop)
  }

  @Test func readsTheLabels() throws {
    let names = #", "label_names": ["n1", "n2", "n3", "n4", "n5"], "label_descriptions": {"n1": "jay", "n3": "owl"}"#
    let found = try pretrained("", names)
    #expect(found.labels.names == [["jay", "n1"], ["n2"], ["owl", "n3"], ["n4"], ["n5"]])
    #expect(found.notes.contains("the labels are those of config.json"))
    let inside = #""label_names": {"0": "a", "1": "b", "2": "c", "3": "d", "4": "e"}"#
    #expect(try pretrained(inside).labels.names.flatMap(\.self) == ["a", "b", "c", "d", "e"])
    let few = #"{"architecture": "x", "pretrained_cfg": {}, "label_names": ["a"]}"#
    #expect(line(few).hasSuffix("the network has 5 classes, found labels for 1"))
  }

  @Test func settingsTakePrecedence() throws {
    let config = #"{"architecture": "resnet50", "pretrained_cfg": {"mean": [0, 0, 0], "std": [1, 1, 1]}}"#
    #expect(line(config).hasSuffix("expected the tensors of resnet50, found those of resnet10"))
    #expect(
      errorLine { try network(config) { $0.architecture = "resnet18" } }
        .hasSuffix("expected the tensors of resnet18, found those of resnet10"))
    let unknown = config.replacing("resnet50", with: "x")
    let found = try network(unknown) { ($0.mean, $0.std) = ([0.5, 0.5, 0.5], [1, 1, 1]) }
    #expect(found.preprocessing.mean == [0.5, 0.5, 0.5])
  }

  /// What would make the network another one is refused.
  @Test(arguments: [
    (#""global_pool": "max""#, "global_pool is max; only avg is supported here, export ONNX"),
    (
      #""model_args": {"global_pool": "catavgmax"}"#,
      "global_pool is catavgmax; only avg is supported here, export ONNX"
    ),
    (
      #""model_args": {"num_classes": 5, "act_layer": "gelu"}"#,
      "model_args has act_layer, and no setting of a network's layers is supported here, export ONNX"
    ),
    ("\"global_pool\": 1", "global_pool holds a value of the wrong kind"),
    ("\"model_args\": [1]", "model_args holds a value of the wrong kind"),
    (#""label_names": 1"#, "label_names holds a value of the wrong kind"),
    (#""label_names": ["a"], "label_descriptions": ["b"]"#, "label_descriptions holds a value of the wrong kind"),
  ]) func refusesOtherNetworks(setting: String, message: String) {
    let found = line("{\"architecture\": \"x\", \"pretrained_cfg\": {}, \(setting)}")
    #expect(found.hasSuffix("model.safetensors: config.json: \(message)"), "\(found)")
  }

  @Test func takesSettingsThatChangeNoScore() throws {
    let arguments = #", "global_pool": "avg", "model_args": {"num_classes": 5, "in_chans": 3, "drop_rate": 0.1}"#
    #expect(try pretrained("", arguments).source == "resnet10")
    #expect(try pretrained("", #", "model_args": null"#).source == "resnet10")
  }

  /// Values that timm never writes: one line each, with the file and the key.
  @Test(arguments: [
    ("{", "not valid JSON, or a number in it is out of range"),
    (#"{"architecture": 1, "pretrained_cfg": {}}"#, "architecture holds a value of the wrong kind"),
    (#"{"architecture": "x", "pretrained_cfg": [1]}"#, "pretrained_cfg holds a value of the wrong kind"),
    (#"{"architecture": "x", "pretrained_cfg": null}"#, "pretrained_cfg holds a value of the wrong kind"),
    (#"{"architecture": "x", "mean": "same"}"#, "mean holds a value of the wrong kind"),
  ]) func damagedFilesAreErrors(text: String, message: String) {
    #expect(line(text).hasSuffix("model.safetensors: config.json: \(message)"), "\(line(text))")
  }

  @Test(arguments: [
    (#""mean": "same""#, "pretrained_cfg.mean holds a value of the wrong kind"),
    (#""std": {}"#, "pretrained_cfg.std holds a value of the wrong kind"),
    (#""std": [1, 1, "x"]"#, "pretrained_cfg.std[2] holds a value of the wrong kind"),
    (#""input_size": 224"#, "pretrained_cfg.input_size holds a value of the wrong kind"),
    (#""crop_pct": "same""#, "pretrained_cfg.crop_pct holds a value of the wrong kind"),
    (#""crop_mode": 1"#, "pretrained_cfg.crop_mode holds a value of the wrong kind"),
    (#""interpolation": ["bicubic"]"#, "pretrained_cfg.interpolation holds a value of the wrong kind"),
    (#""label_names": 1"#, "pretrained_cfg.label_names holds a value of the wrong kind"),
    (
      #""input_size": [224, 224]"#,
      "expected an input_size of channels, rows and columns from 1 to 65536, found [224, 224]"
    ),
    (
      #""input_size": [3, 0, 70000]"#,
      "expected an input_size of channels, rows and columns from 1 to 65536, found [3, 0, 70000]"
    ),
    (#""crop_pct": 0"#, "expected a crop_pct above 0 and at most 1 that keeps photographs small, found 0.0"),
    (#""crop_pct": 1e-9"#, "expected a crop_pct above 0 and at most 1 that keeps photographs small, found 1e-09"),
    (#""crop_pct": 1.5"#, "expected a crop_pct above 0 and at most 1 that keeps photographs small, found 1.5"),
    (
      #""std": [0, 1, 1]"#,
      "preprocessing: expected finite standard deviations above 0, found 0.0,1.0,1.0"
    ),
  ]) func wrongSettingsAreErrors(setting: String, message: String) {
    let found = line("{\"architecture\": \"x\", \"pretrained_cfg\": {\(setting)}}")
    #expect(found.hasSuffix("model.safetensors: config.json: \(message)"), "\(found)")
  }

  /// Timm keeps three channels' mean in the file of a network that was changed to one channel.
  @Test func leavesOutAMeanOfOtherChannels() throws {
    let found = try pretrained(#""mean": [0.5], "std": [0.5]"#)
    #expect(
      found.notes.contains(
        """
        the network takes 3 channels, and the mean in config.json is for 1: leaving out mean, std, size and resizing of \
        config.json
        """))
    #expect(found.preprocessing == .imageNet)
  }
}
