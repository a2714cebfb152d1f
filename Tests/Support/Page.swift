// SPDX-License-Identifier: MIT

/// Simple checks of a report's page.
package enum Page {
  private static let voidElements: Set<Substring> = ["meta", "link", "img", "input", "br"]

  /// Returns what is wrong with a page: unmatched tags, open quotation marks, pictures that are not data URLs or have
  /// no alt text, and anything that a browser would fetch.
  package static func problems(_ page: String) -> [String] {
    var problems: [String] = [], open: [Substring] = []
    for tag in tags(page) {
      let name = tag.drop { $0 == "/" }.prefix { $0.isLetter || $0.isNumber || $0 == "!" }
      if tag.hasPrefix("/") {
        if open.popLast() != name { problems.append("<\(tag)> closes another element") }
      } else if !tag.hasPrefix("!") && !tag.hasSuffix("/") && !voidElements.contains(name) {
        open.append(name)
      }
      if name == "img" && !(tag.contains(" src=\"data:image/png;base64,") && tag.contains(" alt=\"")) {
        problems.append("a picture is not a data URL or has no alt text: \(tag.prefix(60))")
      }
      let quoted = tag.split(separator: "\"", omittingEmptySubsequences: false)
      if quoted.count % 2 == 0 { problems.append("a quotation mark is open: \(tag.prefix(60))") }
      for (attribute, value) in zip(quoted, quoted.dropFirst())
      where ["src=", "href="].contains(where: attribute.hasSuffix) {
        if !value.hasPrefix("data:") { problems.append("fetches \(value.prefix(60))") }
      }
    }
    if !open.isEmpty { problems.append("open at the end: \(open)") }
    for word in ["@import", "url(", "fetch("] where page.contains(word) { problems.append("fetches by \(word)") }
    return problems
  }

  /// Returns the texts between "<" and ">" outside of styles and scripts.
  private static func tags(_ page: String) -> [Substring] {
    var tags: [Substring] = [], isText = false
    for piece in page.split(separator: "<").dropFirst(page.hasPrefix("<") ? 0 : 1) {
      if isText && !["/style>", "/script>"].contains(where: piece.hasPrefix) { continue }
      let tag = piece.prefix { $0 != ">" }
      isText = tag == "style" || tag == "script"
      tags.append(tag)
    }
    return tags
  }
}
