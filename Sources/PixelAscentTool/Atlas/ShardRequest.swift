// SPDX-License-Identifier: MIT

import PixelAscent

/// Which part of an atlas a process is asked to make.
package enum ShardRequest: Hashable, Sendable {
  /// This one.
  case given(AtlasShard)
  /// The one that Slurm or Kubernetes names in the environment; `count` is the number of shards where they don't say it.
  case automatic(count: Int?)

  /// The request that a text such as 2/8, auto or auto/8 makes; nil if it is none.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let count = parts.count == 2 ? Int(parts[1]) : nil
    if parts[0] == "auto" && (parts.count == 1 || AtlasShard(1, of: count ?? 0) != nil) {
      self = .automatic(count: count)
    } else if let index = Int(parts[0]), let count, let shard = AtlasShard(index, of: count) {
      self = .given(shard)
    } else {
      return nil
    }
  }

  /// The shard, found in the environment if need be.
  ///
  /// - Parameter environment: gives the value of a variable; nil if it is not set
  /// - Throws: `UsageError` if the environment doesn't say which shard it is.
  package func shard(_ environment: (String) -> String? = Files.environment) throws -> AtlasShard {
    func number(_ name: String) throws -> Int? {
      guard let text = environment(name) else { return nil }
      guard let number = Int32(text) else {
        throw UsageError("--shard auto: \(name) is \"\(text.oneLine)\", which is no whole number.")
      }
      return Int(number)
    }
    switch self {
    case .given(let shard): return shard
    case .automatic(let count):
      if let id = try number("SLURM_ARRAY_TASK_ID") { return try Self.slurm(id, count, number) }
      guard let index = try number("JOB_COMPLETION_INDEX") else {
        throw UsageError("--shard auto: neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set.")
      }
      guard let count else {
        throw UsageError("--shard auto: Kubernetes doesn't say how many there are; write --shard auto/N.")
      }
      guard let shard = AtlasShard(index + 1, of: count) else {
        throw UsageError("--shard auto/\(count): JOB_COMPLETION_INDEX is \(index), which is none of \(count).")
      }
      return shard
    }
  }

  private static func slurm(_ id: Int, _ count: Int?, _ number: (String) throws -> Int?) throws -> AtlasShard {
    if let count {
      guard let shard = AtlasShard(id, of: count) else {
        throw UsageError("--shard auto/\(count): SLURM_ARRAY_TASK_ID is \(id), which is not from 1 to \(count).")
      }
      return shard
    }
    guard let all = try number("SLURM_ARRAY_TASK_COUNT") else {
      throw UsageError("--shard auto: SLURM_ARRAY_TASK_COUNT is not set; write --shard auto/N.")
    }
    let step = max(1, try number("SLURM_ARRAY_TASK_STEP") ?? 1), first = try number("SLURM_ARRAY_TASK_MIN") ?? 0
    let last = try number("SLURM_ARRAY_TASK_MAX") ?? first + (all - 1) * step
    // Some tasks of an array, submitted again, must not take themselves for all.
    guard 0...1 ~= first, last - first == (all - 1) * step, let shard = AtlasShard((id - first) / step + 1, of: all)
    else {
      throw UsageError(
        "--shard auto: tasks \(first) to \(last), \(all) of them, are no whole Slurm array from 0 or 1 on; "
          + "say which of N shards it is: --shard K/N.")
    }
    return shard
  }
}
