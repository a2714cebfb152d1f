// SPDX-License-Identifier: MIT

import PixelAscent

/// The work of `fool`: changes a photo until the network takes it for another class.
package struct FoolWork {
  private let image: String
  private let fooling: Fooling
  private let target: Int
  private let source: NetworkSource
  private let network: Network
  private let model: BackgroundResult<Provenance.Model>
  private let outputs: Outputs
  private let files: Outputs.Paths
  private let isShown: Bool

  /// The console that prints the record of the fooling image.
  package let console: Console

  /// Reads the network, and decides where the results go.
  ///
  /// - Parameters:
  ///   - image: the photo's file
  ///   - target: the class that the network should see
  ///   - isShown: whether the terminal shows the image while it changes
  package init(
    _ image: String, target: String, _ fooling: Fooling, _ request: OutputRequest, isShown: Bool,
    _ source: NetworkSource
  ) throws {
    (self.image, self.fooling, self.isShown, self.source) = (image, fooling, isShown, source)
    (network, model) = try source.networkAndModel()
    self.target = try network.labels.find(target)
    outputs = try Outputs(
      [(image, "\(image.fileStem)-as-\(network.labels.slug(self.target))")], request,
      keeping: [image] + source.files(of: network))
    files = outputs.paths(for: image)
    console = source.console.writing(to: outputs)
  }

  /// The outcome of the work: the record, and whether Ctrl-C stopped the ascent.
  package struct Outcome {
    package let record: FoolRecord
    fileprivate let isInterrupted: Bool

    /// Prints why the image is not a finished fooling image, if it is not.
    ///
    /// - Throws: `ExitStatus` in that case.
    package func check(_ console: Console) throws {
      let done = "\(record.iterations) iteration\(record.iterations == 1 ? "" : "s")"
      if isInterrupted {
        console.note("interrupted after \(done): the image so far is in \(record.output)")
        throw ExitStatus.interrupted
      }
      if !record.survives8Bit {
        let decision = record.before == nil ? "" : ": the probability of \(record.target.label) is not above 0.5"
        let what = decision + (record.fooled ? ", except before rounding to 8 bits" : "")
        Console.error("\(record.image): not fooled in \(done)\(what); the image so far is in \(record.output)")
        throw ExitStatus.failure
      }
    }
  }

  /// Makes and writes the fooling image, and prints the notes about it.
  package func run() throws -> Outcome {
    let photo = try source.run.photo(image)
    try files.checkSides(of: photo.content, image, network, inFigure: 4, fooling.figure)
    let (result, steps) = try ascend(from: photo.content)
    var fooling = fooling
    let isInterrupted = Interruption.isStopRequested && !result.survives8Bit
    if isInterrupted { fooling.maxIterations = result.iterations }
    let provenance = try Provenance(
      fooling, class: target, network, model.get(), input: photo.sha256(), background: photo.background)
    printNotes(result)
    try outputs.makeFolders(for: image)
    let saved = try result.save(to: files.output, checkedBy: network, comment: provenance.text())
    if let figure = files.figure {
      let names = fooling.figure.hasCaptions ? result.names(network) : [:]
      try result.figure(network, style: fooling.figure).image(allowedBy: network)
        .write(to: figure, provenance.of(.figure, naming: names))
    }
    if let raw = files.raw { try result.unrounded.write(to: raw) }
    if let report = files.report {
      let page = try fooling.report(
        of: result, target: target, steps: steps, name: image.fileName, network: network,
        command: isInterrupted ? [] : Console.command)
      try Files.write(Array(page.utf8), to: report)
    }
    let original = result.originalScores
    let record = FoolRecord(
      image: image, original: .init(network.topClass(original), original, network),
      target: .init(target, saved, network),
      before: network.activation == .sigmoid ? .init(target, original, network) : nil, iterations: result.iterations,
      fooled: result.isFooled, survives8Bit: result.survives8Bit && network.sees(target, saved), l2: result.l2,
      linf8Bit: result.linf8Bit, output: files.output, seen: .init(network.topClass(saved), saved, network))
    return Outcome(record: record, isInterrupted: isInterrupted)
  }

  /// Runs the ascent, and shows its progress. Also returns all steps if a report needs them.
  private func ascend(from photo: RGBImage) throws -> (result: Fooling.Result, steps: [FoolingAscent.Step]) {
    let begin = ContinuousClock.now
    var progress = ProgressText("iteration", total: fooling.maxIterations), steps: [FoolingAscent.Step] = []
    var preview = isShown ? Preview(console) : nil, first: RGBImage?
    let result = try Interruption.stoppable {
      defer { StatusLine.clear() }
      return try withErrors(about: image) {
        let ascent = try fooling.begin(network, on: photo, target: target)
        while let step = try ascent.next() {
          if files.report != nil { steps.append(step) }
          showProgress(step, &progress, seconds: begin.secondsSince)
          if preview != nil {
            let image = step.picture, original = first ?? image
            first = original
            preview?.show(RGBImage(row: [image, image.changes(from: original)]))
          }
          if Interruption.isStopRequested { break }
        }
        return try ascent.result()
      }
    }
    return (result, steps)
  }

  /// Shows the progress after a step.
  private func showProgress(_ step: FoolingAscent.Step, _ progress: inout ProgressText, seconds: Double) {
    let labels = network.labels, top = network.topClass(step.scores)
    let isOwn = network.activation == .sigmoid, probability = network.activation.probability(of: target, step.scores)
    let details = [
      "\(labels[target]) \(fixed(step.score, 3))",
      isOwn ? "probability \(fixed(probability ?? 0, 4))" : "top: \(labels[top]) (\(top))",
    ]
    (progress.done, progress.details) = (step.iteration, step.isRounded ? ["8-bit"] + details : details)
    if console.hasStatusLine {
      console.progress { [progress] in progress.line(width: $0, seconds: seconds) }
    } else {
      let iteration = "iteration \(step.iteration)\(step.isRounded ? ", 8-bit" : "")"
      console.note(([iteration] + details).joined(separator: "  "))
    }
  }

  private func printNotes(_ result: Fooling.Result) {
    let label = network.labels[target]
    let count = result.gradientsBeforeLastReLU
    if count > 0 {
      console.note(
        "note: the gradient of \(label)'s score was zero in \(count) step\(count == 1 ? "" : "s"); "
          + "in such a step the ascent follows the score before the last ReLU instead")
    }
    if network.preprocessing.resize == .crop {
      console.note(
        "note: \(files.output) is already cropped; read it with --resize short, or it is cropped again"
      )
    }
    if network.sees(target, result.originalScores) {
      console.note("note: the network already sees \(label) (\(target)) in \(image)")
    }
  }
}
