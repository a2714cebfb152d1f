// SPDX-License-Identifier: MIT

/// The `config.json` that timm writes beside the weights of a network.
struct TimmConfig {
  private let fields: Fields
  private let source: ByteSource

  private struct Fields: Decodable {
    let architecture: String
    let pretrained: Pretrained

    private enum CodingKeys: String, CodingKey {
      case architecture
      case pretrained = "pretrained_cfg"
    }
  }

  private struct Pretrained: Decodable {
    let mean, std: [Float]?
    let inputSize: [Int]?
    let cropShare: Double?
    let cropMode, interpolation: String?

    private enum CodingKeys: String, CodingKey {
      case mean, std, interpolation
      case inputSize = "input_size"
      case cropShare = "crop_pct"
      case cropMode = "crop_mode"
    }
  }

  /// Reads the file in the folder of a weight file; nil if it does not exist, or another program wrote it.
  init?(beside weights: ByteSource) {
    guard let (fields, source): (Fields, ByteSource) = try? FileBeside.read("config.json", beside: weights) else {
      return nil
    }
    (self.fields, self.source) = (fields, source)
  }

  /// The architecture that the file names; nil if it is unknown here.
  var knownArchitecture: String? { Architecture.names.contains(fields.architecture) ? fields.architecture : nil }

  /// Gives a model the preprocessing of this file, and notes that say so.
  func complete(_ model: inout Model) throws(PixelAscentError) {
    let usual = model.preprocessing ?? .imageNet, pretrained = fields.pretrained
    // The file's size is that of the channels, rows and columns.
    let shape = pretrained.inputSize ?? [], share = pretrained.cropShare ?? 0.875
    let size = shape.count == 3 ? PixelSize(height: shape[1], width: shape[2]) : usual.inputSize
    guard model.graph.input.channels == (pretrained.mean ?? usual.mean).count,
      [size.height, size.width].allSatisfy(Preprocessing.inputSizes.contains),
      share > 0, share <= 1, Double(size.shortSide) / share < Double(Preprocessing.inputSizes.upperBound)
    else { return }
    let isSquashed = pretrained.cropMode == "squash"
    do throws(PixelAscentError) {
      model.preprocessing = try Preprocessing(
        mean: pretrained.mean ?? usual.mean, std: pretrained.std ?? usual.std, inputSize: size,
        resize: isSquashed ? .stretch : .crop, shortSide: isSquashed ? nil : Int(Double(size.shortSide) / share))
    } catch {
      throw error.about("config.json")
    }
    model.notes.append("mean, std, size and resizing are those of timm's config.json")
    if let filter = pretrained.interpolation, filter != "bilinear" {
      model.notes.append(
        "its filter for resizing is \(filter.oneLine), and here it is bilinear: scores of photographs differ a little")
    }
    model.files.append(source)
  }
}
