// SPDX-License-Identifier: MIT

import ArgumentParser

/// The seeds that a text such as 0-3 or 0,2,5-7 lists, in its order.
struct Seeds {
  private let ranges: [ClosedRange<UInt64>]

  init(one seed: UInt64) { ranges = [seed...seed] }

  /// - Throws: `ValidationError` if the text is no such list, or names a seed twice.
  init(_ text: String) throws {
    ranges = try text.split(separator: ",", omittingEmptySubsequences: false).map(Seeds.range)
    let sorted = ranges.sorted { $0.lowerBound < $1.lowerBound }
    for (range, next) in zip(sorted, sorted.dropFirst()) where next.lowerBound <= range.upperBound {
      throw ValidationError("it names \(next.lowerBound) twice")
    }
  }

  /// The number of seeds; no more than `most` + 1 are counted.
  func count(most: Int) -> Int {
    ranges.reduce(0) { (sum: Int, range: ClosedRange<UInt64>) -> Int in
      let steps = min(range.upperBound - range.lowerBound, UInt64(most))
      return min(sum + Int(steps), most) + 1
    }
  }

  var values: [UInt64] { ranges.flatMap { (range: ClosedRange<UInt64>) -> [UInt64] in Array(range) } }

  private static func range(_ text: Substring) throws -> ClosedRange<UInt64> {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(seed)
    guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1] else {
      throw ValidationError("seeds are whole numbers from 0 to \(UInt64.max), written as 0-3 or 0,2,5-7")
    }
    guard first <= last else { throw ValidationError("write \(last)-\(first), not \(first)-\(last)") }
    return first...last
  }

  private static func seed(_ digits: Substring) -> UInt64? {
    digits.utf8.allSatisfy { (48...57).contains($0) } ? UInt64(digits) : nil
  }
}
