// SPDX-License-Identifier: MIT

import CPixelKernels
import Testing

@Suite struct DispatchTests {
  @Test("scalar is always there and first; names are distinct")
  func tables() {
    let names = (0..<pxa_kernels_count()).map { String(cString: pxa_kernels_at($0).pointee.name) }
    #expect(names.first == "scalar")
    #expect(Set(names).count == names.count)
    #if arch(x86_64)
      #expect(names == ["scalar", "avx2", "avx512"])
    #elseif arch(arm64)
      #expect(names == ["scalar", "neon"])
    #endif
    #expect(pxa_kernels_run_here(pxa_kernels_at(0)))
  }
}
