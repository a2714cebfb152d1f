#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the ONNX files in Tests/Golden/onnx: small networks with most operators, in the forms that exporters write.

pip install torch onnx onnxscript onnxruntime keras numpy
python3 Tests/Golden/make_onnx_fixtures.py

scores.json has the shape of each file's input, and the scores that ONNX Runtime computes from the input
x[i] = ((37 i) mod 101) / 50 - 1, where i counts in the order of the input's own axes. Files that
PixelAscent must refuse are named unsupported-*.
"""

import json
import os
import pathlib
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

warnings.filterwarnings("ignore")
folder = pathlib.Path(__file__).parent / "onnx"
random = np.random.default_rng(5)


def weights(*shape):
    """Returns random multiples of 1/16. Half precision holds them exactly, and they are so large that activations do not
    vanish."""
    fan = max(1, int(np.prod(shape[1:])))
    return np.round(random.normal(size=shape) * 16 / fan**0.5).astype(np.float32) / 16


class Builder:
    """Builds a graph node by node."""

    def __init__(self, shape, opset):
        self.nodes, self.initializers, self.opset, self.last = [], [], opset, "image"
        self.input = helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)

    def constant(self, value, name=None):
        name = name or f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def op(self, kind, *inputs, outputs=1, name="", domain="", **attributes):
        """Adds a node. Its inputs are names, arrays, or None for the output of the node before."""
        names = [self.last if i is None else i if isinstance(i, str) else self.constant(i) for i in inputs or [None]]
        made = [f"v{len(self.nodes)}" + (f"_{k}" if k else "") for k in range(outputs)]
        self.nodes.append(helper.make_node(kind, names, made, name, domain=domain, **attributes))
        self.last = made[0]
        return made[0] if outputs == 1 else made

    def head(self, channels, classes=5):
        self.op("GlobalAveragePool")
        self.op("Flatten")
        self.op("Gemm", None, weights(classes, channels), weights(classes), transB=1)

    def model(self, outputs=None):
        outs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs or [self.last]]
        graph = helper.make_graph(self.nodes, "g", [self.input], outs, self.initializers)
        opsets = [helper.make_opsetid("", self.opset)]
        if any(n.domain for n in self.nodes):
            opsets.append(helper.make_opsetid("com.example", 1))
        return helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="fixtures")


scores = {}


def runtime(model):
    """Returns a session of ONNX Runtime for a model, or for a file."""
    given = model if isinstance(model, str) else model.SerializeToString()
    return onnxruntime.InferenceSession(given, providers=["CPUExecutionProvider"])


def save(name, model, run=True, **options):
    path = folder / f"{name}.onnx"
    onnx.save(model, str(path), **options)
    if not run:
        return
    session = runtime(str(path))
    given = session.get_inputs()[0]
    shape = [d if isinstance(d, int) else (1 if k == 0 else 16) for k, d in enumerate(given.shape)]
    x = (np.arange(np.prod(shape)) * 37 % 101 / 50 - 1).reshape(shape)
    x = x.astype(np.float16 if "float16" in given.type else np.float32)
    found = [y for y in session.run(None, {given.name: x}) if y.ndim == 2 or len(session.get_outputs()) == 1][0]
    scores[name] = {"input": shape, "scores": [round(float(v), 6) for v in found.ravel()]}


def windows():
    b = Builder([1, 3, 17, 15], 13)
    b.op("Conv", None, weights(4, 3, 3, 3), auto_pad="SAME_UPPER", strides=[2, 2], name="upper")
    b.op("Conv", None, weights(4, 4, 4, 2), weights(4), auto_pad="SAME_LOWER", name="lower")
    b.op("Conv", None, weights(4, 1, 3, 3), weights(4), group=4, pads=[1, 2, 3, 0], name="asymmetric")
    b.op("Conv", None, weights(6, 2, 2, 2), weights(6), group=2, dilations=[2, 1], pads=[1, 0, 1, 1], name="dilated")
    b.op("MaxPool", None, kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 0, 1], name="pool")
    b.op("AveragePool", None, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1, name="ceil")
    b.op("AveragePool", None, kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1, name="counted")
    b.op("AveragePool", None, kernel_shape=[3, 3], pads=[1, 1, 1, 1], name="uncounted")
    b.op("LRN", None, size=5, alpha=0.5, beta=0.75, bias=2.0)
    b.op("Conv", None, weights(6, 6, 1, 1), auto_pad="VALID")
    b.head(6)
    return b.model()


def opset9():
    b = Builder([1, 3, 12, 12], 9)
    b.op("Pad", None, pads=[0, 0, 1, 2, 0, 0, 3, 0], value=0.5)
    b.op("Conv", None, weights(8, 3, 3, 3), weights(8))
    b.op("BatchNormalization", None, 1 + weights(8) / 4, weights(8), weights(8), 1 + weights(8) ** 2, epsilon=1e-3)
    b.op("Clip", None, min=0.0, max=6.0)
    b.op("Slice", None, starts=[2], ends=[1 << 40], axes=[1])
    parts = b.op("Split", None, outputs=2, axis=1, split=[2, 4])
    left = b.op("LeakyRelu", parts[0], alpha=0.1)
    right = b.op("Elu", parts[1], alpha=1.5)
    b.op("Concat", right, left, axis=1)
    b.op("PRelu", None, weights(6, 1, 1))
    b.op("MaxPool", None, kernel_shape=[2, 2], strides=[2, 2], outputs=1)
    b.op("Dropout", None, ratio=0.5)
    b.op("ReduceMean", None, axes=[2, 3], keepdims=1)
    b.op("Squeeze", None, axes=[2, 3])
    b.op("Gemm", None, weights(6, 5), weights(1), alpha=0.5, beta=2.0)
    b.op("Softmax", None)
    return b.model()


def functions():
    b = Builder([1, 3, 10, 10], 20)
    x = b.op("Conv", None, weights(6, 3, 3, 3), weights(6), name="stem")
    t = b.op("Div", x, np.float32(2**0.5))
    t = b.op("Erf", t)
    t = b.op("Add", t, np.float32(1))
    t = b.op("Mul", x, t)
    x = b.op("Mul", t, np.float32(0.5), name="gelu")
    s = b.op("Sigmoid", x)
    x = b.op("Mul", s, x, name="silu")
    t = b.op("Add", x, np.float32(3))
    t = b.op("Clip", t, np.float32(0), np.float32(6))
    t = b.op("Div", t, np.float32(6))
    x = b.op("Mul", t, x, name="hardSwish")
    t = b.op("HardSigmoid", x, alpha=1 / 6, beta=0.5)
    x = b.op("Mul", x, t, name="hardSwish2")
    t = b.op("Pow", x, np.float32(3))
    t = b.op("Mul", t, np.float32(0.044715))
    t = b.op("Add", x, t)
    t = b.op("Mul", t, np.float32((2 / np.pi) ** 0.5))
    t = b.op("Tanh", t)
    t = b.op("Add", t, np.float32(1))
    t = b.op("Mul", x, t)
    x = b.op("Mul", t, np.float32(0.5), name="geluByTanh")
    t = b.op("Mul", x, np.float32(1.702))
    t = b.op("Sigmoid", t)
    x = b.op("Mul", x, t, name="quickGelu")
    x = b.op("Gelu", x)
    x = b.op("HardSwish", x)
    x = b.op("HardSigmoid", x, alpha=0.3, beta=0.4)
    x = b.op("Tanh", x)
    x = b.op("Neg", x)
    x = b.op("Max", x, np.float32(-0.7))
    b.op("Clip", x, "", np.float32(0.5))
    b.head(6)
    return b.model()


def arithmetic():
    """A graph that normalises the image itself, reverses the channels, and has sums and products of every kind."""
    b = Builder(["N", 3, "H", "W"], 17)
    b.op("Gather", None, np.array([2, 1, 0]), axis=1, name="bgr")
    b.op("Sub", None, np.array([0.5, 0.4, 0.3], np.float32).reshape(1, 3, 1, 1), name="mean")
    b.op("Div", None, np.array([0.2, 0.3, 0.4], np.float32).reshape(3, 1, 1), name="std")
    x = b.op("Conv", None, weights(4, 3, 3, 3), pads=[1, 1, 1, 1])
    r = b.op("Relu", x)
    y = b.op("Sub", x, r)
    z = b.op("Sub", np.float32(1), y)
    b.op("Sum", x, z, r)
    pooled = b.op("ReduceMean", None, axes=[-2, -1])
    gate = b.op("Sigmoid", pooled)
    b.op("Mul", gate, y)
    b.op("Add", None, np.float32([[[[1.5]]]]))
    b.op("Mul", None, None)
    first = b.op("Gather", None, np.array(1), axis=1)
    first = b.op("Unsqueeze", first, np.array([1]))
    second = b.op("Slice", b.nodes[-3].output[0], np.array([3]), np.array([1]), np.array([1]), np.array([-1]))
    b.op("Concat", first, second, axis=-3)
    shape = b.op("Shape", None)
    batch = b.op("Gather", shape, np.array(0), axis=0)
    batch = b.op("Unsqueeze", batch, np.array([0]))
    target = b.op("Concat", batch, np.array([3, -1]), axis=0)
    b.op("Reshape", b.nodes[-5].output[0], target)
    b.op("ReduceMean", None, axes=[2], keepdims=0)
    b.op("MatMul", None, weights(3, 5), name="matmul")
    b.op("Add", None, weights(5))
    return b.model()


def more_functions():
    """The functions that `functions` has not, as one operator or as several."""
    b = Builder([1, 3, 9, 9], 22)
    x = b.op("Conv", None, weights(6, 3, 3, 3), weights(6))
    x = b.op("Mish", x)
    t = b.op("Softplus", x)
    t = b.op("Tanh", t)
    x = b.op("Mul", x, t, name="mishOfMany")
    x = b.op("Softplus", x)
    x = b.op("Sub", x, np.float32(0.7))
    x = b.op("Selu", x)
    x = b.op("Celu", x, alpha=0.5)
    x = b.op("Softsign", x)
    x = b.op("Mul", x, np.float32(3))
    x = b.op("ThresholdedRelu", x, alpha=0.25)
    x = b.op("Sub", x, np.float32(0.5))
    x = b.op("Erf", x)
    x = b.op("Conv", x, weights(6, 6, 3, 3), weights(6))
    x = b.op("Abs", x)
    x = b.op("Add", x, np.float32(0.5))
    x = b.op("Sqrt", x)
    x = b.op("Log", x)
    x = b.op("Exp", x)
    x = b.op("Reciprocal", x)
    x = b.op("Pow", x, np.float32(1.5), name="power")
    x = b.op("Div", np.float32(2), x, name="quotient")
    y = b.op("Conv", x, weights(6, 6, 1, 1), weights(6))
    y = b.op("Pow", y, np.float32(2), name="square")
    x = b.op("Div", y, x, name="divided")
    b.op("Clip", x, np.float32(-1), np.float32(3))
    b.head(6)
    return b.model()


def norms():
    """Layer, group and instance normalisation over all axes that networks use."""
    b = Builder([1, 3, 8, 7], 21)
    b.op("Conv", None, weights(12, 3, 3, 3), weights(12))
    b.op("GroupNormalization", None, 1 + weights(12) / 4, weights(12), num_groups=3, epsilon=0.1, name="groups")
    b.op("Conv", None, weights(12, 12, 1, 1), weights(12))
    b.op("InstanceNormalization", None, 1 + weights(12) / 4, weights(12), epsilon=0.01, name="instances")
    b.op("Conv", None, weights(12, 12, 1, 1), weights(12))
    shape = b.op("Shape", None)
    x = b.op("Reshape", b.nodes[-2].output[0], np.array([0, 4, -1]))
    b.op("InstanceNormalization", x, np.ones(4, np.float32), np.zeros(4, np.float32), name="reshaped")
    b.op("Reshape", None, shape)
    b.op("Mul", None, 1 + weights(12, 1, 1) / 4)
    b.op("Add", None, weights(12, 1, 1))
    b.op("Conv", None, weights(12, 12, 1, 1), weights(12))
    whole = np.repeat(1 + weights(12) / 4, 30).reshape(12, 6, 5)
    b.op("LayerNormalization", None, whole, np.zeros((12, 6, 5), np.float32), axis=1, name="whole")
    b.op("LayerNormalization", None, np.full((6, 5), 1.5, np.float32), axis=-2, name="planes")
    x = b.op("Conv", None, weights(12, 12, 1, 1), weights(12))
    # A layer normalisation of the channels in single steps.
    mean = b.op("ReduceMean", x, np.array([1]))
    x = b.op("Sub", x, mean)
    t = b.op("Pow", x, np.float32(2))
    t = b.op("ReduceMean", t, np.array([1]))
    t = b.op("Add", t, np.float32(0.1))
    t = b.op("Sqrt", t)
    b.op("Div", x, t)
    # A global response normalisation, with the channels as the last axis.
    x = b.op("Transpose", None, perm=[0, 2, 3, 1])
    t = b.op("ReduceL2", x, np.array([1, 2]))
    mean = b.op("ReduceMean", t, np.array([-1]))
    mean = b.op("Add", mean, np.float32(1e-6))
    t = b.op("Div", t, mean)
    t = b.op("Mul", x, t)
    t = b.op("Mul", t, weights(12))
    t = b.op("Add", t, weights(12))
    x = b.op("Add", x, t)
    b.op("Transpose", x, perm=[0, 3, 1, 2])
    b.op("GlobalAveragePool", None)
    b.op("Flatten", None)
    b.op("LayerNormalization", None, 1 + weights(12) / 4, weights(12))
    b.op("Gemm", None, weights(5, 12), weights(5), transB=1)
    return b.model()


def regions():
    """Reductions, large windows, and borders of every mode."""
    b = Builder([1, 3, 20, 18], 19)
    a = b.op("Conv", None, weights(6, 3, 3, 3), weights(6))
    b.op("Pad", a, np.array([0, 0, 1, 2, 0, 0, 3, 1]), mode="reflect")
    b.op("Conv", None, weights(6, 1, 3, 3), group=6)
    b.op("Pad", None, np.array([0, 0, 2, 0, 0, 0, 1, 2]), mode="edge")
    b.op("Conv", None, weights(6, 1, 3, 3), group=6)
    b.op("Pad", None, np.array([0, 0, 0, 1, 0, 0, 1, 0]), mode="wrap")
    b.op("Pad", None, np.array([1, 0, 0, 1]), np.float32(0.5), np.array([2, 3]))
    c = b.op("Conv", None, weights(6, 1, 3, 3), group=6)
    large = b.op("MaxPool", c, kernel_shape=[17, 16], strides=[2, 1], pads=[3, 2, 4, 1])
    b.op("MaxPool", large, kernel_shape=[3, 2], dilations=[2, 1], pads=[2, 0, 2, 1], ceil_mode=1)
    parts = [b.op("GlobalMaxPool", None)]
    parts.append(b.op("ReduceMax", a, np.array([2, 3])))
    parts.append(b.op("ReduceSum", large, np.array([2, 3])))
    parts.append(b.op("ReduceL2", c, np.array([2, 3])))
    # A gate for each pixel, as in CBAM: from the mean and the maximum of the channels.
    gate = b.op("Concat", b.op("ReduceMean", a, np.array([1])), b.op("ReduceMax", a, np.array([1])), axis=1)
    gate = b.op("Conv", gate, weights(1, 2, 3, 3), pads=[1, 1, 1, 1])
    gate = b.op("Sigmoid", gate)
    gated = b.op("Mul", a, gate)
    shifted = b.op("Add", gated, parts[0])
    parts.append(b.op("GlobalAveragePool", shifted))
    # A normalised vector.
    vector = b.op("Concat", *parts, axis=1)
    size = b.op("ReduceL2", vector, np.array([1]))
    size = b.op("Clip", size, np.float32(1e-12))
    size = b.op("Expand", size, np.array([1, 30, 1, 1]))
    b.op("Div", vector, size)
    b.op("Mul", None, np.float32(8))
    b.op("Flatten", None)
    b.op("Gemm", None, weights(5, 30), weights(5), transB=1)
    return b.model()


def channel_attention():
    """Gates that a convolution over the channels makes of their means (ECA-Net)."""
    b = Builder([1, 3, 6, 6], 18)
    x = b.op("Conv", None, weights(10, 3, 3, 3), weights(10))
    b.op("ReduceMean", x, np.array([2, 3]), keepdims=0)
    b.op("Reshape", None, np.array([1, 1, -1]))
    b.op("Conv", None, weights(1, 1, 5), pads=[2, 2])
    b.op("Sigmoid", None)
    b.op("Reshape", None, np.array([1, -1, 1, 1]))
    gate = b.op("Expand", None, np.array([1, 10, 4, 4]))
    b.op("Mul", x, gate)
    b.head(10)
    return b.model()


def resizes():
    """Resize with all coordinates and roundings that exporters write."""
    b = Builder([1, 3, 9, 7], 19)
    none = b.constant(np.array([], np.float32))
    b.op("Conv", None, weights(6, 3, 3, 3), weights(6))

    def resize(scales, **attributes):
        b.op("Resize", None, none, np.array([1, 1, *scales], np.float32), **attributes)
        b.op("Conv", None, weights(6, 1, 2, 2), weights(6), group=6)

    resize([2, 2], mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    resize([0.5, 1.5], mode="nearest")
    resize([2, 0.75], mode="nearest", coordinate_transformation_mode="align_corners", nearest_mode="ceil")
    resize([1.5, 2], mode="linear", coordinate_transformation_mode="pytorch_half_pixel")
    resize([0.5, 0.5], mode="linear", coordinate_transformation_mode="align_corners")
    resize([2, 2.5], mode="linear", coordinate_transformation_mode="asymmetric")
    resize([1, 2], mode="nearest", coordinate_transformation_mode="half_pixel", nearest_mode="round_prefer_ceil")
    shape = b.op("Shape", "image")
    size = b.op("Slice", shape, np.array([2]), np.array([4]))
    b.op("Resize", b.nodes[-3].output[0], none, none, size, mode="linear", axes=[2, 3])
    b.head(6)
    return b.model()


def aligned_corners():
    """Resizes whose positions are whole numbers or halves in exact arithmetic."""
    b = Builder([1, 3, 8, 14], 13)
    none = b.constant(np.array([], np.float32))
    b.op("Conv", None, weights(6, 3, 1, 1), weights(6))
    for mode, shape in (("floor", [5, 9]), ("round_prefer_ceil", [3, 5]), ("round_prefer_floor", [8, 14])):
        sizes = np.array([1, 6, *shape])
        at = dict(coordinate_transformation_mode="align_corners", nearest_mode=mode)
        b.op("Resize", "v0", none, none, sizes, mode="nearest", **at)
        b.op("Conv", None, weights(6, 1, *shape), weights(6), group=6)
    b.op("Concat", "v2", "v4", "v6", axis=1)
    b.head(18)
    return b.model()


def upsampled():
    """Upsample, which Resize has replaced."""
    b = Builder([1, 3, 6, 5], 9)
    b.op("Upsample", None, np.array([1, 1, 2, 3], np.float32), mode="nearest")
    b.op("Conv", None, weights(4, 3, 3, 3), weights(4))
    b.op("Upsample", None, np.array([1, 1, 2, 2], np.float32), mode="linear")
    b.head(4)
    return b.model()


def shuffle():
    b = Builder([1, 3, 9, 8], 13)
    b.op("Conv", None, weights(6, 3, 1, 1), weights(6))
    x = b.op("Conv", None, weights(6, 1, 3, 3), group=6)
    shape = b.op("Shape", x)
    size = [b.op("Gather", shape, np.array(k), axis=0) for k in range(4)]
    part = b.op("Div", size[1], np.array(3))
    rest = [b.op("Unsqueeze", s, np.array([0])) for s in (size[0], part, size[2], size[3])]
    target = b.op("Concat", rest[0], np.array([3]), *rest[1:], axis=0)
    b.op("Reshape", x, target)
    b.op("Transpose", None, perm=[0, 2, 1, 3, 4])
    b.op("Reshape", None, np.array([1, -1, 7, 6]), name="shuffle")
    b.op("Conv", None, weights(6, 1, 1, 1), group=6)
    b.op("MaxPool", None, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    b.op("Reshape", None, np.array([0, -1]))
    b.op("Gemm", None, weights(5, 54), transB=1)
    return b.model()


def channels_last():
    """A graph as TensorFlow's exporters write it: channels are the last axis, and a Transpose makes the parameters."""
    b = Builder(["N", 12, 12, 3], 13)
    b.op("Sub", None, np.array([0.1, 0.2, 0.3], np.float32))
    b.op("Transpose", None, perm=[0, 3, 1, 2])
    kernel = b.op("Transpose", weights(3, 3, 3, 4), perm=[3, 2, 0, 1])
    b.op("Conv", b.nodes[1].output[0], kernel, auto_pad="SAME_UPPER", strides=[2, 2])
    b.op("Transpose", None, perm=[0, 2, 3, 1])
    b.op("Add", None, weights(4))
    b.op("Relu", None)
    x = b.op("Pad", None, np.zeros(8, np.int64))
    b.op("Sigmoid", None)
    b.op("Concat", None, x, axis=-1)
    b.op("ReduceMean", None, axes=[1, 2], keepdims=0)
    b.op("MatMul", None, weights(8, 5))
    return b.model()


