// SPDX-License-Identifier: MIT

/// A random change of the image before each evaluation, so that the ascent finds what survives the change. The gradient is
/// taken through it.
///
/// Each is drawn anew for each evaluation. Transforms are written and read as text, such as `pad:12`; a list of them is
/// separated by blanks.
public enum ImageTransform: Hashable, Sendable {
  /// `jitter:d`: rolls the image by 0…d rows and 0…d columns; what leaves one side comes in at the other.
  case jitter(Int)
  /// `pad:w`: adds w pixels of a colour at each side; `pad:w,v` says the colour from 0 to 1, which is 0.5 otherwise.
  case pad(Int, colour: Double = 0.5)
  /// `crop:d`: takes away d rows and d columns, of which 0…d lie above and 0…d at the left.
  case crop(Int)
  /// `scale:list`: resizes the image by one of the factors, bilinearly.
  case scale([Double])
  /// `rotate:list`: rotates the image counter-clockwise by one of the angles in degrees, bilinearly. Around the image
  /// lies grey.
  case rotate([Double])
  /// `flip`: mirrors the image left to right with probability ½.
  case flip
  /// `noise:σ`: adds normally distributed noise with the standard deviation σ, on the scale where colours go from 0 to 1.
  case noise(Double)
  /// `blur:σ`: blurs the image with a standard deviation of σ pixels.
  case blur(Double)
  /// `uniform:a`: adds noise that is uniform in −a…a, on the scale where colours go from 0 to 1.
  case uniformNoise(Double)
  /// `zoom:b..c`: resizes a random box of the image to the network's input size, bilinearly. The box's sides are fractions
  /// of the image's sides, normally distributed around a mean that goes from b in the first iteration to c in the last one,
  /// with a standard deviation of 0.05, and at least 0.05; the box's centre is normally distributed around the image's
  /// centre with a standard deviation of 0.15. What lies outside the image is black (Fel et al.: "Unlocking feature
  /// visualization for deeper networks with magnitude constrained optimization", 2023).
  case zoom(from: Double, to: Double)
  /// `resize-to-net`: resizes the image to the network's input size, bilinearly.
  case resizeToNetwork

  /// The grey, on the scale from 0 to 1, around a rotated image.
  static let grey = 0.5

  /// The transforms of Lucid, with bilinear sampling everywhere: pad by 12, crop by 8, scale by 0.9 to 1.1, rotate by −10°
  /// to 10°, crop by 4.
  public static let lucid: [ImageTransform] = [
    .pad(12), .crop(8), .scale((0...10).map { 1 + Double($0 - 5) / 50 }),
    .rotate((-10...10).map(Double.init) + [0, 0, 0, 0, 0]), .crop(4),
  ]

  /// The transforms of MaCo: random boxes that shrink from half of the image to a twentieth, and noise.
  public static let maco: [ImageTransform] = [.zoom(from: 0.5, to: 0.05), .noise(0.08), .uniformNoise(0.04)]

  /// Checks the parameters.
  ///
  /// - Throws: `PixelAscentError` of kind `invalidParameter`.
  func validate() throws(PixelAscentError) {
    func fail(_ expected: String) -> PixelAscentError {
      PixelAscentError(.invalidParameter, "transform \(description): expected \(expected)")
    }
    switch self {
    case .jitter(let most), .crop(let most):
      guard (0...1_000_000).contains(most) else { throw fail("a whole number of pixels from 0 to 1000000") }
    case .pad(let pixels, let colour):
      guard (0...100_000).contains(pixels) else { throw fail("a whole number of pixels from 0 to 100000") }
      guard (0...1).contains(colour) else { throw fail("a colour from 0 to 1") }
    case .scale(let factors):
      guard !factors.isEmpty, factors.allSatisfy({ (0.05...20).contains($0) }) else {
        throw fail("factors from 0.05 to 20")
      }
    case .rotate(let angles):
      guard !angles.isEmpty, angles.allSatisfy({ (-360...360).contains($0) }) else {
        throw fail("angles from -360 to 360 degrees")
      }
    case .flip: break
    case .noise(let deviation):
      guard deviation.isFinite, deviation >= 0, deviation <= 1000 else { throw fail("a number from 0 to 1000") }
    case .blur(let deviation):
      guard deviation > 0, deviation <= 10_000 else { throw fail("a number above 0, at most 10000") }
    case .uniformNoise(let most):
      guard most.isFinite, most >= 0, most <= 1000 else { throw fail("a number from 0 to 1000") }
    case .zoom(let first, let last):
      guard (0.05...1).contains(first), (0.05...1).contains(last) else { throw fail("fractions from 0.05 to 1") }
    case .resizeToNetwork: break
    }
  }
}

