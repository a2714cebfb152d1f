// SPDX-License-Identifier: MIT

import PixelAscent

/// The work of a command that makes a picture from a photo step by step.
package struct PhotoAscentWork<Technique: PhotoAscentTechnique> {
  private let image: String
  private let technique: Technique
  private let source: NetworkSource
  private let network: Network
  private let model: BackgroundResult<Provenance.Model>
  private let outputs: Outputs
  private let files: Outputs.Paths
  private let notes: @Sendable (Technique, RGBImage, PixelSize) -> [String]

  /// The console that prints the record of the picture.
  package let console: Console

  /// Reads the network, and decides where the results go.
  ///
  /// - Parameters:
  ///   - image: the photo's file
  ///   - suffix: what the default name of the picture has after the photo's name
  ///   - make: makes the parameters for the network
  ///   - notes: returns notes about a photo and the size of its picture
  init(
    _ image: String, suffix: String, _ request: OutputRequest, _ source: NetworkSource,
    _ make: (Network) throws -> Technique,
    notes: @escaping @Sendable (Technique, RGBImage, PixelSize) -> [String] = { _, _, _ in [] }
  ) throws {
    (self.image, self.source) = (image, source)
    (network, model) = try source.networkAndModel()
    (technique, self.notes) = (try make(network), notes)
    outputs = try Outputs(
      [(image, "\(image.fileStem)-\(suffix)")], request, keeping: [image] + source.files(of: network))
    files = outputs.paths(for: image)
    console = source.console.writing(to: outputs)
  }

  /// Makes and writes the picture.
  ///
  /// - Throws: `ExitStatus` after Ctrl-C, when the image so far has been written.
  package func run(report: (PhotoAscentRecord) throws -> Void) throws {
    let photo = try source.run.photo(image), size = technique.size(of: photo.content, network)
    try withErrors(about: image) { try technique.check(network, size) }
    try RGBImage.checkSides(width: size.width, height: size.height, for: files.output)
    if let animation = files.animation, let style = technique.animation {
      try Animation(frames: [], style: style).check(width: size.width, height: size.height, for: animation)
    }
    for note in notes(technique, photo.content, size) { console.note("note: \(note)") }
    let (result, frames) = try ascend(from: photo.content)
    let isInterrupted = result.steps < technique.stepCount
    if result.gradientsBeforeLastReLU > 0 {
      let count = result.gradientsBeforeLastReLU
      console.note(
        "note: the gradient of \(text) was zero \(count) time\(count == 1 ? "" : "s"); the ascent then "
          + "followed the activation before the ReLU instead")
    }
    var made = technique
    if isInterrupted { made.steps = result.steps }
    let provenance = try Provenance(
      made, class: nil, network, model.get(), input: photo.sha256(), background: photo.background)
    try outputs.makeFolders(for: image)
    try result.picture.write(to: files.output, provenance)
    if let animation = files.animation, let style = technique.animation, !frames.isEmpty {
      try Animation(frames: frames, style: style)
        .write(to: animation, comment: provenance.of(.animation).text())
    }
    if let raw = files.raw { try result.image.write(to: raw) }
    try report(
      PhotoAscentRecord(
        image: image, objective: text, steps: result.steps, before: result.valueBefore, value: result.value,
        height: size.height, width: size.width, seconds: result.seconds, output: files.output))
    if isInterrupted {
      console.note("interrupted after \(result.steps) steps: the image so far is in \(files.output)")
      throw ExitStatus.interrupted
    }
  }

  /// What the ascent raises.
  private var text: String { technique.objectiveText ?? "" }

  /// Makes the steps, and shows their progress.
  private func ascend(from photo: RGBImage) throws -> (result: PhotoAscentResult, frames: [RGBImage]) {
    let begin = ContinuousClock.now
    var progress = ProgressText("step", total: technique.stepCount), frames: [RGBImage] = []
    let result = try Interruption.stoppable {
      defer { StatusLine.clear() }
      return try withErrors(about: image) {
        let ascent = try technique.begin(network, on: photo)
        while let step = try ascent.next() {
          let isLast = Interruption.isStopRequested
          if step.isFrame || isLast && technique.animation != nil { frames.append(step.picture) }
          let details = [step.part, "value \(fixed(step.value, 3))"].compactMap(\.self)
          (progress.done, progress.details) = (step.iteration + 1, details)
          if console.hasStatusLine {
            let seconds = begin.secondsSince
            console.progress { [progress] in progress.line(width: $0, seconds: seconds) }
          } else if (step.iteration + 1) % technique.stepsInPart == 0 {
            console.note((["step \(step.iteration + 1)/\(technique.stepCount)"] + details).joined(separator: "  "))
          }
          if isLast { break }
        }
        return try ascent.result()
      }
    }
    return (result, frames)
  }
}