def stored():
    """A graph with weights of several types, in several fields of a tensor."""
    b = Builder([1, 3, 8, 8], 13)
    half = weights(4, 3, 1, 1).astype(np.float16)
    typed = helper.make_tensor("half", TensorProto.FLOAT16, half.shape, half.ravel())
    floats = helper.make_tensor("floats", TensorProto.FLOAT, [4], [0.5, -0.25, 0.125, 1])
    double = helper.make_tensor("double", TensorProto.DOUBLE, [4, 4, 1, 1], weights(4, 4).astype(np.float64).ravel())
    axes = helper.make_tensor("axes", TensorProto.INT64, [2], [2, 3])
    b.initializers += [typed, floats, double, axes]
    w = b.op("Cast", "half", to=TensorProto.FLOAT)
    b.op("Conv", "image", w, "floats")
    w = b.op("Cast", "double", to=TensorProto.FLOAT)
    b.op("Conv", b.nodes[1].output[0], w)
    b.op("Relu", None)
    b.op("GlobalAveragePool", None)
    b.op("Squeeze", None, "axes")
    model_input = b.op("Cast", weights(4, 5).astype(np.float16), to=TensorProto.FLOAT)
    b.op("Gemm", b.nodes[6].output[0], model_input)
    model = b.model()
    entries = {"labels": '["a", "b", "c, d", "e", "f"]', "mean": "123.675, 116.28, 103.53", "std": "[58.395 57.12 57.375]"}
    helper.set_model_props(model, entries)
    return model


