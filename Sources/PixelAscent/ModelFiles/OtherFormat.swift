// SPDX-License-Identifier: MIT

/// A format of files that people give as a model, and that this library recognises by its content but does not read.
package struct OtherFormat: Sendable {
  /// What such a file is, as an error line says it.
  package let name: String
  /// What to do instead; nil if there is nothing to do.
  package let advice: String?
  private let matches: @Sendable (FileContent) -> Bool

  private init(_ name: String, _ advice: String?, _ matches: @escaping @Sendable (FileContent) -> Bool) {
    (self.name, self.advice, self.matches) = (name, advice, matches)
  }

  /// The name and the advice, as an error line ends.
  var text: String { advice.map { "\(name); \($0)" } ?? name }

  /// Returns the format of a file; nil if it is none of ``files``.
  static func of(_ content: FileContent) -> OtherFormat? { files.first { $0.matches(content) } }

  /// Returns the format of a folder; nil if it is none of ``folders``.
  static func ofFolder(_ path: String) -> OtherFormat? {
    let content = FileContent(folder: path)
    return folders.first { $0.matches(content) }
  }

  // MARK: What to do

  private static let original =
    "export ONNX from the program that trained the network, in PyTorch: torch.onnx.export(model, image, \"model.onnx\")"
  private static let unpack = "unpack it first"
  private static func tensorFlow(_ options: String) -> String {
    "export ONNX: python -m tf2onnx.convert \(options) --output model.onnx"
  }
  private static func keras(_ file: String) -> String {
    // With PyTorch as backend Keras exports only a model that has been called.
    "export ONNX: python -c 'import keras; m = keras.models.load_model(\"\(file)\"); "
      + "m(keras.ops.zeros((1, *m.input_shape[1:]))); m.export(\"model.onnx\", format=\"onnx\")'"
  }
  private static let savedModel = tensorFlow("--saved-model FOLDER")
  private static let paddle =
    "export ONNX: paddle2onnx --model_dir . --model_filename model.pdmodel --params_filename model.pdiparams "
    + "--save_file model.onnx"
  private static let mxnet =
    "export ONNX: python -c 'import mxnet; mxnet.onnx.export_model(\"model-symbol.json\", \"model-0000.params\", "
    + "[(1, 3, 224, 224)], \"float32\", \"model.onnx\")'"

  // MARK: Formats

  /// Formats of files. The first one that fits counts.
  package static let files: [OtherFormat] = [
    OtherFormat("a Core ML model", original) { $0.isCoreML },
    OtherFormat("HDF5, as Keras writes it", keras("model.h5")) { $0.begins("\u{89}HDF\r\n\u{1A}\n") },
    OtherFormat("a Keras model", keras("model.keras")) { $0.names.contains("model.weights.h5") },
    OtherFormat("a TensorFlow SavedModel", savedModel) { $0.begins("\u{8}\u{1}\u{12}") },
    OtherFormat(
      "a frozen TensorFlow graph", tensorFlow("--graphdef model.pb --inputs INPUT:0 --outputs OUTPUT:0")
    ) { $0.isTensorFlowGraph },
    OtherFormat(
      "a TensorFlow checkpoint",
      tensorFlow("--checkpoint model.ckpt.meta --inputs INPUT:0 --outputs OUTPUT:0")
    ) { $0.isTensorFlowCheckpoint },
    OtherFormat("a TensorFlow Lite model", tensorFlow("--tflite model.tflite")) { $0.begins("TFL3", at: 4) },
    OtherFormat(
      "a TensorFlow.js model",
      "export ONNX from the Keras or TensorFlow model that it was converted from, for example with tf2onnx"
    ) { $0.isJSON(with: "\"modelTopology\"") },
    OtherFormat("a Darknet network", "convert it to ONNX, or take the same network from PyTorch") { $0.isDarknet },
    OtherFormat("an ncnn model", original) { $0.isNCNN },
    OtherFormat("an OpenVINO model", original) { $0.isOpenVINO },
    OtherFormat("a TensorRT engine", original) { $0.begins("ptrt") || $0.begins("ftrt") },
    OtherFormat("a PaddlePaddle model", paddle) { $0.isPaddle },
    OtherFormat("an MNN model", original) { $0.isMNN },
    OtherFormat("an ONNX Runtime model (ORT)", "name the ONNX file that it was made from") { $0.begins("ORTM", at: 4) },
    OtherFormat("an ExecuTorch program", original) { $0.begins("ET", at: 4) && $0.byte(6).map(isDigit) ?? false },
    OtherFormat("an RKNN model", original) { $0.begins("RKNN") },
    OtherFormat("a Caffe network", "convert it to ONNX, for example with caffe2onnx") { $0.isCaffe },
    OtherFormat("an MXNet model", mxnet) {
      $0.begins("\u{12}\u{1}\0\0\0\0\0\0\0\0\0\0\0\0\0\0") || $0.isJSON(with: "\"arg_nodes\"")
        || $0.isJSON(with: "\"nodes\"") && $0.isJSON(with: "\"op\": \"null\"")
    },
    OtherFormat(
      "weights of Flax or JAX (MessagePack)", "export ONNX with the network's code, for example with jax2onnx"
    ) { $0.isMessagePack },
    OtherFormat("a scikit-learn or joblib object", "it is no network of layers; export a network to ONNX") {
      $0.isScikitLearn
    },
    OtherFormat("GGUF, which holds language models", nil) { $0.begins("GGUF") },
    OtherFormat("GGML, which holds language models", nil) {
      $0.begins("lmgg") || $0.begins("fmgg") || $0.begins("tjgg")
    },
    OtherFormat("a MATLAB file", "export ONNX in MATLAB: exportONNXNetwork(net, \"model.onnx\")") {
      $0.begins("MATLAB ")
    },
    OtherFormat(
      "a torch.export program",
      "save the weights: python -c \"import torch; torch.save(torch.export.load('FILE').state_dict, 'weights.pth')\""
    ) { $0.names.contains { $0.hasSuffix("archive_format") } },
    OtherFormat(
      "NumPy arrays (.npz)", "save them as safetensors, under the names of a PyTorch state dict"
    ) { !$0.names.isEmpty && $0.names.allSatisfy { $0.hasSuffix(".npy") } },
    OtherFormat("a single NumPy array", "a model has many, in one file of PyTorch, safetensors or ONNX") {
      $0.begins("\u{93}NUMPY")
    },
    OtherFormat("a zip archive without PyTorch's data.pkl", unpack) {
      !$0.names.isEmpty && !$0.names.contains { $0.hasSuffix("data.pkl") }
    },
    OtherFormat("a gzip archive", unpack) { $0.begins("\u{1F}\u{8B}") },
    OtherFormat("a tar archive", unpack) { $0.begins("ustar", at: 257) },
    OtherFormat("a compressed archive", unpack) {
      $0.begins("7z\u{BC}\u{AF}") || $0.begins("\u{FD}7zXZ\0") || $0.begins("BZh") || $0.begins("(\u{B5}/\u{FD}")
        || $0.begins("Rar!")
    },
    OtherFormat("a PNG picture", nil) { $0.begins("\u{89}PNG") },
    OtherFormat("a JPEG picture", nil) { $0.begins("\u{FF}\u{D8}\u{FF}") },
    OtherFormat("a Git LFS pointer", "fetch the file itself with `git lfs pull`") {
      $0.text.hasPrefix("version https://git-lfs")
    },
    OtherFormat("a web page", "download the file itself, not the page about it") {
      $0.text.hasPrefix("<!doctype html") || $0.text.hasPrefix("<html")
    },
    OtherFormat("JSON, which holds no weights", "name the file with the weights") { $0.isJSON(with: "\"") },
    OtherFormat("the weights of an ONNX model", "name the .onnx file beside it") { $0.isONNXData },
  ]

  /// Formats of folders.
  package static let folders: [OtherFormat] = [
    OtherFormat("a folder with a Core ML model", original) {
      $0.has("Data/com.apple.CoreML") || $0.has("coremldata.bin")
    },
    OtherFormat("a folder with a TensorFlow SavedModel", savedModel) { $0.has("saved_model.pb") },
    OtherFormat("a folder with a PaddlePaddle model", paddle) { $0.has("__model__") || $0.has("inference.pdmodel") },
    OtherFormat(
      "a folder with weights of Flax or JAX (Orbax)", "export ONNX with the network's code, for example with jax2onnx"
    ) { $0.has("_CHECKPOINT_METADATA") || $0.has("_METADATA") },
    OtherFormat("an unpacked PyTorch file", "pack the folder again: zip -0 -r model.pth FOLDER") {
      $0.has("data.pkl") && $0.has("data")
    },
  ]

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}

