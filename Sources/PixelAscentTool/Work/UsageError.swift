// SPDX-License-Identifier: MIT

import PixelAscent

/// A mistake in how the user has written a command. The program prints the message and the command's usage, and exits
/// with 64.
package struct UsageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A sentence that says what is wrong with the command.
  package let message: String

  package init(_ message: String) { self.message = message }

  /// The message.
  package var description: String { message }

  /// Calls `work`, and turns the library's error about a parameter that is out of range into a `UsageError`.
  package static func checking<Value>(_ work: () throws -> Value) throws -> Value {
    do {
      return try work()
    } catch let error as PixelAscentError where error.kind == .invalidParameter {
      throw UsageError(error.line + ".")
    }
  }
}
