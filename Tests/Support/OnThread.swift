// SPDX-License-Identifier: MIT

import Dispatch

/// Returns the result of `work`, which may block. `work` runs on a thread of Dispatch, because Swift's few threads for
/// tasks must not wait for each other.
package func onThread<Output: Sendable>(_ work: @escaping @Sendable () throws -> Output) async throws -> Output {
  try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(with: Result(catching: work)) }
  }
}
