// SPDX-License-Identifier: MIT

/// What a command prints about a result: with --json one object, else lines for people.
package protocol ResultRecord: Encodable, Sendable {
  /// The lines for people.
  var lines: [String] { get }
}
