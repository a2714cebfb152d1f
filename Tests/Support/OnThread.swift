// SPDX-License-Identifier: MIT

import Dispatch

/// The result of work that blocks, done on a thread of its own: Swift's few threads for tasks must not wait for each other.
package func onThread<Output: Sendable>(_ work: @escaping @Sendable () throws -> Output) async throws -> Output {
  try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(with: Result(catching: work)) }
  }
}
