// SPDX-License-Identifier: MIT

extension ContinuousClock.Instant {
  /// The seconds that have passed since this instant.
  package var secondsSince: Double {
    let passed = duration(to: .now).components
    return Double(passed.seconds) + Double(passed.attoseconds) * 1e-18
  }
}
