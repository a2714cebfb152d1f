# SPDX-License-Identifier: MIT
"""Times a forward pass, from a 224x224 image to its scores: pixelascent (its bench program) and ONNX Runtime."""

import statistics
import time

import numpy as np
import onnxruntime
from PIL import Image

from common import OURS, SIDE, fail, report, run
from onnx_model import write_onnx
from squeezenet import SqueezeNet, load_weights, normalise

BENCH = "pixelascent-bench"
SECONDS = 0.5
WARM_UP = 10
SCORE_BOUND = 1e-3


def load_session(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def time_onnx(path, image, threads):
    """Returns the median milliseconds of a pass. The session ends with the round, because its idle threads spin."""
    session = load_session(path, threads)
    for _ in range(WARM_UP):
        session.run(None, {"image": image})
    times = []
    end = time.perf_counter() + SECONDS
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        session.run(None, {"image": image})
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def time_pixelascent(options, threads):
    """Returns the median milliseconds of a pass, as the bench program reports them."""
    command = [options.bench, "--only", "forward", "--threads", threads, "--seconds", SECONDS]
    records = run(BENCH, [*command, "--json", "--model", options.model])
    found = [record for record in records if record.get("name") == "forward" and record.get("threads") == threads]
    if len(found) != 1:
        fail(f"{BENCH}: expected one forward pass, threads: {threads}; found {len(found)} in {records}")
    return found[0]["median_ms"]


def check_scores(options, weights, path, rgb, folder):
    """Fails unless both programs' scores of the photo equal PyTorch's in float64, within a bound."""
    image = normalise(rgb)
    expected = SqueezeNet(weights).scores(image)
    png = folder / "image.png"
    Image.fromarray(rgb).save(png)
    command = [options.binary, "classify", png, "--top", 1000, "--json", "--quiet", "--model", options.model]
    (answer,) = run(OURS, command)
    ours = np.full(1000, np.nan)
    for prediction in answer["predictions"]:
        ours[prediction["class"]] = prediction["score"]
    (theirs,) = load_session(path, options.threads).run(None, {"image": image[None].astype(np.float32)})
    for name, scores in ((OURS, ours), ("ONNX Runtime", theirs.ravel())):
        error = np.abs(scores - expected).max()
        if not error <= SCORE_BOUND:
            fail(f"{name}'s scores differ from PyTorch's in float64 by {error:.2g}, more than {SCORE_BOUND}")
        print(f"  {name:14} scores within {error:.1g} of PyTorch's in float64")


def compare(options, folder):
    weights = load_weights(options.model)
    path = folder / "squeezenet1_1.onnx"
    write_onnx(weights, path)
    rgb = np.asarray(Image.open(options.photo).convert("RGB").resize((SIDE, SIDE)))
    image = normalise(rgb)[None].astype(np.float32)
    print(f"forward pass: {SIDE}x{SIDE}, batch 1")
    check_scores(options, weights, path, rgb, folder)
    counts = sorted({1, options.threads})
    print(f"milliseconds of each round, the median of {SECONDS} s:")
    rounds = {threads: [] for threads in counts}
    for _ in range(options.rounds):
        for threads in counts:
            times = {OURS: time_pixelascent(options, threads), "ONNX Runtime": time_onnx(path, image, threads)}
            rounds[threads].append(times)
            figures = "  ".join(f"{name} {milliseconds:.2f}" for name, milliseconds in times.items())
            print(f"  threads: {threads}  {figures}", flush=True)
    for threads in counts:
        print(f"all rounds, threads: {threads}")
        report(rounds[threads], " ms", 2)
