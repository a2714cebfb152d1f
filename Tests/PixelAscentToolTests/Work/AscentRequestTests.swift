// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// The ascents that a command asks for, after the network and the start have been read.
@Suite struct AscentRequestTests {
  private let folder: TemporaryFolder
  private let network: Network
  private let run = RunSettings(
    threads: 1, maxMegapixels: 1, maxMemory: 1 << 30, console: Console(json: false, quiet: true))

  init() throws {
    folder = try TemporaryFolder()
    network = try PixelwiseNetwork.make([.init(weight: [1, 0, 0], bias: 0), .init(weight: [0, 1, 0], bias: 0)])
  }

  private func request(start: String? = nil, size: String? = nil) -> AscentRequest {
    AscentRequest(
      [ClassVisualization(.simonyan), ClassVisualization(.cs231nPyTorch)], start: start,
      size: size.flatMap { PixelSize($0) }, seeds: Seeds(one: 3))
  }

  private func visualizations(_ request: AscentRequest) throws -> [ClassVisualization] {
    try request.inputs(network, run).visualizations
  }

  /// Writes a picture of 5 × 9 pixels and returns its path.
  private func photo() throws -> String {
    try folder.add("photo.png", RGBImage(width: 9, height: 5, pixels: Array(repeating: 9, count: 135)).pngData())
  }

  @Test("Without --size, the size is the network's")
  func networkSize() throws {
    #expect(try visualizations(request()).map { [$0.height, $0.width] } == [[8, 8], [8, 8]])
  }

  @Test("--size applies to every recipe")
  func size() throws {
    #expect(try visualizations(request(size: "10x12")).map { [$0.height, $0.width] } == [[10, 12], [10, 12]])
  }

  @Test("Without --init, each recipe has its own start")
  func recipesStart() throws { #expect(try visualizations(request()).map(\.start) == [.zero, .noise]) }

  @Test(arguments: [("noise", .noise), ("zero", .zero)] as [(String, ClassVisualization.Start)])
  func namedStart(_ name: String, _ start: ClassVisualization.Start) throws {
    #expect(try visualizations(request(start: name)).map(\.start) == [start, start])
    #expect(request(start: name).startFile == nil)
  }

  @Test("A file as start keeps its own size")
  func imageStart() throws {
    let path = try photo()
    let inputs = try request(start: path).inputs(network, run), visualization = inputs.visualizations[1]
    #expect(visualization.start == .image)
    #expect(inputs.subject().start?.shape == [3, 5, 9])
    #expect(visualization.height == 5)
    #expect(visualization.width == 9)
    #expect(try inputs.startHash == SHA256.digest(of: Files.read(path)))
    #expect(inputs.spectrumHash == nil)
  }

  @Test("--size may repeat the size of the file")
  func sameSize() throws {
    let path = try photo()
    #expect(throws: Never.self) { try visualizations(request(start: path, size: "5x9")) }
  }

  @Test("A --size that differs from the file's is a usage error")
  func otherSize() throws {
    let path = try photo()
    #expect(
      throws: UsageError("--init \(path) has 5x9 pixels, which fixes the size; leave out --size.")
    ) { try visualizations(request(start: path, size: "8")) }
  }

  @Test("The number of ascents is classes × recipes × seeds")
  func count() throws {
    let request = AscentRequest(
      [ClassVisualization(.simonyan), ClassVisualization(.cs231nPyTorch)], start: nil, size: nil,
      seeds: try Seeds("0-4"))
    #expect(request.count(classes: 3, most: 100) == 30)
    #expect(request.count(classes: 3, most: 2) == 18)
  }
}
