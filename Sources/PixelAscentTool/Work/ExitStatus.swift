// SPDX-License-Identifier: MIT

/// The exit status of a program that fails after it has printed the reason.
package struct ExitStatus: Error, Hashable, Sendable {
  /// The exit code of the process.
  package let code: Int32

  /// The work failed.
  package static let failure = ExitStatus(code: 1)
  /// Ctrl-C stopped the work.
  package static let interrupted = ExitStatus(code: Interruption.exitCode)
}
