// SPDX-License-Identifier: MIT

import PixelAscent

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// How a terminal shows pictures.
package enum TerminalGraphics: Hashable, Sendable {
  /// As PNG files, by kitty's graphics protocol.
  case kitty
  /// Two pixels a character, "▀" on a background, in 24-bit colours.
  case trueColor
  /// The same in the palette of 256 colours.
  case palette

  /// What the terminal that environment variables describe can show; nil if it has no colours.
  package init?(environment: (String) -> String?) {
    guard let terminal = environment("TERM"), terminal != "dumb" else { return nil }
    // None of these three passes kitty's pictures on; screen takes no 24-bit colours either.
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

  /// The number of characters a picture takes in a terminal: its aspect is kept, it is not enlarged, and leaves the last
  /// column and two rows free. Nil if there is no room.
  package func cells(for picture: RGBImage, in terminal: Terminal) -> Terminal? {
    let most = Terminal(columns: terminal.columns - 1, rows: terminal.rows - 2)
    guard most.columns >= 1, most.rows >= 1 else { return nil }
    // A character is 2 pixels high, or about 16 where they are the screen's.
    let pixelsARow = self == .kitty ? 16 : 2
    let columnsARow = terminal.cellAspect * Double(picture.width) / Double(picture.height)
    let rows = min(most.rows, (picture.height - 1) / pixelsARow + 1)
    let columns = (Double(rows) * columnsARow).rounded()
    if columns <= Double(most.columns) { return Terminal(columns: max(1, Int(columns)), rows: rows) }
    return Terminal(columns: most.columns, rows: max(1, Int((Double(most.columns) / columnsARow).rounded())))
  }

  /// What draws a picture in so many characters, from the start of a line on; afterwards that is the line below.
  ///
  /// - Parameters:
  ///   - id: tells the pictures in a window of kitty apart
  ///   - isAbove: whether the former picture of the same size stands above, which this one replaces
  /// - Throws: ``PixelAscentError`` of kind `sizeLimit` if memory runs out.
  package func text(
    for picture: RGBImage, cells: Terminal, id: UInt32, isAbove: Bool
  ) throws(PixelAscentError) -> String {
    let back = "\u{1B}[\(cells.rows)A"
    guard self == .kitty else {
      return (isAbove ? back : "") + blocks(picture.resized(width: cells.columns, height: 2 * cells.rows))
    }
    // Room is made first: a picture that scrolls would leave the cursor anywhere.
    let room = isAbove ? "" : String(repeating: "\n", count: cells.rows)
    return room + back + Self.kitty(try picture.pngData(), cells: cells, id: id) + "\u{1B}[\(cells.rows)B"
  }

  /// A PNG file where the cursor is, which stays there; without an answer.
  private static func kitty(_ png: [UInt8], cells: Terminal, id: UInt32) -> String {
    let data = Array(Data(png).base64EncodedString().utf8), chunk = 4096
    return stride(from: 0, to: data.count, by: chunk).map { (start: Int) -> String in
      let end = min(start + chunk, data.count), more = end < data.count ? 1 : 0
      let keys = start > 0 ? "" : "a=T,f=100,q=2,C=1,i=\(id),p=1,c=\(cells.columns),r=\(cells.rows),"
      return "\u{1B}_G\(keys)m=\(more);\(String(decoding: data[start..<end], as: UTF8.self))\u{1B}\\"
    }.joined()
  }

  /// Two rows of pixels a line.
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

  /// The nearest colour of xterm's palette: of its cube of 6 × 6 × 6 (from 16 on) or its 24 greys (from 232 on).
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
