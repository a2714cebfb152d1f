// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent

/// Opens what is locked while it is open, and was open before. A process that another test is just starting has the file open
/// too, until it is another program.
package func patiently<Value>(_ open: () throws(PixelAscentError) -> Value) throws(PixelAscentError) -> Value {
  for _ in 0..<1000 {
    if let value = try? open() { return value }
    usleep(5000)
  }
  return try open()
}
