// SPDX-License-Identifier: MIT

import PixelAscent

extension Provenance {
  /// The provenance without its instruction set. It is equal for pictures that were made in the same way on machines
  /// with different instruction sets.
  package var withoutInstructionSet: Provenance {
    var other = self
    other.instructionSet = ""
    return other
  }

  /// Returns what has changed since the picture was made, one line per change: the program's version, the instruction
  /// set, the memory limit, the model, the input.
  ///
  /// - Parameters:
  ///   - network: the network that makes the picture now
  ///   - input: the SHA-256 of the file that the picture is made from now; nil if it is made from no file
  ///   - spectrum: the SHA-256 of the spectrum that the picture is made with now; nil if there is none
  /// - Throws: ``PixelAscentError`` of kind `unreadableFile`.
  package func differences(from network: Network, input: String?, spectrum: String?) throws(PixelAscentError)
    -> [String]
  {
    let options = network.options
    return differences(
      version: Release.version, instructionSet: options.instructionSet.name, maxMemory: options.maxMemory,
      model: try network.sha256(), input: input, spectrum: spectrum)
  }

  /// Returns what has changed since the picture was made, given the present version, instruction set, memory limit, and
  /// SHA-256 of the model, the input and the spectrum.
  func differences(
    version present: String, instructionSet: String, maxMemory: Int, model: String, input: String?,
    spectrum: String? = nil
  ) -> [String] {
    var lines: [String] = []
    if version != present { lines.append("it was made by version \(version.oneLine), this is version \(present)") }
    if self.instructionSet != instructionSet {
      lines.append(
        "it was made with the instruction set \(self.instructionSet.oneLine), this run uses \(instructionSet)")
    }
    if self.maxMemory != maxMemory {
      lines.append(
        "it was made with --max-memory \(self.maxMemory >> 20), this run has --max-memory \(maxMemory >> 20)")
    }
    if self.model.sha256 != model {
      lines.append("it was made with another model (SHA-256 \(self.model.sha256.oneLine), this one has \(model))")
    }
    if let input, let recorded = self.input, input != recorded {
      lines.append("it was made from another file (SHA-256 \(recorded.oneLine), this one has \(input))")
    }
    if let spectrum, let recorded = self.spectrum, spectrum != recorded {
      lines.append("it was made with another spectrum (SHA-256 \(recorded.oneLine), this one has \(spectrum))")
    }
    return lines
  }
}
