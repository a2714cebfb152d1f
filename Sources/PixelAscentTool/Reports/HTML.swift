// SPDX-License-Identifier: MIT

import PixelAscent

/// A piece of HTML, written as a string literal. Text that is interpolated into the literal is escaped, but pieces of
/// HTML are not: `"<b title=\"\(name)\">\(piece)</b>"` is safe for every name. Attributes must be quoted.
package struct HTML: ExpressibleByStringInterpolation, Hashable, Sendable {
  /// The HTML source.
  package private(set) var text: String

  /// Makes a piece from a literal, unchanged.
  package init(stringLiteral literal: String) { text = literal }

  /// Makes a piece from a literal with interpolations.
  package init(stringInterpolation interpolation: StringInterpolation) { text = interpolation.text }

  /// Collects the literals and interpolations of a piece.
  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    /// Begins with an empty piece.
    package init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

    /// Appends a literal, unchanged.
    package mutating func appendLiteral(_ literal: String) { text += literal }

    /// Appends text, escaped.
    package mutating func appendInterpolation(_ text: String) { self.text += HTML.escaped(text) }

    /// Appends a whole number.
    package mutating func appendInterpolation(_ number: some BinaryInteger) { text += String(number) }

    /// Appends a piece, unchanged.
    package mutating func appendInterpolation(_ html: HTML) { text += html.text }

    /// Appends pieces in their order, unchanged.
    package mutating func appendInterpolation(_ pieces: [HTML]) { for piece in pieces { text += piece.text } }
  }

  /// Returns the text escaped, so that it can stand between tags or in a quoted attribute.
  ///
  /// Some characters become U+FFFD: those that HTML does not allow, which are noncharacters and the control characters
  /// except tab and line feed; Unicode's line and paragraph separators; and its bidirectional controls, which would
  /// reorder the text around them.
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
  /// Returns a whole HTML file with its style and script inside. Its content security policy allows it to load nothing
  /// but images.
  ///
  /// - Parameter images: the sources of images that the policy allows, such as "data:"
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
