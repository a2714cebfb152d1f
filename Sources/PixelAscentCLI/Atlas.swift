// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
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
    let shard = try shard?.shard()
    if merge && !Files.isFolder(output) { throw PixelAscentError(.unreadableFile, "\(output): no such folder") }
    let (network, hashed) = try common.source.networkAndModel(), labels = network.labels
    let (visualizations, input) = try ascent.request.visualizations(network, common.run.settings)
    let bytes = try withErrors(about: ascent.request.startFile) {
      try visualizations.map { try $0.check(network) }.max() ?? 0
    }
    let indices = try classes.map { try ClassList.find($0, labels) } ?? Array(0..<labels.count)
    let most = PlannedAscent.most
    guard indices.count * visualizations.count * ascent.seeds.count(most: most) <= most else {
      throw UsageError("An atlas has at most \(most) pictures; --classes and --seeds ask for more.")
    }
    let model = try hashed.get()
    let plan = PlannedAscent.all(indices, visualizations, ascent.seeds, labels)
    let items = try plan.map { planned in
      let provenance = Provenance(
        .visualization(planned.visualization), class: planned.class, network, model, input: input)
      return AtlasItem(
        class: planned.class, label: labels[planned.class], planned.visualization, output: "\(planned.stem).png",
        provenance: try provenance.text())
    }
    let names = items.map(\.output) + [AtlasFolder.manifest, AtlasFolder.sheet, AtlasFolder.page]
    try Outputs.keep(
      [ascent.request.startFile, classes].compactMap(\.self) + common.source.files(of: network),
      from: names.map { "\(output.withoutLastSlash)/\($0)" })
    let work = AtlasWork(
      folder: try AtlasFolder(output, shard), items: items, startFile: ascent.request.startFile, console: common.console
    )
    try merge ? work.merge(network) : work.make(network, bytesEach: bytes)
  }
}
