// SPDX-License-Identifier: MIT

/// A record that a command prints about a result: as one JSON object with --json, else as lines of text.
package protocol ResultRecord: Encodable, Sendable {
  /// The lines of text.
  var lines: [String] { get }
}
