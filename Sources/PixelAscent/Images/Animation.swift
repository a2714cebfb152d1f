// SPDX-License-Identifier: MIT

/// Pictures that are shown one after the other, such as the steps of an ascent, and how they are shown.
///
/// ```swift
/// var animation = Animation(framesPerSecond: 12, hold: 2, scale: 2)
/// animation.frames.append(picture)  // for each step
/// try animation.write(to: "steps.png")
/// ```
///
/// A viewer repeats the animation without end. Methods that make a file check the parameters; the initialiser does not.
public struct Animation: Hashable, Sendable {
  /// The pictures in the order in which they are shown: at least one, and all of one size.
  public var frames: [RGBImage]
  /// The number of frames that are shown in a second: 0.1 to 100.
  public var framesPerSecond: Double
  /// The seconds for which the last frame is shown beyond the time that every frame has: 0 to 600.
  public var hold: Double
  /// The factor by which both sides of each frame are enlarged: 1 to 64. A pixel becomes a square of `scale` × `scale`
  /// pixels of the same colour.
  public var scale: Int

  /// Creates an animation. The parameters are not checked.
  public init(frames: [RGBImage] = [], framesPerSecond: Double = 12, hold: Double = 2, scale: Int = 1) {
    (self.frames, self.framesPerSecond, self.hold, self.scale) = (frames, framesPerSecond, hold, scale)
  }

  /// Writes the animation and a comment to the file at `path`: as an animated PNG if the file's name ends in .png or
  /// .apng, and as a GIF if it ends in .gif. The file is written whole or not at all.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`, of kind `invalidParameter` if the name ends differently, or
  ///   the errors of ``apng(comment:)`` and ``gif(comment:)``.
  public func write(to path: String, comment: String? = nil) throws(PixelAscentError) {
    let format = try Format(path), bytes: [UInt8]
    do {
      bytes = format == .apng ? try apng(comment: comment) : try gif(comment: comment)
    } catch {
      throw error.about(path)
    }
    try Files.write(bytes, to: path)
  }

  /// Checks that an animation of frames of `width` × `height` pixels can be written to the file at `path`, so that a long
  /// computation does not end in that error. Does not check ``frames``, which may still be empty.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` or `sizeLimit`, as ``write(to:comment:)`` does.
  package func check(width: Int, height: Int, for path: String) throws(PixelAscentError) {
    let format = try Format(path)
    do {
      try check(width: width, height: height, format)
    } catch {
      throw error.about(path)
    }
  }
}

extension Animation {
  /// The file formats of animations.
  enum Format {
    case apng
    case gif

    /// The longest side of a picture, and the format in error lines.
    var limits: (side: Int, name: String) { self == .apng ? (0x7FFF_FFFF, "a PNG") : (0xFFFF, "a GIF") }

    /// Finds the format of the file at `path` from the end of its name.
    init(_ path: String) throws(PixelAscentError) {
      let name = path.lowercased()
      if name.hasSuffix(".gif") {
        self = .gif
      } else if name.hasSuffix(".png") || name.hasSuffix(".apng") {
        self = .apng
      } else {
        throw PixelAscentError(
          .invalidParameter, "the name of an animation's file must end in .png, .apng or .gif", about: path)
      }
    }
  }

  /// Checks the animation and returns the size of its enlarged frames.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter` or `sizeLimit`.
  func checkedSize(_ format: Format) throws(PixelAscentError) -> PixelSize {
    guard let first = frames.first else {
      throw PixelAscentError(.invalidParameter, "an animation must have at least one frame, found none")
    }
    if let index = frames.firstIndex(where: { ($0.width, $0.height) != (first.width, first.height) }) {
      let expected = "\(first.width)×\(first.height)", found = "\(frames[index].width)×\(frames[index].height)"
      throw PixelAscentError(
        .invalidParameter,
        "all frames of an animation must have the size of the first, \(expected), found \(found) in frame \(index + 1)")
    }
    try check(width: first.width, height: first.height, format)
    return PixelSize(height: scale * first.height, width: scale * first.width)
  }

  /// Checks how the frames are shown.
  ///
  /// - Throws: ``PixelAscentError`` of kind `invalidParameter`.
  private func checkNumbers() throws(PixelAscentError) {
    guard (0.1...100).contains(framesPerSecond) else {
      throw PixelAscentError(
        .invalidParameter, "the frames per second of an animation must be 0.1 to 100, found \(framesPerSecond)")
    }
    guard (0...600).contains(hold) else {
      throw PixelAscentError(
        .invalidParameter, "the last frame of an animation can be held for 0 to 600 seconds, found \(hold)")
    }
    guard (1...64).contains(scale) else {
      throw PixelAscentError(.invalidParameter, "the scale of an animation must be 1 to 64, found \(scale)")
    }
  }

