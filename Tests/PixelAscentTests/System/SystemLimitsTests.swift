// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

@Suite struct SystemLimitsTests {
  /// Returns the limits of a system with these files.
  private func limits(_ files: [String: String], in folder: TemporaryFolder) throws -> SystemLimits {
    for (path, text) in files {
      let url = URL(fileURLWithPath: folder.path + path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    return SystemLimits(root: folder.path)
  }

  @Test(
    arguments: [
      ("0::/\n", ["/cpu.max": "150000 100000\n"], 1), ("0::/\n", ["/cpu.max": "250000 100000\n"], 2),
      ("0::/\n", ["/cpu.max": "50000 100000\n"], 1), ("0::/\n", ["/cpu.max": "max 100000\n"], nil),
      ("0::/\n", [:], nil), ("", ["/cpu.max": "100000 100000\n"], nil),
      ("0::/\n", ["/cpu.max": "-1 100000"], nil), ("0::/\n", ["/cpu.max": "100000 0"], nil),
      ("0::/\n", ["/cpu.max": "nonsense"], nil),
      // The smallest quota of a group and of the groups around it counts.
      ("0::/a/b\n", ["/a/b/cpu.max": "800000 100000\n", "/a/cpu.max": "300000 100000\n"], 3),
      ("0::/a/b\n", ["/a/b/cpu.max": "200000 100000\n", "/a/cpu.max": "max 100000\n"], 2),
      // These control groups are of version 1.
      (
        "5:memory:/x\n4:cpu,cpuacct:/x\n",
        ["/cpu,cpuacct/x/cpu.cfs_quota_us": "400000\n", "/cpu,cpuacct/x/cpu.cfs_period_us": "100000\n"], 4
      ),
      ("4:cpu:/\n", ["/cpu/cpu.cfs_quota_us": "-1\n", "/cpu/cpu.cfs_period_us": "100000\n"], nil),
    ] as [(String, [String: String], Int?)])
  func readsQuotasOfControlGroups(groups: String, files: [String: String], cores: Int?) throws {
    let folder = try TemporaryFolder()
    var all = ["/proc/self/cgroup": groups]
    for (path, text) in files { all["/sys/fs/cgroup\(path)"] = text }
    #expect(try limits(all, in: folder).quota == cores)
  }

  @Test(arguments: [("ff", 8), ("3", 2), ("00000000,00000005", 2), ("0", nil), ("", nil)] as [(String, Int?)])
  func readsTheAffinityMask(mask: String, cores: Int?) throws {
    let folder = try TemporaryFolder()
    let status = "Name:\tx\nCpus_allowed:\t\(mask)\nCpus_allowed_list:\t0-7\n"
    #expect(try limits(["/proc/self/status": status], in: folder).affinity == cores)
  }

  @Test func systemWithoutTheseFilesHasNoKnownLimits() throws {
    let limits = SystemLimits(root: try TemporaryFolder().path)
    #expect(limits.quota == nil)
    #expect(limits.affinity == nil)
    #expect(ComputeOptions.availableThreads >= 1)
  }
}
