// SPDX-License-Identifier: MIT

import PixelAscent

/// Calls `work`, and begins its errors with the file that they are about; the network, which knows only an image, can't.
///
/// - Parameter path: the file; nil if the errors stay as they are
package func withErrors<Value>(about path: String?, _ work: () throws -> Value) throws -> Value {
  do {
    return try work()
  } catch let error as PixelAscentError {
    throw path.map(error.about) ?? error
  }
}
