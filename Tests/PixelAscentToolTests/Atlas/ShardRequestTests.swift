// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// The shard that `--shard` and the environment ask for.
@Suite struct ShardRequestTests {
  private func shard(_ text: String, _ environment: [String: String] = [:]) throws -> AtlasShard {
    try ShardRequest(text).shard { environment[$0] }
  }

  @Test func given() throws { #expect(try shard("2/8") == AtlasShard(2, of: 8)) }

  @Test(
    "A text in another form is not a request",
    arguments: [
      "", "2", "0/3", "4/3", "2/8/9", "/8", "2/", "auto/0", "auto/", "auto/x", "auto/2/3", "AUTO", "1/100001",
    ])
  func notARequest(_ text: String) { #expect(throws: UsageError.self) { try ShardRequest(text) } }

  private static let wrong = [
    ("3/2", "of 2 shards, K is from 1 to 2, not 3"), ("0/1", "of 1 shard, K is from 1 to 1, not 0"),
    ("1/0", "there are from 1 to 100000 shards, not 0"), ("auto/0", "there are from 1 to 100000 shards, not 0"),
    ("3 of 8", "write K/N, such as 2/8 for the second of eight shards, auto, or auto/N"),
  ]

  @Test("The error says what is wrong with the request", arguments: wrong)
  func lines(_ text: String, _ line: String) {
    #expect(throws: UsageError(line)) { try ShardRequest(text) }
  }

  private static let array = [
    "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_MAX": "4", "SLURM_ARRAY_TASK_STEP": "2",
    "SLURM_ARRAY_TASK_COUNT": "3",
  ]

  @Test("In a Slurm array, tasks 0, 2 and 4 make shards 1, 2 and 3", arguments: [("0", 1), ("2", 2), ("4", 3)])
  func slurmFromZero(_ id: String, _ index: Int) throws {
    let environment = Self.array.merging(["SLURM_ARRAY_TASK_ID": id]) { $1 }
    #expect(try shard("auto", environment) == AtlasShard(index, of: 3))
  }

  @Test("In a Slurm array of four tasks from 1, task 4 makes shard 4, even if the largest task number is not set")
  func slurmFromOne() throws {
    let environment = ["SLURM_ARRAY_TASK_ID": "4", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_COUNT": "4"]
    #expect(try shard("auto", environment) == AtlasShard(4, of: 4))
  }

  @Test("If the request has the number of shards, Slurm's task 3 makes shard 3")
  func slurmWithCount() throws {
    #expect(try shard("auto/8", ["SLURM_ARRAY_TASK_ID": "3"]) == AtlasShard(3, of: 8))
  }

  @Test("Kubernetes counts from 0")
  func kubernetes() throws { #expect(try shard("auto/8", ["JOB_COMPLETION_INDEX": "0"]) == AtlasShard(1, of: 8)) }

  @Test("Slurm takes precedence over Kubernetes")
  func both() throws {
    let environment = ["SLURM_ARRAY_TASK_ID": "3", "JOB_COMPLETION_INDEX": "0"]
    #expect(try shard("auto/8", environment) == AtlasShard(3, of: 8))
  }

  @Test(
    "An environment that does not name a shard is an error",
    arguments: [
      ("auto", [:], "--shard auto: neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set."),
      (
        "auto", ["JOB_COMPLETION_INDEX": "0"],
        "--shard auto: Kubernetes does not tell the number of shards; write --shard auto/N."
      ),
      (
        "auto/2", ["JOB_COMPLETION_INDEX": "2"],
        "--shard auto/2: JOB_COMPLETION_INDEX must be from 0 to 1, found 2."
      ),
      (
        "auto/2", ["JOB_COMPLETION_INDEX": "one\n"],
        "--shard auto: JOB_COMPLETION_INDEX must be a whole number, found \"one \"."
      ),
      (
        "auto/2", ["SLURM_ARRAY_TASK_ID": "0"],
        "--shard auto/2: SLURM_ARRAY_TASK_ID must be from 1 to 2, found 0."
      ),
      (
        "auto", ["SLURM_ARRAY_TASK_ID": "1"],
        "--shard auto: SLURM_ARRAY_TASK_COUNT is not set; write --shard auto/N."
      ),
      (
        "auto",
        [
          "SLURM_ARRAY_TASK_ID": "5", "SLURM_ARRAY_TASK_MIN": "5", "SLURM_ARRAY_TASK_MAX": "5",
          "SLURM_ARRAY_TASK_COUNT": "1",
        ],
        "--shard auto: needs a complete Slurm array that starts at task 0 or 1, found tasks 5 to 5 "
          + "(1 in all); write --shard K/N to name the shard."
      ),
    ] as [(String, [String: String], String)])
  func errors(_ text: String, _ environment: [String: String], _ expected: String) {
    #expect(errorLine { try shard(text, environment) } == expected)
  }
}