/// The beginning of a file, and what else is asked about it to find its format.
struct FileContent: Sendable {
  private let source: ByteSource
  private let head: [UInt8]
  /// The names of the files in a zip archive; empty for any other file.
  let names: [String]
  /// The beginning as text in lower case, without what comes before its first character.
  let text: String

  /// - Parameters:
  ///   - source: the file
  ///   - names: the names of the files in it if it is a zip archive
  /// - Throws: `PixelAscentError` of kind `unreadableFile`.
  init(_ source: ByteSource, names: [String] = []) throws(PixelAscentError) {
    (self.source, self.names) = (source, names)
    head = try source.bytes(0..<min(source.count, 2048))
    text = String(decoding: head.drop { $0 <= 0x20 || $0 >= 0x80 }, as: UTF8.self).lowercased()
  }

  /// The content of a folder.
  init(folder path: String) {
    (source, head, names, text) = (ByteSource([], name: path), [], [], "")
  }

  /// Returns whether the folder has a file or folder of this name.
  func has(_ name: String) -> Bool { Files.exists(source.name.withOneTrailingSlash + name) }

  /// Returns the byte at an offset; nil if the file is shorter.
  func byte(_ offset: Int) -> UInt8? { offset < head.count ? head[offset] : nil }

  /// Returns whether the file has a signature, written in Latin-1, at an offset.
  func begins(_ signature: String, at offset: Int = 0) -> Bool {
    head.count >= offset && head[offset...].starts(with: signature.unicodeScalars.map { UInt8($0.value) })
  }

