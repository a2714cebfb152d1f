// SPDX-License-Identifier: MIT

/// The seeds in a list such as 0-3 or 0,2,5-7, in the order of the list.
package struct Seeds: Sendable {
  private let ranges: [ClosedRange<UInt64>]

  package init(one seed: UInt64) { ranges = [seed...seed] }

  /// Reads a list of seeds.
  ///
  /// - Throws: `UsageError` if the text is not such a list, or names a seed twice.
  package init(_ text: String) throws {
    ranges = try text.split(separator: ",", omittingEmptySubsequences: false).map(Seeds.range)
    let sorted = ranges.sorted { $0.lowerBound < $1.lowerBound }
    for (range, next) in zip(sorted, sorted.dropFirst()) where next.lowerBound <= range.upperBound {
      throw UsageError("it names \(next.lowerBound) twice")
    }
  }

  /// Returns the number of seeds. The count stops at `most` + 1.
  package func count(most: Int) -> Int {
    ranges.reduce(0) { (sum: Int, range: ClosedRange<UInt64>) -> Int in
      let steps = min(range.upperBound - range.lowerBound, UInt64(most))
      return min(sum + Int(steps), most) + 1
    }
  }

  /// The seeds, in the order of the list.
  package var values: [UInt64] { ranges.flatMap { (range: ClosedRange<UInt64>) -> [UInt64] in Array(range) } }

  private static func range(_ text: Substring) throws -> ClosedRange<UInt64> {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(seed)
    guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1] else {
      throw UsageError("seeds are whole numbers from 0 to \(UInt64.max), written as 0-3 or 0,2,5-7")
    }
    guard first <= last else { throw UsageError("write \(last)-\(first), not \(first)-\(last)") }
    return first...last
  }

  private static func seed(_ digits: Substring) -> UInt64? {
    digits.utf8.allSatisfy { (48...57).contains($0) } ? UInt64(digits) : nil
  }
}
