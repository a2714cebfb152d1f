// SPDX-License-Identifier: MIT

import PixelAscent

/// All pictures of an atlas in one picture: thumbnails in rows, on white.
struct ContactSheet {
  private let records: [AtlasRecord]
  private let picture: RGBImage

  private static let gap = 4, widest = 2048, tiles = 12...224

  /// Reads the pictures from the folder and lays them out.
  ///
  /// - Throws: ``PixelAscentError`` if a picture can't be read.
  init(_ records: [AtlasRecord], in folder: String, threads: Int) throws(PixelAscentError) {
    self.records = records
    let columns = Int(Double(records.count).squareRoot().rounded(.up))
    let tile = min(max(Self.widest / columns - Self.gap, Self.tiles.lowerBound), Self.tiles.upperBound)
    let results = sideBySide(records, threads: threads) { (record: AtlasRecord) -> Result<RGBImage, PixelAscentError> in
      Result { () throws(PixelAscentError) in
        try RGBImage(contentsOf: "\(folder)/\(record.output)", maxMegapixels: .infinity).fitted(tile)
      }
    }
    var tiles: [RGBImage] = []
    for result in results { tiles.append(try result.get()) }
    picture = RGBImage(grid: tiles, columns: columns, tile: tile, gap: Self.gap)
  }

  /// Returns the sheet as a PNG file, whose comment lists the pictures on it.
  func pngData() throws -> [UInt8] {
    struct Comment: Encodable {
      struct Picture: Encodable {
        let output: String
        let sha256: String?
      }

      let program = "pixelascent", version: String, title: String
      let pictures: [Picture]
    }
    let comment = Comment(
      version: Release.version, title: "contact sheet of \(records.count) class visualizations",
      pictures: records.map { Comment.Picture(output: $0.output, sha256: $0.sha256) })
    return try picture.pngData(comment: JSONText.encode(comment))
  }
}

extension RGBImage {
  /// Returns the picture resized so that its longer side has `side` pixels and its shorter side at least one.
  fileprivate func fitted(_ side: Int) -> RGBImage {
    let longer = max(width, height)
    return resized(width: max(1, width * side / longer), height: max(1, height * side / longer))
  }

  /// Lays out pictures that are at most as large as a tile, in rows of `columns`, each centred in its tile, on white.
  fileprivate init(grid pictures: [RGBImage], columns: Int, tile: Int, gap: Int) {
    let rows = (pictures.count + columns - 1) / columns
    let positioned = pictures.enumerated().map { index, picture in
      let left = gap + index % columns * (tile + gap) + (tile - picture.width) / 2
      let top = gap + index / columns * (tile + gap) + (tile - picture.height) / 2
      return (picture, left, top)
    }
    self.init(width: columns * (tile + gap) + gap, height: rows * (tile + gap) + gap, showing: positioned)
  }
}