// MARK: Sizes

extension ImageTransform {
  /// The sizes that images can have in a chain of transforms.
  struct Extents {
    /// The least and the greatest size after the last transform.
    var leastResult, largestResult: PixelSize
    /// A size that no image in the chain exceeds.
    var largest: PixelSize
  }

  /// The longest side that an image in a chain may have. Kernels count in 32 bits.
  private static let longestSide = 1 << 24

  /// Returns the sizes that images can have in a chain of transforms.
  ///
  /// - Parameters:
  ///   - size: the size of the image before the first transform
  ///   - input: the network's input size
  /// - Throws: `PixelAscentError` of kind `invalidParameter` if a transform could leave no pixel, or more than 2²⁴ pixels
  ///   along a side.
  static func extents(
    of transforms: [ImageTransform], on size: PixelSize, input: PixelSize
  ) throws(PixelAscentError) -> Extents {
    var extents = Extents(leastResult: size, largestResult: size, largest: size)
    for transform in transforms {
      let least = transform.sizes(extents.leastResult, input).least
      let most = transform.sizes(extents.largestResult, input).most
      guard min(least.height, least.width) > 0 else {
        throw PixelAscentError(.invalidParameter, "transform \(transform) leaves no pixels of an image of \(size)")
      }
      guard max(most.height, most.width) <= longestSide else {
        throw PixelAscentError(
          .invalidParameter,
          "transform \(transform) makes a side of an image of \(size) longer than \(longestSide) pixels")
      }
      (extents.leastResult, extents.largestResult) = (least, most)
      extents.largest = PixelSize(
        height: max(extents.largest.height, most.height), width: max(extents.largest.width, most.width))
    }
    return extents
  }

  /// Returns the least and the greatest size that an image of a size can have after the transform.
  private func sizes(_ size: PixelSize, _ input: PixelSize) -> (least: PixelSize, most: PixelSize) {
    func all(_ change: (Int) -> Int) -> PixelSize {
      PixelSize(height: change(size.height), width: change(size.width))
    }
    switch self {
    case .jitter, .rotate, .flip, .noise, .blur, .uniformNoise: return (size, size)
    case .zoom, .resizeToNetwork: return (input, input)
    case .pad(let pixels, _): return (all { $0 + 2 * pixels }, all { $0 + 2 * pixels })
    case .crop(let pixels): return (all { $0 - pixels }, all { $0 - pixels })
    case .scale(let factors):
      let low = factors.min() ?? 1, high = factors.max() ?? 1
      return (all { Self.scaled($0, low) }, all { Self.scaled($0, high) })
    }
  }

  /// Returns a side after scaling: ⌊factor · side⌋.
  static func scaled(_ side: Int, _ factor: Double) -> Int { Int((factor * Double(side)).rounded(.down)) }
}

// MARK: Text

extension ImageTransform: CustomStringConvertible {
  /// The transform as text, which ``init(_:)`` reads.
  public var description: String {
    func list(_ numbers: [Double]) -> String { numbers.map(Self.text).joined(separator: ",") }
    return switch self {
    case .jitter(let most): "jitter:\(most)"
    case .pad(let pixels, let colour): "pad:\(pixels)" + (colour == Self.grey ? "" : "," + Self.text(colour))
    case .crop(let pixels): "crop:\(pixels)"
    case .scale(let factors): "scale:" + list(factors)
    case .rotate(let angles): "rotate:" + list(angles)
    case .flip: "flip"
    case .noise(let deviation): "noise:" + Self.text(deviation)
    case .blur(let deviation): "blur:" + Self.text(deviation)
    case .uniformNoise(let most): "uniform:" + Self.text(most)
    case .zoom(let first, let last): "zoom:\(Self.text(first))..\(Self.text(last))"
    case .resizeToNetwork: "resize-to-net"
    }
  }

