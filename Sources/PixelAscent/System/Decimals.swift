// SPDX-License-Identifier: MIT

/// Returns `value` rounded to `digits` decimals. Numbers with more than 15 digits, infinities and NaN are returned as
/// Swift prints them.
package func fixed(_ value: some BinaryFloatingPoint, _ digits: Int) -> String {
  let unit = (0..<digits).reduce(1) { power, _ in 10 * power }
  let scaled = (abs(Double(value)) * Double(unit)).rounded()
  guard scaled < 1e15 else { return "\(value)" }
  let whole = Int(scaled) / unit, fraction = "\(Int(scaled) % unit)"
  let sign = value < 0 && scaled > 0 ? "-" : ""
  if digits == 0 { return "\(sign)\(whole)" }
  return "\(sign)\(whole).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
}
