// SPDX-License-Identifier: MIT

/// Returns the strides of an array in C order, in which the last dimension is contiguous. Numbers that exceed `Int`
/// wrap around.
func contiguousStrides(_ shape: [Int]) -> [Int] {
  var strides = [Int]()
  var stride = 1
  for extent in shape.reversed() {
    strides.append(stride)
    stride &*= max(extent, 1)
  }
  return strides.reversed()
}

/// The offsets of an array's elements, one after another in C order, for any strides. An array without elements has no
/// offsets.
struct StridedOffsets {
  /// The offset of the current element (i, j, …): i·strides[0] + j·strides[1] + …
  private(set) var offset = 0
  private let shape, strides: [Int]
  private var index: [Int]

  init(shape: [Int], strides: [Int]) {
    self.shape = shape
    self.strides = strides
    index = Array(repeating: 0, count: shape.count)
  }

  /// Goes on to the next element. After the last element comes the first.
  mutating func advance() {
    for dimension in shape.indices.reversed() {
      index[dimension] += 1
      offset += strides[dimension]
      if index[dimension] < shape[dimension] { return }
      offset -= strides[dimension] * shape[dimension]
      index[dimension] = 0
    }
  }
}
