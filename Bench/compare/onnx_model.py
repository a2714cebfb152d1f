# SPDX-License-Identifier: MIT
"""Writes SqueezeNet 1.1 as an ONNX model, from (1,3,224,224) normalised RGB to (1,1000,1,1) scores."""

import onnx
from onnx import TensorProto, helper, numpy_helper

from common import SIDE
from squeezenet import GRAPH, POOL

OPSET, IR_VERSION = 17, 8  # supported by ONNX Runtime since 1.12


def write_onnx(weights, path):
    """Writes the network with `weights`, which squeezenet.load_weights returned."""
    nodes, constants = [], []

    def add(operator, inputs, name, **attributes):
        nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def convolve(name, x, padding=0, stride=1):
        kernel, bias = (f"{name}.{part}" for part in ("weight", "bias"))
        constants.extend(map(numpy_helper.from_array, weights[name], (kernel, bias)))
        z = add("Conv", [x, kernel, bias], f"{name}.conv", pads=[padding] * 4, strides=[stride] * 2)
        return add("Relu", [z], name)

    x = "image"
    for index, name in enumerate(GRAPH):
        if name == POOL:
            x = add("MaxPool", [x], f"pool{index}", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
        elif name.startswith("fire"):
            x = convolve(f"{name}/squeeze1x1", x)
            branches = [convolve(f"{name}/expand1x1", x), convolve(f"{name}/expand3x3", x, padding=1)]
            x = add("Concat", branches, name, axis=1)
        else:
            x = convolve(name, x, stride=2 if name == "conv1" else 1)
    scores = add("GlobalAveragePool", [x], "scores")

    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIDE, SIDE])
    output = helper.make_tensor_value_info(scores, TensorProto.FLOAT, [1, 1000, 1, 1])
    graph = helper.make_graph(nodes, "squeezenet1_1", [image], [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
