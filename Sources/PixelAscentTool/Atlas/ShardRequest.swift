// SPDX-License-Identifier: MIT

import PixelAscent

/// The shard of an atlas that `--shard` asks for.
package enum ShardRequest: Hashable, Sendable {
  /// The shard that the command names.
  case given(AtlasShard)
  /// The shard that Slurm or Kubernetes names in the environment; `count` is the number of shards, if the command names
  /// it.
  case automatic(count: Int?)

  /// Reads a request such as 2/8, auto or auto/8.
  ///
  /// - Throws: `UsageError` if `text` has none of these forms, or names a shard that does not exist.
  package init(_ text: String) throws {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if text == "auto" {
      self = .automatic(count: nil)
      return
    }
    guard parts.count == 2, let count = Int(parts[1]), let index = parts[0] == "auto" ? 1 : Int(parts[0]) else {
      throw UsageError("write K/N, such as 2/8 for the second of eight shards, auto, or auto/N")
    }
    guard (1...AtlasShard.most).contains(count) else {
      throw UsageError("there are from 1 to \(AtlasShard.most) shards, not \(count)")
    }
    guard let shard = AtlasShard(index, of: count) else {
      throw UsageError("of \(count) shard\(count == 1 ? "" : "s"), K is from 1 to \(count), not \(index)")
    }
    self = parts[0] == "auto" ? .automatic(count: count) : .given(shard)
  }

  /// Returns the shard; looks it up in the environment if the command does not name it.
  ///
  /// - Parameter environment: returns the value of a variable; nil if the variable is not set
  /// - Throws: `UsageError` if the environment does not name a shard.
  package func shard(_ environment: (String) -> String? = Files.environment) throws -> AtlasShard {
    func number(_ name: String) throws -> Int? {
      guard let text = environment(name) else { return nil }
      guard let number = Int32(text) else {
        throw UsageError("--shard auto: \(name) must be a whole number, found \"\(text.oneLine)\".")
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
        throw UsageError("--shard auto: Kubernetes does not tell the number of shards; write --shard auto/N.")
      }
      guard let shard = AtlasShard(index + 1, of: count) else {
        throw UsageError(
          "--shard auto/\(count): JOB_COMPLETION_INDEX must be from 0 to \(count - 1), found \(index).")
      }
      return shard
    }
  }

  private static func slurm(_ id: Int, _ count: Int?, _ number: (String) throws -> Int?) throws -> AtlasShard {
    if let count {
      guard let shard = AtlasShard(id, of: count) else {
        throw UsageError("--shard auto/\(count): SLURM_ARRAY_TASK_ID must be from 1 to \(count), found \(id).")
      }
      return shard
    }
    guard let all = try number("SLURM_ARRAY_TASK_COUNT") else {
      throw UsageError("--shard auto: SLURM_ARRAY_TASK_COUNT is not set; write --shard auto/N.")
    }
    let step = max(1, try number("SLURM_ARRAY_TASK_STEP") ?? 1), first = try number("SLURM_ARRAY_TASK_MIN") ?? 0
    let last = try number("SLURM_ARRAY_TASK_MAX") ?? first + (all - 1) * step
    // If only some tasks of an array are submitted again, their count is not the number of shards.
    guard 0...1 ~= first, last - first == (all - 1) * step, let shard = AtlasShard((id - first) / step + 1, of: all)
    else {
      throw UsageError(
        "--shard auto: needs a complete Slurm array that starts at task 0 or 1, found tasks \(first) to \(last) "
          + "(\(all) in all); write --shard K/N to name the shard.")
    }
    return shard
  }
}
