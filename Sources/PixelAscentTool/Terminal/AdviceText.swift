// SPDX-License-Identifier: MIT

import PixelAscent

extension Advice {
  /// The advice in the program's words: an option or a command.
  package var words: String {
    switch self {
    case .maxMemory: "--max-memory"
    case .maxMegapixels: "--max-megapixels"
    case .resize: "--resize"
    case .mean: "--mean"
    case .std: "--std"
    case .labels: "--labels"
    case .architecture: "--architecture"
    case .showEvery: "--show-every"
    case .inspection: "pixelascent inspect"
    }
  }
}

extension PixelAscentError {
  /// The error as the program prints it.
  package var line: String { line(\.words) }
}

extension Message {
  /// The message as the program prints it.
  package var text: String { text(\.words) }
}
