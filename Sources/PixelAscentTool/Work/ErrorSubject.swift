// SPDX-License-Identifier: MIT

import PixelAscent

/// Calls `work`, and puts the path of a file or the name of an ascent before the errors that it throws. The
/// network can't do that: it gets an image, not a file.
///
/// - Parameter path: the file or the ascent that the errors are about; nil leaves the errors as they are
package func withErrors<Value>(about path: String?, _ work: () throws -> Value) throws -> Value {
  do {
    return try work()
  } catch let error as PixelAscentError {
    throw path.map(error.about) ?? error
  }
}