def folding_cases():
    """Yields operators on constants: a name, the operator, its inputs, its attributes, and the output that is taken."""
    f, i = lambda *v: np.array(v, np.float32), lambda *v: np.array(v, np.int64)
    a = np.round(random.normal(size=(2, 3, 4)) * 8).astype(np.float32) / 4
    n = np.arange(24).reshape(2, 3, 4) * 7 % 11 - 4
    b = n > 1
    yield "clip", "Clip", [n, np.int64(-2), np.int64(3)], {}, 0
    yield "clip reals", "Clip", [a, "", np.float32(0.5)], {}, 0
    yield "min", "Min", [i(3, -2), i(1), i(2, 5)], {}, 0
    yield "max", "Max", [a, f(0.25), a[:1] * 2], {}, 0
    yield "sum", "Sum", [a, f(1, 2, 3, 4), f(0.5)], {}, 0
    yield "mean", "Mean", [a, f(1, 2, 3, 4), f(0.5)], {}, 0
    yield "where", "Where", [b[:, :1], n, i(9)], {}, 0
    for name in ("Floor", "Ceil", "Round", "Abs", "Neg", "Sign", "Sqrt", "Reciprocal", "Exp", "Log", "Sin", "Cos", "Tanh",
                 "Sigmoid", "Erf", "Softsign", "Relu", "LeakyRelu", "Elu", "HardSigmoid", "HardSwish", "Softplus"):
        x = np.abs(a) + 0.5 if name in ("Sqrt", "Reciprocal", "Log") else a
        yield name.lower(), name, [x], {}, 0
    yield "mod", "Mod", [n, i(3)], {}, 0
    yield "mod negative", "Mod", [n, i(-3)], {}, 0
    yield "fmod", "Mod", [n, i(3)], {"fmod": 1}, 0
    yield "fmod reals", "Mod", [a, f(0.75)], {"fmod": 1}, 0
    yield "div", "Div", [n, i(3)], {}, 0
    yield "pow", "Pow", [n, i(2)], {}, 0
    yield "pow of integers", "Pow", [i(2, 3), f(3)], {}, 0
    yield "shift", "BitShift", [np.array([1, 5], np.uint32), np.array([3], np.uint32)], {"direction": "LEFT"}, 0
    yield "bits", "BitwiseXor", [n, i(5)], {}, 0
    for name in ("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"):
        yield name.lower(), name, [n, i(0, 1, 2, 3)], {}, 0
    for name in ("And", "Or", "Xor"):
        yield name.lower(), name, [b, b[:, ::-1]], {}, 0
    yield "not", "Not", [b], {}, 0
    yield "isnan", "IsNaN", [f(1, np.nan)], {}, 0
    yield "isinf", "IsInf", [f(1, np.inf)], {}, 0
    yield "range", "Range", [np.int64(7), np.int64(-2), np.int64(-2)], {}, 0
    yield "range of reals", "Range", [np.float32(0.5), np.float32(2), np.float32(0.25)], {}, 0
    yield "tile", "Tile", [n, i(2, 1, 3)], {}, 0
    yield "expand", "Expand", [n[:, :1], i(3, 1)], {}, 0
    yield "expand by ones", "Expand", [n[:1], i(2, 1, 1, 4)], {}, 0
    yield "concat", "Concat", [n, n[:, :1], n[:, 1:]], {"axis": 1}, 0
    yield "concat reals", "Concat", [a, a[:, :, :1]], {"axis": -1}, 0
    yield "transpose", "Transpose", [a], {"perm": [2, 0, 1]}, 0
    yield "slice", "Slice", [n, i(3, -1), i(-9, 0), i(2, 1), i(-2, -1)], {}, 0
    yield "gather", "Gather", [a, i(2, -3).reshape(1, 2)], {"axis": 1}, 0
    yield "gather elements", "GatherElements", [a, n[:, :2] % 3], {"axis": 1}, 0
    yield "gather nd", "GatherND", [a, np.array([[0, 1], [1, 2]])], {}, 0
    yield "gather nd in batches", "GatherND", [a, np.array([[[0], [2]], [[1], [1]]])], {"batch_dims": 1}, 0
    rows = np.array([[[0, 1, 2, 0]], [[2, 0, 1, -2]]])
    yield "scatter elements", "ScatterElements", [n, rows, n[:, :1] * 5], {"axis": 1}, 0
    by_sum = {"axis": 2, "reduction": "add"}
    yield "scatter elements by sum", "ScatterElements", [a, n[:, :, :2] % 2, a[:, :, :2]], by_sum, 0
    yield "scatter nd", "ScatterND", [n, np.array([[0, 1], [1, 0]]), n[:, 2]], {}, 0
    yield "scatter nd by product", "ScatterND", [a, np.array([[1]]), a[:1]], {"reduction": "mul"}, 0
    for k in range(2):
        yield f"split {k}", "Split", [n, i(1, 2)], {"axis": 1}, k
    yield "split in three", "Split", [a], {"axis": 2, "num_outputs": 3}, 1
    for name in ("Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSumExp"):
        yield f"reduce {name}", f"Reduce{name}", [a, i(0, -1)], {"keepdims": 0}, 0
        yield f"reduce {name} of all", f"Reduce{name}", [a], {}, 0
    for name in ("Sum", "Max", "Min", "Prod"):
        yield f"reduce {name} of integers", f"Reduce{name}", [n, i(1)], {}, 0
    yield "reduce nothing", "ReduceSum", [n], {"noop_with_empty_axes": 1}, 0
    yield "argmax", "ArgMax", [n], {"axis": 2}, 0
    yield "argmin, last", "ArgMin", [n % 3], {"axis": 1, "keepdims": 0, "select_last_index": 1}, 0
    yield "cumsum", "CumSum", [a, np.int64(1)], {}, 0
    yield "cumsum reversed", "CumSum", [n, np.int64(-1)], {"exclusive": 1, "reverse": 1}, 0
    for k in range(2):
        yield f"topk {k}", "TopK", [n, i(2)], {"axis": 1}, k
        yield f"topk smallest {k}", "TopK", [a, i(3)], {"largest": 0}, k
    yield "onehot", "OneHot", [i(2, -1), np.int64(4), i(5, 9)], {"axis": 0}, 0
    yield "eyelike", "EyeLike", [n[0]], {"k": 1}, 0
    yield "nonzero", "NonZero", [n], {}, 0
    yield "trilu", "Trilu", [n, np.int64(1)], {}, 0
    yield "trilu lower", "Trilu", [a], {"upper": 0}, 0
    yield "compress", "Compress", [n, np.array([True, False, True])], {"axis": 1}, 0
    yield "compress all", "Compress", [n, np.array([False, True, True])], {}, 0
    yield "pad", "Pad", [n, i(0, 1, 0, 1, 0, 2), np.int64(7)], {}, 0
    yield "pad axes", "Pad", [a, i(1, -1), "", i(2)], {}, 0
    for mode in ("edge", "reflect", "wrap"):
        yield f"pad {mode}", "Pad", [n, i(0, 1, 3, 1, 0, 2) if mode == "edge" else i(0, 1, 3, 0, 0, 2)], {"mode": mode}, 0
    yield "matmul", "MatMul", [a, a[0].T], {}, 0
    yield "matmul of vectors", "MatMul", [n[0, 0], n[0].T], {}, 0
    yield "gemm", "Gemm", [a[0], a[1], f(1, 2, 3)], {"transB": 1, "alpha": 0.5, "beta": 2.0}, 0
    yield "softmax", "Softmax", [a], {"axis": 1}, 0
    yield "log softmax", "LogSoftmax", [a], {}, 0
    yield "cast down", "Cast", [a], {"to": TensorProto.INT32}, 0
    yield "cast to bool", "Cast", [n], {"to": TensorProto.BOOL}, 0
    yield "cast wraps", "Cast", [i(300, -5)], {"to": TensorProto.UINT8}, 0
    yield "constant of shape", "ConstantOfShape", [i(2, 3)], {"value": numpy_helper.from_array(i(4))}, 0
    yield "shape", "Shape", [a], {"start": 1, "end": -1}, 0
    yield "size", "Size", [a], {}, 0
    yield "flatten", "Flatten", [a], {"axis": 2}, 0
    yield "unsqueeze", "Unsqueeze", [a, i(0, -1)], {}, 0
    q = n.astype(np.int8)
    yield "dequantize", "DequantizeLinear", [q, np.float32(0.5), np.int8(3)], {}, 0
    yield "dequantize an axis", "DequantizeLinear", [q, f(0.5, 0.25, 2), np.array([1, 0, 2], np.int8)], {"axis": 1}, 0
    yield "dequantize blocks", "DequantizeLinear", [q, np.abs(a[:, :, ::2]) + 0.25], {"axis": 2, "block_size": 2}, 0
    yield "dequantize uint8", "DequantizeLinear", [(q + 9).astype(np.uint8), np.float32(0.5), np.uint8(8)], {}, 0
    import ml_dtypes

    for kind, least in ((ml_dtypes.int4, -8), (ml_dtypes.uint4, 0)):
        x, zeros = (np.arange(15) + least).astype(kind).reshape(5, 3), np.array([1, 2, 3]).astype(kind)
        yield f"dequantize {np.dtype(kind).name}", "DequantizeLinear", [x, f(0.5, 1, 0.25), zeros], {"axis": 1}, 0