  /// Returns whether the file is a JSON object whose beginning contains a text.
  func isJSON(with part: String) -> Bool { text.hasPrefix("{") && text.contains(part.lowercased()) }

  /// Returns whether a file exists beside this one that has another ending.
  private func hasNeighbour(_ ending: String) -> Bool {
    guard let dot = source.name.lastIndex(of: ".") else { return false }
    return Files.exists(source.name[..<dot] + ending)
  }

  /// Returns the first `count` fields of a file that is a protocol buffer; nil if it is not.
  private func fields(_ count: Int) -> [ProtobufMessage.Field]? {
    var message = ProtobufMessage(source)
    return Self.fields(&message, count)
  }

  private static func fields(_ message: inout ProtobufMessage, _ count: Int) -> [ProtobufMessage.Field]? {
    var fields: [ProtobufMessage.Field] = []
    do {
      while fields.count < count, let field = try message.next() { fields.append(field) }
    } catch {
      return nil
    }
    return fields.isEmpty ? nil : fields
  }

  /// Returns the first fields of the message in the file's first field; nil if that field holds no message.
  private func firstMessage() -> (message: ProtobufMessage, fields: [ProtobufMessage.Field])? {
    guard head.first == 0x0A, let field = fields(1)?.first,
      var inner = try? ProtobufMessage(source).message(field), let fields = Self.fields(&inner, 2), fields.count == 2
    else { return nil }
    return (inner, fields)
  }

  /// The fields of a Core ML model begin with its version and description; the network's field has a number from 200 on.
  var isCoreML: Bool {
    guard head.first == 0x08, let fields = fields(4) else { return false }
    return fields.contains { (200..<4000).contains($0.number) }
  }

  /// A graph's first field is a node: its name, then its operator.
  var isTensorFlowGraph: Bool {
    guard let (message, fields) = firstMessage(), fields.map(\.number) == [1, 2],
      let name = try? message.text(fields[1], limit: 100)
    else { return false }
    return !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
  }

  /// A checkpoint's index ends with the magic number of LevelDB's tables. The data has no signature.
  var isTensorFlowCheckpoint: Bool {
    let magic: [UInt8] = [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]
    if source.count >= 48, (try? source.bytes(source.count - 8..<source.count)) == magic { return true }
    return source.name.contains(".data-0") && source.name.contains("-of-0")
  }

  /// The text of a network begins with [net] or [network]; the weights begin with a version of three numbers.
  var isDarknet: Bool {
    let line = text.split(whereSeparator: \.isNewline).first { !$0.hasPrefix("#") && !$0.hasPrefix(";") } ?? ""
    if line.hasPrefix("[net]") || line.hasPrefix("[network]") { return true }
    let isVersion = [1, 2].contains { begins("\0\0\0\0\($0 == 1 ? "\u{1}" : "\u{2}")\0\0\0") }
    return isVersion && byte(9) == 0 && byte(10) == 0 && byte(11) == 0 && (byte(8) ?? 9) <= 5
  }

