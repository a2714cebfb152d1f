# SPDX-License-Identifier: MIT
"""Times a whole `classify` of one JPEG, from the start of the process to its end: pixelascent, and the smallest scripts
that classify with PyTorch and ONNX Runtime.
"""

import sys
from pathlib import Path

import torch
from PIL import Image

from common import OURS, fail, report, run
from onnx_model import write_onnx
from squeezenet import load_weights

HERE = Path(__file__).parent
PHOTO_SIDE = 500


def measure(name, command):
    """Runs a program. Returns its top class, its seconds and its peak memory in MiB."""
    answer, measured = run(name, [sys.executable, "-I", "-S", HERE / "measure.py", *command])
    return answer["predictions"][0]["class"], measured["seconds"], measured["mebibytes"]


def compare(options, folder):
    photo = folder / "photo.jpg"
    Image.open(options.photo).convert("RGB").resize((PHOTO_SIDE, PHOTO_SIDE)).save(photo, quality=90)
    weights = load_weights(options.model)
    onnx_path, torch_path = folder / "squeezenet1_1.onnx", folder / "squeezenet1_1.pt"
    write_onnx(weights, onnx_path)
    torch.save({name: tuple(map(torch.from_numpy, values)) for name, values in weights.items()}, torch_path)
    threads = options.threads
    commands = {
        OURS: [options.binary, "classify", photo, "--json", "--quiet", "--threads", threads, "--model", options.model],
        "PyTorch": [sys.executable, HERE / "classify_torch.py", torch_path, photo, threads],
        "ONNX Runtime": [sys.executable, HERE / "classify_onnx.py", onnx_path, photo, threads],
    }
    print(f"classify: one {PHOTO_SIDE}x{PHOTO_SIDE} JPEG, a whole process")
    if torch.version.cuda:
        print("  this PyTorch is built with CUDA; the build without CUDA starts faster and takes less memory")
    classes = {name: measure(name, command)[0] for name, command in commands.items()}
    if len(set(classes.values())) > 1:
        fail(f"the top classes differ: {classes}")
    print(f"  every program's top class: {classes[OURS]}")
    print("wall time and peak memory of each round:")
    seconds, memory = [], []
    for _ in range(options.rounds):
        results = {name: measure(name, command) for name, command in commands.items()}
        seconds.append({name: s for name, (_, s, _) in results.items()})
        memory.append({name: m for name, (_, _, m) in results.items()})
        print("  " + "  ".join(f"{name} {s:.3f} s {m:.0f} MiB" for name, (_, s, m) in results.items()), flush=True)
    print("all rounds, wall time:")
    report(seconds, " s", 3)
    print("all rounds, peak memory:")
    report(memory, " MiB", 0)
