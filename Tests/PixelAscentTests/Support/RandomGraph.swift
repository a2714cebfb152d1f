// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport

/// A generator of small random graphs, with layers of every operation but those that simplification removes.
struct RandomGraph {
  private var random: TestRandom
  private let isExact: Bool
  private var layers: [GraphLayer] = []
  private var values: [(name: String, shape: ValueShape)]
  private var unread: Set<String> = []

  /// Returns the graph that `seed` gives. It may be invalid.
  ///
  /// - Parameter exact: whether the graph has only layers whose results on integers are exact in float
  static func make(seed: UInt64, size: Int, exact: Bool) -> Graph {
    var maker = RandomGraph(seed: seed, size: size, exact: exact)
    for _ in 0..<5 + maker.below(8) { maker.grow() }
    return maker.finish()
  }

  private init(seed: UInt64, size: Int, exact: Bool) {
    random = TestRandom(seed)
    isExact = exact
    values = [(Graph.image, ValueShape(channels: seed % 4 == 0 ? 1 : 3, height: size, width: size))]
  }

  private mutating func below(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
  private mutating func one<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }

  private mutating func add(_ operation: any PixelAscent.Operation, _ inputs: [Int]) -> Bool {
    guard let shape = try? operation.shape(of: inputs.map { values[$0].shape }), shape.channels <= 80,
      shape.channels * shape.height * shape.width <= 6000
    else { return false }
    let name = "\(type(of: operation).name)\(layers.count)"
    layers.append(GraphLayer(name: name, operation: operation, inputs: inputs.map { values[$0].name }))
    unread.subtract(inputs.map { values[$0].name })
    unread.insert(name)
    values.append((name, shape))
    return true
  }

  /// Adds a layer. In three of four cases it reads a value that no layer reads yet.
  private mutating func grow() {
    for _ in 0..<30 {
      let open = values.indices.filter { unread.contains(values[$0].name) }
      let input = below(4) > 0 && !open.isEmpty ? one(of: open) : below(values.count)
      if let (operation, inputs) = layer(on: input), add(operation, inputs) { return }
    }
  }

  private mutating func layer(on input: Int) -> (any PixelAscent.Operation, [Int])? {
    let x = values[input].shape
    switch below(isExact ? 18 : 25) {
    case 0, 1: return (convolution(x), [input])
    case 2:
      let depth = one(of: [1, 1, 2])
      let operation = Convolution(
        window(), isSame: below(4) == 0, groups: x.channels, outputs: depth * x.channels, clamp: clamp())
      return (operation, [input])
    case 3: return (Linear(outputs: 1 + below(40), clamp: clamp()), [input])
    case 4: return (Affine(clamp: clamp()), [input])
    case 5: return (Elementwise(.clamp(clamp())), [input])
    case 6: return (Elementwise(one(of: [.leakyReLU(slope: 0.5), .prelu])), [input])
    case 7: return (MaxPool(poolWindow(dilations: [1, 1, 2]), ceilMode: below(2) == 0), [input])
    case 8:
      let even = Window(kernel: 2, stride: 1 + below(2))
      return (
        AveragePool(isExact ? even : poolWindow(), ceilMode: !isExact && below(2) == 0, countPadding: below(2) == 0),
        [input]
      )
    case 9: return (Add(clamp: clamp()), shuffled(input, partner(of: input) { $0 == x }))
    case 10:
      let factor = partner(of: input) { $0 == x || $0.isVector && $0.channels == x.channels }
      return (Multiply(), shuffled(input, factor))
    case 11:
      let others = (0..<below(3)).map { _ in partner(of: input) { ($0.height, $0.width) == (x.height, x.width) } }
      return (Concatenate(), [input] + others)
    case 12:
      let first = one(of: [0, 0, 16, below(x.channels)])
      return (ChannelSlice(first: first, count: one(of: [16, 1 + below(x.channels), x.channels - first])), [input])
    case 13: return (ChannelShuffle(groups: one(of: [2, 3, 4])), [input])
    case 14:
      return (
        Pad(top: below(3), left: below(3), bottom: below(2), right: below(3), value: one(of: [0, -1, 2])), [input]
      )
    case 15:
      let mode = one(of: [Pad.Mode.reflect, .edge, .wrap])
      return (Pad(top: below(3), left: below(3), bottom: below(2), right: below(3), mode: mode), [input])
    case 16:
      let operation: any PixelAscent.Operation =
        below(2) == 0 ? Reduction(.sum, ofChannels: below(2) == 0) : adaptiveMax()
      return (operation, [input])
    case 17: return (interpolation([.floor, .ceil, .roundDown, .roundUp]), [input])
    case 18: return (interpolation([.linear]), [input])
    case 19: return (AdaptiveAverage(rows: 1 + below(3), columns: 1 + below(3)), [input])
    case 20: return (GlobalAverage(), [input])
    case 21: return (LayerNorm(epsilon: 0.25), [input])
    case 22: return (GroupNorm(groups: one(of: [1, 2, 3, x.channels]), epsilon: 0.25), [input])
    case 23: return (LocalResponseNorm(size: 1 + below(5), alpha: 0.4, beta: 0.75, k: 1), [input])
    case 24 where below(2) == 0: return (Reduction(one(of: [.norm, .maximum]), ofChannels: below(2) == 0), [input])
    default:
      let functions: [ElementFunction] = [
        .celu(alpha: 0.5), .selu(alpha: 1.67, gamma: 1.05), .swish(alpha: 1.702), .mish, .softplus, .erf, .softsign,
        .thresholdedReLU(threshold: 0.25), .absolute,
        .elu(alpha: 1), .sigmoid, .hardSigmoid(alpha: 0.25, beta: 0.5), .hardSwish, .silu, .tanh, .gelu(tanh: true),
        .gelu(tanh: false),
      ]
      return (Elementwise(one(of: functions)), [input])
    }
  }

