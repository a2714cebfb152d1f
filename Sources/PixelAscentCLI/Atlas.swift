// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscentTool

struct Atlas: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "atlas",
    abstract: "Make class visualizations of many classes, in a folder with a gallery page.",
    discussion: """
      Makes a picture for every class, recipe and seed, then a contact sheet and the gallery page index.html; \
      manifest.jsonl has one line per picture. If you run the same command again, it makes only the pictures that are \
      missing, damaged or made differently. Pictures with other names stay.

      To divide the work, run the command once for each shard, all with the same folder and options. Then run it once \
      with --merge. --shard auto reads the shard's number from Slurm's SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT. \
      --shard auto/N reads it from Kubernetes' JOB_COMPLETION_INDEX, or from SLURM_ARRAY_TASK_ID if you run only some \
      of the tasks 1 to N.

      Examples:
        pixelascent atlas -o atlas/
        pixelascent atlas -o spiders/ --classes 72-77,scorpion --seeds 0-3
        pixelascent atlas -o atlas/ --shard 2/8
        pixelascent atlas -o atlas/ --merge
      """)

  @Option(
    name: [.customShort("o"), .long], help: ArgumentHelp("The folder to write to.", valueName: "folder"),
    completion: .file())
  var output: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Class indices, ranges and names, such as 0-9,76,gorilla, or a file with one per line (default: all).",
      valueName: "list"))
  var classes: String?

  @OptionGroup var ascent: AscentOptions

  @Option(
    help: ArgumentHelp(
      "Make only the pictures of shard K of N; auto and auto/N ask Slurm or Kubernetes.", valueName: "k/n"),
    transform: ShardRequest.init)
  var shard: ShardRequest?

  @Flag(help: "Make no picture, but join what the shards have made, and write the contact sheet and the page.")
  var merge = false

  @OptionGroup var figureOptions: FigureOptions

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if ["", "-"].contains(output) {
      throw ValidationError("An atlas is a folder; -o must name one, found \"\(output)\".")
    }
    if merge && shard != nil { throw ValidationError("Give --shard or --merge, not both.") }
  }

  func run() throws {
    let source = common.source
    var request = ascent.request
    request.figure = figureOptions.style
    let work = try AtlasWork(output, classes: classes, request, shard, isMerge: merge, source)
    if merge { return try work.merge() }
    try work.make { record in try source.console.print(record, lines: work.lines(record)) }
  }
}
