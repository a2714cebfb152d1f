// SPDX-License-Identifier: MIT

import PixelAscent

/// A piece of a page. Literals stand as they are; text that is interpolated is escaped, other pieces are not:
/// `"<b title=\"\(name)\">\(piece)</b>"` is safe whatever the name is. Attributes are quoted.
package struct HTML: ExpressibleByStringInterpolation, Hashable, Sendable {
  /// The page's own text.
  package private(set) var text: String

  /// A piece as it stands in the source.
  package init(stringLiteral literal: String) { text = literal }

  /// A piece of literals and what stands between them.
  package init(stringInterpolation interpolation: StringInterpolation) { text = interpolation.text }

  /// Collects a piece.
  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    /// Nothing yet.
    package init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

    /// Appends a literal as it is.
    package mutating func appendLiteral(_ literal: String) { text += literal }

    /// Appends text, escaped.
    package mutating func appendInterpolation(_ text: String) { self.text += HTML.escaped(text) }

    /// Appends a whole number.
    package mutating func appendInterpolation(_ number: some BinaryInteger) { text += String(number) }

    /// Appends a piece as it is.
    package mutating func appendInterpolation(_ html: HTML) { text += html.text }

    /// Appends pieces one after another.
    package mutating func appendInterpolation(_ pieces: [HTML]) { for piece in pieces { text += piece.text } }
  }

  /// A text as it stands between tags or in a quoted attribute.
  ///
  /// What no page may hold (control characters other than tabs and line feeds, noncharacters), and what would reorder the text
  /// around it (Unicode's controls of direction), becomes U+FFFD.
  package static func escaped(_ text: String) -> String {
    var escaped = ""
    escaped.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      case "\t", "\n", " "..."~": escaped.unicodeScalars.append(scalar)
      default:
        escaped.unicodeScalars.append(
          scalar.isInvisible || scalar.properties.isNoncharacterCodePoint ? "\u{FFFD}" : scalar)
      }
    }
    return escaped
  }
}

extension HTML {
  /// A whole file that asks for no other but what `images` allows (a list of sources as in a content security policy), with
  /// its style and script in it.
  static func page(title: HTML, head: HTML = "", images: String, style: HTML, body: HTML, script: HTML) -> HTML {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    \(head)\
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src \(images); \
    style-src 'unsafe-inline'; script-src 'unsafe-inline'">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <link rel="icon" href="data:,">
    <title>\(title)</title>
    <style>
    \(style)</style>
    </head>
    <body>
    \(body)<script>
    \(script)</script>
    </body>
    </html>

    """
  }
}
