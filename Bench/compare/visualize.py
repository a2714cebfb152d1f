# SPDX-License-Identifier: MIT
"""Times class visualization (recipe cs231n-pytorch-normalized) in pixelascent and in PyTorch, interleaved, on the same
number of threads. Both PyTorch loops run in float32: `course`, written the way the course notebooks teach it, and
`tuned`, as fast as PyTorch's own means make it. Run with --help for the options; README.md says how to read the table.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Tests" / "Golden"))
from squeezenet import BOX_HIGH, BOX_LOW, SqueezeNet, load_weights

SIDE, TARGET = 224, 76
LEARNING_RATE, L2, MAX_JITTER, BLUR_EVERY, SIGMA = 25.0, 1e-3, 16, 10, 0.5
LEAST_PROBABILITY = 0.5


def blur(image):
    """In place: scipy's blur along height, then width."""
    values = image.numpy()
    blurred = gaussian_filter1d(gaussian_filter1d(values, SIGMA, axis=2), SIGMA, axis=3)
    image.copy_(torch.from_numpy(blurred))


def course(net, iterations, seed):
    """The plain loop: a fresh roll, a backward into .grad, and a clamp channel by channel."""
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    image = torch.randn(1, 3, SIDE, SIDE).requires_grad_(True)
    for t in range(iterations):
        oy, ox = (int(offset) for offset in random.integers(0, MAX_JITTER + 1, 2))
        image.data.copy_(torch.roll(image.data, (oy, ox), (2, 3)))
        objective = net(image)[0, TARGET] - L2 * (image**2).sum()
        objective.backward()
        with torch.no_grad():
            image += LEARNING_RATE * image.grad / image.grad.norm()
        image.grad.zero_()
        image.data.copy_(torch.roll(image.data, (-oy, -ox), (2, 3)))
        for channel in range(3):
            image.data[:, channel].clamp_(BOX_LOW[channel], BOX_HIGH[channel])
        if t % BLUR_EVERY == 0:
            blur(image.data)
    return image.detach()


def tuned(net, iterations, seed):
    """The same numbers with less work: the roll's copy is the leaf, only its gradient is asked for, the L2 term's
    gradient is written out, and everything after it is in place."""
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    low, high = (torch.tensor(box, dtype=torch.float32)[None, :, None, None] for box in (BOX_LOW, BOX_HIGH))
    image = torch.randn(1, 3, SIDE, SIDE).contiguous(memory_format=torch.channels_last)
    for t in range(iterations):
        oy, ox = (int(offset) for offset in random.integers(0, MAX_JITTER + 1, 2))
        x = torch.roll(image, (oy, ox), (2, 3)).contiguous(memory_format=torch.channels_last).requires_grad_(True)
        (g,) = torch.autograd.grad(net(x)[0, TARGET], x)
        with torch.no_grad():
            g.add_(x, alpha=-2 * L2)
            x.add_(g.mul_(LEARNING_RATE / g.norm()))
            image = torch.roll(x, (-oy, -ox), (2, 3))
            torch.minimum(torch.maximum(image, low, out=image), high, out=image)
            if t % BLUR_EVERY == 0:
                blur(image)
    return image


def time_torch(loop, net, options, seed):
    """(seconds, probability of the target in the final image)."""
    start = time.perf_counter()
    image = loop(net, options.iterations, seed)
    seconds = time.perf_counter() - start
    with torch.no_grad():
        return seconds, torch.softmax(net(image), 1)[0, TARGET].item()


def time_pixelascent(options, seed, folder):
    """(seconds of the loop, probability), as the program reports them."""
    command = [options.binary, "visualize", "--class", TARGET, "--recipe", "cs231n-pytorch-normalized", "--seed", seed]
    command += ["--iterations", options.iterations, "--threads", options.threads, "--model", options.model]
    command += ["-o", Path(folder) / "image.png", "--json", "--quiet"]
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"pixelascent: exit {result.returncode}: {result.stderr.strip()}")
    answer = json.loads(result.stdout)
    return answer["seconds"], answer["probability"]


def processor():
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.lower().startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def available_threads():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def summary(values, unit, digits):
    median, least, most = (f"{f(values):.{digits}f}" for f in (statistics.median, min, max))
    return f"median {median}{unit}  ({least} to {most})"


def arguments():
    parser = argparse.ArgumentParser(description="Class visualization: pixelascent against PyTorch.")
    parser.add_argument("--binary", default=".build/release/pixelascent")
    parser.add_argument("--model", default="Models/squeezenet1_1.safetensors")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=available_threads(), help="default: all this process may use")
    parser.add_argument("--iterations", type=int, default=100)
    return parser.parse_args()


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    weights = load_weights(options.model)
    # The weights never ask for a gradient: they are plain tensors, so every loop here has them frozen.
    course_net = SqueezeNet(weights, torch.float32)
    tuned_net = SqueezeNet(weights, torch.float32, torch.channels_last)
    print(f"{processor()}, {options.threads} threads; Python {platform.python_version()}, PyTorch {torch.__version__}")
    print(f"class {TARGET}, {SIDE}x{SIDE}, {options.iterations} iterations; seconds (probability) of each round:")
    course(course_net, 3, 0)
    tuned(tuned_net, 3, 0)
    times = {"pixelascent": [], "course": [], "tuned": []}
    probabilities = {name: [] for name in times}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.rounds):
            runs = {
                "pixelascent": time_pixelascent(options, seed, folder),
                "course": time_torch(course, course_net, options, seed),
                "tuned": time_torch(tuned, tuned_net, options, seed),
            }
            for name, (seconds, probability) in runs.items():
                times[name].append(seconds)
                probabilities[name].append(probability)
            print("  ".join(f"{name} {s:.3f} ({p:.3f})" for name, (s, p) in runs.items()), flush=True)
    for name, values in times.items():
        print(f"{name:12} {summary(values, ' s', 3)}")
    for name in ("course", "tuned"):
        ratios = [theirs / ours for theirs, ours in zip(times[name], times["pixelascent"])]
        print(f"PyTorch {name} / pixelascent: {summary(ratios, 'x', 2)}")
    for name, values in probabilities.items():
        if statistics.median(values) < LEAST_PROBABILITY:
            sys.exit(f"error: half of {name}'s final images are below probability {LEAST_PROBABILITY}: not the same work")


if __name__ == "__main__":
    main()
