// SPDX-License-Identifier: MIT

import Foundation
import PixelAscent
import TestSupport
import Testing

@Suite struct RandomSourceTests {
  /// Returns four words that are the same in every lane.
  private func repeated(_ words: [UInt32]) -> Philox.Words {
    Philox.Words(
      SIMD16(repeating: words[0]), SIMD16(repeating: words[1]), SIMD16(repeating: words[2]),
      SIMD16(repeating: words[3]))
  }

  /// The known answers are from Random123's file kat_vectors.
  @Test(
    arguments: [
      ([0, 0, 0, 0], 0, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
      ([.max, .max, .max, .max], .max, [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
      (
        [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], 0x299f_31d0_a409_3822,
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
      ),
    ] as [([UInt32], UInt64, [UInt32])])
  func philoxHasItsKnownAnswers(counter: [UInt32], key: UInt64, expected: [UInt32]) {
    #expect(Philox.block(counter: repeated(counter), key: key) == repeated(expected))
  }

  /// Lane k at position p equals lane 0 at position p + k, also beyond 2³². The counter is (position, stream).
  @Test(arguments: [0, 5, (1 << 32) - 3]) func positionsAreCounters(position: UInt64) {
    let source = RandomSource(seed: 0x299f_31d0_a409_3822)
    let words = source.words(.jitter, position)
    for lane in 0..<16 {
      let at = position + UInt64(lane)
      let counter = [UInt32(truncatingIfNeeded: at), UInt32(truncatingIfNeeded: at >> 32), 1, 0]
      let block = Philox.block(counter: repeated(counter), key: source.seed)
      #expect((0..<4).allSatisfy { words[$0][lane] == block[$0][0] })
      #expect((0..<4).allSatisfy { source.words(.jitter, at)[$0][0] == words[$0][lane] })
    }
  }

  @Test func streamsAndSeedsGiveDifferentNumbers() {
    func first(_ seed: UInt64, _ stream: RandomSource.Stream) -> Philox.Words {
      RandomSource(seed: seed).words(stream, 0)
    }
    let seeds: [UInt64] = [0, 1, 1 << 32, .max]
    let all = seeds.flatMap { [first($0, .noise), first($0, .jitter)] }
    #expect(Set(all).count == 8)
    #expect(RandomSource(seed: 1).normals(64) != RandomSource(seed: 1 << 32).normals(64))
  }

  @Test func longSequencesBeginWithTheShortOnes() {
    let source = RandomSource(seed: 9)
    let normals = source.normals(1000), uniforms = source.uniforms(1000)
    for count in [0, 1, 15, 16, 17, 63, 64, 65, 100, 999] {
      #expect(source.normals(count) == Array(normals.prefix(count)))
      #expect(source.uniforms(count) == Array(uniforms.prefix(count)))
    }
  }

  private static let count = 1 << 20

  /// Returns √n times the largest distance between the numbers' distribution and `cdf` (Kolmogorov and Smirnov). For
  /// numbers of that distribution the result is below 1.95 in 999 of 1000 cases.
  private static func distance(_ numbers: [Float], cdf: (Double) -> Double) -> Double {
    let sorted = numbers.sorted(), n = Double(numbers.count)
    var worst = 0.0
    for (index, number) in sorted.enumerated() {
      let expected = cdf(Double(number))
      worst = max(worst, abs(expected - Double(index) / n), abs(expected - Double(index + 1) / n))
    }
    return worst * n.squareRoot()
  }

  @Test(arguments: [0, 1, 0xDEAD_BEEF_0000_0007]) func normalsAreNormal(seed: UInt64) {
    let numbers = RandomSource(seed: seed).normals(Self.count), n = Double(Self.count)
    func mean(_ term: (Double) -> Double) -> Double { numbers.reduce(0) { $0 + term(Double($1)) } / n }
    // The standard deviations of these moments are √(1/n), √(2/n), √(15/n) and √(96/n).
    #expect(abs(mean { $0 }) < 4 * (1 / n).squareRoot())
    #expect(abs(mean { $0 * $0 } - 1) < 4 * (2 / n).squareRoot())
    #expect(abs(mean { $0 * $0 * $0 }) < 4 * (15 / n).squareRoot())
    #expect(abs(mean { $0 * $0 * $0 * $0 } - 3) < 4 * (96 / n).squareRoot())
    #expect(Self.distance(numbers) { 0.5 * erfc(-$0 / 2.0.squareRoot()) } < 1.95)
    // Neighbouring numbers are uncorrelated, and so are the cosine and the sine of one angle.
    for lag in [1, 16, 32, 48, 64] {
      let pairs = zip(numbers, numbers.dropFirst(lag))
      let correlation = pairs.reduce(0) { $0 + Double($1.0) * Double($1.1) } / n
      #expect(abs(correlation) < 4 / n.squareRoot(), "lag \(lag)")
    }
  }

  @Test(arguments: [0, 1]) func uniformsAreUniform(seed: UInt64) {
    let numbers = RandomSource(seed: seed).uniforms(Self.count)
    #expect(numbers.allSatisfy { $0 >= 0 && $0 < 1 && ($0 * 0x1p24).rounded() == $0 * 0x1p24 })
    #expect(Self.distance(numbers) { $0 } < 1.95)
  }

  /// The expected numbers are those of Box and Muller's formula in double, for the same words.
  @Test func normalsFollowBoxAndMuller() {
    let source = RandomSource(seed: 3), normals = source.normals(64), words = source.words(.noise, 0)
    for lane in 0..<16 {
      for pair in 0..<2 {
        let length = (-2 * log((Double(words[2 * pair][lane] >> 8) + 1) * 0x1p-24)).squareRoot()
        let angle = Double(words[2 * pair + 1][lane]) * 0x1p-32 * 2 * .pi
        #expect(abs(Double(normals[32 * pair + lane]) - length * cos(angle)) < 3e-6)
        #expect(abs(Double(normals[32 * pair + 16 + lane]) - length * sin(angle)) < 3e-6)
      }
    }
  }

  /// The arguments are every third of the 2²⁴ arguments that normal numbers need, and others over almost the whole
  /// range of a float.
  @Test func logarithmIsWithinThreeUnits() {
    var worst = 0.0
    func check(_ x: SIMD16<Float>) {
      let found = SIMD16.logarithm(x)
      for lane in 0..<16 {
        let expected = log(Double(x[lane]))
        let error = abs(Double(found[lane]) - expected) / Double(Float(expected).ulp)
        worst = error.isNaN ? .infinity : max(worst, error)
      }
    }
    let lanes = SIMD16<Float>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    for start in stride(from: 1, to: 1 << 24, by: 48) {
      let counts = Float(start) + 3 * lanes
      check(counts.clamped(lowerBound: .one, upperBound: SIMD16(repeating: 0x1p24)) * 0x1p-24)
    }
    var random = TestRandom(1)
    for _ in 0..<20_000 {
      var x = SIMD16<Float>()
      for lane in 0..<16 {
        x[lane] = Float(
          sign: .plus, exponent: Int.random(in: -125...125, using: &random),
          significand: Float.random(in: 1..<2, using: &random))
      }
      check(x)
    }
    #expect(worst <= 3, "\(worst) units in the last place")
    #expect(SIMD16.logarithm(SIMD16(repeating: 1))[0] == 0)
  }

  @Test func cosineAndSineAreWithinTheirBound() {
    var worst = 0.0
    func check(_ turn: SIMD16<UInt32>) {
      let (cosine, sine) = SIMD16<Float>.cosineAndSine(turn: turn)
      for lane in 0..<16 {
        let angle = Double(turn[lane]) * 0x1p-32 * 2 * .pi
        worst = max(worst, abs(Double(cosine[lane]) - cos(angle)), abs(Double(sine[lane]) - sin(angle)))
      }
    }
    let lanes = SIMD16<UInt32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    for start in stride(from: 0, to: UInt64(1) << 32, by: 30_011) { check(lanes &+ UInt32(start)) }
    // Check the turns around every eighth of a turn, too.
    for eighth in 0..<UInt32(8) { check(lanes &+ (eighth << 29) &- 8) }
    #expect(worst <= 0x1p-22, "\(worst)")
    // Quarter turns are exact.
    let (cosine, sine) = SIMD16<Float>.cosineAndSine(turn: lanes &<< 30)
    #expect((0..<4).map { cosine[$0] } == [1, 0, -1, 0])
    #expect((0..<4).map { sine[$0] } == [0, 1, 0, -1])
  }

  @Test(arguments: [0...0, 0...16, -16...16, -3...2, 1...1_000_000])
  func integersCoverTheirRange(range: ClosedRange<Int>) {
    let source = RandomSource(seed: 5), draws = 20_000
    for word in 0..<4 {
      let drawn = (0..<draws).map { source.integer(in: range, .jitter, UInt64($0), word: word) }
      #expect(drawn.allSatisfy(range.contains))
      guard range.count <= 33 else { continue }
      let expected = Double(draws) / Double(range.count)
      for value in range {
        let count = Double(drawn.filter { $0 == value }.count)
        // The bound is five standard deviations of a binomial count.
        #expect(abs(count - expected) <= 5 * (expected * (1 - 1 / Double(range.count))).squareRoot(), "\(value)")
      }
    }
  }
}
