// SPDX-License-Identifier: MIT

import PixelAscentTool

extension Console {
  /// Prints a result: the record as a line of JSON, or a line for people.
  func result(_ record: some Encodable, besides outputs: Outputs? = nil, line: () -> String) throws {
    try (outputs.map(beside) ?? self).print(record, lines: [line()])
  }

  /// Prints a result: the record as a line of JSON, or lines for people.
  func listing(_ record: some Encodable, lines: () -> [String]) throws { try print(record, lines: lines()) }
}

extension CommonOptions {
  var console: Console { source.console }
}
