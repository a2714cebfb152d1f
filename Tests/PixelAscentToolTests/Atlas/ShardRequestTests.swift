// SPDX-License-Identifier: MIT

import PixelAscent
import PixelAscentTool
import TestSupport
import Testing

/// Which shard a process makes, as --shard and the environment say it.
@Suite struct ShardRequestTests {
  private func shard(_ text: String, _ environment: [String: String] = [:]) throws -> AtlasShard {
    try #require(ShardRequest(text)).shard { environment[$0] }
  }

  @Test func given() throws { #expect(try shard("2/8") == AtlasShard(2, of: 8)) }

  @Test(
    "What is no request",
    arguments: [
      "", "2", "0/3", "4/3", "2/8/9", "/8", "2/", "auto/0", "auto/", "auto/x", "auto/2/3", "AUTO", "1/100001",
    ])
  func noRequest(_ text: String) { #expect(ShardRequest(text) == nil) }

  private static let array = [
    "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_MAX": "4", "SLURM_ARRAY_TASK_STEP": "2",
    "SLURM_ARRAY_TASK_COUNT": "3",
  ]

  @Test("A whole Slurm array of tasks 0, 2, 4", arguments: [("0", 1), ("2", 2), ("4", 3)])
  func slurmFromZero(_ id: String, _ index: Int) throws {
    let environment = Self.array.merging(["SLURM_ARRAY_TASK_ID": id]) { $1 }
    #expect(try shard("auto", environment) == AtlasShard(index, of: 3))
  }

  @Test("A whole Slurm array of tasks 1 to 4, whose greatest number need not be said")
  func slurmFromOne() throws {
    let environment = ["SLURM_ARRAY_TASK_ID": "4", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_COUNT": "4"]
    #expect(try shard("auto", environment) == AtlasShard(4, of: 4))
  }

  @Test("Some tasks of a Slurm array, whose number of shards is said")
  func slurmWithCount() throws {
    #expect(try shard("auto/8", ["SLURM_ARRAY_TASK_ID": "3"]) == AtlasShard(3, of: 8))
  }

  @Test("Kubernetes counts from 0")
  func kubernetes() throws { #expect(try shard("auto/8", ["JOB_COMPLETION_INDEX": "0"]) == AtlasShard(1, of: 8)) }

  @Test("Slurm comes before Kubernetes")
  func both() throws {
    let environment = ["SLURM_ARRAY_TASK_ID": "3", "JOB_COMPLETION_INDEX": "0"]
    #expect(try shard("auto/8", environment) == AtlasShard(3, of: 8))
  }

  @Test(
    "An environment that doesn't say which shard it is",
    arguments: [
      ("auto", [:], "--shard auto: neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set."),
      (
        "auto", ["JOB_COMPLETION_INDEX": "0"],
        "--shard auto: Kubernetes doesn't say how many there are; write --shard auto/N."
      ),
      (
        "auto/2", ["JOB_COMPLETION_INDEX": "2"], "--shard auto/2: JOB_COMPLETION_INDEX is 2, which is none of 2."
      ),
      (
        "auto/2", ["JOB_COMPLETION_INDEX": "one\n"],
        "--shard auto: JOB_COMPLETION_INDEX is \"one \", which is no whole number."
      ),
      (
        "auto/2", ["SLURM_ARRAY_TASK_ID": "0"],
        "--shard auto/2: SLURM_ARRAY_TASK_ID is 0, which is not from 1 to 2."
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
        "--shard auto: tasks 5 to 5, 1 of them, are no whole Slurm array from 0 or 1 on; "
          + "say which of N shards it is: --shard K/N."
      ),
    ] as [(String, [String: String], String)])
  func errors(_ text: String, _ environment: [String: String], _ expected: String) {
    #expect(errorLine { try shard(text, environment) } == expected)
  }
}
