// SPDX-License-Identifier: MIT

import PixelAscent

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The frame of a report: one file that asks for no other, says the same without its scripts, and has no time in it.
struct ReportPage {
  /// What kind of result it shows, and of what.
  let kind, title: String
  /// The result in a sentence.
  let lead: HTML
  let sections: [HTML]
  let network: Network
  /// The words of the command that makes the page again; none if there is no such command.
  let command: [String]

  /// The whole file.
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
    // A line breaks between words, not at the hyphens of an option.
    let words: [HTML] = command.enumerated().map { "\($0 == 0 ? "" : " ")<span>\(shellQuoted($1))</span>" }
    return """
      <section>
      <h2>The command</h2>
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

  /// Pictures beside each other, or one below the other where there is no room.
  static func pictures(_ figures: [HTML]) -> HTML { "<div class=\"pictures\">\n\(figures)</div>\n" }

  /// - Throws: ``PixelAscentError`` as ``RGBImage/pngData()`` does.
  static func figure(_ image: RGBImage, alt: String, caption: HTML) throws(PixelAscentError) -> HTML {
    """
    <figure>
    \(try picture(image, alt: alt))
    <figcaption>\(caption)</figcaption>
    </figure>

    """
  }

  /// - Throws: ``PixelAscentError`` as ``RGBImage/pngData()`` does.
  static func picture(_ image: RGBImage, alt: String) throws(PixelAscentError) -> HTML {
    let data = Data(try image.pngData()).base64EncodedString()
    return """
      <img src="data:image/png;base64,\(data)" width="\(image.width)" height="\(image.height)" alt="\(alt)">
      """
  }

  /// Names and values.
  static func facts(_ facts: [(name: String, value: HTML)]) -> HTML {
    let rows: [HTML] = facts.map { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd></div>\n" }
    return "<dl>\n\(rows)</dl>\n"
  }

  /// The first five classes, and those of `marked` that are not among them.
  static func scores(_ scores: [Float], _ network: Network, marked: [Int], caption: String) -> HTML {
    let all = network.predictions(scores, top: scores.count)
    let rows = all.enumerated().filter { $0.offset < 5 || marked.contains($0.element.classIndex) }.map { rank, row in
      let mark: HTML = marked.contains(row.classIndex) ? " class=\"marked\"" : ""
      return """
        <tr\(mark)><td>\(rank + 1)</td><th scope="row">\(name(row.classIndex, network))\
        <span class="bar"><i style="width: \(fixed(100 * row.probability, 2))%"></i></span></th>\
        <td>\(fixed(row.score, 3))</td><td>\(fixed(row.probability, 4))</td></tr>

        """ as HTML
    }
    return """
      <table>
      <caption>\(caption)</caption>
      <thead><tr><th scope="col"><span class="spoken">Rank</span></th><th scope="col">class</th>\
      <th scope="col">score</th><th scope="col">probability</th></tr></thead>
      <tbody>
      \(rows)</tbody>
      </table>

      """
  }

  /// A number of things: 1 step, 2 steps.
  static func count(_ number: Int, _ thing: String) -> HTML { "\(number) \(number == 1 ? thing : "\(thing)s")" }

  /// A parameter as people write it: 25 rather than 25.0.
  static func number(_ value: Double) -> HTML {
    let text = "\(value)"
    return text.hasSuffix(".0") ? "\(String(text.dropLast(2)))" : "\(text)"
  }

  /// A class's name, which may be written from right to left, with its index.
  static func name(_ class: Int, _ network: Network) -> HTML {
    "<span><bdi>\(network.labels[`class`])</bdi> <small>(\(`class`))</small></span>"
  }
}
