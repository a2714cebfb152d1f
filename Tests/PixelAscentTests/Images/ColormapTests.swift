// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

@Suite struct ColormapTests {
  /// Matplotlib's "hot" is linear between these points of (x, red, green, blue).
  private static let hot: [(x: Double, colour: [Double])] = [
    (0, [0.0416, 0, 0]), (0.365079, [1, 0, 0]), (0.746032, [1, 1, 0]), (1, [1, 1, 1]),
  ]

  @Test func hotTakesTinyRangesInfinityAndNaN() {
    let tiny = RGBImage(map: Tensor(shape: [1, 3], values: [0, .leastNonzeroMagnitude, 0x1p-140]))
    #expect(Array(tiny.pixels[0..<3]) == [11, 0, 0])
    #expect(Array(tiny.pixels[6...]) == [255, 255, 255])
    let odd = RGBImage(map: Tensor(shape: [1, 3], values: [0, .infinity, .nan]))
    #expect(odd.pixels.count == 9)
  }

  @Test func hotHasMatplotlibsColours() {
    let points = RGBImage(map: Tensor(shape: [2, 2], values: Self.hot.map { Float(5 * $0.x - 2) }))
    #expect(points.pixels == [11, 0, 0, 255, 0, 0, 255, 255, 0, 255, 255, 255])

    let values = (0...1000).map { Float($0) / 1000 }
    let ramp = RGBImage(map: Tensor(shape: [1, 1001], values: values))
    for (index, value) in values.enumerated() {
      let next = Self.hot.firstIndex { Double(value) <= $0.x } ?? 3
      let (a, b) = (Self.hot[max(next - 1, 0)], Self.hot[next])
      let share = next == 0 ? 1 : (Double(value) - a.x) / (b.x - a.x)
      for channel in 0..<3 {
        let exact = 255 * (a.colour[channel] + share * (b.colour[channel] - a.colour[channel]))
        #expect(abs(Double(ramp.pixels[3 * index + channel]) - exact) <= 0.5 + 1e-3, "\(value), channel \(channel)")
      }
    }
  }

  @Test func flatMapHasTheFirstColourAndEveryMapItsOwnScale() {
    for value in [Float(0), -3, 1e30] {
      let flat = RGBImage(map: Tensor(shape: [3, 7], repeating: value))
      #expect(flat.width == 7)
      #expect(flat.height == 3)
      #expect(flat.pixels == (0..<21).flatMap { _ in [11, 0, 0] as [UInt8] })
    }
    let values: [Float] = [1, 2, 3, 4, 5, 6]
    let map = RGBImage(map: Tensor(shape: [2, 3], values: values))
    #expect(map == RGBImage(map: Tensor(shape: [2, 3], values: values.map { 64 * $0 - 256 })))
  }

  /// Matplotlib's 256 colours: red, green and blue in hexadecimal.
  private static let viridis = """
    44015444025645045745055946075A46085C460A5D460B5E470D60470E61471063471164471365481467481668481769\
    48186A481A6C481B6D481C6E481D6F481F70482071482173482374482475482576482677482878482979472A7A472C7A\
    472D7B472E7C472F7D46307E46327E46337F463480453581453781453882443983443A83443B84433D84433E85423F85\
    4240864241864142874144874045884046883F47883F48893E49893E4A893E4C8A3D4D8A3D4E8A3C4F8A3C508B3B518B\
    3B528B3A538B3A548C39558C39568C38588C38598C375A8C375B8D365C8D365D8D355E8D355F8D34608D34618D33628D\
    33638D32648E32658E31668E31678E31688E30698E306A8E2F6B8E2F6C8E2E6D8E2E6E8E2E6F8E2D708E2D718E2C718E\
    2C728E2C738E2B748E2B758E2A768E2A778E2A788E29798E297A8E297B8E287C8E287D8E277E8E277F8E27808E26818E\
    26828E26828E25838E25848E25858E24868E24878E23888E23898E238A8D228B8D228C8D228D8D218E8D218F8D21908D\
    21918C20928C20928C20938C1F948C1F958B1F968B1F978B1F988B1F998A1F9A8A1E9B8A1E9C891E9D891F9E891F9F88\
    1FA0881FA1881FA1871FA28720A38620A48621A58521A68522A78522A88423A98324AA8325AB8225AC8226AD8127AD81\
    28AE8029AF7F2AB07F2CB17E2DB27D2EB37C2FB47C31B57B32B67A34B67935B77937B87838B9773ABA763BBB753DBC74\
    3FBC7340BD7242BE7144BF7046C06F48C16E4AC16D4CC26C4EC36B50C46A52C56954C56856C66758C7655AC8645CC863\
    5EC96260CA6063CB5F65CB5E67CC5C69CD5B6CCD5A6ECE5870CF5773D05675D05477D1537AD1517CD2507FD34E81D34D\
    84D44B86D54989D5488BD6468ED64590D74393D74195D84098D83E9BD93C9DD93BA0DA39A2DA37A5DB36A8DB34AADC32\
    ADDC30B0DD2FB2DD2DB5DE2BB8DE29BADE28BDDF26C0DF25C2DF23C5E021C8E020CAE11FCDE11DD0E11CD2E21BD5E21A\
    D8E219DAE319DDE318DFE318E2E418E5E419E7E419EAE51AECE51BEFE51CF1E51DF4E61EF6E620F8E621FBE723FDE725
    """

