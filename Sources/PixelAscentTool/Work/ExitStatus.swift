// SPDX-License-Identifier: MIT

/// The end of a program that has already said why it does not succeed.
package struct ExitStatus: Error, Hashable, Sendable {
  /// The number that the program hands to its parent process.
  package let code: Int32

  /// Something could not be done.
  package static let failure = ExitStatus(code: 1)
  /// Ctrl-C has ended the work.
  package static let interrupted = ExitStatus(code: Interruption.exitCode)
}
