#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the ONNX files in Tests/Golden/onnx-inputs: small classifiers that take their images in the ways in which people
export them. Some have the normalisation in the graph, an input of whole numbers, a size that is no square, Ultralytics'
metadata, or several outputs.

pip install onnx onnxruntime numpy
python3 Tests/Golden/make_onnx_input_fixtures.py

expected.json has, for each file, the scores that ONNX Runtime computes for the photo with the pixels
(37 i + 11 (i // 7)) mod 256, where i counts rows, columns and channels in this order, and the gradient of the first score
with respect to the photo's pixels from 0 to 1, in double precision.
"""

import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

folder = pathlib.Path(__file__).parent / "onnx-inputs"
rows, columns, classes = 12, 8, 5
mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
count = 3 * rows * columns
photo = ((37 * np.arange(count) + 11 * (np.arange(count) // 7)) % 256).reshape(rows, columns, 3)


class Net:
    """A convolution with stride 2, a ReLU and a linear layer, on whatever the nodes before them make of the input."""

    def __init__(self, seed, *, last=False, kind=TensorProto.FLOAT, size=(rows, columns), flat=False):
        random = np.random.default_rng(seed)
        self.nodes, self.tensors, self.last, self.value = [], [], last, "image"
        shape = [1, *size, 3] if last else [1, 3, *size]
        self.input = helper.make_tensor_value_info("image", kind, shape)
        self.w = (random.normal(size=(6, 3, 3, 3)) / 4).astype(np.float32)
        self.b = (random.normal(size=6) / 4).astype(np.float32)
        self.flat = flat
        values = 6 * (rows // 2) * (columns // 2) if flat else 6
        self.m = (random.normal(size=(classes, values)) / 2).astype(np.float32)
        self.c = (random.normal(size=classes) / 4).astype(np.float32)
        self.outputs, self.metadata = [("scores", [1, classes])], {}

    def constant(self, value):
        name = f"c{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def op(self, kind, *constants, made=None, taken=None, **attributes):
        name = made or f"v{len(self.nodes)}"
        inputs = [taken or self.value] + [self.constant(c) for c in constants]
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        self.value = name
        return self

    def channels(self, values):
        """Returns one float32 per channel, in a shape that fits the input's axes."""
        return np.asarray(values, dtype=np.float32).reshape((1, 1, 1, 3) if self.last else (1, 3, 1, 1))

    def classify(self, made="scores"):
        if self.last:
            self.op("Transpose", perm=[0, 3, 1, 2])
        self.op("Conv", self.w, self.b, strides=[2, 2], pads=[1, 1, 0, 0]).op("Relu")
        if not self.flat:
            self.op("GlobalAveragePool", made="pooled")
        self.op("Flatten", made="features")
        self.op("Gemm", self.m, self.c, transB=1, made=made)
        return self

    def model(self):
        outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in self.outputs]
        graph = helper.make_graph(self.nodes, "g", [self.input], outputs, self.tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        helper.set_model_props(model, self.metadata)
        return model

    def gradient(self, normalised, slope):
        """Returns the gradient of the first score in double precision. `normalised` is what the convolution takes, of shape
        (rows, columns, 3), and `slope` its derivative by the photo's pixels from 0 to 1."""
        padded = np.zeros((rows + 1, columns + 1, 3))
        padded[1:, 1:] = normalised
        gradient = np.zeros_like(padded)
        height, width = rows // 2, columns // 2
        for y in range(height):
            for x in range(width):
                part = np.s_[2 * y : 2 * y + 3, 2 * x : 2 * x + 3]
                w = self.w.astype(np.float64).transpose(0, 2, 3, 1)
                active = (w * padded[part]).sum(axis=(1, 2, 3)) + self.b > 0
                if self.flat:
                    dy = self.m[0].reshape(6, height, width)[:, y, x]
                else:
                    dy = self.m[0] / (height * width)
                gradient[part] += ((dy * active)[:, None, None, None] * w).sum(axis=0)
        return gradient[1:, 1:] * slope


expected = {}


def save(name, net, factor=1.0, shift=0.0, *, normalised=None, slope=None, output="scores"):
    """Saves a file. ONNX Runtime gets the pixels from 0 to 1 times `factor` plus `shift`."""
    model = net.model()
    onnx.checker.check_model(model)
    onnx.save(model, str(folder / f"{name}.onnx"))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    x = photo / 255 * factor + shift
    x = np.rint(x).astype(np.uint8) if "uint8" in session.get_inputs()[0].type else x.astype(np.float32)
    x = x[None] if net.last else x.transpose(2, 0, 1)[None]
    found = session.run([output], {"image": x})[0].ravel()
    expected[name] = {"scores": [round(float(v), 6) for v in found]}
    if normalised is not None:
        gradient = net.gradient(normalised, slope).transpose(2, 0, 1)
        expected[name]["gradient"] = [round(float(v), 6) for v in gradient.ravel()]


def main():
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.onnx"):
        old.unlink()
    pixels = photo / 255
    usual = dict(normalised=(pixels - mean) / std, slope=1 / std)

    # ImageNet's mean and deviation in the graph, for pixels from 0 to 1: (x - mean) / std, and x * a + b.
    net = Net(1)
    net.op("Sub", net.channels(mean)).op("Div", net.channels(std)).classify()
    save("sub-div", net, **usual)
    net = Net(1, last=True)
    net.op("Mul", net.channels(1 / std)).op("Add", net.channels(-mean / std)).classify()
    save("mul-add-last", net, **usual)

    # An input of whole numbers, with and without a normalisation in the graph.
    net = Net(2, last=True, kind=TensorProto.UINT8)
    net.op("Cast", to=1).op("Div", np.float32(255)).op("Sub", net.channels(mean)).op("Div", net.channels(std)).classify()
    save("uint8-normalised", net, 255, **usual)
    net = Net(3, kind=TensorProto.UINT8)
    net.w /= 64
    net.op("Cast", to=1).classify()
    save("uint8-plain", net, 255, normalised=photo, slope=255)
    net = Net(3, kind=TensorProto.UINT8)
    net.op("Div", np.uint8(2)).op("Cast", to=1).classify()
    save("uint8-arithmetic", net, 255)

    # Pixels from 0 to 255: / 255, Keras's / 127.5 - 1, and Caffe's mean in the order blue, green, red.
    net = Net(4)
    net.op("Div", np.float32(255)).classify()
    save("div-255", net, 255, normalised=pixels, slope=1)
    net = Net(5, last=True)
    net.op("Div", np.float32(127.5)).op("Sub", np.float32(1)).classify()
    save("keras", net, 255, normalised=2 * pixels - 1, slope=2)
    caffe = np.array([103.939, 116.779, 123.68])
    net = Net(6)
    net.w /= 64
    net.op("Sub", net.channels(caffe)).classify()
    photo[:] = photo[:, :, ::-1].copy()
    save("caffe", net, 255)
    photo[:] = photo[:, :, ::-1].copy()

    # From -1 to 1, as networks have it that turn their input back into pixels first.
    net = Net(7)
    net.op("Add", np.float32(1)).op("Div", np.float32(2)).classify()
    save("signed", net, 2, -1, normalised=pixels, slope=1)

    # torchvision's transform_input: the input is normalised with ImageNet's mean and deviation already.
    net = Net(8)
    net.op("Mul", net.channels(std / 0.5)).op("Add", net.channels((mean - 0.5) / 0.5)).classify()
    save("transform-input", net, 1 / std, -mean / std)

    # A size that is no square and that the linear layer fixes; a size that is left open.
    net = Net(9, flat=True).classify()
    save("flat", net, normalised=pixels, slope=1)
    net = Net(10, size=("h", "w")).classify()
    save("open", net)
    net = Net(9, size=("h", "w"), flat=True).classify()
    save("open-flat", net)

    # Ultralytics' metadata, of a classifier and of a detector.
    names = "{0: 'tench', 1: \"bird's nest\", 2: 'c', 3: 'd', 4: 'e'}"
    net = Net(11, size=("h", "w")).classify()
    net.metadata = {"task": "classify", "names": names, "imgsz": "[12, 8]", "license": "AGPL-3.0", "stride": "1"}
    save("ultralytics", net, normalised=pixels, slope=1)
    net.metadata["task"] = "detect"
    onnx.save(net.model(), str(folder / "ultralytics-detect.onnx"))

    # Several outputs, the scores not first: a map and logits, pooled features and logits, scores and probabilities.
    net = Net(12).classify("logits")
    net.outputs = [("v1", [1, 6, rows // 2, columns // 2]), ("features", [1, 6]), ("logits", [1, classes])]
    save("features", net, output="logits")
    # Two heads, the auxiliary one first.
    net = Net(13)
    net.op("Conv", net.w[:, :, :1, :1], strides=[2, 2], made="early").op("GlobalAveragePool").op("Flatten")
    net.op("Gemm", net.m[::-1].copy(), net.c, transB=1, made="aux_logits")
    net.value = "image"
    net.classify("logits")
    net.outputs = [("aux_logits", [1, classes]), ("logits", [1, classes])]
    save("aux", net, output="logits")
    session = onnxruntime.InferenceSession(net.model().SerializeToString(), providers=["CPUExecutionProvider"])
    x = (photo / 255).astype(np.float32).transpose(2, 0, 1)[None]
    expected["aux:aux_logits"] = {"scores": [round(float(v), 6) for v in session.run(["aux_logits"], {"image": x})[0][0]]}
    # The classes that a program reads beside the probabilities.
    net = Net(14).classify("logits")
    net.op("Softmax", made="probabilities", taken="logits")
    net.op("TopK", np.array([2], dtype=np.int64), made="top", taken="probabilities")
    net.nodes[-1].output.append("indices")
    net.outputs = [("top", [1, 2]), ("probabilities", [1, classes]), ("logits", [1, classes])]
    save("top", net, output="logits")

    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(values)}" for name, values in expected.items())
    (folder / "expected.json").write_text("{\n" + lines + "\n}\n")


main()
