#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the files in Tests/Golden/activations: ONNX files with one output or several, which end in scores, a sigmoid or a
softmax, in one operator or in several.

pip install torch onnx onnxruntime numpy
python3 Tests/Golden/make_activation_fixtures.py

expected.json has, for each file, PyTorch's results in float64 for the input x[i] = ((37 i) mod 101) / 50 - 1: the probabilities,
and the gradients of the first output's logit and of its loss with respect to the input. The loss is the cross-entropy, or
the binary cross-entropy if the file does not end in a softmax. ONNX Runtime computes the same probabilities from each file.
"""

import json
import pathlib

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch.nn import functional as F

folder = pathlib.Path(__file__).parent / "activations"
SIDE = 5


node = helper.make_node
# The last operators of some files, which make "probabilities" of "logits", and constants that they take.
ENDINGS = {
    "complement": [node("Sigmoid", ["logits"], ["p"]), node("Sub", ["one", "p"], ["probabilities"])],
    "pair": [
        node("Sigmoid", ["logits"], ["p"]), node("Sub", ["one", "p"], ["q"]),
        node("Concat", ["q", "p"], ["probabilities"], axis=1),
    ],
    "quotient": [
        node("Exp", ["logits"], ["e"]), node("ReduceSum", ["e", "axis"], ["sum"]),
        node("Div", ["e", "sum"], ["probabilities"]),
    ],
    "shifted quotient": [
        node("ReduceMax", ["logits"], ["greatest"], axes=[1]), node("Sub", ["logits", "greatest"], ["t"]),
        node("Exp", ["t"], ["e"]), node("ReduceSum", ["e", "axis"], ["sum"]), node("Div", ["e", "sum"], ["probabilities"]),
    ],
    "exp of log": [node("LogSoftmax", ["logits"], ["l"], axis=1), node("Exp", ["l"], ["probabilities"])],
    "moved": [
        node("Softmax", ["logits"], ["p"], axis=1), node("Identity", ["p"], ["q"]), node("Unsqueeze", ["q", "axis"], ["r"]),
        node("Cast", ["r"], ["s"], to=1), node("ReduceMean", ["s"], ["probabilities"], axes=[1], keepdims=0),
    ],
    "log of sigmoid": [node("Sigmoid", ["logits"], ["p"]), node("Log", ["p"], ["logs"])],
    "hard": [node("HardSigmoid", ["logits"], ["probabilities"])],
}  # fmt: skip
CONSTANTS = {"one": np.float32(1), "axis": np.array([1])}


def make(name, outputs, end, shift=0.0, seed=1):
    """Makes a file, and returns PyTorch's results. `end` is the last operator, a key of ENDINGS, or None; `shift` is added to
    the scores."""
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
        nodes += ENDINGS.get(end) or [helper.make_node(end, ["logits"], ["probabilities"], "end")]
    tensors = [numpy_helper.from_array(t, n) for t, n in ((stem, "stem"), (bias, "bias"), (head, "head"), (last, "last"))]
    taken = {name for node in nodes for name in node.input}
    tensors += [numpy_helper.from_array(t, n) for n, t in CONSTANTS.items() if n in taken]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIDE, SIDE])
    output = helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, [1, 2 if end == "pair" else outputs])
    graph = helper.make_graph(nodes, "g", [image], [output], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="fixtures")
    onnx.checker.check_model(model)
    onnx.save(model, str(folder / f"{name}.onnx"))

    def double(values):
        return torch.tensor(values, dtype=torch.float64)

    x = double((np.arange(3 * SIDE * SIDE) * 37 % 101 / 50 - 1).astype(np.float32)).reshape(1, 3, SIDE, SIDE).requires_grad_()
    features = torch.tanh(F.conv2d(x, double(stem), double(bias))).mean((2, 3))
    logits = F.linear(features, double(head), double(last))
    if end == "hard":
        logits = (0.2 * logits + 0.5).clamp(0, 1)
    elif end in ("complement", "pair"):
        logits = -logits if end == "complement" else torch.cat((-logits, logits), 1)
    is_softmax = end in ("Softmax", "quotient", "shifted quotient", "exp of log", "moved")
    probabilities = logits if end == "hard" else logits.softmax(1) if is_softmax else logits.sigmoid()
    if end:
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {"image": x.detach().float().numpy()})
        found = np.exp(found) if end == "log of sigmoid" else found
        assert np.abs(found - probabilities.detach().numpy()).max() < 1e-6, name
    # The binary cross-entropy is -log sigmoid(s) = softplus(-s). PyTorch's own function rounds the loss's derivative to 0
    # where the sigmoid is 1.
    loss = F.cross_entropy(logits, torch.tensor([0])) if is_softmax else F.softplus(-logits[0, 0])

    def gradient(value):
        return [float(f"{g:.7g}") for g in torch.autograd.grad(value, x, retain_graph=True)[0].flatten()]

    return {
        "scores": logits[0].tolist(),
        "probabilities": probabilities[0].tolist(),
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
        "one-complement": make("one-complement", 1, "complement", 0.5),
        "three-complements": make("three-complements", 3, "complement"),
        "pair": make("pair", 1, "pair", 0.5),
        "softmax-quotient": make("softmax-quotient", 3, "quotient"),
        "softmax-shifted": make("softmax-shifted", 3, "shifted quotient"),
        "softmax-exp-of-log": make("softmax-exp-of-log", 3, "exp of log"),
        "softmax-moved": make("softmax-moved", 3, "moved"),
        "three-log-sigmoids": make("three-log-sigmoids", 3, "log of sigmoid"),
        "hard-sigmoids": make("hard-sigmoids", 3, "hard"),
        "one-hard-sigmoid": make("one-hard-sigmoid", 1, "hard"),
    }
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")


main()