  /// Returns a number as text, without a fraction if it is whole.
  static func text(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e9 ? String(Int(number)) : String(number)
  }

  /// Reads a transform from text.
  ///
  /// A list has numbers and ranges, separated by commas; `0.9..1.1/0.02` are the numbers from 0.9 to 1.1 in steps of 0.02.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` that says what was expected.
  public init(_ text: String) throws(PixelAscentError) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0]), argument = parts.count > 1 ? String(parts[1]) : nil
    func fail(_ expected: String) -> PixelAscentError {
      PixelAscentError(.invalidParameter, "transform \"\(text.oneLine)\": expected \(expected)")
    }
    func number(_ text: String?, _ expected: String) throws(PixelAscentError) -> Double {
      guard let value = text.flatMap({ Double($0) }), value.isFinite else { throw fail(expected) }
      return value
    }
    func pixels(_ text: String?) throws(PixelAscentError) -> Int {
      guard let value = text.flatMap({ Int($0) }) else { throw fail("\(name):n with a whole number n of pixels") }
      return value
    }
    switch name {
    case "jitter": self = .jitter(try pixels(argument))
    case "crop": self = .crop(try pixels(argument))
    case "pad":
      let values = argument?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
      guard (1...2).contains(values.count) else { throw fail("pad:n or pad:n,colour") }
      let colour = values.count == 2 ? try number(values[1], "pad:n,colour with a colour from 0 to 1") : Self.grey
      self = .pad(try pixels(values[0]), colour: colour)
    case "scale", "rotate":
      guard let numbers = argument.flatMap(Self.numbers) else {
        throw fail("\(name):list with numbers such as 0.9,1,1.1 or a range such as 0.9..1.1/0.05")
      }
      self = name == "scale" ? .scale(numbers) : .rotate(numbers)
    case "noise": self = .noise(try number(argument, "noise:σ with a number σ"))
    case "blur": self = .blur(try number(argument, "blur:σ with a number σ"))
    case "uniform": self = .uniformNoise(try number(argument, "uniform:a with a number a"))
    case "zoom":
      guard let argument, let dots = argument.firstRange(of: ".."), let first = Double(argument[..<dots.lowerBound]),
        let last = Double(argument[dots.upperBound...])
      else { throw fail("zoom:b..c with two fractions of the image") }
      self = .zoom(from: first, to: last)
    case "flip", "resize-to-net":
      guard argument == nil else { throw fail("\(name) without a number") }
      self = name == "flip" ? .flip : .resizeToNetwork
    default:
      throw fail("jitter, pad, crop, scale, rotate, flip, noise, blur, uniform, zoom or resize-to-net")
    }
    try validate()
  }

  /// Reads a list of transforms, separated by blanks.
  ///
  /// - Throws: as ``init(_:)`` does.
  public static func list(_ text: String) throws(PixelAscentError) -> [ImageTransform] {
    var transforms: [ImageTransform] = []
    for part in text.split(whereSeparator: { $0 == " " || $0 == "\t" }) { transforms.append(try Self(String(part))) }
    return transforms
  }

  /// The most numbers in a list.
  private static let mostNumbers = 1000

  private static func numbers(_ text: String) -> [Double]? {
    var numbers: [Double] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      if let number = Double(part), number.isFinite {
        numbers.append(number)
        continue
      }
      guard let slash = part.firstIndex(of: "/"), let step = Double(part[part.index(after: slash)...]), step > 0,
        let dots = part.firstRange(of: ".."), dots.upperBound <= slash, let low = Double(part[..<dots.lowerBound]),
        let high = Double(part[dots.upperBound..<slash]), low <= high, (high - low) / step < Double(mostNumbers)
      else { return nil }
      // The last step may miss the end by a rounding error.
      let count = Int(((high - low) / step + 1e-6).rounded(.down))
      numbers += (0...count).map { low + Double($0) * step }
    }
    return numbers.count <= mostNumbers ? numbers : nil
  }
}

extension ImageTransform: Codable {
  /// Decodes the transform from its text.
  public init(from decoder: any Decoder) throws {
    try self.init(decoder.singleValueContainer().decode(String.self))
  }

  /// Encodes the transform as text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