  /// ncnn's magic number is 7767517, in text or in binary.
  var isNCNN: Bool {
    text.hasPrefix("7767517\n") || text.hasPrefix("7767517\r") || begins("\u{DD}\u{85}\u{76}\0") || isRaw(of: ".param")
  }

  var isOpenVINO: Bool {
    (text.hasPrefix("<?xml") || text.hasPrefix("<net")) && text.contains("<net ") && text.contains("<layers>")
      || isRaw(of: ".xml")
  }

  /// Returns whether this is a file .bin of weights without a signature, whose network is in a file beside it.
  private func isRaw(of ending: String) -> Bool { source.name.hasSuffix(".bin") && hasNeighbour(ending) }

  /// A program's first field is a block: its index, then its parent's index. The parameters begin with a version, levels
  /// and another version, all zero, and a description of the first tensor; or they are a pickle with a table of names.
  var isPaddle: Bool {
    if let (message, fields) = firstMessage(), fields.map(\.number) == [1, 2],
      (try? message.integer(fields[0])) == 0, (try? message.integer(fields[1])) != nil
    {
      return true
    }
    let isTensor = head.count > 24 && head.prefix(16).allSatisfy { $0 == 0 } && head[20] == 8 && head[22] == 0x10
    return isTensor || isJSON(with: "\"base_code\"") || isPickle(withAtEnd: "StructuredToParameterName@@")
  }

  /// A FlatBuffer without an identifier: the offset of the root, then the root's table of 10 to 14 fields.
  var isMNN: Bool {
    guard let root = byte(0), [0x18, 0x1C, 0x20].contains(root), begins("\0\0\0", at: 1) else { return false }
    return byte(4) == root - 4 && byte(5) == 0 && byte(Int(root)) == root - 4 && begins("\0\0\0", at: Int(root) + 1)
  }

  /// The text of a network has layers in braces; the weights are a protocol buffer of a name and layers.
  var isCaffe: Bool {
    let isText = ["name:", "layer", "input:", "#", "force_backward"].contains(where: text.hasPrefix)
    if isText && ["layer {", "layer{", "layers {", "layers{"].contains(where: text.contains) { return true }
    guard head.first == 0x0A, let fields = fields(32) else { return false }
    if fields.contains(where: { $0.number == 100 }) { return true }
    return fields.dropFirst().first { $0.number == 2 }.map { layer in
      guard var message = try? ProtobufMessage(source).message(layer), let inner = Self.fields(&message, 8) else {
        return false
      }
      return inner.contains { $0.number == 4 } && inner.contains { $0.number == 5 }
    } ?? false
  }

  /// A map whose first key is a text.
  var isMessagePack: Bool {
    guard let first = byte(0) else { return false }
    let key = (0x81...0x8F).contains(first) ? 1 : first == 0xDE ? 3 : first == 0xDF ? 5 : Int.max
    guard key < 8, let length = byte(key), (0xA1...0xBF).contains(length), head.count > key + 32 else { return false }
    return head[(key + 1)...].prefix(Int(length) - 0xA0).allSatisfy { (0x20...0x7E).contains($0) }
  }

  var isScikitLearn: Bool {
    let isZlib = begins("x\u{1}") || begins("x\u{5E}") || begins("x\u{9C}") || begins("x\u{DA}")
    return isZlib || isPickle && ["sklearn.", "joblib.", "xgboost.", "lightgbm."].contains(where: text.contains)
  }

  var isONNXData: Bool {
    for ending in [".data", "_data", ".weights"] where source.name.hasSuffix(ending) {
      let model = String(source.name.dropLast(ending.count))
      if Files.exists(model.hasSuffix(".onnx") ? model : "\(model).onnx") { return true }
    }
    return false
  }

  /// Whether the file may be a pickle of a container.
  ///
  /// From protocol 2 on, a pickle begins with the opcode of its version. In protocols 0 and 1 it begins with a mark,
  /// with an empty list or dictionary, or with the container's class.
  var isPickle: Bool { byte(0).map { $0 == 0x80 || "(]}c".utf8.contains($0) } ?? false }

  private func isPickle(withAtEnd text: String) -> Bool {
    guard isPickle, let end = try? source.bytes(max(0, source.count - 1 << 16)..<source.count) else { return false }
    return String(decoding: end, as: UTF8.self).contains(text)
  }
}
