// SPDX-License-Identifier: MIT

extension Identity: RunnableOperation {
  func weights(_: LayerParameters) {}
  func append(_ node: PlanNode, _: Void, to plan: inout LayerPlan) { plan.addAlias(node) }
}
