// SPDX-License-Identifier: MIT

import Foundation

/// One measurement: a line of the report.
struct Row {
  let name: String
  var pass: String?
  var data: String?
  var simd: String?
  var threads: Int?
  var timing: Timing?
  var gflops: Double?
  /// The peak of the instruction set and threads, in GFLOP/s.
  var peak: Double?
  /// GB per second.
  var gigabytes: Double?
  /// A ratio of two times, with its JSON key and a note that says what is compared.
  var ratio: (key: String, value: Double, note: String)?
  var peakMegabytes: Double?

  var percentOfPeak: Double? {
    guard let gflops, let peak else { return nil }
    return 100 * gflops / peak
  }
}

/// Prints rows as a table, as one JSON object per line, or in a short run as lines that say only "ok".
struct Report {
  enum Style { case table, json, ok }

  let style: Style

  func note(_ line: String) {
    if style != .json { say(line) }
  }

  /// Prints the heading of the rows of an instruction set and a number of threads, if the style is a table.
  func begin(_ simd: String, threads: Int, peak: Double) {
    guard style == .table else { return }
    say("\n\(simd), \(threads) \(threads == 1 ? "thread" : "threads"): FMA peak \(fixed(peak, 1)) GFLOP/s\n")
    say(line(["name", "pass", "data", "median ms", "min ms", "GFLOP/s", "% peak", "GB/s"], note: ""))
  }

  func add(_ row: Row) {
    switch style {
    case .table: say(tableLine(row))
    case .json: say(json(row))
    case .ok:
      let threads = row.threads.map { "\($0) \($0 == 1 ? "thread" : "threads")" }
      let words: [String?] = ["ok", row.name, row.pass, row.data, row.simd, threads]
      say(words.compactMap(\.self).joined(separator: " "))
    }
  }

  /// Prints a line and flushes it, so that it appears at once even in a pipe.
  private func say(_ line: String) {
    print(line)
    fflush(nil)
  }

  private static let widths = [27, 11, 6, 11, 11, 9, 8, 8]

  private func line(_ cells: [String], note: String) -> String {
    let columns = zip(cells, Self.widths).enumerated().map { (index: Int, cell: (String, Int)) -> String in
      let space = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
      return index < 3 ? cell.0 + space : space + cell.0
    }
    let text = columns.joined() + (note.isEmpty ? "" : "  " + note)
    return String(text.reversed().drop { $0 == " " }.reversed())
  }

  private func tableLine(_ row: Row) -> String {
    func cell(_ value: Double?, _ digits: Int) -> String { value.map { fixed($0, digits) } ?? "" }
    var note = row.ratio.map { "\(fixed($0.value, 3)) × \($0.note)" } ?? ""
    if let megabytes = row.peakMegabytes { note = "\(fixed(megabytes, 1)) MB peak resident memory" }
    let cells = [
      row.name, row.pass ?? "", row.data ?? "", cell(row.timing.map { $0.median * 1e3 }, 5),
      cell(row.timing.map { $0.least * 1e3 }, 5), cell(row.gflops, 1), cell(row.percentOfPeak, 1),
      cell(row.gigabytes, 2),
    ]
    return line(cells, note: note)
  }

  private func json(_ row: Row) -> String {
    var fields: [String] = []
    func text(_ key: String, _ value: String?) {
      if let value { fields.append("\"\(key)\":\"\(value)\"") }
    }
    func number(_ key: String, _ value: Double?, _ digits: Int) {
      if let value { fields.append("\"\(key)\":\(fixed(value, digits))") }
    }
    text("name", row.name)
    text("pass", row.pass)
    text("data", row.data)
    text("simd", row.simd)
    number("threads", row.threads.map(Double.init), 0)
    number("median_ms", row.timing.map { $0.median * 1e3 }, 6)
    number("min_ms", row.timing.map { $0.least * 1e3 }, 6)
    number("gflops", row.gflops, 3)
    number("percent_of_peak", row.percentOfPeak, 2)
    number("gb_per_s", row.gigabytes, 3)
    if let ratio = row.ratio { number(ratio.key, ratio.value, 4) }
    number("peak_rss_mb", row.peakMegabytes, 1)
    return "{\(fields.joined(separator: ","))}"
  }
}

/// Returns a number as text with a fixed number of decimals.
func fixed(_ value: Double, _ digits: Int) -> String {
  var factor = 1.0
  for _ in 0..<digits { factor *= 10 }
  let scaled = (value * factor).rounded()
  guard abs(scaled) < 1e15 else { return "\(value)" }
  let whole = Int(abs(scaled)), unit = Int(factor)
  let sign = scaled < 0 ? "-" : ""
  if digits == 0 { return "\(sign)\(whole)" }
  let fraction = "\(whole % unit)"
  return "\(sign)\(whole / unit)." + String(repeating: "0", count: digits - fraction.count) + fraction
}
