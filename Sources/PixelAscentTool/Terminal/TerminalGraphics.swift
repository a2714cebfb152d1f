// SPDX-License-Identifier: MIT

import PixelAscent

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The ways in which a terminal can show pictures.
package enum TerminalGraphics: Hashable, Sendable {
  /// PNG files, sent with kitty's graphics protocol.
  case kitty
  /// Two pixels per character, as "▀" on a background, in 24-bit colours.
  case trueColor
  /// Two pixels per character, as "▀" on a background, in the palette of 256 colours.
  case palette

  /// Finds the best way for the terminal that the environment variables describe; nil if the terminal has no colours.
  package init?(environment: (String) -> String?) {
    guard let terminal = environment("TERM"), terminal != "dumb" else { return nil }
    // tmux, screen and Zellij do not pass kitty's pictures on to the terminal, and screen does not pass 24-bit colours
    // on.
    let isMultiplexed =
      ["TMUX", "STY", "ZELLIJ"].contains { environment($0) != nil }
      || ["tmux", "screen"].contains(where: terminal.hasPrefix)
    let isKitty =
      environment("KITTY_WINDOW_ID") != nil || ["xterm-kitty", "xterm-ghostty"].contains(terminal)
      || ["WezTerm", "ghostty"].contains(environment("TERM_PROGRAM"))
    if isKitty && !isMultiplexed {
      self = .kitty
    } else if ["truecolor", "24bit"].contains(environment("COLORTERM")) && environment("STY") == nil {
      self = .trueColor
    } else {
      self = .palette
    }
  }

  /// Returns the number of columns and rows that a picture takes in a terminal; nil if the terminal is too small. The
  /// picture keeps its aspect ratio, is not enlarged, and leaves one column and two rows free.
  package func cells(for picture: RGBImage, in terminal: Terminal) -> Terminal? {
    let most = Terminal(columns: terminal.columns - 1, rows: terminal.rows - 2)
    guard most.columns >= 1, most.rows >= 1 else { return nil }
    // A row is as high as 2 pixels of a picture in half blocks, or about 16 pixels of the screen. Kitty's pictures use
    // the screen's pixels.
    let pixelsPerRow = self == .kitty ? 16 : 2
    let columnsPerRow = terminal.cellAspect * Double(picture.width) / Double(picture.height)
    let rows = min(most.rows, (picture.height - 1) / pixelsPerRow + 1)
    let columns = (Double(rows) * columnsPerRow).rounded()
    if columns <= Double(most.columns) { return Terminal(columns: max(1, Int(columns)), rows: rows) }
    return Terminal(columns: most.columns, rows: max(1, Int((Double(most.columns) / columnsPerRow).rounded())))
  }

  /// Returns the text that draws a picture. The cursor must be at the start of a line; afterwards it is at the start of
  /// the line below the picture.
  ///
  /// - Parameters:
  ///   - cells: the number of columns and rows that the picture takes
  ///   - id: the picture's number, which kitty uses to tell the pictures of a window apart
  ///   - replacesLast: whether to draw over the last picture, which has the same size and stands directly above the
  ///     cursor
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if memory runs out.
  package func text(
    for picture: RGBImage, cells: Terminal, id: UInt32, replacesLast: Bool
  ) throws(PixelAscentError) -> String {
    let back = "\u{1B}[\(cells.rows)A"
    guard self == .kitty else {
      return (replacesLast ? back : "") + blocks(picture.resized(width: cells.columns, height: 2 * cells.rows))
    }
    // Empty lines first: if the picture itself made the terminal scroll, the position of the cursor would be unknown.
    let emptyLines = replacesLast ? "" : String(repeating: "\n", count: cells.rows)
    return emptyLines + back + Self.kitty(try picture.pngData(), cells: cells, id: id) + "\u{1B}[\(cells.rows)B"
  }

  /// Returns the escape sequences that show a PNG file at the cursor. The cursor does not move, and the terminal sends
  /// no response.
  private static func kitty(_ png: [UInt8], cells: Terminal, id: UInt32) -> String {
    let data = Array(Data(png).base64EncodedString().utf8), chunk = 4096
    return stride(from: 0, to: data.count, by: chunk).map { (start: Int) -> String in
      let end = min(start + chunk, data.count), more = end < data.count ? 1 : 0
      let keys = start > 0 ? "" : "a=T,f=100,q=2,C=1,i=\(id),p=1,c=\(cells.columns),r=\(cells.rows),"
      return "\u{1B}_G\(keys)m=\(more);\(String(decoding: data[start..<end], as: UTF8.self))\u{1B}\\"
    }.joined()
  }

  /// Returns a picture as lines of half blocks, with two rows of pixels per line.
  private func blocks(_ picture: RGBImage) -> String {
    var text = ""
    for row in stride(from: 0, to: picture.height, by: 2) {
      var former: (upper: String, lower: String) = ("", "")
      for column in 0..<picture.width {
        let upper = color(picture, row, column), lower = color(picture, row + 1, column)
        if upper != former.upper { text += "\u{1B}[38;\(upper)m" }
        if lower != former.lower { text += "\u{1B}[48;\(lower)m" }
        text += "▀"
        former = (upper, lower)
      }
      text += "\u{1B}[0m\n"
    }
    return text
  }

  private func color(_ picture: RGBImage, _ row: Int, _ column: Int) -> String {
    let pixel = 3 * (row * picture.width + column)
    let red = Int(picture.pixels[pixel]), green = Int(picture.pixels[pixel + 1]), blue = Int(picture.pixels[pixel + 2])
    return self == .palette ? "5;\(Self.paletteIndex(red, green, blue))" : "2;\(red);\(green);\(blue)"
  }

  /// Returns the index of the nearest colour in xterm's palette, either in its cube of 6 × 6 × 6 colours (from index
  /// 16) or among its 24 greys (from index 232).
  package static func paletteIndex(_ red: Int, _ green: Int, _ blue: Int) -> Int {
    let levels = [0, 95, 135, 175, 215, 255]
    func nearest(_ value: Int) -> Int { value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40 }
    func distance(_ r: Int, _ g: Int, _ b: Int) -> Int {
      (r - red) * (r - red) + (g - green) * (g - green) + (b - blue) * (b - blue)
    }
    let (r, g, b) = (nearest(red), nearest(green), nearest(blue))
    let step = min(max((red + green + blue) / 3 - 3, 0) / 10, 23), grey = 8 + 10 * step
    return distance(grey, grey, grey) < distance(levels[r], levels[g], levels[b])
      ? 232 + step : 16 + 36 * r + 6 * g + b
  }
}
