// SPDX-License-Identifier: MIT

import CAllocationCount
import PixelAscent

/// Measures a model's forward pass and the iterations of class visualization, with one instruction set and one number
/// of threads.
struct Ascents {
  let model: String
  let simd: String
  let threads: Int
  let stopwatch: Stopwatch
  let peak: Peak
  let report: Report

  /// The number of iterations before measuring. The first iterations see noise, and ReLUs make other values zero there
  /// than in a later image.
  private static let warmUp = 20

  private func network(threads: Int) throws -> Network {
    try Network(
      contentsOf: model, options: ComputeOptions(threads: threads, instructionSet: try InstructionSet.named(simd)))
  }

  private func row(_ name: String, _ measured: (timing: Timing?, peak: Double), flop: Double?) -> Row {
    var row = Row(name: name, simd: simd, threads: threads, timing: measured.timing)
    guard let flop, let timing = measured.timing else { return row }
    row.gflops = flop / timing.median * 1e-9
    row.peak = measured.peak
    return row
  }

  /// Measures a forward pass that computes the scores of all classes, without a gradient.
  func forward() throws {
    let network = try network(threads: threads)
    let probe = try network.evaluation(of: network.noise(size: Layer.imageSize), gradient: false)
    let measured = try peak.around {
      var timing: Timing?
      try probe.withThreads { timing = try stopwatch.measure { try probe.forwardAgain() } }
      return timing
    }
    let shapes = squeezeNet(size: Layer.imageSize), isSqueezeNet = probe.runningLayers == shapes.map(\.name)
    let flop = isSqueezeNet ? shapes.reduce(0) { $0 + $1.flop(allClasses: true) } : nil
    report.add(row("forward", measured, flop: flop))
  }

  /// Measures an iteration of class visualization at its usual size, also layer by layer, and one at twice that size.
  func iteration() throws {
    let network = try network(threads: threads)
    let probe = try warmProbe(network, size: Layer.imageSize)
    let measured = try measureIteration(probe)
    report.add(row("iteration", measured, flop: flop(size: Layer.imageSize)))
    try layers(probe)

    let large = try measureIteration(try warmProbe(network, size: 2 * Layer.imageSize))
    var largeRow = row("iteration-448", large, flop: flop(size: 2 * Layer.imageSize))
    if let small = measured.timing, let timing = large.timing {
      let note = "the time of iteration for each quarter of the pixels"
      largeRow.ratio = ("quarter_relative_to_224", timing.median / 4 / small.median, note)
    }
    report.add(largeRow)
  }

  /// Checks that iterations after the first allocate nothing.
  ///
  /// - Throws: `Failure` if a thread allocates memory after the first iteration.
  func allocations() throws {
    guard pxa_allocations_are_counted() else { return report.note("(allocations are not counted on this system)") }
    let probe = try AscentProbe(try network(threads: threads), size: Layer.imageSize)
    try probe.withThreads {
      try probe.iterate()
      let before = pxa_allocations_of_process()
      for _ in 0..<10 { try probe.iterate() }  // the last of them blurs
      let count = pxa_allocations_of_process() - before
      guard count == 0 else {
        throw Failure("allocations \(simd) --threads \(threads): \(count) in 10 iterations, expected none")
      }
    }
    report.note("\(simd), \(threads) threads: iterations allocate nothing")
  }

  /// Returns the operations of a forward pass and a gradient for one class.
  private func flop(size: Int) -> Double { squeezeNet(size: size).reduce(0) { $0 + 2 * $1.flop() } }

  private func warmProbe(_ network: Network, size: Int, class index: Int = Layer.index) throws -> AscentProbe {
    let probe = try AscentProbe(network, size: size, class: index)
    if stopwatch.isShort { return probe }
    try probe.withThreads { for _ in 0..<Self.warmUp { try probe.iterate() } }
    return probe
  }

  private func measureIteration(_ probe: AscentProbe) throws -> (timing: Timing?, peak: Double) {
    try peak.around {
      var timing: Timing?
      try probe.withThreads { timing = try stopwatch.measure { try probe.iterate() } }
      return timing
    }
  }

  /// Measures how the time of an iteration splits into layers and passes.
  private func layers(_ probe: AscentProbe) throws {
    let names = probe.layerNames, shapes = squeezeNet(size: Layer.imageSize)
    guard names == shapes.map(\.name) else {
      report.note("(no split by layer: the model is not SqueezeNet 1.1)")
      return
    }
    let clock = LayerClock(layers: names.count)
    probe.observer = { layer, isBackward in clock.tick(layer, isBackward) }
    defer { probe.observer = nil }
    let measured = try peak.around {
      var timing: Timing?
      try probe.withThreads { timing = try stopwatch.measure { try clock.iteration { try probe.iterate() } } }
      return timing
    }
    for (isBackward, pass) in [(false, "forward"), (true, "input_grad")] {
      for (index, shape) in shapes.enumerated() {
        let timing = measured.timing == nil ? nil : clock.timing(index, isBackward)
        let flop = shape.flop()
        var row = row("iteration/\(shape.name)", (timing, measured.peak), flop: flop > 0 ? flop : nil)
        row.pass = pass
        report.add(row)
      }
    }
    let rest = measured.timing == nil ? nil : clock.rest
    report.add(row("iteration/rest", (rest, measured.peak), flop: nil))
  }

