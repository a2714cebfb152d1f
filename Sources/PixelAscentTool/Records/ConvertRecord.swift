// SPDX-License-Identifier: MIT

/// The record that `convert` prints about a model file that it has written.
package struct ConvertRecord: ResultRecord {
  package let weights, output: String
  package let classes: Int

  package var lines: [String] { ["\(output): \(classes) class\(classes == 1 ? "" : "es"), from \(weights)"] }
}
