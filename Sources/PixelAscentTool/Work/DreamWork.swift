// SPDX-License-Identifier: MIT

import PixelAscent

/// The work of `dream`: changes a photo so that the network sees more of what it sees.
package struct DreamWork {
  private let image: String
  private let dream: Dream
  private let source: NetworkSource
  private let network: Network
  private let model: BackgroundResult<Provenance.Model>
  /// Whether the layer is the usual one, so that a note names it.
  private let choosesLayer: Bool
  private let outputs: Outputs
  private let files: Outputs.Paths

  /// The console that prints the record of the dream.
  package let console: Console

  /// Reads the network, and decides where the results go.
  ///
  /// - Parameters:
  ///   - image: the photo's file
  ///   - objective: the text of what the dream raises; nil for the usual layer, which a note names
  ///   - dream: the parameters; the objective is set here
  package init(
    _ image: String, objective: String?, _ dream: Dream, _ request: OutputRequest, _ source: NetworkSource
  ) throws {
    (self.image, self.source) = (image, source)
    (network, model) = try source.networkAndModel()
    var dream = dream
    dream.objective = try ObjectiveText(objective ?? Dream.usualObjective(of: network), network).text
    self.dream = dream
    outputs = try Outputs(
      [(image, "\(image.fileStem)-dream")], request, keeping: [image] + source.files(of: network))
    files = outputs.paths(for: image)
    console = source.console.writing(to: outputs)
    choosesLayer = objective == nil
  }

  /// Makes and writes the dream.
  ///
  /// - Throws: `ExitStatus` after Ctrl-C, when the dream so far has been written.
  package func run(report: (DreamRecord) throws -> Void) throws {
    let photo = try source.run.photo(image), size = dream.size(of: photo.content)
    try withErrors(about: image) { _ = try dream.check(network, size) }
    try RGBImage.checkSides(width: size.width, height: size.height, for: files.output)
    if let animation = files.animation, let style = dream.animation {
      try Animation(frames: [], style: style).check(width: size.width, height: size.height, for: animation)
    }
    if size != PixelSize(height: photo.content.height, width: photo.content.width) {
      console.note("note: the photo is made smaller, \(size) pixels; --longest-side chooses another size")
    }
    if choosesLayer { console.note("note: the dream raises \(dream.objective)") }
    let (result, frames) = try ascend(from: photo.content)
    let isInterrupted = result.steps < dream.stepCount
    if result.gradientsBeforeLastReLU > 0 {
      let count = result.gradientsBeforeLastReLU
      console.note(
        "note: the gradient of \(dream.objective) was zero \(count) time\(count == 1 ? "" : "s"); the dream then "
          + "followed the activation before the ReLU instead")
    }
    var made = dream
    if isInterrupted { made.steps = result.steps }
    let provenance = try Provenance(
      made, class: nil, network, model.get(), input: photo.sha256(), background: photo.background)
    try outputs.makeFolders(for: image)
    try result.picture.write(to: files.output, provenance)
    if let animation = files.animation, let style = dream.animation, !frames.isEmpty {
      try Animation(frames: frames, style: style)
        .write(to: animation, comment: provenance.of(.animation).text())
    }
    if let raw = files.raw { try result.image.write(to: raw) }
    try report(
      DreamRecord(
        image: image, objective: dream.objective, steps: result.steps, before: result.valueBefore, value: result.value,
        height: size.height, width: size.width, seconds: result.seconds, output: files.output))
    if isInterrupted {
      console.note("interrupted after \(result.steps) steps: the dream so far is in \(files.output)")
      throw ExitStatus.interrupted
    }
  }

  /// Runs the dream, and shows its progress.
  private func ascend(from photo: RGBImage) throws -> (result: Dream.Result, frames: [RGBImage]) {
    let begin = ContinuousClock.now
    var progress = ProgressText("step", total: dream.stepCount), frames: [RGBImage] = []
    let result = try Interruption.stoppable {
      defer { StatusLine.clear() }
      return try withErrors(about: image) {
        let ascent = try dream.begin(network, on: photo)
        while let step = try ascent.next() {
          let isCutShort = Interruption.isStopRequested && dream.zoomFrames == 0
          if step.isFrame || isCutShort && dream.animation != nil { frames.append(step.picture) }
          let octave = "octave \(step.octave + 1)/\(dream.octaves)", value = "value \(fixed(step.value, 3))"
          (progress.done, progress.details) = (step.iteration + 1, [octave, value])
          if console.hasStatusLine {
            let seconds = begin.secondsSince
            console.progress { [progress] in progress.line(width: $0, seconds: seconds) }
          } else if (step.iteration + 1) % dream.iterations == 0 {
            console.note("step \(step.iteration + 1)/\(dream.stepCount)  \(octave)  \(value)")
          }
          if Interruption.isStopRequested { break }
        }
        return try ascent.result()
      }
    }
    return (result, frames)
  }
}
