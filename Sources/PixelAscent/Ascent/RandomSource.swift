// SPDX-License-Identifier: MIT

/// Random numbers from Philox 4×32-10, a counter-based generator (Salmon, Moraes, Dror, Shaw: "Parallel random numbers:
/// as easy as 1, 2, 3", SC 2011).
///
/// The seed is the key; a stream and a position in it are the counter. So each number depends on (seed, stream,
/// position) alone: not on the machine, the order of the calls or the number of threads.
package struct RandomSource: Sendable {
  /// A sequence of numbers for one purpose. The streams of one seed are independent.
  package enum Stream: UInt32, Sendable {
    case noise = 0
    case jitter = 1
    case transform = 2
    case transformNoise = 3
  }

  /// The key of the generator.
  package let seed: UInt64

  /// Creates the source of all numbers that a seed gives.
  package init(seed: UInt64) { self.seed = seed }

  /// Returns four random words for each of the 16 positions that begin with `position`.
  package func words(_ stream: Stream, _ position: UInt64) -> Philox.Words {
    let lanes = SIMD16<UInt64>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) &+ position
    return Philox.block(
      counter: Philox.Words(
        SIMD16(truncatingIfNeeded: lanes), SIMD16(truncatingIfNeeded: lanes &>> 32),
        SIMD16(repeating: stream.rawValue), SIMD16(repeating: 0)), key: seed)
  }

  /// Returns `count` numbers that are uniform in [0, 1): multiples of 2⁻²⁴. They come from a position of a stream on, four
  /// from each position.
  package func uniforms(_ count: Int, _ stream: Stream = .noise, from position: UInt64 = 0) -> [Float] {
    numbers(count, .uniform, stream, from: position)
  }

  /// Returns `count` numbers with the standard normal distribution (Box and Muller 1958), from a position of a stream on;
  /// four numbers come from each position.
  package func normals(_ count: Int, _ stream: Stream = .noise, from position: UInt64 = 0) -> [Float] {
    numbers(count, .normal, stream, from: position)
  }

  /// How numbers are distributed.
  package enum Distribution: Sendable {
    /// Uniform in [0, 1).
    case uniform
    /// The standard normal distribution.
    case normal
  }

  /// Four times 16 numbers.
  typealias Group = (SIMD16<Float>, SIMD16<Float>, SIMD16<Float>, SIMD16<Float>)

  /// Returns the 64 numbers of the 16 positions from `position` on.
  func group(_ distribution: Distribution, _ stream: Stream, _ position: UInt64) -> Group {
    let words = words(stream, position)
    switch distribution {
    case .uniform:
      func part(_ word: Int) -> SIMD16<Float> { SIMD16<Float>(words[word] &>> 8) * 0x1p-24 }
      return (part(0), part(1), part(2), part(3))
    case .normal:
      func pair(_ radius: SIMD16<UInt32>, _ angle: SIMD16<UInt32>) -> (SIMD16<Float>, SIMD16<Float>) {
        // The number is in (0, 1], so its logarithm is finite.
        let uniform = (SIMD16<Float>(radius &>> 8) + 1) * 0x1p-24
        let length = (-2 * SIMD16.logarithm(uniform)).squareRoot()
        let (cosine, sine) = SIMD16.cosineAndSine(turn: angle)
        return (length * cosine, length * sine)
      }
      let first = pair(words[0], words[1]), second = pair(words[2], words[3])
      return (first.0, first.1, second.0, second.1)
    }
  }

  /// Returns an integer that is uniform in `range` up to a bias below range.count · 2⁻³². It is made from one word
  /// (0…3) of a position.
  package func integer(in range: ClosedRange<Int>, _ stream: Stream, _ position: UInt64, word: Int) -> Int {
    let random = UInt64(words(stream, position)[word][0])
    return range.lowerBound + Int((random &* UInt64(range.count)) &>> 32)
  }

  /// Returns the jitter of an evaluation: a shift whose rows and columns are uniform in `range`.
  ///
  /// - Parameter evaluation: the evaluation's number among all of the ascent
  func jitter(in range: ClosedRange<Int>, _ evaluation: UInt64) -> Shift {
    Shift(
      rows: integer(in: range, .jitter, evaluation, word: 0), columns: integer(in: range, .jitter, evaluation, word: 1))
  }

  private func numbers(
    _ count: Int, _ distribution: Distribution, _ stream: Stream, from position: UInt64
  ) -> [Float] {
    var made: Group = (.zero, .zero, .zero, .zero)
    return [Float](count: count) { start in
      if start % 64 == 0 { made = group(distribution, stream, position &+ UInt64(start / 4)) }
      return switch start % 64 / 16 {
      case 0: made.0
      case 1: made.1
      case 2: made.2
      default: made.3
      }
    }
  }
}

