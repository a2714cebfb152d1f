// SPDX-License-Identifier: MIT

import PixelAscent

/// What `visualize` does: an ascent for every class, recipe and seed.
package struct VisualizeWork: Sendable {
  private let source: NetworkSource
  private let network: Network
  private let model: Meanwhile<Provenance.Model>
  private let startFile: String?
  /// The image that the ascents start from.
  private let start: Tensor?
  /// The SHA-256 of the start's file.
  private let input: String?
  private let ascents: [PlannedAscent]
  private let outputs: Outputs
  private let preview: Preview?
  /// Whether the shown iterations are kept for a figure or a page, and whether every iteration's probability is kept for a page.
  private let keepsShown, keepsProbabilities: Bool
  /// The memory that an ascent takes.
  private let bytes: Int

  /// Where the records of the ascents are printed.
  package let console: Console

  /// Reads the network, and settles which ascents are made and where the results go.
  ///
  /// - Parameter isShown: whether pictures are shown in the terminal while they change
  package init(
    _ classes: [String], _ request: AscentRequest, _ outputRequest: OutputRequest, isShown: Bool,
    _ source: NetworkSource
  ) throws {
    (self.source, startFile) = (source, request.startFile)
    (network, model) = try source.networkAndModel()
    let (visualizations, start, input) = try request.visualizations(network, source.run)
    (self.start, self.input) = (start, input)
    ascents = try PlannedAscent.all(classes, visualizations, request.seeds, network.labels)
    outputs = try Outputs(
      ascents.map { ($0.stem, $0.stem) }, outputRequest,
      keeping: [request.startFile].compactMap(\.self) + source.files(of: network))
    console = source.console.beside(outputs)
    preview = isShown ? Preview(console) : nil
    keepsShown = outputRequest.figure != nil || outputRequest.report != nil
    keepsProbabilities = outputRequest.report != nil
    let copies = keepsShown ? ClassVisualization.copiesOfShown : 0, network = network
    bytes = try withErrors(about: startFile) {
      try visualizations.map { try $0.check(network, start: start, copies: copies) }.max() ?? 0
    }
  }

  /// Makes and writes all ascents, and calls `report` with the record of each.
  ///
  /// - Throws: `ExitStatus` if an ascent failed, or Ctrl-C came.
  package func run(report: (VisualizeRecord) throws -> Void) throws {
    var batch = Batch(of: "ascents", network, console)
    batch.bytesEach = bytes
    try batch.run(ascents, isDone: { $0.isWhole }) {
      (planned: PlannedAscent, network: Network) -> (record: VisualizeRecord, isWhole: Bool) in
      try withErrors(about: planned.name) {
        let record = try write(climb(planned, network), planned, network)
        return (record, record.iterations == planned.visualization.iterations)
      }
    } report: { record, _ in
      try report(record)
    }.check()
  }

  /// What an ascent came to, with the parameters that it was made with, and the shown iterations.
  private struct Climb {
    var visualization: ClassVisualization
    let result: ClassVisualization.Result
    let shown: [ShownIteration]
  }

  /// Makes an ascent. If it is the only one, this also says how far it is.
  private func climb(_ planned: PlannedAscent, _ network: Network) throws -> Climb {
    var visualization = planned.visualization, preview = preview, shown: [ShownIteration] = []
    var progress = AscentProgress(console, of: visualization.iterations, isAlone: planned.name == nil)
    let result = try withErrors(about: startFile) {
      let ascent = try visualization.begin(
        network, class: planned.class, from: start, recordsProbabilities: keepsProbabilities)
      while let step = try ascent.next() {
        let isLast = Interruption.isAsked, isShown = step.isShown || isLast
        if isShown && keepsShown { shown.append(try ShownIteration(step)) }
        if isShown && preview != nil { preview?.show(step.picture) }
        try progress.report(step, isShown: isShown)
        if isLast { break }
      }
      return try ascent.result()
    }
    progress.end()
    visualization.iterations = result.iterations
    return Climb(visualization: visualization, result: result, shown: shown)
  }

  /// Writes the pictures of an ascent, and prints the notes on it.
  private func write(_ climb: Climb, _ planned: PlannedAscent, _ network: Network) throws -> VisualizeRecord {
    let files = outputs.paths(for: planned.stem), `class` = planned.class, label = network.labels[`class`]
    let result = climb.result, whose = planned.name.map { "\($0): " } ?? ""
    let isInterrupted = result.iterations < planned.visualization.iterations
    if result.gradientsBeforeLastReLU > 0 {
      console.note(
        "note: \(whose)the score of \(label) was dead \(result.gradientsBeforeLastReLU) times: "
          + "there the ascent took the score before the last ReLU")
    }
    let provenance = Provenance(climb.visualization, class: `class`, network, try model.get(), input: input)
    try outputs.makeFolders(for: planned.stem)
    try result.picture.write(to: files.output, provenance)
    if let figure = files.figure {
      try RGBImage(row: climb.shown.map(\.picture)).write(to: figure, provenance.of(.figure))
    }
    if let raw = files.raw { try result.image.write(to: raw) }
    if let report = files.report {
      let page = try climb.visualization.report(
        of: result, class: `class`, shown: climb.shown, network: network,
        command: isInterrupted ? [] : Console.command)
      try Files.write(Array(page.utf8), to: report)
    }
    if isInterrupted {
      let done = "\(result.iterations) iteration\(result.iterations == 1 ? "" : "s")"
      console.note("\(whose)interrupted after \(done): the picture so far is in \(files.output)")
    }
    return VisualizeRecord(
      class: `class`, label: label, recipe: climb.visualization.recipe.rawValue, seed: climb.visualization.seed,
      iterations: result.iterations, score: result.scores[`class`], probability: result.probability,
      seconds: result.seconds, output: files.output)
  }
}
