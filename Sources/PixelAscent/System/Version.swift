// SPDX-License-Identifier: MIT

/// This release of PixelAscent.
public enum Release {
  /// The version of the library and of the program.
  public static let version = "0.1.0"
}
