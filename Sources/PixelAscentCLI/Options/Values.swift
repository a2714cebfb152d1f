// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

// The types of the library and the tool that an option's value may have.

extension ClassVisualization.Recipe: ExpressibleByArgument {}
extension Activation: ExpressibleByArgument {}
extension Colormap: ExpressibleByArgument {}
extension Preprocessing.Resize: ExpressibleByArgument {}
extension Objective.Kind: ExpressibleByArgument {}
extension Parametrization: ExpressibleByArgument {}
extension Optimizer: ExpressibleByArgument {}

/// The value of `--transforms`.
struct TransformList {
  let transforms: [ImageTransform]

  /// Reads the value of an option.
  ///
  /// - Throws: `UsageError` that names the transform that can't be read.
  init(_ text: String) throws {
    if text == "none" {
      transforms = []
      return
    }
    transforms = try UsageError.checking { try ImageTransform.list(text) }
  }
}

extension RGBColor: ExpressibleByArgument {
  /// Reads the value of an option.
  public init?(argument: String) { self.init(argument) }

  /// The default in the help.
  public var defaultValueDescription: String { self == .white ? "white" : description }
}

extension PixelSize: ExpressibleByArgument {
  /// Reads the value of an option.
  public init?(argument: String) { self.init(argument) }
}

/// Calls `check` while a command is parsed, and turns a `UsageError` into the argument parser's own error. The parser
/// prints that error with the command's usage.
func validated<Value>(_ check: () throws -> Value) throws -> Value {
  do {
    return try check()
  } catch let error as UsageError {
    throw ValidationError(error.message)
  }
}