def weighted_sum():
    """Returns a function that sums an array's elements and extents, each times 1 + i mod 7."""
    node = helper.make_node
    nodes = [
        node("Constant", [], ["all"], value_ints=[-1]), node("Constant", [], ["seven"], value_int=7),
        node("Constant", [], ["one"], value_int=1), node("Constant", [], ["zero"], value_int=0),
        node("Cast", ["x"], ["real"], to=TensorProto.FLOAT), node("Reshape", ["real", "all"], ["elements"]),
        node("Shape", ["x"], ["shape"]), node("Cast", ["shape"], ["extents"], to=TensorProto.FLOAT),
        node("Concat", ["elements", "extents"], ["both"], axis=0), node("Size", ["both"], ["count"]),
        node("Range", ["zero", "count", "one"], ["index"]), node("Mod", ["index", "seven"], ["rest"]),
        node("Add", ["rest", "one"], ["factor"]), node("CastLike", ["factor", "both"], ["weight"]),
        node("Mul", ["both", "weight"], ["products"]), node("ReduceSum", ["products"], ["sum"]),
    ]
    return helper.make_function("com.example", "WeightedSum", ["x"], ["sum"], nodes, [helper.make_opsetid("", 21)])


def folding():
    """A graph with a score per operator on constants: the weighted sum of the result, plus a small part of the image's
    mean."""
    b = Builder([1, 3, 4, 4], 21)
    names, sums, known = [], [], {}
    for name, kind, inputs, attributes, output in folding_cases():
        given = []
        for value in inputs:
            key = value if isinstance(value, str) else (value.dtype, value.shape, value.tobytes())
            if key not in known:
                known[key] = value if isinstance(value, str) else b.constant(value)
            given.append(known[key])
        count = attributes.get("num_outputs", 2 if kind in ("Split", "TopK") else 1)
        made = b.op(kind, *given, outputs=count, **attributes)
        sums.append(b.op("WeightedSum", made if count == 1 else made[output], domain="com.example"))
        names.append(name)
    vector = b.op("Concat", *sums, axis=0)
    b.op("GlobalAveragePool", "image")
    b.op("Flatten", None)
    b.op("MatMul", None, np.full((3, len(names)), 0.125, np.float32))
    b.op("Add", None, vector)
    model = b.model()
    model.ir_version = 10
    model.functions.append(weighted_sum())
    helper.set_model_props(model, {"labels": json.dumps(names)})
    return model


