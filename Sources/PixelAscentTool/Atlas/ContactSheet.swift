// SPDX-License-Identifier: MIT

import PixelAscent

/// All pictures of an atlas in one picture: thumbnails in rows, on white, with the names of their classes.
struct ContactSheet {
  private let records: [AtlasRecord]
  private let picture: RGBImage

  private static let gap = 10, widest = 2048, tiles = 12...224

  /// Reads the pictures from the folder and lays them out.
  ///
  /// - Parameter style: whether the sheet has captions, and its scale; the number of columns is that of the rows, or one
  ///   more
  /// - Throws: ``PixelAscentError`` if a picture can't be read, or memory runs out.
  init(
    _ records: [AtlasRecord], in folder: String, _ style: Figure.Style, threads: Int
  ) throws(PixelAscentError) {
    self.records = records
    let columns = Int(Double(records.count).squareRoot().rounded(.up))
    let tile = min(max(Self.widest / columns - Self.gap, Self.tiles.lowerBound), Self.tiles.upperBound)
    let results = sideBySide(records, threads: threads) { (record: AtlasRecord) -> Result<RGBImage, PixelAscentError> in
      Result { () throws(PixelAscentError) in
        try RGBImage(contentsOf: "\(folder)/\(record.output)", maxMegapixels: .infinity).fitted(style.scale * tile)
      }
    }
    let isOneRecipe = Set(records.map(\.recipe)).count == 1, isOneSeed = Set(records.map(\.seed)).count == 1
    var panels: [Figure.Panel] = []
    for (record, result) in zip(records, results) {
      let recipe = isOneRecipe ? "" : " · \(record.recipe)", seed = isOneSeed ? "" : " · seed \(record.seed)"
      panels.append(Figure.Panel(try result.get(), caption: Figure.Caption(record.label, ending: recipe + seed)))
    }
    let style = Figure.Style(hasCaptions: style.hasCaptions, columns: columns, scale: style.scale)
    picture = try Figure(panels, style: style).image(pictureScale: 1)
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
}
