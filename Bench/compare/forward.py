# SPDX-License-Identifier: MIT
"""Times a forward pass, from a 224x224 image to its scores, in pixelascent (its bench program) and in the runtimes of
runtimes.py: SqueezeNet 1.1 with the weights of the model file, and torchvision's networks with random weights.
"""

import statistics
import sys
import tempfile
import warnings
from pathlib import Path
from typing import NamedTuple

import make_models
import numpy as np
import torch
from PIL import Image
from program import Failure, Program

from common import OURS, SIDE, fail, ratios, report, run
from onnx_model import write_onnx
from runtimes import RUNTIMES, convert
from squeezenet import SqueezeNet, load_weights, normalise

BENCH = "pixelascent-bench"
SECONDS = 0.5
# A multiple of the largest score. Scores that are computed in bfloat16 are at least ten times as far away.
SCORE_BOUND = 1e-3


class Network(NamedTuple):
    """A network's file for each program, and its scores of the photo in float64."""

    name: str
    files: dict
    scores: np.ndarray


def make_network(name, options, image, folder):
    onnx = folder / f"{name}.onnx"
    if name == "squeezenet1_1":
        weights, file = load_weights(options.model), options.model
        write_onnx(weights, onnx)
        scores = SqueezeNet(weights).scores(image)
    else:
        net, x = make_models.make(name, offset=(0, 0)), torch.from_numpy(image)[None]
        file = make_models.write(net, "pth", name, folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            torch.onnx.export(net, (x.float(),), onnx, dynamo=False, input_names=["image"])
        scores = net.double()(x)[0].numpy()
    return Network(name, {OURS: file, **{runtime: convert(runtime, onnx) for runtime in RUNTIMES}}, scores)


def run_runtime(runtime, network, image, threads, seconds):
    """Returns a runtime's scores, and the median milliseconds of a pass. Fails if other threads have worked too."""
    command = [sys.executable, Path(__file__).with_name("runtimes.py"), runtime, network.files[runtime], image]
    (answer,) = run(f"{network.name}: {runtime}", [*command, threads, seconds])
    if answer["cores"] > threads + 0.1:
        fail(f"{network.name}: {runtime}: busy cores: expected at most {threads}, found {answer['cores']:.2f}")
    return answer["scores"], answer["median_ms"]


def check(network, options, image, png):
    """Fails unless every program's scores equal PyTorch's in float64, within a bound."""
    try:
        scores = {OURS: Program(options.binary, network.files[OURS]).scores([png])[0]}
    except Failure as failure:
        fail(f"{network.name}: {failure}")
    for runtime in RUNTIMES:
        scores[runtime], _ = run_runtime(runtime, network, image, options.threads, 0)
    largest = np.abs(network.scores).max()
    errors = {name: np.abs(found - network.scores).max() / largest for name, found in scores.items()}
    for name, error in errors.items():
        if not error <= SCORE_BOUND:
            fail(
                f"{network.name}: {name}'s scores differ from PyTorch's in float64 by {error:.1e} of the largest, "
                f"expected at most {SCORE_BOUND:.0e}"
            )
    print(f"{network.name}: relative errors of the scores:", ", ".join(f"{n} {e:.0e}" for n, e in errors.items()))


def time_pixelascent(network, options, threads):
    """Returns the median milliseconds of a pass, as the bench program reports them."""
    command = [options.bench, "--only", "forward", "--threads", threads, "--seconds", SECONDS]
    records = run(BENCH, [*command, "--json", "--model", network.files[OURS]])
    found = [record for record in records if record.get("name") == "forward" and record.get("threads") == threads]
    if len(found) != 1:
        fail(f"{BENCH}: expected one forward pass, threads: {threads}; found {len(found)} in {records}")
    return found[0]["median_ms"]


def time_network(network, options, image):
    """Returns, for each number of threads, a dict of each round's milliseconds per program."""
    rounds = {threads: [] for threads in sorted({1, options.threads})}
    for _ in range(options.rounds):
        for threads, times in rounds.items():
            figures = {OURS: time_pixelascent(network, options, threads)}
            for runtime in RUNTIMES:
                _, figures[runtime] = run_runtime(runtime, network, image, threads, SECONDS)
            times.append(figures)
            line = "  ".join(f"{name} {milliseconds:.2f}" for name, milliseconds in figures.items())
            print(f"  threads: {threads}  {line}", flush=True)
    for threads, times in rounds.items():
        print(f"all rounds, {network.name}, threads: {threads}")
        report(times, " ms", 2)
    return rounds


def print_table(results):
    """Prints a Markdown table. results: each network's name, and its rounds for each number of threads."""
    print("milliseconds, median of all rounds; in parentheses the median ratio to pixelascent:\n")
    print(f"| network | threads | {OURS} | {' | '.join(RUNTIMES)} | range of the fastest other's ratio |")
    print("|---" * (len(RUNTIMES) + 4) + "|")
    for name, rounds in results:
        for threads, times in rounds.items():
            medians = {program: statistics.median(figures[program] for figures in times) for program in times[0]}
            cells = [f"{medians[r]:.1f} ({statistics.median(ratios(times, r)):.2f})" for r in RUNTIMES]
            fastest = ratios(times, min(RUNTIMES, key=medians.get))
            cells = [name, threads, f"{medians[OURS]:.1f}", *cells, f"{min(fastest):.2f} to {max(fastest):.2f}"]
            print(f"| {' | '.join(map(str, cells))} |")


def compare(options, folder):
    rgb = np.asarray(Image.open(options.photo).convert("RGB").resize((SIDE, SIDE)))
    pixels = normalise(rgb)
    png, image = folder / "image.png", folder / "image.npy"
    Image.fromarray(rgb).save(png)
    np.save(image, pixels[None].astype(np.float32))
    print(f"forward pass: {SIDE}x{SIDE}, batch 1; milliseconds of each round, the median of {SECONDS} s")
    results = []
    for name in options.networks:
        with tempfile.TemporaryDirectory(dir=folder) as files:
            network = make_network(name, options, pixels, Path(files))
            check(network, options, image, png)
            results.append((name, time_network(network, options, image)))
    print_table(results)
