// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscentTool

struct Atlas: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Class visualizations of many classes, in a folder with a gallery page.",
    discussion: """
      Makes every class with every recipe and seed, a contact sheet and index.html; manifest.jsonl has a line for each \
      picture. The same command again makes only what is missing, damaged or made otherwise; pictures of other names stay.

      Shards share nothing but the folder; --merge with the same options joins them. --shard auto takes the number from \
      Slurm's SLURM_ARRAY_TASK_ID and _COUNT; --shard auto/N from Kubernetes' JOB_COMPLETION_INDEX, or from Slurm's task \
      numbers 1 to N where only some of them run.

      Examples:
        pixelascent atlas -o atlas/
        pixelascent atlas -o spiders/ --classes 72-77,scorpion --seeds 0-3
        pixelascent atlas -o atlas/ --shard 2/8
        pixelascent atlas -o atlas/ --merge
      """)

  @Option(
    name: [.customShort("o"), .long], help: ArgumentHelp("The folder.", valueName: "folder"), completion: .file())
  var output: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Indices, ranges and names as 0-9,76,gorilla, or a file with one a line (default: all).", valueName: "list"))
  var classes: String?

  @OptionGroup var ascent: AscentOptions

  @Option(help: ArgumentHelp("Make only this part of the pictures: the K-th of N, or auto.", valueName: "k/n"))
  var shard: ShardRequest?

  @Flag(help: "Make no picture: join what shards have made, and write the pages.")
  var merge = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if merge && shard != nil { throw ValidationError("Give --shard or --merge, not both.") }
  }

  func run() throws {
    let source = common.source
    let work = try AtlasWork(output, classes: classes, ascent.request, shard, isMerge: merge, source)
    if merge { return try work.merge() }
    try work.make { record in try source.console.print(record, lines: work.lines(record)) }
  }
}
