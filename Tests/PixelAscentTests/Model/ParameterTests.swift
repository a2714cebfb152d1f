// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

@Suite struct ParameterTests {
  /// Returns one byte, then the elements 0, 1, … 119, 0, 1, … of a type. Every type holds these numbers exactly.
  private func source(_ type: ElementType, count: Int) -> ByteSource {
    let bytes = (0..<count).flatMap { (index: Int) -> [UInt8] in
      let value = Float(index % 120)
      let bits: UInt64 =
        switch type {
        case .float16: value == 0 ? 0 : half(value)
        case .bfloat16: UInt64(value.bitPattern >> 16)
        case .float32: UInt64(value.bitPattern)
        case .float64: Double(value).bitPattern
        default: UInt64(value)
        }
      return (0..<type.size).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt64($0))) }
    }
    return ByteSource([7] + bytes, name: "m")
  }

  /// Returns the bits of the half-precision number that equals a small positive integer.
  private func half(_ value: Float) -> UInt64 {
    let exponent = UInt64(value.exponent + 15), fraction = UInt64(value.significandBitPattern >> 13)
    return exponent << 10 | fraction
  }

  private static let views: [(shape: [Int], strides: [Int])] = [
    ([], []), ([1], [9]), ([0, 3], [1, 1]), ([60], [1]), ([60], [2]), ([3, 4], [4, 1]), ([3, 4], [1, 3]),
    ([3, 4], [40, 1]), ([3, 4], [40, 10]), ([2, 3, 4], [12, 1, 3]), ([2, 3, 4], [0, 4, 1]), ([5], [0]),
    ([2, 3, 2, 2], [12, 1, 6, 3]), ([4, 3, 1, 1], [3, 1, 3, 3]), ([2, 3, 1], [1, 2, 77]), ([70000], [1]),
    ([2, 66000], [66001, 1]), ([300, 250], [1, 300]),
  ]

  @Test(arguments: [
    ElementType.float16, .bfloat16, .float32, .float64, .int8, .uint8, .int16, .int32, .int64, .bool,
  ])
  func readsViews(type: ElementType) throws {
    let source = source(type, count: 140_000)
    for (shape, strides) in ParameterTests.views {
      let parameter = try Parameter(
        source, at: 1 + 5 * type.size, type, shape: shape, strides: strides, name: "a")
      var expected = [Float]()
      for position in 0..<shape.reduce(1, *) {
        var (rest, element) = (position, 5)
        for (extent, stride) in zip(shape, strides).reversed() {
          element += rest % extent * stride
          rest /= extent
        }
        expected.append(Float(element % 120))
      }
      #expect(try parameter.tensor() == Tensor(shape: shape, values: expected), "\(shape) \(strides)")
    }
  }

  @Test("A parameter that takes more memory than the machine has is refused in one line")
  func refusesTooLarge() throws {
    // The file has no blocks on the disk.
    let count = Files.physicalMemory / 8 + 1, folder = try TemporaryFolder()
    let path = try folder.add("m"), file = try #require(FileHandle(forWritingAtPath: path))
    try file.truncate(atOffset: UInt64(count))
    try file.close()
    let parameter = try Parameter(ByteSource(contentsOf: path), at: 0, .int8, shape: [count, 1], name: "a")
    #expect(
      errorLine { _ = try parameter.tensor() }
        == "a parameter of shape (\(count), 1) takes \((8 * count - 1) >> 20 + 1) MB, more memory than this machine has"
    )
  }

  @Test func readsSpecialHalves() throws {
    let source = ByteSource([0, 0x7C, 1, 0, 0, 0xFC, 1, 0x7C, 0, 0x80], name: "m")
    let values = try Parameter(source, at: 0, .float16, shape: [5], name: "a").tensor().values
    #expect(values[0] == .infinity)
    #expect(values[1] == 0x1p-24)
    #expect(values[2] == -.infinity)
    #expect(values[3].isNaN)
    #expect(values[4] == 0)
    #expect(values[4].sign == .minus)
  }

  @Test func ignoresTheStridesOfAxesWithOneElement() throws {
    let parameter = try Parameter(
      source(.float32, count: 12), at: 1, .float32, shape: [4, 3, 1, 1], strides: [3, 1, 3, 99], name: "a")
    #expect(try parameter.reshaped([12])?.tensor().values == (0..<12).map(Float.init))
    #expect(parameter.reshaped([11]) == nil)
  }

  @Test func refusesElementsBeyondTheEnd() throws {
    let source = source(.float32, count: 12)
    #expect(try Parameter(source, at: 1, end: 9, .float32, shape: [2], name: "a").tensor().values == [0, 1])
    #expect(
      errorLine { _ = try Parameter(source, at: 1, end: 8, .float32, shape: [2], name: "a") }
        == "m: tensor a declares the shape (2), 2 elements of 4 bytes at byte 1 of 8: truncated or wrong")
    #expect(errorLine { _ = try Parameter(source, at: 9, end: 8, .float32, shape: [0], name: "a") }.contains("wrong"))
    #expect(
      errorLine { _ = try Parameter(source, at: 1, .float32, shape: [60], strides: [0], name: "a") }
        == "m: tensor a declares the shape (60), 60 elements of 4 bytes at byte 1 of 49: truncated or wrong")
  }
}
