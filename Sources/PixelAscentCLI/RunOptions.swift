// SPDX-License-Identifier: MIT

import ArgumentParser
import PixelAscent
import PixelAscentTool

/// What a command says, and in which form.
struct ConsoleOptions: ParsableArguments {
  @Flag(help: "Print one JSON object a line on standard output.")
  var json = false

  @Flag(help: "No progress and no notes on standard error.")
  var quiet = false

  var console: Console { Console(json: json, quiet: quiet) }
}

/// How a command does its work, whatever that is.
struct RunOptions: ParsableArguments {
  @Option(
    name: .customLong("threads"), parsing: .unconditional,
    help: ArgumentHelp("Threads to use (default: every core).", valueName: "n"))
  var threadsOption: Int?

  @OptionGroup var consoleOptions: ConsoleOptions

  @Option(parsing: .unconditional, help: ArgumentHelp("Refuse images of more megapixels.", valueName: "n"))
  var maxMegapixels = 100.0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The most memory one image's way through the network may take.", valueName: "MB"))
  var maxMemory = 2048

  private static let mostThreads = 1024

  var threads: Int { threadsOption ?? min(Self.mostThreads, ComputeOptions.availableThreads) }

  func validate() throws {
    guard (1...Self.mostThreads).contains(threads) else {
      throw ValidationError("--threads must be from 1 to \(Self.mostThreads), found \(threads).")
    }
    guard maxMegapixels > 0 else { throw ValidationError("--max-megapixels must be above 0, found \(maxMegapixels).") }
    guard (1...(1 << 40)).contains(maxMemory) else {
      throw ValidationError("--max-memory must be 1 or more, found \(maxMemory).")
    }
  }

  var console: Console { consoleOptions.console }

  func computeOptions() throws -> ComputeOptions {
    ComputeOptions(threads: threads, maxMemory: maxMemory << 20, instructionSet: try .selected())
  }

  /// A photograph and its file's SHA-256.
  func photo(_ path: String) throws -> (image: RGBImage, sha256: String) {
    let bytes = try Files.read(path)
    return (try RGBImage(decoding: bytes, name: path, maxMegapixels: maxMegapixels), SHA256.digest(of: bytes))
  }

  /// Calls `work` with a photograph and its file's bytes, as soon as there is memory for it.
  ///
  /// - Parameter copies: how many bytes are needed for each of its values, while it is decoded and then
  func withPhoto<Value>(
    _ path: String, _ memory: MemoryBudget, copies: Int, _ work: (RGBImage, _ bytes: [UInt8]) throws -> Value
  ) throws -> Value {
    let bytes = try Files.read(path)
    let count = try RGBImage.valueCount(inFile: bytes, name: path, maxMegapixels: maxMegapixels)
    return try memory.holding(copies * count + bytes.count) {
      try work(RGBImage(decoding: bytes, name: path, maxMegapixels: maxMegapixels), bytes)
    }
  }

  /// A start of an ascent, a .npy as it is, or an image at its own size; and its file's SHA-256.
  func start(_ path: String, _ network: Network) throws -> (image: Tensor, sha256: String) {
    let bytes = try Files.read(path), sha256 = SHA256.digest(of: bytes)
    if bytes.starts(with: Tensor.npyMagic) { return (try Tensor(npy: bytes, name: path), sha256) }
    let image = try RGBImage(decoding: bytes, name: path, maxMegapixels: maxMegapixels)
    return (try naming(path) { try network.start(from: image) }, sha256)
  }
}

/// Names the file an image came from in the errors of a network that knows only the image; nil is no file.
func naming<Value>(_ path: String?, _ work: () throws -> Value) throws -> Value {
  do {
    return try work()
  } catch let error as PixelAscentError {
    throw path.map(error.within) ?? error
  }
}

/// Turns a parameter the library refuses into wrong usage.
func validated<Value>(_ make: () throws -> Value) throws -> Value {
  do {
    return try make()
  } catch let error as PixelAscentError where error.kind == .invalidParameter {
    throw ValidationError(error.message + ".")
  }
}
