# SPDX-License-Identifier: MIT
"""Times the recipe lucid beside Lucent: time_lucent.py PROGRAM WEIGHTS [ROUNDS]

Both make the same number of steps at 224x224 on SqueezeNet 1.1 with the same weights and two threads, one after the other in each round. Prints a row of a
Markdown table with the medians of the seconds.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from lucent.optvis import objectives, param, render, transform
from lucent.optvis.param import spatial

sys.path.insert(0, str(Path(__file__).parent.parent / "Golden"))

from squeezenet import SqueezeNet, load_weights  # noqa: E402

STEPS, CLASS, THREADS = 64, 130, 2


class Module(torch.nn.Module):
    """SqueezeNet 1.1 as Lucent wants it: a module whose last child makes the scores."""

    def __init__(self, weights):
        super().__init__()
        self.net = SqueezeNet(load_weights(weights), dtype=torch.float32)
        self.scores = torch.nn.Identity()

    def forward(self, x):
        return self.scores(self.net(x))


def lucent_seconds(model):
    begin = time.perf_counter()
    render.render_vis(
        model,
        objectives.channel("scores", CLASS),
        lambda: param.image(224, 224, fft=True, decorrelate=True),
        transforms=transform.standard_transforms,
        thresholds=(STEPS,),
        show_image=False,
        progress=False,
    )
    return time.perf_counter() - begin


def program_seconds(program, weights, folder):
    begin = time.perf_counter()
    command = [program, "visualize", "--class", str(CLASS), "--recipe", "lucid", "--iterations", str(STEPS), "--quiet"]
    command += ["--threads", str(THREADS), "--model", weights, "-o", f"{folder}/picture.png"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(f"usage: {sys.argv[0]} PROGRAM WEIGHTS [ROUNDS]")
    program, weights = os.path.realpath(sys.argv[1]), os.path.realpath(sys.argv[2])
    rounds = int(sys.argv[3]) if len(sys.argv) == 4 else 5
    torch.set_num_threads(THREADS)
    spatial.device = render.device = objectives.device = torch.device("cpu")
    model = Module(weights).eval()
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            theirs.append(lucent_seconds(model))
            ours.append(program_seconds(program, weights, folder))
    ratio = statistics.median(t / o for o, t in zip(ours, theirs))
    print(f"| recipe lucid, {STEPS} steps at 224×224, {THREADS} threads | lucent 0.1.8 | "
          f"{statistics.median(ours):.2f} s | {statistics.median(theirs):.2f} s | {ratio:.1f} × |")


if __name__ == "__main__":
    main()
