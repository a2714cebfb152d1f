// SPDX-License-Identifier: MIT

import PixelAscent

/// The pictures of an atlas as small ones in rows, on white.
struct ContactSheet {
  private let records: [AtlasRecord]
  private let picture: RGBImage

  private static let gap = 4, widest = 2048, tiles = 12...224

  /// - Throws: ``PixelAscentError`` as reading a picture does.
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

  /// The file; it says what it is made of.
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
  /// The picture with its longer side `side`; the shorter at least a pixel.
  fileprivate func fitted(_ side: Int) -> RGBImage {
    let longer = max(width, height)
    return resized(width: max(1, width * side / longer), height: max(1, height * side / longer))
  }

  /// Pictures no larger than a tile, in rows of `columns`, each in the middle of its tile, on white.
  fileprivate init(grid pictures: [RGBImage], columns: Int, tile: Int, gap: Int) {
    let rows = (pictures.count + columns - 1) / columns
    let places = pictures.enumerated().map { index, picture in
      let left = gap + index % columns * (tile + gap) + (tile - picture.width) / 2
      let top = gap + index / columns * (tile + gap) + (tile - picture.height) / 2
      return (picture, left, top)
    }
    self.init(width: columns * (tile + gap) + gap, height: rows * (tile + gap) + gap, showing: places)
  }
}