def local_functions():
    """A graph whose blocks are functions of the file: nested, with attributes, optional inputs and two overloads."""
    node, opset = helper.make_node, [helper.make_opsetid("", 17), helper.make_opsetid("com.example", 1)]

    def reference(op, inputs, outputs, **attributes):
        """A node some of whose attributes have the values of the function's attributes: name=(its name, its type)."""
        made = node(op, inputs, outputs, **{k: v for k, v in attributes.items() if not isinstance(v, tuple)})
        for name, value in attributes.items():
            if isinstance(value, tuple):
                made.attribute.append(onnx.AttributeProto(name=name, ref_attr_name=value[0], type=value[1]))
        return made

    kinds = onnx.AttributeProto
    leaky = helper.make_function(
        "com.example", "Leaky", ["x"], ["y"], [reference("LeakyRelu", ["x"], ["y"], alpha=("slope", kinds.FLOAT))],
        opset[:1], ["slope"])
    block = helper.make_function(
        "com.example", "Block", ["x", "w", "b"], ["y", "pooled"],
        [reference("Conv", ["x", "w", "b"], ["t"], strides=("strides", kinds.INTS), pads=[1, 1, 1, 1]),
         reference("Leaky", ["t"], ["y"], domain="com.example", slope=("slope", kinds.FLOAT)),
         node("GlobalAveragePool", ["y"], ["pooled"])],
        opset, ["strides"], [helper.make_attribute("slope", 0.25)])
    twice = [
        helper.make_function("com.example", "Scale", ["x"], ["y"], [
            node("Constant", [], ["c"], value_float=factor), node("Mul", ["x", "c"], ["y"])], opset[:1], overload=name)
        for name, factor in (("", 2.0), ("half", 0.5))]
    b = Builder([1, 3, 12, 12], 17)
    first, _ = b.op("Block", None, weights(4, 3, 3, 3), weights(4), outputs=2, domain="com.example", strides=[2, 2])
    second, pooled = b.op("Block", first, weights(4, 4, 3, 3), outputs=2, domain="com.example", strides=[1, 1], slope=0.5)
    doubled = b.op("Scale", second, domain="com.example")
    halved = b.op("Scale", first, domain="com.example")
    b.nodes[-1].overload = "half"
    b.op("Add", doubled, halved)
    b.op("Mul", None, pooled)
    b.head(4)
    model = b.model()
    model.ir_version = 10
    model.functions.extend([leaky, block, *twice])
    return model


