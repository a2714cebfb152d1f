# SPDX-License-Identifier: MIT
"""runtimes.py RUNTIME MODEL IMAGE.npy THREADS SECONDS: repeats a network's forward pass in another runtime, in
float32, and prints one JSON object: the scores, the median time in milliseconds, and the mean number of busy cores.

Each measurement has a process of its own, because a runtime's waiting threads spin and would slow down the next one.
"""

import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np

from common import SIDE, fail, script

WARM_UP, LEAST_PASSES = 5, 10


def onnx_runtime(path, image, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"image": image})[0]


def openvino(path, image, threads):
    from openvino import Core

    # Without the first of these, OpenVINO computes in bfloat16 where the CPU can.
    options = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
    request = Core().compile_model(path, "CPU", options).create_infer_request()
    return lambda: request.infer(image, share_inputs=True, share_outputs=True)[0]


def ncnn(path, image, threads):
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = threads
    for option in dir(net.opt):
        if "fp16" in option or "bf16" in option:
            setattr(net.opt, option, False)
    if net.load_param(path) or net.load_model(path.removesuffix("param") + "bin"):
        fail(f"{path}: ncnn can't load this network")
    mat = ncnn.Mat(image[0]).clone()  # A Mat of a NumPy array does not keep the array alive.

    def run():
        extractor = net.create_extractor()
        extractor.input("in0", mat)
        return np.array(extractor.extract("out0")[1])

    return run


def mnn(path, image, threads):
    import MNN

    net = MNN.Interpreter(path)
    session = net.createSession({"backend": "CPU", "precision": "high", "numThread": threads})
    x, y = net.getSessionInput(session), net.getSessionOutput(session)

    def tensor(values):
        return MNN.Tensor(values.shape, MNN.Halide_Type_Float, values, MNN.Tensor_DimensionType_Caffe)

    pixels, scores = tensor(image), tensor(np.zeros(y.getShape(), np.float32))

    def run():
        x.copyFrom(pixels)
        net.runSession(session)
        y.copyToHostTensor(scores)
        return scores.getNumpyData()

    return run


# Each function loads a network's file, and returns a function without arguments that computes the image's scores.
RUNTIMES = {"ONNX Runtime": onnx_runtime, "OpenVINO": openvino, "ncnn": ncnn, "MNN": mnn}


def convert(name, onnx):
    """Returns the file that a runtime reads: the ONNX model, or what the runtime's converter makes of it."""
    if name == "ncnn":
        file = onnx.with_suffix(".ncnn.param")
        code, words = "import pnnx; pnnx.pnnx()", [onnx, f"inputshape=[1,3,{SIDE},{SIDE}]", "fp16=0"]
    elif name == "MNN":
        file = onnx.with_suffix(".mnn")
        # MNN's own command calls this function too, but also installs a package and reports the conversion to a server.
        code = "import sys, _tools; _tools.mnnconvert(sys.argv)"
        words = ["-f", "ONNX", "--modelFile", onnx, "--MNNModel", file, "--bizCode", "pixelascent"]
    else:
        return onnx
    result = subprocess.run([sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True)
    if result.returncode or not file.is_file():
        why = (result.stderr or result.stdout).strip().splitlines() or ["no message"]
        fail(f"{name}: its converter made no {file.name}: {why[-1]}")
    return file


def main():
    name, model, image, threads, seconds = sys.argv[1:]
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # MNN prints lines of its own.
    run = RUNTIMES[name](model, np.load(image), int(threads))
    for _ in range(WARM_UP):
        scores = run()
    times = []
    begin, begin_busy = time.perf_counter(), time.process_time()
    while len(times) < LEAST_PASSES or time.perf_counter() < begin + float(seconds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    cores = (time.process_time() - begin_busy) / (time.perf_counter() - begin)
    answer = {"scores": scores.ravel().tolist(), "median_ms": 1000 * statistics.median(times), "cores": cores}
    print(json.dumps(answer), file=output)


if __name__ == "__main__":
    script(main)
