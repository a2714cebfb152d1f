// SPDX-License-Identifier: MIT

/// The error that `work` throws, as one line.
package func errorLine<Value>(_ work: () throws -> Value) -> String {
  do {
    _ = try work()
    return "(no error)"
  } catch {
    return "\(error)"
  }
}
