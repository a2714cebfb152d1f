// SPDX-License-Identifier: MIT

// A concatenation is free where its parts lie one after another in one storage: then there is nothing to run.

extension Concatenate: RunnableOperation {
  func weights(_: LayerParameters) {}

  /// The parts become slices of one storage where whole blocks do; else they are copied.
  func append(_ node: PlanNode, _: Void, to plan: inout LayerPlan) {
    let parts = node.inputs, channels = parts.map { plan.values[$0].channels }.reduce(0, +)
    let isVector = parts.allSatisfy { plan.values[$0].isVector }
    if let first = plan.joined(parts) {
      plan.addName(
        node.name,
        for: Value(
          shape: node.name, channels: channels, clamp: plan.values[first].clamp, isVector: isVector,
          storage: plan.values[first].storage, firstBlock: plan.values[first].firstBlock), of: parts)
      return
    }
    let output = plan.addValue(node.name, channels: channels, isVector: isVector)
    var start = 0
    for part in parts {
      let range = start..<start + plan.values[part].channels
      plan.appendSelect(
        node.name, part, output, (0..<channels).map { range.contains($0) ? $0 - range.lowerBound : -1 })
      start = range.upperBound
    }
  }
}

extension LayerPlan {

  /// Lets the parts' storages follow one another in that of the first; nil, and nothing changed, if that can't be.
  ///
  /// In a dense block each concatenation adds to the one before it: its first parts lie in one storage already.
  fileprivate mutating func joined(_ parts: [Int]) -> Int? {
    let first = values[parts[0]], storage = first.storage
    // A vector has no halo, another value of 1×1 may have one.
    guard Set(parts).count == parts.count, parts.dropLast().allSatisfy({ values[$0].channels % 16 == 0 }),
      parts.allSatisfy({ values[$0].isVector == first.isVector })
    else { return nil }
    var end = first.firstBlock, moved: [(storage: Int, by: Int)] = []
    for part in parts {
      let value = values[part]
      if value.storage == storage && moved.isEmpty {
        guard value.firstBlock == end else { return nil }
      } else {
        guard value.storage != storage, value.firstBlock == 0, storages[value.storage].channels == value.channels,
          !moved.contains(where: { $0.storage == value.storage })
        else { return nil }
        if moved.isEmpty && storages[storage].channels != 16 * end { return nil }
        moved.append((value.storage, end))
      }
      end += value.blocks.count
    }
    guard shareClamp(parts) else { return nil }
    for (from, offset) in moved {
      for index in values.indices where values[index].storage == from {
        values[index].storage = storage
        values[index].firstBlock += offset
      }
      storages[storage].channels = 16 * offset + storages[from].channels
      storages[storage].halo = max(storages[storage].halo, storages[from].halo)
      storages[storage].gradientHalo = max(storages[storage].gradientHalo, storages[from].gradientHalo)
    }
    return parts[0]
  }

  /// Whether one clamp made all the parts, or none; that of a max pool is forgotten where it stands in the way.
  private mutating func shareClamp(_ parts: [Int]) -> Bool {
    if Set(parts.map { values[$0].clamp }).count == 1 { return true }
    guard Set(parts.filter { !values[$0].inheritsClamp }.map { values[$0].clamp }) == [nil] else { return false }
    for part in parts where values[part].inheritsClamp {
      // Other values of its storage would still have it.
      guard values.filter({ $0.storage == values[part].storage }).count == 1 else { return false }
    }
    for part in parts { values[part].clamp = nil }
    return true
  }
}
