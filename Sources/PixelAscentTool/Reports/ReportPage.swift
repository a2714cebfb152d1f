// SPDX-License-Identifier: MIT

import PixelAscent

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The frame that all reports share. A report is one file that loads no other, shows the same facts without scripts,
/// and holds no date or time.
struct ReportPage {
  /// The kind of result that the page shows, such as "Saliency map", and the page's heading.
  let kind, title: String
  /// One or two sentences about the result.
  let lead: HTML
  let sections: [HTML]
  let network: Network
  /// The words of the command that makes the page; empty if the page shows no command.
  let command: [String]

  /// The text of the page's file.
  var text: String {
    let body: HTML = """
      <main>
      <header>
      <p class="kind">\(kind)</p>
      <h1><bdi>\(title)</bdi></h1>
      <p class="lead">\(lead)</p>
      </header>
      \(sections)\(commandSection)</main>
      <footer>
      <p>PixelAscent \(Release.version), instruction set \(network.options.instructionSet.name). Model: <bdi>\(network.source)</bdi>; \
      licence: <bdi>\(network.licence)</bdi>; \(network.classCount) classes.</p>
      </footer>

      """
    return HTML.page(title: "\(title) – \(kind)", images: "data:", style: Self.style, body: body, script: Self.script)
      .text
  }

  private var commandSection: HTML {
    if command.isEmpty { return "" }
    // Each word is a span, so that lines break between words and not at the hyphens of an option.
    let words: [HTML] = command.enumerated().map { "\($0 == 0 ? "" : " ")<span>\(shellQuoted($1))</span>" }
    return """
      <section>
      <h2>The command that made this page</h2>
      <pre class="command" tabindex="0">\(words)</pre>
      </section>

      """
  }

  // MARK: Parts

  static func section(_ title: String, _ content: [HTML]) -> HTML {
    """
    <section>
    <h2>\(title)</h2>
    \(content)</section>

    """
  }

  /// Returns figures side by side, or one below the other on narrow screens.
  static func pictures(_ figures: [HTML]) -> HTML { "<div class=\"pictures\">\n\(figures)</div>\n" }

  /// Returns a figure of an image and a caption.
  ///
  /// - Throws: ``PixelAscentError`` as ``RGBImage/pngData(comment:)`` does.
  static func figure(_ image: RGBImage, alt: String, caption: HTML) throws(PixelAscentError) -> HTML {
    """
    <figure>
    \(try picture(image, alt: alt))
    <figcaption>\(caption)</figcaption>
    </figure>

    """
  }

  /// Returns an `img` element that holds the image itself as PNG. The page shows the pixels of a small image as squares.
  ///
  /// - Throws: ``PixelAscentError`` as ``RGBImage/pngData(comment:)`` does.
  static func picture(_ image: RGBImage, alt: String) throws(PixelAscentError) -> HTML {
    let data = Data(try image.pngData()).base64EncodedString()
    let isSmall = max(image.width, image.height) < 128, kind: HTML = isSmall ? " class=\"small\"" : ""
    return """
      <img\(kind) src="data:image/png;base64,\(data)" width="\(image.width)" height="\(image.height)" alt="\(alt)">
      """
  }

  /// Returns a list of names and values.
  static func facts(_ facts: [(name: String, value: HTML)]) -> HTML {
    let rows: [HTML] = facts.map { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd></div>\n" }
    return "<dl>\n\(rows)</dl>\n"
  }

  /// Returns a table of the five classes with the highest scores, and of the `marked` classes that are not among these
  /// five. The table has no probabilities if they are not known.
  static func scores(_ scores: [Float], _ network: Network, marked: [Int], caption: String) -> HTML {
    let all = network.predictions(scores, top: scores.count)
    let rows = all.enumerated().filter { $0.offset < 5 || marked.contains($0.element.classIndex) }.map { rank, row in
      let mark: HTML = marked.contains(row.classIndex) ? " class=\"marked\"" : ""
      let bar: HTML =
        row.probability.map { "<span class=\"bar\"><i style=\"width: \(fixed(100 * $0, 2))%\"></i></span>" } ?? ""
      let probability: HTML = row.probability.map { "<td>\(fixed($0, 4))</td>" } ?? ""
      return """
        <tr\(mark)><td>\(rank + 1)</td><th scope="row">\(name(row.classIndex, network))\(bar)</th>\
        <td>\(fixed(row.score, 3))</td>\(probability)</tr>

        """ as HTML
    }
    let probability: HTML = network.activation == .none ? "" : "<th scope=\"col\">probability</th>"
    return """
      <table>
      <caption>\(caption)</caption>
      <thead><tr><th scope="col"><span class="spoken">Rank</span></th><th scope="col">class</th>\
      <th scope="col">score</th>\(probability)</tr></thead>
      <tbody>
      \(rows)</tbody>
      </table>

      """
  }

  /// Returns a number with a noun in the singular or plural: "1 step", "2 steps".
  static func count(_ number: Int, _ thing: String) -> HTML { "\(number) \(number == 1 ? thing : "\(thing)s")" }

  /// Returns a number without a trailing ".0": 25 rather than 25.0.
  static func number(_ value: Double) -> HTML {
    let text = "\(value)"
    return text.hasSuffix(".0") ? "\(String(text.dropLast(2)))" : "\(text)"
  }

  /// Returns a class's name and index. The name is isolated, because it may be in a script that is written from right
  /// to left.
  static func name(_ class: Int, _ network: Network) -> HTML {
    "<span><bdi>\(network.labels[`class`])</bdi> <small>(\(`class`))</small></span>"
  }
}
