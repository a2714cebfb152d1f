// SPDX-License-Identifier: MIT

/// Returns the error that `work` throws, as text.
package func errorLine<Value>(_ work: () throws -> Value) -> String {
  do {
    _ = try work()
    return "(no error)"
  } catch {
    return "\(error)"
  }
}
