// SPDX-License-Identifier: MIT

// Resize, and Upsample, which it has replaced.
extension ONNXImporter {
  mutating func resized(_ shapes: ONNXShapes) throws(PixelAscentError) -> ONNXView? {
    guard let input = try settledView(node.inputs[0]), let roles = input.roles else { return nil }
    // Before opset 11 the scales are the second input, and the positions are i / scale.
    let isOld = node.type == "Upsample" || opset < 11, scalesInput = isOld ? 1 : 2
    guard let coordinates = try coordinates(isOld: isOld), let sampling = try sampling(isOld: isOld) else { return nil }
    let rank = input.shape.count
    guard let axes = ONNXShapes.axes(node.integers("axes") ?? Array(0..<rank), of: rank) else {
      throw failNode("has the axes \(shapeText(node.integers("axes") ?? [])), found \(shapeText(input.shape))")
    }
    var made = [Interpolate.Axis]()
    if !isOld && shapes.has(3), shapes.constants.indices.contains(3), (shapes.constants[3]?.count ?? 1) > 0 {
      guard let sizes = shapes.constants[3]?.integers else { return fails("expected constant sizes") }
      if sizesDependOnImage.contains(node.inputs[3]) {
        return fails(
          "its sizes depend on the image's size, which the file leaves open; export the network for a fixed size")
      }
      guard (node.text("keep_aspect_ratio_policy") ?? "stretch") == "stretch" else {
        return fails("only sizes without keep_aspect_ratio_policy are supported")
      }
      made = sizes.map { Interpolate.Axis(size: $0) }
    } else {
      let constant = shapes.constants.indices.contains(scalesInput) ? try shapes.constants[scalesInput]?.reals() : nil
      guard let scales = node.attributes["scales"]?.floats ?? constant?.map({ Float($0) }) else {
        return fails("expected constant scales or sizes")
      }
      made = scales.map { Interpolate.Axis(scale: $0) }
    }
    guard made.count == axes.count else {
      throw failNode("has \(made.count) scales or sizes for \(axes.count) axes of \(shapeText(input.shape))")
    }
    var (y, x) = (Interpolate.Axis(scale: 1), Interpolate.Axis(scale: 1))
    for (axis, change) in zip(axes, made) {
      let isSame = change.scale == 1 || change.size == input.shape[axis]
      switch roles[axis] {
      case .row where !isSame: y = change
      case .column where !isSame: x = change
      case .one where !isSame:
        // One row or one column: the axis says which of them it is only in a plane.
        guard input.isPlanar, axis >= 2 else { fallthrough }
        if axis == 2 { y = change } else { x = change }
      case .channel where !isSame: return fails("it resizes the channels; only rows and columns can be resized")
      default: break
      }
    }
    let operation = Interpolate(y: y, x: x, coordinates: coordinates, sampling: sampling)
    if operation.isIdentity(onVector: false) { return input }
    let (rows, columns) = try (y.output(of: input.size.rows), x.output(of: input.size.columns))
    guard rows > 0, columns > 0 else { throw failNode("makes an image of \(rows)×\(columns) pixels") }
    if node.integer("antialias") == 1, rows < input.size.rows || columns < input.size.columns {
      return fails("antialiasing is not supported; export the network with antialias = False")
    }
    let size = ONNXView.Size(channels: input.size.channels, rows: rows, columns: columns)
    let layer = try add(operation, [input], size).layer
    var result = input
    (result.layer, result.size) = (layer, size)
    for (index, role) in roles.enumerated() {
      switch role {
      case .channel: result.strides[index] = size.plane
      case .row: (result.shape[index], result.strides[index]) = (rows, columns)
      case .column: result.shape[index] = columns
      case .one: break
      }
    }
    return input.isPlanar ? ONNXView(layer, size) : result
  }

  private mutating func coordinates(isOld: Bool) throws(PixelAscentError) -> Interpolate.Coordinates? {
    if isOld { return .asymmetric }
    switch node.text("coordinate_transformation_mode") ?? "half_pixel" {
    case "half_pixel": return .halfPixel
    case "pytorch_half_pixel": return .pytorchHalfPixel
    case "asymmetric": return .asymmetric
    case "align_corners": return .alignCorners
    case let other:
      return fails(
        "the coordinates \(other.oneLine) are not supported; the nearest are half_pixel, pytorch_half_pixel, asymmetric "
          + "and align_corners")
    }
  }

  private mutating func sampling(isOld: Bool) throws(PixelAscentError) -> Interpolate.Sampling? {
    switch node.text("mode") ?? "nearest" {
    case "linear", "bilinear": return .linear
    case "nearest": break
    case let other: return fails("the mode \(other.oneLine) is not supported; the nearest are linear and nearest")
    }
    if isOld { return .floor }
    switch node.text("nearest_mode") ?? "round_prefer_floor" {
    case "round_prefer_floor": return .roundDown
    case "round_prefer_ceil": return .roundUp
    case "floor": return .floor
    case "ceil": return .ceil
    case let other: throw failNode("has the unknown nearest_mode \(other.oneLine)")
    }
  }
}
