# SPDX-License-Identifier: MIT
"""Writes small models of formats that PixelAscent recognises and does not read, into formats/ beside this script.

pip install numpy onnx coremltools openvino MNN msgpack; run with python3 -P, because the folder onnx lies beside this script
"""
import pathlib
import subprocess
import tempfile

import coremltools
import msgpack
import numpy
import onnx
import openvino
from coremltools.models import datatypes, neural_network
from openvino import opset13

folder = pathlib.Path(__file__).parent / "formats"
folder.mkdir(exist_ok=True)

builder = neural_network.NeuralNetworkBuilder([("image", datatypes.Array(3))], [("out", datatypes.Array(2))])
builder.add_inner_product("fc", numpy.ones((2, 3), "f"), numpy.zeros(2, "f"), 3, 2, True, "image", "out")
coremltools.models.utils.save_spec(builder.spec, str(folder / "coreml.mlmodel"))

image = opset13.parameter([1, 3], numpy.float32, name="image")
scores = opset13.matmul(image, opset13.constant(numpy.ones((3, 2), "f")), False, False)
openvino.save_model(openvino.Model([scores], [image], "net"), str(folder / "openvino.xml"))
(folder / "openvino.bin").unlink()  # weights alone, without a signature

graph = onnx.helper.make_graph(
    [onnx.helper.make_node("Relu", ["image"], ["scores"])], "net",
    [onnx.helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, [1, 3])],
    [onnx.helper.make_tensor_value_info("scores", onnx.TensorProto.FLOAT, [1, 3])])
model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
with tempfile.TemporaryDirectory() as temporary:
    path = f"{temporary}/net.onnx"
    onnx.save(model, path)
    subprocess.run(
        ["mnnconvert", "-f", "ONNX", "--modelFile", path, "--MNNModel", folder / "mnn.mnn", "--bizCode", "biz"],
        check=True)

# flax.serialization.msgpack_serialize writes such a map.
(folder / "flax.msgpack").write_bytes(msgpack.packb({"params": {"Dense_0": {"bias": [0.0, 0.0]}}}))