  /// Measures several ascents at the same time, one per thread, and compares them with the same ascents one after the
  /// other.
  func manyAscents() throws {
    let network = try network(threads: 1), side = ThreadsProbe(threads)
    let probes = try (0..<threads).map { try warmProbe(network, size: Layer.imageSize, class: Layer.index + $0) }
    let iterations = 4
    func run(_ probe: AscentProbe) throws {
      for _ in 0..<iterations { try probe.iterate() }
    }
    let one = try stopwatch.measure { try probes.forEach(run) }
    let measured = try peak.around {
      var timing: Timing?
      try side.withThreads { timing = try stopwatch.measure { try side.forEach(threads) { try run(probes[$0]) } } }
      return timing
    }
    var row = row("many-ascents", measured, flop: flop(size: Layer.imageSize) * Double(threads * iterations))
    if let one, let timing = measured.timing {
      let note = "the throughput of one ascent after the other"
      row.ratio = ("throughput_ratio", one.median / timing.median, note)
    }
    report.add(row)
  }

  /// Measures the gradients of several images, one per thread, and compares them with the same gradients on one thread.
  func manyGradients() throws {
    let count = 8 * threads
    func run(threads: Int) throws -> (timing: Timing?, peak: Double) {
      let network = try network(threads: threads), size = Layer.imageSize, noise = network.noise(size: size)
      return try peak.around {
        try stopwatch.measure {
          try network.evaluateEach(count, height: size, width: size) { (_, evaluation) throws(PixelAscentError) in
            try evaluation.load(noise)
            return try evaluation.gradient(of: .score(class: Layer.index))
          } report: { _, _ in
          }
        }
      }
    }
    let one = try run(threads: 1), measured = try run(threads: threads)
    var row = row("many-gradients", measured, flop: nil)
    if let one = one.timing, let timing = measured.timing {
      row.ratio = ("throughput_ratio", one.median / timing.median, "the throughput of one thread")
    }
    report.add(row)
  }
}

/// A class visualization with the default settings, one iteration at a time and without end.
private struct AscentProbe {
  private let ascent: VisualizationAscent

  init(_ network: Network, size: Int, class index: Int = Layer.index) throws {
    var visualization = ClassVisualization()
    (visualization.height, visualization.width) = (size, size)
    (visualization.iterations, visualization.showEvery) = (.max, 0)
    ascent = try visualization.begin(network, class: index)
  }

  var layerNames: [String] { ascent.benchmarkedEvaluation.runningLayers }

  /// A function that is called with nil when a pass begins, and with a layer's index after each of the pass's layers.
  var observer: ((_ layer: Int?, _ isBackward: Bool) -> Void)? {
    get { ascent.benchmarkedEvaluation.layerObserver }
    nonmutating set { ascent.benchmarkedEvaluation.layerObserver = newValue }
  }

  /// Calls `body`. Meanwhile the evaluation's threads wait for work whenever they have none.
  func withThreads(_ body: () throws -> Void) throws { try ascent.benchmarkedEvaluation.withThreads(body) }

  /// Runs the next iteration. All but the first compute the score of one class only.
  func iterate() throws { _ = try ascent.next() }
}

/// Collects the times of layers in each iteration, and the rest of the iteration's time.
private final class LayerClock {
  private var times: [[Double]]
  private var rests: [Double] = []
  private let layers: Int
  private var last = 0.0
  private var inLayers = 0.0

  init(layers: Int) {
    self.layers = layers
    times = Array(repeating: [], count: 2 * layers)
  }

  func tick(_ layer: Int?, _ isBackward: Bool) {
    let time = now()
    if let layer {
      times[layer + (isBackward ? layers : 0)].append(time - last)
      inLayers += time - last
    }
    last = time
  }

  func iteration(_ body: () throws -> Void) rethrows {
    let begin = now()
    inLayers = 0
    try body()
    rests.append(now() - begin - inLayers)
  }

  func timing(_ layer: Int, _ isBackward: Bool) -> Timing { timing(times[layer + (isBackward ? layers : 0)]) }
  var rest: Timing { timing(rests) }

  private func timing(_ samples: [Double]) -> Timing { Timing(median: samples.median, least: samples.min() ?? .nan) }
}