def quantized_weights():
    """A network whose weights are integers of 8, 4 and 8 bits with one scale, one per channel, and one per block."""
    import ml_dtypes

    b = Builder([1, 3, 9, 9], 21)
    w = b.op("DequantizeLinear", random.integers(-128, 128, (6, 3, 3, 3)).astype(np.int8), np.float32(1 / 256))
    b.op("Conv", "image", w, weights(6))
    x = b.op("Relu", None)
    scales = (1 + random.integers(0, 4, 8) / 4).astype(np.float32) / 8
    w = b.op(
        "DequantizeLinear", random.integers(-8, 8, (8, 6, 1, 1)).astype(ml_dtypes.int4), scales,
        random.integers(-2, 3, 8).astype(ml_dtypes.int4), axis=0)
    b.op("Conv", x, w)
    b.op("GlobalAveragePool", None)
    x = b.op("Flatten", None)
    scales = (1 + random.integers(0, 4, (2, 5)) / 4).astype(np.float32) / 64
    w = b.op(
        "DequantizeLinear", random.integers(0, 256, (8, 5)).astype(np.uint8), scales,
        random.integers(100, 150, (2, 5)).astype(np.uint8), axis=0, block_size=4)
    b.op("MatMul", x, w)
    b.op("Add", None, weights(5))
    model = b.model()
    model.ir_version = 10
    return model


