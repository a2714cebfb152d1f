# SPDX-License-Identifier: MIT
"""Times the forward pass and the gradient of one class's score, for torchvision's networks on a 224x224 image:
pixelascent (its bench program) and PyTorch in the faster of its two layouts, in turns, with the same weights, threads
and instruction set.

    networks.py [--models resnet18,…] [--threads 2] [--isa avx2] [--results FILE.json]

PyTorch's weights are frozen, so that it computes only the gradient of the image. A round's figure is the median of its
iterations; a ratio compares figures of the same round. First the script compares both programs' gradients of one image.
The weights are random, chosen so that each ReLU makes about half of its values zero.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import common

MODELS = ["squeezenet1_0", "vgg16", "resnet18", "resnet50", "mobilenet_v2"]
TARGETS = {"squeezenet1_0": 3, "vgg16": 1.2, "resnet18": 2, "resnet50": 1.5, "mobilenet_v2": 2.5}
LAYOUTS = ("contiguous", "channels last")
# The variables that force an instruction set on oneDNN, on PyTorch's own kernels and on MKL's matrix products.
ISAS = {
    "avx2": {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"},
    "avx512": {
        "ONEDNN_MAX_CPU_ISA": "AVX512_CORE",
        "ATEN_CPU_CAPABILITY": "avx512",
        "MKL_ENABLE_INSTRUCTIONS": "AVX512",
    },
}
WARM_UP = 3
GRADIENT_BOUND = 5e-2
CLASS = 0
TESTS = Path(__file__).resolve().parents[2] / "Tests" / "Models"
sys.path.append(str(TESTS))  # make_models.py, program.py


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=".build/release/pixelascent", help="default: %(default)s")
    parser.add_argument("--bench", default=".build/release/pixelascent-bench", help="default: %(default)s")
    parser.add_argument("--models", default=",".join(MODELS), help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=7, help="default: %(default)s")
    parser.add_argument("--iterations", type=int, default=10, help="of each program in a round (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=common.available_threads(), help="default: every core")
    parser.add_argument("--isa", choices=list(ISAS), help="force both to use this instruction set (default: their best)")
    parser.add_argument("--results", type=Path, help="write the figures to this file, as JSON")
    options = parser.parse_args()
    if min(options.rounds, options.iterations, options.threads) < 1:
        parser.error("--rounds, --iterations and --threads must be at least 1")
    return options


class Network:
    """A network in both of PyTorch's layouts, and its model file."""

    def __init__(self, name, folder):
        import copy

        import make_models
        import torch

        self.name = name
        # pixelascent skips some zeros. With these weights half of a ReLU's outputs are zero, at random positions.
        net = make_models.make(name, offset=(0, 0))
        self.file = make_models.write(net, "pth", name, folder)
        self.rgb = make_models.image(common.SIDE, 0)
        image = torch.from_numpy(make_models.normalise(self.rgb)).float()[None]
        formats = (torch.contiguous_format, torch.channels_last)
        self.nets = [copy.deepcopy(net).to(memory_format=format) for format in formats]
        self.images = [image.clone(memory_format=format).requires_grad_(True) for format in formats]

    def gradient(self, layout):
        import torch

        return torch.autograd.grad(self.nets[layout](self.images[layout])[0, CLASS], self.images[layout])[0]

    def milliseconds(self, layout, iterations):
        times = []
        for index in range(WARM_UP + iterations):
            start = time.perf_counter()
            self.gradient(layout)
            times.append(1000 * (time.perf_counter() - start))
        return statistics.median(times[WARM_UP:])


def check(network, options, folder):
    """Fails unless the program computes PyTorch's gradient, within a bound."""
    from PIL import Image
    from program import Failure, Program, relative_distance

    image = folder / "image.png"
    Image.fromarray(network.rgb).save(image)
    try:
        found, _ = Program(options.binary, network.file).gradient(image, CLASS, folder)
    except Failure as failure:
        common.fail(f"{network.name}: {failure}")
    distance = relative_distance(found, network.gradient(0)[0].numpy())
    if distance > GRADIENT_BOUND:
        common.fail(f"{network.name}: the gradients differ by {distance:.1e}, expected at most {GRADIENT_BOUND:.0e}")


def time_pixelascent(network, options):
    command = [options.bench, "--gradient", "--model", network.file, "--rounds", options.iterations]
    records = common.run("pixelascent-bench", [*command, "--threads", options.threads])
    times = [record["milliseconds"] for record in records if "milliseconds" in record]
    if len(times) != options.iterations:
        common.fail(f"pixelascent-bench: expected {options.iterations} iterations, found {len(times)}")
    return statistics.median(times)


def compare(name, options, folder):
    """Times a network and prints a line. Returns the record for the results file."""
    network = Network(name, folder)
    check(network, options, folder)
    ours, layouts = [], ([], [])
    for _ in range(options.rounds):
        ours.append(time_pixelascent(network, options))
        for layout, times in enumerate(layouts):
            times.append(network.milliseconds(layout, options.iterations))
    network.file.unlink()
    better = min((0, 1), key=lambda layout: statistics.median(layouts[layout]))
    theirs = layouts[better]
    ratios = [t / o for t, o in zip(theirs, ours)]
    ratio, target = statistics.median(ratios), TARGETS.get(name)
    verdict = "" if target is None else f"  target {target}: {'reached' if ratio >= target else 'MISSED'}"
    print(
        f"{name:19} {common.OURS} {common.summary(ours, ' ms', 1)}  PyTorch {LAYOUTS[better]}"
        f" {common.summary(theirs, ' ms', 1)}  {common.summary(ratios, 'x', 2)}{verdict}",
        flush=True,
    )
    return {
        "model": name,
        "isa": options.isa or "best",
        "threads": options.threads,
        "milliseconds": statistics.median(ours),
        "pytorch_milliseconds": statistics.median(theirs),
        "pytorch_layout": LAYOUTS[better],
        "ratio": ratio,
        "ratios": ratios,
    }


def main():
    options = arguments()
    common.require_files([options.binary, options.bench])
    if options.isa:
        # Set before PyTorch is imported, because it reads these variables only once.
        os.environ.update(ISAS[options.isa], PIXELASCENT_SIMD=options.isa)
    try:
        import make_models
        import torch
    except ImportError as error:
        common.fail(f"{error}: pip install -r {TESTS / 'requirements.txt'}")
    torch.set_num_threads(options.threads)
    models = make_models.some_of(make_models.MODELS)
    try:
        names = models(options.models)
    except argparse.ArgumentTypeError as error:
        common.fail(f"--models: {error}")
    print(
        f"{common.processor()}, threads: {options.threads}, instruction set: {options.isa or 'the best of each'}, "
        f"load average: {os.getloadavg()[0]:.2f}\n"
        f"PyTorch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}"
    )
    records = []
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            records.append(compare(name, options, Path(folder)))
    if options.results:
        options.results.parent.mkdir(parents=True, exist_ok=True)
        options.results.write_text(json.dumps(records, indent=1) + "\n")


if __name__ == "__main__":
    common.script(main)
