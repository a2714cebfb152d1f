// SPDX-License-Identifier: MIT

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The limits that Linux sets on the number of cores of this process. A limit that is not set is nil.
package struct SystemLimits {
  /// The number of cores that this process may use: the least of the number of the machine's cores, the number of
  /// cores in the affinity mask, and the CPU quotas of the control groups. The number is at least 1. A quota is rounded
  /// down to whole cores.
  static var availableThreads: Int {
    let cores = ProcessInfo.processInfo.activeProcessorCount, limits = SystemLimits()
    return max(1, [cores, limits.affinity ?? cores, limits.quota ?? cores].min() ?? 1)
  }

  /// The folder that holds /proc and /sys: "", except in tests.
  private let root: String

  package init(root: String = "") { self.root = root }

  /// The number of cores in the affinity mask, which taskset and containers set.
  package var affinity: Int? {
    guard let line = lines("/proc/self/status").first(where: { $0.hasPrefix("Cpus_allowed:") }) else { return nil }
    // The mask is a hexadecimal number, with commas between groups of digits.
    let cores = line.dropFirst(13).reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
    return cores > 0 ? cores : nil
  }

  /// The smallest of the CPU quotas of the process's control group and of the groups that contain it, rounded down to
  /// whole cores; at least 1.
  package var quota: Int? {
    var quotas: [Double] = []
    for line in lines("/proc/self/cgroup") {
      // Version 2: "0::/path". Version 1: "4:cpu,cpuacct:/path".
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isVersion2 = fields[1].isEmpty
      guard isVersion2 || fields[1].split(separator: ",").contains("cpu") else { continue }
      var path = fields[2].split(separator: "/")[...]
      while true {
        let group = path.map { "/\($0)" }.joined()
        if let quota = isVersion2 ? version2(group) : version1("/\(fields[1])\(group)") { quotas.append(quota) }
        if path.isEmpty { break }
        path.removeLast()
      }
    }
    return quotas.min().map { max(1, Int(min($0, 1e6))) }
  }

  private func version2(_ group: String) -> Double? {
    let numbers = (lines("/sys/fs/cgroup\(group)/cpu.max").first ?? "").split(separator: " ").map { Double($0) }
    guard numbers.count == 2, let quota = numbers[0], let period = numbers[1], quota > 0, period > 0 else { return nil }
    return quota / period
  }

  private func version1(_ group: String) -> Double? {
    func number(_ name: String) -> Double? { lines("/sys/fs/cgroup\(group)/cpu.\(name)").first.flatMap { Double($0) } }
    guard let quota = number("cfs_quota_us"), let period = number("cfs_period_us"), quota > 0, period > 0 else {
      return nil
    }
    return quota / period
  }

  private func lines(_ path: String) -> [Substring] {
    guard let bytes = try? Files.read(root + path) else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
  }
}
