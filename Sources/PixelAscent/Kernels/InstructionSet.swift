// SPDX-License-Identifier: MIT

internal import CPixelKernels

/// An instruction set for which this build has kernels.
public struct InstructionSet: Hashable, Sendable, CustomStringConvertible {
  private let index: Int32

  private init(_ index: Int32) { self.index = index }

  private static var built: [InstructionSet] { (0..<pxa_kernels_count()).map(InstructionSet.init) }

  /// The instruction sets of this build that this machine can run, from the slowest, "scalar", to the fastest.
  public static var selectable: [InstructionSet] { built.filter(\.runsHere) }

  /// The fastest instruction set of ``selectable``.
  public static var best: InstructionSet { selectable[selectable.count - 1] }

  /// Returns the instruction set with this ``name``.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unsupportedMachine` if this build does not have the instruction set, or
  ///   this machine can't run it.
  public static func named(_ name: String) throws(PixelAscentError) -> InstructionSet {
    if let found = selectable.first(where: { $0.name == name }) { return found }
    let reason =
      built.contains { $0.name == name } ? "this CPU doesn't run \(name)" : "this build has no \"\(name.oneLine)\""
    let names = selectable.map(\.name).joined(separator: ", ")
    throw PixelAscentError(.unsupportedMachine, "\(reason); selectable here: \(names)")
  }

  /// Returns the instruction set that the environment variable PIXELASCENT_SIMD names. If the variable is not set,
  /// returns the fastest.
  ///
  /// - Throws: the errors of ``named(_:)``.
  public static func selected() throws(PixelAscentError) -> InstructionSet {
    guard let name = Files.environment(variable) else { return best }
    do {
      return try named(name)
    } catch {
      throw error.about(variable)
    }
  }

  /// The environment variable that names an instruction set.
  package static let variable = "PIXELASCENT_SIMD"

  /// "scalar", or an instruction set of the architecture, such as "avx2" or "neon".
  public var name: String { String(cString: table.pointee.name) }

  /// The name of the instruction set.
  public var description: String { name }

  private var runsHere: Bool { pxa_kernels_run_here(table) }

  var table: UnsafePointer<pxa_kernels> { pxa_kernels_at(index) }
}
