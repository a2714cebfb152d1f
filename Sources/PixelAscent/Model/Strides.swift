// SPDX-License-Identifier: MIT

/// The strides of an array in C order, the last dimension contiguous. What exceeds `Int` wraps around.
func contiguousStrides(_ shape: [Int]) -> [Int] {
  var strides = [Int]()
  var stride = 1
  for extent in shape.reversed() {
    strides.append(stride)
    stride &*= max(extent, 1)
  }
  return strides.reversed()
}

/// The places of an array's elements, one after another in C order, wherever its strides put them. An array
/// without elements has none.
struct StridedPlaces {
  /// The place of the element at hand: i·strides[0] + j·strides[1] + …
  private(set) var place = 0
  private let shape, strides: [Int]
  private var index: [Int]

  init(shape: [Int], strides: [Int]) {
    self.shape = shape
    self.strides = strides
    index = Array(repeating: 0, count: shape.count)
  }

  /// Goes on to the next element; after the last comes the first.
  mutating func advance() {
    for dimension in shape.indices.reversed() {
      index[dimension] += 1
      place += strides[dimension]
      if index[dimension] < shape[dimension] { return }
      place -= strides[dimension] * shape[dimension]
      index[dimension] = 0
    }
  }
}