  @Test("Every colour of viridis equals Matplotlib's colour within 1/255")
  func viridisHasMatplotlibsColours() throws {
    let digits = Self.viridis.compactMap { (digit: Character) -> UInt8? in digit.hexDigitValue.map { UInt8($0) } }
    try #require(digits.count == 2 * 3 * 256)
    let expected = (0..<3 * 256).map { (index: Int) -> UInt8 in 16 * digits[2 * index] + digits[2 * index + 1] }
    let found = RGBImage(map: Self.ramp, colormap: .viridis).pixels
    let worst = zip(found, expected).map { (a: UInt8, b: UInt8) -> Int in abs(Int(a) - Int(b)) }.max()
    #expect(worst == 1)
    // The ends are exact, and a map that is not finite has the first colour.
    #expect(found.prefix(3) == expected.prefix(3))
    #expect(found.suffix(3) == expected.suffix(3))
    let odd = RGBImage(map: Tensor(shape: [1, 3], values: [0, .infinity, .nan]), colormap: .viridis)
    #expect(odd.pixels == (0..<9).map { (index: Int) -> UInt8 in expected[index % 3] })
  }

  private static let ramp = Tensor(shape: [16, 16], values: (0..<256).map { Float($0) })

  @Test func greyIsTheValueItself() {
    #expect(RGBImage(map: Self.ramp, colormap: .grey).pixels == (0..<768).map { UInt8($0 / 3) })
  }

  @Test("The scale ends at the percentile, and greater values have the last colour")
  func scaleEndsAtThePercentile() {
    // The 60th percentile of 0 … 5 is 3.
    let map = Tensor(shape: [2, 3], values: [5, 0, 3, 1, 4, 2])
    let grey = RGBImage(map: map, colormap: .grey, percentile: 60).pixels
    #expect(stride(from: 0, to: 18, by: 3).map { grey[$0] } == [255, 0, 255, 85, 255, 170])
    #expect(RGBImage(map: map, percentile: 100) == RGBImage(map: map))
    // A percentile between two values is interpolated: the 50th is 2.5.
    let half = RGBImage(map: map, colormap: .grey, percentile: 50).pixels
    #expect(stride(from: 0, to: 18, by: 3).map { half[$0] } == [255, 0, 255, 102, 255, 204])
  }

  @Test("A percentile that equals the least value doesn't hide greater values", arguments: Colormap.allCases)
  func percentileOfASparseMapHidesNothing(colormap: Colormap) {
    var map = Tensor(shape: [10, 10], repeating: 2)
    map.values[37] = 2.5
    let found = RGBImage(map: map, colormap: colormap, percentile: 50).pixels
    let ends = RGBImage(map: Tensor(shape: [1, 2], values: [0, 1]), colormap: colormap).pixels
    #expect(found == (0..<300).map { (index: Int) -> UInt8 in ends[index / 3 == 37 ? 3 + index % 3 : index % 3] })
  }
}