  private mutating func adaptiveMax() -> any PixelAscent.Operation {
    AdaptiveMax(rows: 1 + below(3), columns: 1 + below(3))
  }

  private mutating func interpolation(_ samplings: [Interpolate.Sampling]) -> any PixelAscent.Operation {
    func axis() -> Interpolate.Axis {
      below(2) == 0 ? .init(scale: one(of: [0.5, 1, 1.5, 2])) : .init(size: 1 + below(9))
    }
    // The nearest element is decided by rounding where a corner lies on an element.
    let coordinates = one(of: Interpolate.Coordinates.allCases.filter { $0 != .alignCorners || samplings == [.linear] })
    return Interpolate(y: axis(), x: axis(), coordinates: coordinates, sampling: one(of: samplings))
  }

  private mutating func convolution(_ x: ValueShape) -> any PixelAscent.Operation {
    let groups = one(of: [1, 1, 1, 2, 3, 4])
    return Convolution(
      window(), isSame: below(4) == 0, groups: groups, outputs: groups * (1 + below(40 / groups)), clamp: clamp())
  }

  /// Returns a convolution's window, half of the time 3×3 or 1×1.
  private mutating func window() -> Window {
    if below(2) == 0 {
      return below(2) == 0 ? Window(kernel: 3, stride: 1 + below(2), padding: 1) : Window(kernel: 1)
    }
    func axis() -> WindowAxis {
      let kernel = 1 + below(5), dilation = one(of: [1, 1, 2])
      return WindowAxis(
        kernel: kernel, stride: one(of: [1, 1, 2, 3]), before: below(kernel), after: below(kernel), dilation: dilation)
    }
    return Window(y: axis(), x: axis())
  }

  private mutating func poolWindow(dilations: [Int] = [1]) -> Window {
    func axis() -> WindowAxis {
      let kernel = 2 + below(3)
      return WindowAxis(
        kernel: kernel, stride: 1 + below(3), before: below(kernel), after: below(kernel), dilation: one(of: dilations))
    }
    return Window(y: axis(), x: axis())
  }

  private mutating func clamp() -> Clamp {
    one(of: [.none, .none, .relu, .relu, .relu6, Clamp(low: -2, high: 3), Clamp(high: 4)])
  }

  /// Returns another value of a suitable shape, or `input` itself.
  private mutating func partner(of input: Int, _ suits: (ValueShape) -> Bool) -> Int {
    let others = values.indices.filter { $0 != input && suits(values[$0].shape) }
    return others.isEmpty || below(6) == 0 ? input : one(of: others)
  }

  private mutating func shuffled(_ a: Int, _ b: Int) -> [Int] { below(2) == 0 ? [a, b] : [b, a] }

  /// Makes vectors from most values that no layer reads, and the scores from these vectors; returns the graph.
  private mutating func finish() -> Graph {
    let ends = values.indices.dropFirst().filter { unread.contains(values[$0].name) }
    var vectors: [Int] = []
    for (number, end) in ends.enumerated() where number == 0 || below(5) > 0 { vectors.append(vector(of: end)) }
    if vectors.isEmpty { vectors.append(vector(of: 0)) }
    let classes = 18 + below(5)
    var scores = -1
    if vectors.count > 1 && below(2) == 0 {
      for vector in vectors {
        _ = add(Linear(outputs: classes, clamp: clamp()), [vector])
        let summand = values.count - 1
        if scores >= 0 { _ = add(Add(clamp: clamp()), shuffled(scores, summand)) }
        scores = values.count - 1
      }
    } else {
      let all = vectors.count > 1 && add(Concatenate(), vectors) ? values.count - 1 : vectors[0]
      let head: any PixelAscent.Operation =
        below(2) == 0
        ? Linear(outputs: classes, clamp: clamp())
        : Convolution(Window(kernel: 1), groups: 1, outputs: classes, clamp: clamp())
      _ = add(head, [all])
      scores = values.count - 1
    }
    switch below(5) {
    case 0: _ = add(ChannelSlice(first: 1, count: 17), [scores])
    case 1: _ = add(Concatenate(), [scores, scores])
    case 2: _ = add(Elementwise(.leakyReLU(slope: 0.5)), [scores])
    default: break
    }
    let output = values[values.count - 1].name
    return Graph(input: .init(channels: values[0].shape.channels), layers: layers, output: output)
  }

  private mutating func vector(of index: Int) -> Int {
    let shape = values[index].shape
    if shape.isVector { return index }
    if !isExact && below(2) == 0 {
      _ = add(GlobalAverage(), [index])
    } else if shape.channels * shape.height * shape.width <= 80 {
      _ = add(Flatten(), [index])
    } else {
      // A convolution over the whole plane, or over 12×12 pixels with a max pool over the results.
      let y = WindowAxis(kernel: min(shape.height, 12)), x = WindowAxis(kernel: min(shape.width, 12))
      let all = Window(y: y, x: x)
      _ = add(Convolution(all, groups: 1, outputs: 12, clamp: clamp()), [index])
      if !values[values.count - 1].shape.isVector {
        _ = add(MaxPool(Window(kernel: 15, stride: 15), ceilMode: true), [values.count - 1])
      }
    }
    return values.count - 1
  }
}
