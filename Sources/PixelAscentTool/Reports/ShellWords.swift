// SPDX-License-Identifier: MIT

import PixelAscent

/// A word of a command as it is pasted into a shell: quoted if it needs that. What can't be seen is written as the octal numbers of
/// its bytes, as bash, zsh and POSIX's shell of 2024 read them.
package func shellQuoted(_ word: String) -> String {
  if !word.isEmpty && word.utf8.allSatisfy(isPlain) { return word }
  if !word.unicodeScalars.contains(where: \.isInvisible) {
    // By scalars: a quotation mark with an accent on it is still one to the shell.
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
