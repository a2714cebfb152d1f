// SPDX-License-Identifier: MIT

import Foundation
import Synchronization
import TestSupport

/// The table of techniques in docs/techniques.md, which `make check-techniques` writes from what the tests find.
enum PeerTable {
  private struct Row: Encodable {
    let technique, peer: String
    let error: Double
  }

  private static let lock = Mutex(())

  /// Notes the difference between a technique and a peer's function, if the environment names a file for the table.
  static func note(_ technique: String, _ peer: String, error: Double) {
    guard let path = ProcessInfo.processInfo.environment["PIXELASCENT_PEER_TABLE"],
      let line = try? JSONEncoder().encode(Row(technique: technique, peer: peer, error: error))
    else { return }
    lock.withLock { _ in
      guard let file = fopen(path, "a") else { return }
      fputs(String(decoding: line, as: UTF8.self) + "\n", file)
      fclose(file)
    }
  }
}
