// SPDX-License-Identifier: MIT

import PixelAscent

/// How far some work is, on one line that says less where there is less room.
package struct ProgressText: Sendable {
  /// What is done, and what there is to do.
  package var done = 0, total: Int
  /// What is counted ("iteration", "images"): stands before the numbers.
  package let unit: String
  /// Said between the numbers and the time, the more important first.
  package var details: [String] = []

  package init(_ unit: String, total: Int) { (self.unit, self.total) = (unit, total) }

  /// The line, at most `width` columns of a terminal wide.
  ///
  /// - Parameter seconds: how long the work has taken so far
  package func line(width: Int, seconds: Double) -> String {
    let count = "\(unit) \(done)/\(total)"
    var time: [String] = []
    if done > 0, seconds > 0 {
      let rate = Double(done) / seconds
      time = [Self.rate(rate), "\(Self.clock(Double(total - done) / rate)) left"]
    }
    // From everything to the least: first the details go, from the last on, then the rate, then the time.
    for kept in stride(from: details.count, through: 0, by: -1) {
      let line = ([count] + details[..<kept] + time).joined(separator: "  ")
      if Self.columns(line) <= width { return line }
    }
    for line in [([count] + time.suffix(1)).joined(separator: "  "), count, "\(done)/\(total)"]
    where Self.columns(line) <= width {
      return line
    }
    return String(repeating: ".", count: max(0, min(3, width)))
  }

  /// The columns that a text takes at most: East Asian characters and emoji, which are wide, begin at U+1100.
  private static func columns(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { $0 + ($1.value < 0x1100 ? 1 : 2) }
  }

  /// Hours only where there are some: "0:07", "12:34", "1:02:03".
  package static func clock(_ seconds: Double) -> String {
    guard seconds < 1e9 else { return "long" }
    let whole = Int(seconds.rounded(.up)), minutes = whole / 60 % 60
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return whole < 3600 ? "\(minutes):\(two(whole % 60))" : "\(whole / 3600):\(two(minutes)):\(two(whole % 60))"
  }

  private static func rate(_ each: Double) -> String {
    if each >= 10 { return "\(Int(min(each, 1e9).rounded()))/s" }
    let tenths = Int((each * 10).rounded())
    return tenths > 0 ? "\(tenths / 10).\(tenths % 10)/s" : "\(Int((3600 * each).rounded()))/h"
  }
}
