// SPDX-License-Identifier: MIT

/// Returns `values` in the compressed form of GIF: LZW with codes of `bits` + 1 to 12 bits, the lowest bit first.
///
/// A code stands for a value, or for a sequence of values that has occurred before. When all 4096 codes are taken, the
/// table of sequences starts anew.
///
/// - Parameter bits: the number of bits of a value, 2 to 8
/// - Precondition: there is at least one value, and all are below 2 to the power of `bits`.
func compressedLZW(_ values: [UInt8], bits: Int) -> [UInt8] {
  let clear = 1 << bits, end = clear + 1
  var output = BitOutput(), width = bits + 1, nextCode = end + 1
  // The code of the sequence of `code` with `value` after it is at (code << bits) + value; 0 if it has none.
  var longer = [UInt16](repeating: 0, count: 4096 << bits)
  output.append(clear, width)
  var code = Int(values[0])
  for value in values.dropFirst() {
    let place = code << bits + Int(value)
    if longer[place] != 0 {
      code = Int(longer[place])
      continue
    }
    output.append(code, width)
    if nextCode < 4096 {
      // A reader knows a new code one code later than the writer.
      if nextCode == 1 << width { width += 1 }
      longer[place] = UInt16(nextCode)
      nextCode += 1
    } else {
      output.append(clear, width)
      longer = [UInt16](repeating: 0, count: longer.count)
      (width, nextCode) = (bits + 1, end + 1)
    }
    code = Int(value)
  }
  output.append(code, width)
  if nextCode == 1 << width && width < 12 { width += 1 }
  output.append(end, width)
  return output.finished()
}

/// Bytes that are filled with numbers of any width, from the lowest bit on.
private struct BitOutput {
  private var bytes: [UInt8] = []
  private var pending = 0
  private var pendingCount = 0

  mutating func append(_ value: Int, _ width: Int) {
    pending |= value << pendingCount
    pendingCount += width
    while pendingCount >= 8 {
      bytes.append(UInt8(pending & 255))
      pending >>= 8
      pendingCount -= 8
    }
  }

  /// Returns the bytes, the last one filled with zeros.
  func finished() -> [UInt8] { pendingCount == 0 ? bytes : bytes + [UInt8(pending)] }
}
