// SPDX-License-Identifier: MIT

import CKernelChecks
import CPixelKernels
import Testing

/// The kernels of an instruction set.
struct Table: CustomTestStringConvertible, Sendable {
  let index: Int32
  var kernels: UnsafePointer<pxa_kernels> { pxa_kernels_at(index) }
  var testDescription: String { String(cString: kernels.pointee.name) }

  static let all = (0..<pxa_kernels_count()).map(Table.init)
  /// The tables whose instruction set this machine has.
  static let runnable = all.filter { pxa_kernels_run_here($0.kernels) }
}

/// One of the checks in Tests/KernelChecks.
struct Check: CustomTestStringConvertible, Sendable {
  let index: Int32
  var testDescription: String { String(cString: pxa_check_title(index)) }

  static let all = (0..<pxa_checks_count()).map(Check.init)

  /// Returns what the check finds wrong with `kernels`; nil if it finds nothing.
  func failure(of kernels: UnsafePointer<pxa_kernels>) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { message in
      guard let text = message.baseAddress, !pxa_check_run(index, kernels, text, message.count) else { return nil }
      return String(cString: text)
    }
  }
}

@Suite struct KernelTests {
  @Test("kernels do what pxa_kernels.h says", arguments: Check.all, Table.runnable)
  func check(check: Check, table: Table) {
    #expect(check.failure(of: table.kernels) == nil)
  }

  @Test("scalar is always the first table; names are distinct")
  func tables() throws {
    let names = Table.all.map(\.testDescription)
    #expect(names.first == "scalar")
    #expect(Set(names).count == names.count)
    #if arch(x86_64)
      #expect(names.contains("avx2"))
      #expect(names.contains("avx512"))
    #elseif arch(arm64)
      #expect(names.contains("neon"))
    #endif
    #expect(pxa_kernels_run_here(try #require(Table.all.first).kernels))
  }

  @Test("a check finds a wrong kernel and says where it is wrong")
  func wrongKernel() throws {
    var kernels = try #require(Table.all.first).kernels.pointee
    kernels.roll = { y, x, rows, columns, accumulate, range in
      pxa_kernels_at(0).pointee.roll(y, x, rows, columns, accumulate, range)
      y.data[0] += 1
    }
    let roll = try #require(Check.all.first { $0.testDescription.hasPrefix("roll") })
    let text = try #require(roll.failure(of: &kernels))
    #expect(text.hasPrefix("1×1 by 0, 0"), "\(text)")
    #expect(text.contains("more)"), "\(text)")
  }
}
