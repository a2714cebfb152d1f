// SPDX-License-Identifier: MIT

/// Returns the candidates, at most five, with the name that needs the fewest edits to become `text`, the nearest
/// candidate first. Candidates that need three edits more than the first are left out. Case does not count.
///
/// - Parameter names: returns the names of a candidate; of these the nearest one counts
package func nearest<Candidate>(
  to text: String, _ candidates: some Collection<Candidate>, names: (Candidate) -> [String]
) -> [(candidate: Candidate, name: String)] {
  let wanted = comparable(text)
  let ranked = candidates.enumerated().compactMap { index, candidate in
    names(candidate).map { (distance: editDistance(wanted, comparable($0)), name: $0) }
      .min { $0.distance < $1.distance }
      .map { (distance: $0.distance, index: index, found: (candidate: candidate, name: $0.name)) }
  }.sorted { ($0.distance, $0.index) < ($1.distance, $1.index) }
  return ranked.prefix(5).filter { $0.distance <= ranked[0].distance + 2 }.map(\.found)
}

private func comparable(_ text: String) -> [UInt8] { Array(text.lowercased().utf8.prefix(80)) }

/// Returns the smallest number of insertions, deletions and replacements of a byte that turn one text into the other
/// (Levenshtein 1966).
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var row = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, y) in b.enumerated() {
      let replaced = diagonal + (x == y ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
    }
  }
  return row[b.count]
}
