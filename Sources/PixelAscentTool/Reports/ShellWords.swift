// SPDX-License-Identifier: MIT

import PixelAscent

/// Returns a word of a command as it can be pasted into a shell, quoted if necessary. Invisible characters are written
/// as octal escapes of their bytes, which bash, zsh and shells of POSIX 2024 understand.
package func shellQuoted(_ word: String) -> String {
  if !word.isEmpty && word.utf8.allSatisfy(isPlain) { return word }
  if !word.unicodeScalars.contains(where: \.isInvisible) {
    // Compare Unicode scalars, not characters: to a shell, a quotation mark with a combining accent is still a
    // quotation mark.
    return "'" + word.unicodeScalars.map { $0 == "'" ? #"'\''"# : String($0) }.joined() + "'"
  }
  let escaped = word.unicodeScalars.map { (scalar: Unicode.Scalar) -> String in
    if scalar.isInvisible { return Character(scalar).utf8.map(octal).joined() }
    return scalar == "'" || scalar == "\\" ? "\\\(scalar)" : String(scalar)
  }
  return "$'\(escaped.joined())'"
}

private func isPlain(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"):
    true
  default: "-_./,:@%+".utf8.contains(byte)
  }
}

private func octal(_ byte: UInt8) -> String {
  let digits = String(byte, radix: 8)
  return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
}
