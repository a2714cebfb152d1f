#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the files in Tests/Golden/activations: ONNX files with one output or several, which end in scores, a sigmoid or a
softmax.

pip install torch onnx onnxscript numpy
python3 Tests/Golden/make_activation_fixtures.py

expected.json has, for each file, PyTorch's results in float64 for the input x[i] = ((37 i) mod 101) / 50 - 1: the probabilities,
and the gradients of the first output's logit and of its loss with respect to the input. The loss is the cross-entropy, or
the binary cross-entropy if the file does not end in a softmax.
"""

import json
import pathlib

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch.nn import functional as F

folder = pathlib.Path(__file__).parent / "activations"
SIDE = 5


def make(name, outputs, end, shift=0.0, seed=1):
    """Makes a file, and returns PyTorch's results. `end` is the last operator, or None; `shift` is added to the scores."""
    random = np.random.default_rng(seed)
    stem, head = (np.round(random.normal(size=shape) * 16).astype(np.float32) / 16 for shape in ((4, 3, 3, 3), (outputs, 4)))
    bias = np.round(random.normal(size=4) * 16).astype(np.float32) / 16
    last = np.full(outputs, shift, np.float32)
    nodes = [
        helper.make_node("Conv", ["image", "stem", "bias"], ["a"], "stem"),
        helper.make_node("Tanh", ["a"], ["b"], "tanh"),
        helper.make_node("GlobalAveragePool", ["b"], ["c"], "pool"),
        helper.make_node("Flatten", ["c"], ["d"], "flatten"),
        helper.make_node("Gemm", ["d", "head", "last"], ["logits"], "fc", transB=1),
    ]
    if end:
        nodes.append(helper.make_node(end, ["logits"], ["probabilities"], "end"))
    tensors = [numpy_helper.from_array(t, n) for t, n in ((stem, "stem"), (bias, "bias"), (head, "head"), (last, "last"))]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIDE, SIDE])
    output = helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, [1, outputs])
    graph = helper.make_graph(nodes, "g", [image], [output], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="fixtures")
    onnx.checker.check_model(model)
    onnx.save(model, str(folder / f"{name}.onnx"))

    def double(values):
        return torch.tensor(values, dtype=torch.float64)

    x = double((np.arange(3 * SIDE * SIDE) * 37 % 101 / 50 - 1).astype(np.float32)).reshape(1, 3, SIDE, SIDE).requires_grad_()
    features = torch.tanh(F.conv2d(x, double(stem), double(bias))).mean((2, 3))
    logits = F.linear(features, double(head), double(last))
    is_softmax = end == "Softmax"
    # The binary cross-entropy is -log sigmoid(s) = softplus(-s). PyTorch's own function rounds the loss's derivative to 0
    # where the sigmoid is 1.
    loss = F.cross_entropy(logits, torch.tensor([0])) if is_softmax else F.softplus(-logits[0, 0])

    def gradient(value):
        return [float(f"{g:.7g}") for g in torch.autograd.grad(value, x, retain_graph=True)[0].flatten()]

    return {
        "scores": logits[0].tolist(),
        "probabilities": (logits.softmax(1) if is_softmax else logits.sigmoid())[0].tolist(),
        "score_gradient": gradient(logits[0, 0]),
        "loss_gradient": gradient(loss),
    }


def main():
    folder.mkdir(exist_ok=True)
    expected = {
        "one-logit": make("one-logit", 1, None, 0.5),
        # In float32 the sigmoid of these scores is exactly 1: its derivative is 0.
        "one-sigmoid": make("one-sigmoid", 1, "Sigmoid", 40),
        "three-sigmoids": make("three-sigmoids", 3, "Sigmoid", 40),
        "three-moderate-sigmoids": make("three-moderate-sigmoids", 3, "Sigmoid", seed=2),
        "two-softmax": make("two-softmax", 2, "Softmax"),
    }
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")


main()
