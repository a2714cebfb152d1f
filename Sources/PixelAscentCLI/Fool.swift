// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

struct Fool: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "A small push that turns a photograph into another class for the network.",
    discussion: """
      Steps of fixed length up the gradient of the target's score, until the saved 8-bit file is the target too.
      --preview shows the image and where it differs from the photo.

      Examples:
        pixelascent fool photo.jpg --target tarantula
        pixelascent fool photo.jpg --target 76 -o fooled.png --figure panels.png
      """)

  @Argument(help: ArgumentHelp("A JPEG or PNG file.", valueName: "image"), completion: .file())
  var image: String

  @Option(parsing: .unconditional, help: ArgumentHelp("The class to be.", valueName: "class"))
  var target: String

  @Option(parsing: .unconditional, help: ArgumentHelp("The length of a step in normalised space.", valueName: "f"))
  var learningRate = 1.0

  @Option(parsing: .unconditional, help: ArgumentHelp("The most steps.", valueName: "n"))
  var maxIterations = 100

  @Option(
    name: [.customShort("o"), .long], help: ArgumentHelp("The image (default: IMAGE-as-TARGET.png).", valueName: "png"),
    completion: .file())
  var output: String?

  @Option(help: ArgumentHelp("Original, fooled, difference, difference × 10.", valueName: "png"), completion: .file())
  var figure: String?

  @Option(
    help: ArgumentHelp("The image before it is rounded to 8 bits, float32 (3,H,W).", valueName: "npy"),
    completion: .file())
  var raw: String?

  @Option(help: ArgumentHelp("Panels, scores and size of the push as a page.", valueName: "html"), completion: .file())
  var report: String?

  @OptionGroup var previewOptions: PreviewOptions

  @OptionGroup var common: CommonOptions

  func validate() throws {
    _ = try validated { try fooling() }
    if ["jpg", "jpeg"].contains((output ?? "").fileEnding) {
      throw ValidationError("A fooling image is a PNG: JPEG would lose the push. Write -o NAME.png.")
    }
  }

  private func fooling() throws -> Fooling {
    try UsageError.checking { try Fooling(learningRate: learningRate, maxIterations: maxIterations) }
  }

  func run() throws {
    let (network, model) = try common.source.networkAndModel(), labels = network.labels, console = common.console
    let index = try labels.find(target)
    let outputs = try Outputs(
      [(image, "\(image.fileStem)-as-\(labels.slug(index))")],
      OutputRequest(output: output, figure: figure, raw: raw, report: report),
      keeping: [image] + common.source.files(of: network))
    let files = outputs.paths(for: image)
    let (photo, sha256) = try common.run.settings.photo(image), begin = ContinuousClock.now
    var fooling = try fooling(), progress = ProgressText("iteration", total: maxIterations)
    var looks: [Fooling.Look] = []
    var preview = previewOptions.preview ? Preview(console) : nil, first: RGBImage?
    let result = try Interruption.heeded {
      defer { StatusLine.clear() }
      return try withErrors(about: image) {
        try fooling.run(network, on: photo, target: index) { iteration, scores, isRounded in
          if files.report != nil { looks.append(.init(iteration: iteration, scores: scores, isRounded: isRounded)) }
          let top = network.topClass(scores)
          let details = ["\(labels[index]) \(fixed(scores[index], 3))", "first: \(labels[top]) (\(top))"]
          (progress.done, progress.details) = (iteration, isRounded ? ["8-bit"] + details : details)
          if console.hasStatusLine {
            console.progress { progress.line(width: $0, seconds: begin.secondsSince) }
          } else {
            let iteration = "iteration \(iteration)\(isRounded ? ", 8-bit" : "")"
            console.note(([iteration] + details).joined(separator: "  "))
          }
        } show: { picture in
          if preview == nil { return }
          let image = picture(), original = first ?? image
          first = original
          preview?.show(RGBImage(row: [image, image.changes(from: original)]))
        } shouldStop: {
          Interruption.isAsked
        }
      }
    }
    let isInterrupted = Interruption.isAsked && !result.survives8Bit
    if isInterrupted { fooling.maxIterations = result.iterations }
    let provenance = try Provenance(.fooling(fooling), class: index, network, model.get(), input: sha256)
    if result.stepsBeforeLastReLU > 0 {
      console.note(
        "note: the score of \(labels[index]) is dead here: \(result.stepsBeforeLastReLU) steps ascended it before the last ReLU"
      )
    }
    if network.preprocessing.resize == .crop {
      console.note(
        "note: \(files.output) is the network's input as it is; give it back with --resize short, or it is cropped again"
      )
    }
    let original = network.topClass(result.originalScores)
    if original == index { console.note("note: \(image) is \(labels[index]) (\(index)) already") }
    try outputs.makeFolders(for: image)
    let saved = try result.save(to: files.output, checkedBy: network, comment: provenance.text())
    if let figure = files.figure { try result.panels.write(to: figure, provenance.of(.figure)) }
    if let raw = files.raw { try result.unrounded.write(to: raw) }
    if let report = files.report {
      let page = try fooling.report(
        of: result, target: index, looks: looks, name: image.fileName, network: network,
        command: isInterrupted ? [] : Console.command)
      try Files.write(Array(page.utf8), to: report)
    }
    let survives = result.survives8Bit && network.topClass(saved) == index
    let record = FoolRecord(
      image: image,
      original: .init(class: original, label: labels[original], score: result.originalScores[original]),
      target: .init(class: index, label: labels[index], score: saved[index]),
      iterations: result.iterations, fooled: result.isFooled, survives_8bit: survives, l2: result.l2,
      linf_8bit: result.linf8Bit, output: files.output)
    try console.result(record, besides: outputs) {
      let push = "\(record.iterations) iterations, L2 \(fixed(record.l2, 2)), at most \(record.linf_8bit)/255 a value"
      if survives {
        return "\(files.output): \(labels[original]) (\(original)) → \(labels[index]) (\(index)) in \(push)"
      }
      let now = network.topClass(saved)
      return "\(files.output): \(labels[now]) (\(now)), not \(labels[index]) (\(index)), after \(push)"
    }
    if isInterrupted {
      console.note("interrupted after \(result.iterations) iterations: the image so far is in \(files.output)")
      throw ExitStatus.interrupted
    }
    if !survives {
      let what = result.isFooled ? "fooled, but not once rounded to 8 bits," : "not fooled"
      Console.error("\(image): \(what) in \(result.iterations) iterations; the image so far is in \(files.output)")
      throw ExitStatus.failure
    }
  }
}