/// The bijection of Philox 4×32-10, 16 counters at a time.
package enum Philox {
  /// The four words of each of 16 counters, or of each of the 16 results.
  package struct Words: Hashable, Sendable {
    fileprivate let a, b, c, d: SIMD16<UInt32>

    /// Creates the words 0 to 3 of 16 counters.
    package init(_ a: SIMD16<UInt32>, _ b: SIMD16<UInt32>, _ c: SIMD16<UInt32>, _ d: SIMD16<UInt32>) {
      (self.a, self.b, self.c, self.d) = (a, b, c, d)
    }

    /// One of the words 0 to 3, for each of the 16 counters.
    package subscript(word: Int) -> SIMD16<UInt32> {
      precondition((0..<4).contains(word))
      return word < 2 ? (word == 0 ? a : b) : (word == 2 ? c : d)
    }
  }

  /// Returns the random words of 16 counters: ten rounds with a key.
  package static func block(counter: Words, key: UInt64) -> Words {
    var (a, b, c, d) = (counter.a, counter.b, counter.c, counter.d)
    var low = UInt32(truncatingIfNeeded: key), high = UInt32(truncatingIfNeeded: key >> 32)
    for _ in 0..<10 {
      let first = product(a, 0xD251_1F53), second = product(c, 0xCD9E_8D57)
      (a, b, c, d) = (second.high ^ b ^ low, second.low, first.high ^ d ^ high, first.low)
      low &+= 0x9E37_79B9
      high &+= 0xBB67_AE85
    }
    return Words(a, b, c, d)
  }

  private static func product(
    _ a: SIMD16<UInt32>, _ factor: UInt64
  ) -> (high: SIMD16<UInt32>, low: SIMD16<UInt32>) {
    let wide = SIMD16<UInt64>(truncatingIfNeeded: a) &* factor
    return (SIMD16(truncatingIfNeeded: wide &>> 32), SIMD16(truncatingIfNeeded: wide))
  }
}

extension SIMD16<Float> {
  /// Returns the natural logarithm of positive normal numbers, within 3 units in the last place.
  ///
  /// The result is exponent · ln 2 plus a series in (m − 1) / (m + 1) for the mantissa m from √½ to √2. The system's
  /// logarithm would differ between machines; this one does not.
  package static func logarithm(_ x: SIMD16<Float>) -> SIMD16<Float> {
    let bits = unsafeBitCast(x, to: SIMD16<UInt32>.self)
    let shifted = bits &- 0x3F35_04F3  // √½
    let exponent = SIMD16<Float>(SIMD16<Int32>(truncatingIfNeeded: shifted) &>> 23)
    let mantissa = unsafeBitCast((shifted & 0x007F_FFFF) &+ 0x3F35_04F3, to: SIMD16<Float>.self)
    let ratio = (mantissa - 1) / (mantissa + 1)
    let square = ratio * ratio
    var series = square * (1 / 9) + 1 / 7
    series = series * square + 1 / 5
    series = series * square + 1 / 3
    series = series * square + 1
    return exponent * 0.693_147_18 + 2 * ratio * series
  }

  /// Returns cos 2πt and sin 2πt for t = turn / 2³², within 2⁻²².
  ///
  /// The angle is divided into the nearest quarter turn and a rest of at most ⅛ turn, for which Taylor series are used.
  package static func cosineAndSine(turn: SIMD16<UInt32>) -> (SIMD16<Float>, SIMD16<Float>) {
    let quarter = (turn &+ 0x2000_0000) &>> 30
    let rest = SIMD16<Int32>(truncatingIfNeeded: turn &- quarter &<< 30)
    let angle = SIMD16<Float>(rest) * (2 * .pi * 0x1p-32)
    let square = angle * angle
    var cosine = square * (1 / 40320) - 1 / 720
    cosine = cosine * square + 1 / 24
    cosine = cosine * square - 1 / 2
    cosine = cosine * square + 1
    var sine = square * (1 / 362_880) - 1 / 5040
    sine = sine * square + 1 / 120
    sine = sine * square - 1 / 6
    sine = (sine * square + 1) * angle
    let swap = (quarter & 1) .== 1
    let (c, s) = (cosine.replacing(with: sine, where: swap), sine.replacing(with: cosine, where: swap))
    return (
      c.replacing(with: -c, where: (quarter .== 1) .| (quarter .== 2)),
      s.replacing(with: -s, where: quarter .>= 2)
    )
  }
}
