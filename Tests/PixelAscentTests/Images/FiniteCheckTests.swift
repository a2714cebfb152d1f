// SPDX-License-Identifier: MIT

import PixelAscent
import Testing

@Suite struct FiniteCheckTests {
  @Test func findsEveryValueThatIsNotFinite() {
    for count in 0...50 {
      let tensor = Tensor(shape: [count], repeating: .greatestFiniteMagnitude)
      #expect(tensor.isFinite)
      #expect(tensor.firstNonFiniteIndex == nil)
      for index in 0..<count {
        var changed = tensor
        changed.values[index] = .nan
        changed.values[count - 1] = .infinity
        #expect(!changed.isFinite)
        #expect(changed.firstNonFiniteIndex == index)
      }
    }
  }
}
