// SPDX-License-Identifier: MIT

import PixelAscent

extension Provenance {
  /// This provenance without its instruction set: pictures that machines with different instruction sets have made in the same
  /// way are equal in it.
  package var onAnyInstructionSet: Provenance {
    var other = self
    other.instructionSet = ""
    return other
  }

  /// What has changed since the picture was made, a line each: the program's version, the instruction set, the model, the
  /// input.
  ///
  /// - Parameters:
  ///   - network: the network that makes the picture now
  ///   - input: the SHA-256 of the file that the picture is made from now; nil if there is none
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile`.
  package func differences(from network: Network, input: String?) throws(PixelAscentError) -> [String] {
    differences(
      version: Release.version, instructionSet: network.options.instructionSet.name, model: try network.sha256(),
      input: input)
  }

  /// What has changed since the picture was made: the same, given what is there now.
  func differences(version present: String, instructionSet: String, model: String, input: String?) -> [String] {
    var lines: [String] = []
    if version != present { lines.append("it was made by version \(version.oneLine), this is \(present)") }
    if self.instructionSet != instructionSet {
      lines.append("it was made with the instruction set \(self.instructionSet.oneLine), this is \(instructionSet)")
    }
    if self.model.sha256 != model {
      lines.append("it was made by another model (SHA-256 \(self.model.sha256.oneLine), this one's is \(model))")
    }
    if let input, let recorded = self.input, input != recorded {
      lines.append("it was made from another file (SHA-256 \(recorded.oneLine), this one's is \(input))")
    }
    return lines
  }
}
