// SPDX-License-Identifier: MIT

import PixelAscent
import TestSupport
import Testing

/// Parameters that PyTorch computes from several tensors.
@Suite struct ReparametrizationTests {
  private func parameter(_ shape: [Int], _ values: [Float]) -> Parameter {
    Parameter(Tensor(shape: shape, values: values))
  }

  /// Returns the values of `key` after the tensors that it is computed from have been replaced.
  private func values(_ key: String, _ tensors: [(String, Parameter)]) throws -> [Float]? {
    let dict = try StateDict(tensors.map { ($0.0, $0.1) }, name: "w.pth").reparametrized()
    #expect(dict.entries.map(\.name) == [key])
    return try dict[key]?.tensor().values
  }

  @Test func multipliesByMasks() throws {
    let pruned = [
      ("a.weight_orig", parameter([2, 2], [1, 2, 3, 4])), ("a.weight_mask", parameter([2, 2], [0, 1, 1, 0])),
    ]
    #expect(try values("a.weight", pruned) == [0, 2, 3, 0])
    #expect(try values("weight", pruned.map { (String($0.0.dropFirst(2)), $0.1) }) == [0, 2, 3, 0])
  }

  @Test func givesDirectionsLengths() throws {
    let v = parameter([2, 2], [3, 4, 0, -2])
    #expect(
      try values("a.weight", [("a.weight_g", parameter([2, 1], [10, 3])), ("a.weight_v", v)]) == [6, 8, 0, -3])
    #expect(
      try values(
        "weight", [("weight_g", parameter([1, 2], [6, 4])), ("weight_v", parameter([2, 2], [3, 0, 0, -2]))])
        == [6, 0, 0, -4])
    let names = ["a.parametrizations.weight.original0", "a.parametrizations.weight.original1"]
    #expect(try values("a.weight", [(names[0], parameter([], [10])), (names[1], parameter([2], [3, 4]))]) == [6, 8])
  }

  @Test(arguments: [
    ["a.weight_orig", "a.weight_u", "a.weight_v"],
    ["a.parametrizations.weight.original", "a.parametrizations.weight.0._u", "a.parametrizations.weight.0._v"],
  ])
  func dividesBySpectralNorms(names: [String]) throws {
    let parts = [parameter([2, 2], [2, 0, 0, 6]), parameter([2], [0, 1]), parameter([2], [0, 1])]
    #expect(try values("a.weight", Array(zip(names, parts))) == [Float(1) / 3, 0, 0, 1])
  }

  @Test func keepsOtherTensorsAndTheirOrder() throws {
    let one = parameter([1], [1])
    let names = ["x", "a.weight_g", "a.bias", "a.weight_v", "y_orig", "z_g", "a.weight_u", "loss_mask"]
    let dict = try StateDict(names.map { ($0, one) }, name: "w.pth").reparametrized()
    #expect(dict.entries.map(\.name) == ["x", "a.weight", "a.bias", "y_orig", "z_g", "a.weight_u", "loss_mask"])
  }

  @Test func refusesWhatDoesNotFit() throws {
    func line(_ tensors: [(String, [Int])]) -> String {
      errorLine {
        _ = try StateDict(tensors.map { ($0.0, Parameter(Tensor(shape: $0.1, repeating: 1))) }, name: "w.pth")
          .reparametrized()
      }
    }
    #expect(
      line([("a.weight_orig", [2]), ("a.weight_mask", [3])])
        == "w.pth: tensor a.weight_orig and its mask have different shapes")
    #expect(
      line([("a.weight_g", [2, 1]), ("a.weight_v", [3, 2])]) == "w.pth: tensor a.weight_g does not fit a.weight_v")
    #expect(
      line([("a.weight_orig", [2, 2]), ("a.weight_u", [3]), ("a.weight_v", [2])])
        == "w.pth: tensor a.weight_orig and its u and v don't fit")
    #expect(
      line([("a.parametrizations.weight.original", [2, 2]), ("a.parametrizations.weight.0.base", [2, 2])])
        == "w.pth: tensor a.weight is computed by a function that the file doesn't hold; before saving, call "
        + "torch.nn.utils.parametrize.remove_parametrizations(module, \"weight\")")
  }
}
