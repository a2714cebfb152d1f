// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent

/// Opens a file that is locked while it is open and that the test has just closed. Tries again for five seconds.
///
/// A process that another test is starting inherits the open file, and with it the lock, until it executes its program.
package func retryingWhileLocked<Value>(_ open: () throws(PixelAscentError) -> Value) throws(PixelAscentError) -> Value
{
  for _ in 0..<1000 {
    if let value = try? open() { return value }
    usleep(5000)
  }
  return try open()
}