def rows_first():
    """A graph in TensorFlow's order of axes: borders of rows and columns, gates, a token-like reshape, and a flatten before
    the linear layers."""
    b = Builder([1, 9, 7, 3], 18)

    def planar(kind, *inputs, **attributes):
        b.op("Transpose", None, perm=[0, 3, 1, 2])
        b.op(kind, None, *inputs, **attributes)
        return b.op("Transpose", None, perm=[0, 2, 3, 1])

    b.op("Pad", None, np.array([0, 1, 0, 0, 0, 2, 3, 0]))
    planar("Conv", weights(4, 3, 3, 3), weights(4), strides=[2, 1])
    b.op("Mul", None, weights(4))
    b.op("Add", None, weights(1, 1, 4))
    x = b.op("Relu", None)
    b.op("ReduceMean", None, np.array([1, 2]), keepdims=0)
    b.op("Reshape", None, np.array([-1, 1, 1, 4]))
    planar("Conv", weights(4, 4, 1, 1), weights(4))
    gate = b.op("Sigmoid", None)
    b.op("Mul", x, gate)
    b.op("Pad", None, np.array([1, 1, 0, 1]), np.float32(0.5), np.array([1, 2]))
    b.op("Reshape", None, np.array([0, -1, 4]))
    b.op("Relu", None)
    b.op("Reshape", None, np.array([1, 6, 10, 4]))
    planar("MaxPool", kernel_shape=[2, 2], strides=[1, 2])
    b.op("Reshape", None, np.array([-1, 100]))
    b.op("Dropout", None)
    b.op("MatMul", None, weights(100, 6))
    b.op("Add", None, weights(6))
    b.op("Relu", None)
    flat = b.op("Reshape", None, np.array([1, 1, 2, 3]))
    b.op("Reshape", flat, np.array([1, 6]))
    b.op("Gemm", None, weights(5, 6), weights(5), transB=1)
    return b.model()


def slices():
    """Takes every second pixel, as YOLO's stem does, and crops, in both orders of the axes."""
    b = Builder([1, 3, 10, 12], 17)

    def take(x, starts, ends, axes, steps):
        return b.op("Slice", x, np.array(starts), np.array(ends), np.array(axes), np.array(steps))

    parts = [take("image", [i, j], [1 << 40] * 2, [2, 3], [2, 2]) for j in (0, 1) for i in (0, 1)]
    b.op("Concat", *parts, axis=1)
    x = b.op("Conv", None, weights(4, 12, 1, 1), weights(4))
    take(x, [1, 2], [-1, 5], [2, 3], [1, 1])
    b.op("Relu", None)
    x = b.op("Transpose", None, perm=[0, 2, 3, 1])
    take(x, [0, 1], [3, 3], [1, 2], [2, 3])
    b.op("Transpose", None, perm=[0, 3, 1, 2])
    b.op("Flatten", None)
    b.op("Gemm", None, weights(5, 8), weights(5), transB=1)
    return b.model()


def vectors_first():
    """Flattens in TensorFlow's order, and normalises the vector, before a Gemm that reads the matrix as it is."""
    b = Builder([1, 6, 5, 3], 17)
    b.op("Transpose", None, perm=[0, 3, 1, 2])
    b.op("Conv", None, weights(4, 3, 2, 2), strides=[2, 1])
    b.op("Transpose", None, perm=[0, 2, 3, 1])
    x = b.op("Flatten", None)
    b.op("Gemm", x, weights(5, 48), transB=1)
    first = b.op("Tanh", None)
    b.op("BatchNormalization", x, 1 + weights(48) / 4, weights(48), weights(48), 1 + weights(48) ** 2)
    b.op("Relu", None)
    b.op("MatMul", None, weights(48, 5))
    b.op("Add", None, first)
    return b.model()


def disordered(model):
    """Reverses the order of the nodes, and adds a node on which no output depends. ONNX Runtime doesn't accept such a
    file."""
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(nodes[::-1] + [helper.make_node("Unknown", ["image"], ["unused"])])
    return model


def unsupported():
    b = Builder([1, 3, 8, 8], 13)
    b.op("Conv", None, weights(4, 3, 1, 1))
    b.op("Shrink", None, name="plus")
    b.op("ConvTranspose", None, weights(4, 4, 2, 2), name="up")
    b.op("Relu", None)
    b.op("Thing", None, domain="com.example", name="thing")
    b.head(4)
    return b.model()


