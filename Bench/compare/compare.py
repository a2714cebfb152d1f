# SPDX-License-Identifier: MIT
"""Times the same work in pixelascent, PyTorch, ONNX Runtime, OpenVINO, ncnn and MNN, in turns, with the same weights
and number of threads: a class visualization, a forward pass, and a whole `classify`. README.md says what is timed and
how to read the output.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import common

PARTS = ["visualize", "forward", "classify"]
NETWORKS = ["squeezenet1_1", "resnet18", "resnet50", "mobilenet_v2"]
TESTS = Path(__file__).resolve().parents[2] / "Tests"
sys.path += [str(TESTS / "Golden"), str(TESTS / "Models")]  # squeezenet.py; make_models.py, program.py


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=".build/release/pixelascent", help="default: %(default)s")
    parser.add_argument("--bench", default=".build/release/pixelascent-bench", help="default: %(default)s")
    parser.add_argument("--model", default="Models/squeezenet1_1.safetensors", help="default: %(default)s")
    parser.add_argument("--photo", default="Samples/imagenet_15_99.jpg", help="default: %(default)s")
    help = f"some of {','.join(PARTS)} (default: all)"
    parser.add_argument("--only", type=common.some_of(PARTS), default=PARTS, help=help)
    help = f"of the forward pass: some of {','.join(NETWORKS)} (default: all)"
    parser.add_argument("--networks", type=common.some_of(NETWORKS), default=NETWORKS, help=help)
    parser.add_argument("--rounds", type=positive, default=10, help="default: %(default)s")
    parser.add_argument("--threads", type=positive, default=common.available_threads(), help="default: every core")
    parser.add_argument("--iterations", type=positive, default=100, help="of a visualization (default: %(default)s)")
    return parser.parse_args()


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, found {text}")
    return value


def main():
    options = arguments()
    bench = [options.bench] if "forward" in options.only else []
    common.require_files([options.binary, *bench, options.model, options.photo])
    try:
        import classify
        import forward
        import visualize

        print(common.versions(options), flush=True)
    except ImportError as error:
        common.fail(f"{error}: pip install -r {Path(__file__).with_name('requirements.txt')}")
    compare = {"visualize": visualize.compare, "forward": forward.compare, "classify": classify.compare}
    with tempfile.TemporaryDirectory() as folder:
        for part in options.only:
            print(flush=True)
            compare[part](options, Path(folder))


if __name__ == "__main__":
    common.script(main)
