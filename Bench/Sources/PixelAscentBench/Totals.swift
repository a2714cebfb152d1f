// SPDX-License-Identifier: MIT

/// Sums of the operations and times of groups of convolutions.
struct Totals {
  private var sums: [Key: Sum] = [:]

  private struct Key: Hashable {
    let group, pass, data: String
  }

  private struct Sum {
    var count = 0
    var flop = 0.0, median = 0.0, least = 0.0
    /// The seconds that the operations would have taken at the peak measured with each convolution.
    var atPeak = 0.0
  }

  /// The groups of layers with their numbers of members. `rows` leaves out groups with members that were not measured.
  private static let groups: [(name: String, members: Int, has: @Sendable (String) -> Bool)] = [
    ("total/3x3", 8, { $0.hasSuffix("expand3x3") }),
    ("total/expand1x1", 8, { $0.hasSuffix("expand1x1") }),
    ("total/squeeze1x1", 8, { $0.hasSuffix("squeeze1x1") }),
    ("total/1x1", 17, { $0.hasSuffix("1x1") || $0 == "conv10" }),
    ("total/all", 25, { $0.hasPrefix("fire") || $0 == "conv10" }),
  ]

  mutating func add(_ row: Row, _ kernel: KernelCase) {
    guard let timing = row.timing, let peak = row.peak, case .operations(let flop) = kernel.work else { return }
    guard let pass = kernel.pass, let data = kernel.data else { return }
    for group in Self.groups where group.has(kernel.name) {
      var sum = sums[Key(group: group.name, pass: pass, data: data), default: Sum()]
      sum.count += 1
      sum.flop += flop
      sum.median += timing.median
      sum.least += timing.least
      sum.atPeak += flop / (peak * 1e9)
      sums[Key(group: group.name, pass: pass, data: data)] = sum
    }
  }

  func rows(_ simd: String, _ threads: Int) -> [Row] {
    var rows: [Row] = []
    for group in Self.groups {
      for pass in ["forward", "input_grad"] {
        for data in ["dense", "sparse", "winograd"] {
          guard let sum = sums[Key(group: group.name, pass: pass, data: data)], sum.count == group.members else {
            continue
          }
          var row = Row(name: group.name, pass: pass, data: data, simd: simd, threads: threads)
          row.timing = Timing(median: sum.median, least: sum.least)
          row.gflops = sum.flop / sum.median * 1e-9
          row.peak = sum.flop / sum.atPeak * 1e-9
          rows.append(row)
        }
      }
    }
    return rows
  }
}

extension KernelCase {
  /// Whether the kernel is part of a total.
  var isTotalled: Bool { name.hasPrefix("fire") || name == "conv10" }
}
