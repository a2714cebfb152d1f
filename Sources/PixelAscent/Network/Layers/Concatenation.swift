// SPDX-License-Identifier: MIT

// A concatenation costs nothing if its parts lie one after another in one storage. No layer has to run then.

extension Concatenate: RunnableOperation {
  func weights(_: LayerParameters) {}

  /// Makes the parts slices of one storage if `joinStorages` can, else copies them.
  func append(_ node: PlanNode, _: Void, to plan: inout LayerPlan) {
    let parts = node.inputs, channels = parts.map { plan.values[$0].channels }.reduce(0, +)
    let isVector = parts.allSatisfy { plan.values[$0].isVector }
    if let first = plan.joinStorages(parts) {
      plan.addName(
        node.name,
        for: Value(
          shapeName: node.name, channels: channels, clamp: plan.values[first].clamp, isVector: isVector,
          storage: plan.values[first].storage, firstBlock: plan.values[first].firstBlock), of: parts)
      return
    }
    let output = plan.addValue(node.name, channels: channels, isVector: isVector)
    var start = 0
    for part in parts {
      let count = plan.values[part].channels
      plan.appendSelect(node.name, part, output, Array(0..<count), from: start)
      start += count
    }
  }
}

extension LayerPlan {

  /// Moves the parts into the first part's storage, one after another, and returns the first part. Returns nil and
  /// changes nothing if that is impossible.
  ///
  /// In a dense block each concatenation extends the previous one, so its first parts may lie in one storage already.
  fileprivate mutating func joinStorages(_ parts: [Int]) -> Int? {
    let first = values[parts[0]], storage = first.storage
    // A vector has no halo; a value of 1×1 that is not a vector may have one.
    guard Set(parts).count == parts.count, parts.dropLast().allSatisfy({ values[$0].channels % 16 == 0 }),
      parts.allSatisfy({ values[$0].isVector == first.isVector })
    else { return nil }
    var end = first.firstBlock, moved: [(storage: Int, block: Int)] = [], known: Set = [storage]
    for part in parts {
      let value = values[part]
      if value.storage == storage && moved.isEmpty {
        guard value.firstBlock == end else { return nil }
      } else {
        guard value.firstBlock == 0, storages[value.storage].channels == value.channels,
          known.insert(value.storage).inserted
        else { return nil }
        if moved.isEmpty && storages[storage].channels != 16 * end { return nil }
        moved.append((value.storage, end))
      }
      end += value.blocks.count
    }
    guard shareClamp(parts) else { return nil }
    for (from, block) in moved { moveValues(of: from, to: storage, at: block) }
    return parts[0]
  }

  /// Returns whether all parts have the same clamp or none. If the clamps differ only because max pools inherited a
  /// clamp, removes that clamp from the max pools' outputs and returns true.
  private mutating func shareClamp(_ parts: [Int]) -> Bool {
    if Set(parts.map { values[$0].clamp }).count == 1 { return true }
    guard Set(parts.filter { !values[$0].inheritsClamp }.map { values[$0].clamp }) == [nil] else { return false }
    for part in parts where values[part].inheritsClamp {
      // Other values in the same storage would keep the clamp.
      guard held[values[part].storage].count == 1 else { return false }
    }
    for part in parts { values[part].clamp = nil }
    return true
  }
}