  private func check(width: Int, height: Int, _ format: Format) throws(PixelAscentError) {
    try checkNumbers()
    let limits = format.limits
    guard max(width, height) <= limits.side / scale else {
      let what = "an animation of \(width)×\(height) pixels with the scale \(scale)"
      throw PixelAscentError(
        .sizeLimit, "\(what) can't be written as \(limits.name): a side is at most \(limits.side) pixels long")
    }
    try Self.checkMemory(PixelSize(height: scale * height, width: scale * width), fileSize: 0)
  }

  /// Checks that there is memory to add a frame of `size` to a file that has `fileSize` bytes so far. Encoding a frame
  /// takes up to four times the memory of its pixels, and a growing array moves to one of twice its size.
  static func checkMemory(_ size: PixelSize, fileSize: Int) throws(PixelAscentError) {
    let bytes = 12 * Double(size.width) * Double(size.height) + 2 * Double(fileSize)
    try Files.checkMemory(Int(min(bytes, 1e18)), "an animation of \(size.width)×\(size.height) pixels takes")
  }
}

extension Animation {
  /// How an ascent is shown as an animation.
  public struct Style: Codable, Hashable, Sendable {
    /// The number of iterations from one frame to the next, at least 1. The first frame is the image after the first
    /// iteration, the last frame that after the last one.
    public var every: Int
    /// See ``Animation/framesPerSecond``.
    public var framesPerSecond: Double
    /// See ``Animation/hold``.
    public var hold: Double
    /// See ``Animation/scale``.
    public var scale: Int

    private enum CodingKeys: String, CodingKey {
      case every, hold, scale
      case framesPerSecond = "fps"
    }

    /// Creates a style.
    public init(every: Int = 4, framesPerSecond: Double = 12, hold: Double = 2, scale: Int = 1) {
      (self.every, self.framesPerSecond, self.hold, self.scale) = (every, framesPerSecond, hold, scale)
    }

    /// Checks every parameter.
    ///
    /// - Throws: ``PixelAscentError`` of kind `invalidParameter`.
    public func validate() throws(PixelAscentError) {
      guard every >= 1 else {
        throw PixelAscentError(.invalidParameter, "\(advice: .every) must be 1 or more, found \(every)")
      }
      try Animation(frames: [], style: self).checkNumbers()
    }

    /// Returns whether the image after an iteration, counted from 0, is a frame.
    func shows(_ iteration: Int, of iterations: Int) -> Bool {
      iteration % every == 0 || iteration == iterations - 1
    }

    /// Returns the number of frames of `iterations` iterations, of which there is at least one.
    func count(of iterations: Int) -> Int {
      let last = iterations - 1
      return last / every + (last % every == 0 ? 1 : 2)
    }
  }

  /// Creates an animation of an ascent's pictures.
  public init(frames: [RGBImage], style: Style) {
    self.init(frames: frames, framesPerSecond: style.framesPerSecond, hold: style.hold, scale: style.scale)
  }

  /// Returns the comment in the bytes of a GIF file that ``gif(comment:)`` made; nil if there is none, or if the bytes are
  /// no GIF.
  package static func comment(inGIF bytes: [UInt8]) -> String? {
    guard isGIF(bytes), bytes.count > 13 else { return nil }
    var index = 13 + (bytes[10] & 0x80 == 0 ? 0 : 3 << (Int(bytes[10] & 7) + 1))
    while index + 1 < bytes.count, bytes[index] == 0x21 {
      let isComment = bytes[index + 1] == 0xFE
      var text: [UInt8] = []
      index += 2
      while index < bytes.count, bytes[index] > 0 {
        let end = index + 1 + Int(bytes[index])
        guard end <= bytes.count else { return nil }
        if isComment { text += bytes[index + 1..<end] }
        index = end
      }
      if isComment { return String(validating: text, as: UTF8.self) }
      index += 1
    }
    return nil
  }

  /// Returns whether bytes begin as a GIF file does.
  package static func isGIF(_ bytes: [UInt8]) -> Bool { bytes.starts(with: "GIF8".utf8) }
}

extension RGBImage {
  /// Returns the picture with each pixel enlarged to a square of `scale` × `scale` pixels.
  func enlarged(_ scale: Int) -> RGBImage {
    if scale == 1 { return self }
    var enlarged: [UInt8] = []
    enlarged.reserveCapacity(pixels.count * scale * scale)
    for y in 0..<height {
      let rowStart = enlarged.count
      for pixel in y * width..<(y + 1) * width {
        for _ in 0..<scale { enlarged += pixels[3 * pixel..<3 * pixel + 3] }
      }
      let row = enlarged[rowStart...]
      for _ in 1..<scale { enlarged += row }
    }
    return RGBImage(width: scale * width, height: scale * height, pixels: enlarged)
  }
}
