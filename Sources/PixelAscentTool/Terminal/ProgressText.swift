// SPDX-License-Identifier: MIT

import PixelAscent

/// The progress of some work as one line of text, which leaves out details if the terminal is narrow.
package struct ProgressText: Sendable {
  /// The number of items that are done, and the number of all items.
  package var done = 0, total: Int
  /// The name of what is counted, such as "iteration" or "images". It stands before the numbers.
  package let unit: String
  /// Texts between the numbers and the time, the most important first.
  package var details: [String] = []

  package init(_ unit: String, total: Int) { (self.unit, self.total) = (unit, total) }

  /// Returns the line, which takes at most `width` columns of the terminal.
  ///
  /// - Parameter seconds: how long the work has taken so far
  package func line(width: Int, seconds: Double) -> String {
    let count = "\(unit) \(done)/\(total)"
    var time: [String] = []
    if done > 0, seconds > 0 {
      let rate = Double(done) / seconds
      time = [Self.rate(rate), "\(Self.clock(Double(total - done) / rate)) left"]
    }
    // Take the longest line that fits: first leave out the details, beginning with the last, then the rate, then the
    // time.
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

  /// Returns an upper bound of the number of columns that a text takes: East Asian characters and emoji, which take two
  /// columns each, begin at U+1100.
  private static func columns(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { $0 + ($1.value < 0x1100 ? 1 : 2) }
  }

  /// Returns a time as minutes and seconds, with hours only from one hour on: "0:07", "12:34", "1:02:03".
  package static func clock(_ seconds: Double) -> String {
    guard seconds < 1e9 else { return "long" }
    let whole = Int(seconds.rounded(.up)), minutes = whole / 60 % 60
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return whole < 3600 ? "\(minutes):\(two(whole % 60))" : "\(whole / 3600):\(two(minutes)):\(two(whole % 60))"
  }

  /// Returns a long time in words, with two digits of its largest unit: "95 seconds", "12 days".
  package static func words(_ seconds: Double) -> String {
    let units = [("years", 365.25 * 86400), ("days", 86400), ("hours", 3600), ("minutes", 60), ("seconds", 1)]
    guard let (unit, size) = units.first(where: { seconds >= 2 * $0.1 }) else { return "a moment" }
    let count = seconds / size
    return count < 1e6 ? "\(Int(count.rounded())) \(unit)" : "more than a million \(unit)"
  }

  private static func rate(_ perSecond: Double) -> String {
    if perSecond >= 10 { return "\(Int(min(perSecond, 1e9).rounded()))/s" }
    let tenths = Int((perSecond * 10).rounded())
    return tenths > 0 ? "\(tenths / 10).\(tenths % 10)/s" : "\(Int((3600 * perSecond).rounded()))/h"
  }
}
