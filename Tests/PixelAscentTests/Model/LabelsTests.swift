// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

@Suite struct LabelsTests {
  private let labels: Labels

  init() throws { labels = try ImageNetLabels.labels }

  @Test func holdsTheImageNetClasses() {
    #expect(labels.count == 1000)
    #expect(labels.names.joined().count == 1860)
    #expect(labels.names[0] == ["tench", "Tinca tinca"])
    #expect(labels[76] == "tarantula")
    #expect(labels[999] == "toilet tissue")
    #expect(labels.names.joined().allSatisfy { !$0.isEmpty && $0.first != " " && $0.last != " " })
  }

  @Test(arguments: [
    ("187", 187), (" 0 ", 0), ("999", 999), ("tarantula", 76), ("TARANTULA", 76), ("  tarantula\n", 76),
    ("Border terrier", 182), ("border TERRIER", 182), ("Tinca tinca", 0), ("tinca", 0), ("Yorkshire", 187),
    ("Cardigan Welsh corgi", 264), ("flamingo", 130), ("gorilla", 366), ("terrapin", 36), ("black swan", 100),
  ])
  func findsClassesByIndexAndByName(text: String, index: Int) throws {
    #expect(try labels.find(text) == index)
  }

  /// Caffe's synset_words.txt has WordNet's identifier before the name.
  @Test func wholeWordsComeBeforeParts() throws {
    let labels = try Labels(names: [["n01855672 goose"], ["n02137549 mongoose"], ["n02002556 white stork, stork"]])
    #expect(try labels.find("goose") == 0)
    #expect(try labels.find("Mongoose") == 1)
    #expect(try labels.find("white stork") == 2)
    #expect(try labels.find("mong") == 1)
    #expect(errorLine { try labels.find("oose") }.hasPrefix("class \"oose\" names 2 classes: "))
  }

  @Test func findsEveryNameOfOneClass() throws {
    var classes = [String: Set<Int>]()
    for (index, synonyms) in labels.names.enumerated() {
      for synonym in synonyms { classes[synonym.lowercased(), default: []].insert(index) }
    }
    var ambiguous = 0
    for (name, indices) in classes {
      if indices.count == 1 {
        #expect(try indices == [labels.find(name)])
      } else {
        ambiguous += 1
        #expect(errorLine { _ = try labels.find(name) }.contains(" names 2 classes: "))
      }
    }
    #expect(ambiguous == 19)
  }

  @Test(arguments: [
    ("crane", "class \"crane\" names 2 classes: crane (134), crane (517); use the index"),
    ("Maillot", "class \"Maillot\" names 2 classes: maillot (638), maillot (639); use the index"),
    ("cardigan", "class \"cardigan\" names 2 classes: Cardigan (264), cardigan (474); use the index"),
    ("1000", "class 1000 is out of range: the model has classes 0 to 999"),
    ("-1", "class -1 is out of range: the model has classes 0 to 999"),
    ("99999999999999999999", "class 99999999999999999999 is out of range: the model has classes 0 to 999"),
    ("", "a class name can't be empty"), ("  ", "a class name can't be empty"),
  ])
  func explainsWhatIsNoClass(text: String, expected: String) {
    #expect(throws: PixelAscentError(.classLookup, Message(expected))) { try labels.find(text) }
  }

  @Test func listsTheNearest() {
    let misspelt = errorLine { _ = try labels.find("tarantla") }
    #expect(misspelt.hasPrefix("no class is called \"tarantla\"; nearest: tarantula (76)"))
    let part = errorLine { _ = try labels.find("terrier") }
    #expect(part.hasPrefix("class \"terrier\" names "))
    #expect(part.contains(" and "))
    #expect(part.hasSuffix(" more; use the index"))
    let long = errorLine { _ = try labels.find(String(repeating: "x\n", count: 100_000)) }
    #expect(!long.contains("\n"))
    #expect(long.utf8.count < 400)
  }

  @Test func namesFilesByClasses() throws {
    #expect(labels.slug(76) == "tarantula")
    #expect(labels.slug(134) == "crane-134")
    #expect(labels.slug(517) == "crane-517")
    #expect(labels.slug(182) == "border-terrier")
    #expect(labels.slug(917) == "comic-book")
    let slugs = try Labels(names: [["../a b//C"], ["--"], ["été 2"], [String(repeating: "x", count: 500)]])
    #expect((0..<3).map(slugs.slug) == ["a-b-c", "class-1", "été-2"])
    #expect(slugs.slug(3).count == 60)
    #expect((0..<1000).allSatisfy { !labels.slug($0).contains("/") && !labels.slug($0).isEmpty })
    #expect(Set((0..<1000).map(labels.slug)).count == 1000)
    let same = try Labels(names: ["a", "a", "a 1", "A-1-1", "Contact sheet", "class", "-"].map { [$0] })
    #expect(
      (0..<7).map(same.slug) == ["a-0", "a-1-1-1", "a-1", "a-1-1", "contact-sheet-4", "class", "class-6"])
    let long = try Labels(names: [[String(repeating: "👩‍👩‍👧‍👦犬", count: 60)], [String(repeating: "犬", count: 60)]])
    #expect(long.slug(1).utf8.count == 120)
  }

  @Test func refusesClassesWithoutANameAndEmptyNames() {
    #expect(throws: PixelAscentError(.invalidModel, "class 1 has no name", about: "labels")) {
      try Labels(names: [["a"], []])
    }
    #expect(throws: PixelAscentError.self) { try Labels(names: [["a", ""]]) }
  }

  @Test(
    "A byte order mark before the names is not a part of them",
    arguments: ["a\nb", "[\"a\",\"b\"]", "{0: 'a', 1: 'b'}"])
  func byteOrderMark(_ text: String) throws {
    let folder = try TemporaryFolder()
    try folder.add("labels", [0xEF, 0xBB, 0xBF] + Array(text.utf8))
    #expect(try Labels(contentsOf: folder.path + "/labels").names == [["a"], ["b"]])
  }
}
