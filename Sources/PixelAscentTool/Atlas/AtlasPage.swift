// SPDX-License-Identifier: MIT

import PixelAscent

/// The gallery page of an atlas: the pictures, which are files in the same folder, with a search by class. The page
/// holds no date or time, so the same records give the same bytes.
struct AtlasPage {
  private let records: [AtlasRecord]

  init(_ records: [AtlasRecord]) { self.records = records }

  /// Returns whether the bytes of a file are an atlas's gallery page.
  static func isGallery(_ bytes: [UInt8]) -> Bool {
    String(decoding: bytes.prefix(1024), as: UTF8.self).contains(generator.text)
  }

  private static let generator: HTML = """
    <meta name="generator" content="pixelascent atlas">

    """

  /// The text of the page's file.
  var text: String {
    let recipes = Set(records.map(\.recipe)).count, seeds = Set(records.map(\.seed)).count
    let figures: [HTML] = records.map { Self.figure($0, recipes: recipes > 1, seeds: seeds > 1) }
    let pictures = ReportPage.count(records.count, "class visualization")
    let body: HTML = """
      <header>
      <h1>What each class looks like to the network</h1>
      <p>\(pictures). For each picture, gradient ascent raised the score of the class that is named below it. \
      \(records.isEmpty ? "" : Self.sheet)\
      <a href="manifest.jsonl">All scores and seeds</a>.</p>
      <label hidden>Search <input type="search" placeholder="class name or index"> <output></output></label>
      </header>
      <main>
      \(figures)</main>
      <footer><p>PixelAscent \(Release.version)</p></footer>

      """
    return HTML.page(
      title: "Atlas of \(pictures)", head: Self.generator, images: "'self' file: data:",
      style: Self.style, body: body, script: Self.script
    ).text
  }

  private static let sheet: HTML = """
    <a href="contact-sheet.png">All pictures on one sheet</a>.\u{20}
    """

  private static func figure(_ record: AtlasRecord, recipes: Bool, seeds: Bool) -> HTML {
    let recipe: HTML = recipes ? ", \(record.recipe)" : ""
    let seed: HTML = seeds ? ", seed\u{A0}\(record.seed)" : ""
    let result: HTML =
      if let probability = record.probability {
        "probability \(Int((min(max(probability, 0), 1) * 100).rounded()))\u{A0}%"
      } else {
        "score \(fixed(record.score ?? 0, 3))"
      }
    return """
      <figure><a href="\(urlPath(record.output))"><img src="\(urlPath(record.output))" alt="\(record.label)" loading="lazy"></a>\
      <figcaption><b><bdi>\(record.label)</bdi></b> (\(record.class))\(recipe)\(seed)<small>\(result)</small></figcaption></figure>

      """
  }

  /// Returns a file name in the form that a link needs: every byte except ASCII letters, digits, "-", "." and "_" is
  /// percent-encoded.
  private static func urlPath(_ name: String) -> String {
    name.utf8.reduce(into: "") { path, byte in
      let scalar = Unicode.Scalar(byte)
      let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
      if isPlain || "-._".unicodeScalars.contains(scalar) {
        path.unicodeScalars.append(scalar)
      } else {
        path += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
      }
    }
  }

  private static let style: HTML = """
    :root { --paper: #fbfaf7; --ink: #1d1b19; --faint: #6a655f; --rule: #e3ded6; }
    @media (prefers-color-scheme: dark) {
      :root { --paper: #161513; --ink: #ece8e1; --faint: #a29b92; --rule: #37332e; }
    }
    * { box-sizing: border-box; }
    html { background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; -webkit-text-size-adjust: 100%; }
    body { margin: 0 auto; max-width: 100rem; padding: clamp(1.1rem, 4vw, 3rem); overflow-wrap: anywhere; }
    h1 { font-size: clamp(1.7rem, 5vw, 2.6rem); font-weight: 600; line-height: 1.15; letter-spacing: -0.02em; margin: 0 0 0.3em; }
    a { color: inherit; }
    label { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: center; margin: 1.5rem 0; }
    [hidden] { display: none; }
    input { font: inherit; color: inherit; background: none; border: 1px solid var(--rule); border-radius: 0.4rem; padding: 0.4rem 0.7rem; min-width: 0; width: 18rem; max-width: 100%; }
    main { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 9.5rem), 1fr)); gap: 1.25rem 1rem; }
    figure { margin: 0; }
    img { display: block; width: 100%; height: auto; background: var(--rule); }
    figcaption { font-size: 0.9rem; line-height: 1.35; padding-top: 0.35rem; }
    b { font-weight: 600; }
    figcaption small { display: block; }
    small, output, footer { color: var(--faint); font-size: 0.875rem; }
    @media print { label { display: none; } figure { break-inside: avoid; } }

    """

  private static let script: HTML = """
    "use strict";
    const figures = [...document.querySelectorAll("figure")].map((e) => [e, e.textContent.toLowerCase().replace(/\\s+/g, " ")]);
    const input = document.querySelector("input"), output = document.querySelector("output");
    document.querySelector("label").hidden = false;
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      let count = 0;
      for (const [element, text] of figures) {
        element.hidden = !text.includes(wanted);
        count += element.hidden ? 0 : 1;
      }
      output.textContent = wanted ? `${count} of ${figures.length}` : "";
    });

    """
}
