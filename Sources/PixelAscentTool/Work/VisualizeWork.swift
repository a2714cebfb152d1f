// SPDX-License-Identifier: MIT

import PixelAscent

/// The work of `visualize`: makes an ascent for every class, recipe and seed.
package struct VisualizeWork: Sendable {
  private let source: NetworkSource
  private let network: Network
  private let model: BackgroundResult<Provenance.Model>
  private let inputs: AscentInputs
  private let ascents: [PlannedAscent]
  private let outputs: Outputs
  private let preview: Preview?
  /// Whether the shown iterations are kept for a figure or a report, and whether every iteration's probability is kept
  /// for a report.
  private let keepsShown, keepsProbabilities: Bool
  /// The bytes of memory that an ascent takes.
  private let bytes: Int

  /// The console that prints the records of the ascents.
  package let console: Console

  /// Reads the network, and decides which ascents to make and where the results go.
  ///
  /// - Parameters:
  ///   - classes: the names of the classes to show
  ///   - objectives: the texts of other objectives to show
  ///   - isShown: whether the terminal shows the image while it changes
  package init(
    _ classes: [String], objectives: [String], _ request: AscentRequest, _ outputRequest: OutputRequest, isShown: Bool,
    _ source: NetworkSource
  ) throws {
    self.source = source
    (network, model) = try source.networkAndModel()
    let inputs = try request.inputs(network, source.run)
    self.inputs = inputs
    let texts = try objectives.map { [network] in try ObjectiveText($0, network) }
    ascents = try PlannedAscent.all(classes, objectives: texts, inputs.visualizations, request.seeds, network.labels)
    outputs = try Outputs(
      ascents.map { ($0.stem, $0.stem) }, outputRequest,
      keeping: request.files + source.files(of: network))
    console = source.console.writing(to: outputs)
    preview = isShown ? Preview(console) : nil
    keepsShown = outputRequest.figure != nil || outputRequest.report != nil
    keepsProbabilities = outputRequest.report != nil
    let copies = keepsShown ? ClassVisualization.copiesOfShown : 0, network = network
    let parameters = ascents.map(\.visualization)
    bytes = try withErrors(about: inputs.subject) {
      try parameters.map { try $0.check(network, inputs.subject(), copies: copies) }.max() ?? 0
    }
    for ascent in ascents { try outputs.checkSides(of: ascent.visualization, for: ascent.stem) }
  }

  /// Makes and writes all ascents, and calls `report` with the record of each.
  ///
  /// - Throws: `ExitStatus` if an ascent failed, or after Ctrl-C.
  package func run(report: (VisualizeRecord) throws -> Void) throws {
    var batch = Batch(of: "ascents", network, console)
    batch.bytesEach = bytes
    try batch.run(ascents, isDone: { $0.isWhole }) {
      (planned: PlannedAscent, network: Network) -> (record: VisualizeRecord, isWhole: Bool) in
      try withErrors(about: planned.name) {
        let record = try write(ascend(planned, network), planned, network)
        return (record, record.iterations == planned.visualization.iterations)
      }
    } report: { record, _ in
      try report(record)
    }.check()
  }

  /// The result of an ascent, its parameters with the number of iterations that it made, and its shown iterations.
  private struct FinishedAscent {
    var visualization: ClassVisualization
    let result: ClassVisualization.Result
    let shown: [ShownIteration]
    let frames: [RGBImage]
  }

  /// Makes an ascent, and shows its progress if it is the command's only one.
  private func ascend(_ planned: PlannedAscent, _ network: Network) throws -> FinishedAscent {
    var visualization = planned.visualization, preview = preview
    var shown: [ShownIteration] = [], frames: [RGBImage] = []
    var progress = AscentProgress(console, of: visualization.iterations, isAlone: planned.name == nil)
    let result = try withErrors(about: inputs.subject) {
      let ascent = try visualization.begin(
        network, on: inputs.subject(class: planned.class), recordsProbabilities: keepsProbabilities)
      while let step = try ascent.next() {
        let isLast = Interruption.isStopRequested, isShown = step.isShown || isLast
        if isShown && keepsShown { shown.append(try ShownIteration(step)) }
        if step.isFrame || isLast && visualization.animation != nil { frames.append(step.picture) }
        if isShown && preview != nil { preview?.show(step.picture) }
        try progress.report(step, isShown: isShown)
        if isLast { break }
      }
      return try ascent.result()
    }
    progress.end()
    visualization.iterations = result.iterations
    return FinishedAscent(visualization: visualization, result: result, shown: shown, frames: frames)
  }

  /// Writes the pictures of an ascent, and prints the notes about it.
  private func write(_ ascent: FinishedAscent, _ planned: PlannedAscent, _ network: Network) throws -> VisualizeRecord {
    let files = outputs.paths(for: planned.stem), `class` = planned.class, label = planned.label
    let result = ascent.result, context = planned.name.map { "\($0): " } ?? ""
    let isInterrupted = result.iterations < planned.visualization.iterations
    let count = result.gradientsBeforeLastReLU
    if count > 0 {
      let what = `class` == nil ? label : "\(label)'s score"
      console.note(
        "note: \(context)the gradient of \(what) was zero \(count) time\(count == 1 ? "" : "s"); the ascent then "
          + (`class` == nil
            ? "followed the activation before the ReLU instead" : "followed the score before the last ReLU instead"))
    }
    let provenance = inputs.provenance(ascent.visualization, class: `class`, network, try model.get())
    try outputs.makeFolders(for: planned.stem)
    try result.picture.write(to: files.output, provenance)
    if let figure = files.figure {
      try ascent.visualization.figure(ascent.shown.map { ($0.iteration, $0.picture) }, label: label)
        .image(allowedBy: network).write(to: figure, provenance.of(.figure))
    }
    if let animation = files.animation, let style = ascent.visualization.animation {
      try Animation(frames: ascent.frames, style: style)
        .write(to: animation, comment: provenance.of(.animation).text())
    }
    if let raw = files.raw { try result.image.write(to: raw) }
    if let report = files.report {
      let page = try ascent.visualization.report(
        of: result, class: `class`, shown: ascent.shown, network: network,
        command: isInterrupted ? [] : Console.command)
      try Files.write(Array(page.utf8), to: report)
    }
    if isInterrupted {
      let done = "\(result.iterations) iteration\(result.iterations == 1 ? "" : "s")"
      console.note("\(context)interrupted after \(done): the picture so far is in \(files.output)")
    }
    return VisualizeRecord(
      class: `class`, label: label, recipe: ascent.visualization.recipe.rawValue, seed: ascent.visualization.seed,
      iterations: result.iterations, score: result.value, probability: result.probability,
      seconds: result.seconds, output: files.output)
  }
}