class Squeeze(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.a, self.b = nn.Conv2d(channels, 2, 1), nn.Conv2d(2, channels, 1)

    def forward(self, x):
        y = self.b(torch.relu(self.a(nn.functional.adaptive_avg_pool2d(x, 1))))
        return x * nn.functional.hardsigmoid(y)


class Shuffle(nn.Module):
    def forward(self, x):
        a, b = x.chunk(2, dim=1)
        x = torch.cat((nn.functional.silu(a), b), 1)
        n, c, h, w = x.shape
        return x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


class Block(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.body = nn.Sequential(*layers)

    def forward(self, x):
        return nn.functional.relu(x + self.body(x))


def mixed():
    torch.manual_seed(3)
    net = nn.Sequential(
        nn.ZeroPad2d((1, 0, 2, 1)), nn.Conv2d(3, 8, 3, 2, bias=False), nn.BatchNorm2d(8), nn.Hardswish(),
        nn.MaxPool2d(3, 2, ceil_mode=True), Squeeze(8), nn.BatchNorm2d(8), nn.ReLU6(), Shuffle(),
        Block(nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.GELU(), nn.Conv2d(8, 8, 1)),
        nn.PReLU(8), nn.AvgPool2d(2, 1, count_include_pad=False), nn.LeakyReLU(0.2), nn.ELU(), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Dropout(), nn.Linear(8, 5))
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.running_mean.normal_(0, 0.2), m.running_var.uniform_(0.5, 1.5)
    return net.eval()


class Regions(nn.Module):
    """Normalisations, maxima, borders and interpolations as PyTorch's exporters write them."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1, padding_mode="reflect"), nn.Conv2d(8, 8, 3)
        self.groups, self.instances, self.whole = nn.GroupNorm(4, 8), nn.InstanceNorm2d(8, affine=True), nn.GroupNorm(1, 8)
        self.replicate, self.layer, self.head = nn.ReplicationPad2d(1), nn.LayerNorm(16), nn.Linear(16, 5)

    def forward(self, x):
        f = nn.functional
        x = f.mish(self.groups(self.a(x)))
        x = f.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = f.selu(self.instances(self.b(self.replicate(x))))
        y = f.interpolate(x, size=(9, 11), mode="nearest")
        y = f.softplus(self.whole(y)) * torch.sigmoid(1.702 * y)
        maxima = f.adaptive_max_pool2d(y, 1) + x.amax((2, 3), keepdim=True)
        return self.head(self.layer(torch.cat((maxima, f.normalize(y.mean((2, 3), keepdim=True))), 1).flatten(1)))


def regions_of_torch():
    torch.manual_seed(4)
    net = Regions()
    for m in net.modules():
        if isinstance(m, (nn.GroupNorm, nn.InstanceNorm2d, nn.LayerNorm)):
            m.weight.data.uniform_(0.5, 1.5), m.bias.data.normal_(0, 0.2)
    return net.eval()


def exported_regions():
    with torch.no_grad():
        for name, options in {
            "torch-regions-ts14": dict(dynamo=False, opset_version=14),
            "torch-regions-dynamo": dict(dynamo=True, verbose=False),
        }.items():
            path = folder / "torch.onnx"
            inputs = dict(input_names=["image"], output_names=["scores"])
            torch.onnx.export(regions_of_torch(), (torch.zeros(1, 3, 10, 9),), str(path), **inputs, **options)
            model = onnx.load(str(path))
            (folder / "torch.onnx.data").unlink(missing_ok=True)
            path.unlink()
            strip(model)
            save(name, model)


def exported():
    x, net = torch.zeros(1, 3, 20, 20), mixed()
    axes = {"image": {0: "n", 2: "h", 3: "w"}}
    with torch.no_grad():
        for name, options in {
            "torch-ts9": dict(dynamo=False, opset_version=9),
            "torch-ts17-open": dict(dynamo=False, opset_version=17, dynamic_axes=axes),
            "torch-dynamo": dict(dynamo=True, verbose=False),
            "torch-dynamo-open": dict(
                dynamo=True, verbose=False, dynamic_shapes=[{2: torch.export.Dim("h"), 3: torch.export.Dim("w")}]),
        }.items():
            path = folder / "torch.onnx"
            torch.onnx.export(net, (x,), str(path), input_names=["image"], output_names=["scores"], **options)
            model = onnx.load(str(path))
            (folder / "torch.onnx.data").unlink(missing_ok=True)
            path.unlink()
            strip(model)
            save(name, model)


def keras_exported():
    """Exports a network of Keras 3 on PyTorch, with most kinds of layers in keras.applications."""
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    keras.utils.set_random_seed(4)
    layers, image = keras.layers, keras.Input((15, 14, 3))
    x = layers.Rescaling(1 / 4, offset=0.5)(image)
    x = layers.Normalization(mean=[0.4, 0.5, 0.6], variance=[0.2, 0.3, 0.4])(x)
    x = layers.ZeroPadding2D(((0, 1), (2, 1)))(x)
    x = layers.Conv2D(6, 3, strides=2, use_bias=False)(x)
    x = layers.BatchNormalization(epsilon=1e-3)(x)
    x = layers.Activation("hard_silu")(x)
    gate = layers.GlobalAveragePooling2D()(x)
    gate = layers.Reshape((1, 1, 6))(gate)
    gate = layers.Conv2D(2, 1, activation="relu")(gate)
    gate = layers.Conv2D(6, 1, activation="sigmoid")(gate)
    x = layers.Multiply()([x, gate])
    y = layers.DepthwiseConv2D(3, padding="same")(x)
    y = layers.SeparableConv2D(6, 3, padding="same", activation="swish")(y)
    x = layers.Add()([x, y])
    y = layers.AveragePooling2D(3, strides=1, padding="same")(x)
    x = layers.Concatenate()([layers.MaxPooling2D(3, strides=1, padding="same")(x), y])
    x = layers.Conv2D(4, 3, strides=2, padding="same")(x)
    x = layers.ReLU(6.0)(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.2)(x)
    x = layers.Dense(7, activation="gelu")(x)
    net = keras.Model(image, layers.Dense(5)(x))
    for variable in net.weights:
        shape = tuple(variable.shape)
        if variable.name in ("moving_variance", "gamma"):
            variable.assign(random.uniform(0.5, 1.5, shape))
        elif variable.dtype == "float32" and not variable.path.startswith("normalization"):
            variable.assign(random.normal(0, 1 / max(1, np.prod(shape[:-1])) ** 0.5, shape))
    net(np.zeros((1, 15, 14, 3), np.float32))
    path = folder / "keras.onnx"
    net.export(str(path), format="onnx", verbose=False)
    model = onnx.load(str(path))
    strip(model)
    return model


def strip(model):
    """Removes the texts that the exporter wrote for people, among them paths of the exporting machine."""
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    del model.metadata_props[:], model.graph.metadata_props[:], model.graph.value_info[:]
    for value in [*model.graph.input, *model.graph.output, *model.graph.initializer]:
        del value.metadata_props[:]


def main():
    global random
    folder.mkdir(exist_ok=True)
    for old in [*folder.glob("*.onnx*"), *folder.glob("*.bin")]:
        old.unlink()
    for function in (windows, opset9, functions, arithmetic, shuffle, stored):
        save(function.__name__, function())
    for function in (channel_attention, more_functions, norms, regions, resizes, upsampled):
        save(function.__name__.replace("_", "-"), function())
    save("stored", disordered(onnx.load(str(folder / "stored.onnx"))), run=False)
    save("channels-last", channels_last())
    save("external", windows(), save_as_external_data=True, location="external.bin", size_threshold=256)
    save("unsupported-three", unsupported(), run=False)
    exported()
    exported_regions()
    random = np.random.default_rng(6)
    for function in (folding, local_functions, quantized_weights, rows_first, vectors_first, slices):
        save(function.__name__.replace("_", "-"), function())
    save("keras", keras_exported())
    random = np.random.default_rng(7)
    save("aligned-corners", aligned_corners())
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(values)}" for name, values in scores.items())
    (folder / "scores.json").write_text("{\n" + lines + "\n}\n")


main()
