# SPDX-License-Identifier: MIT
"""Runs the built program for the checks."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

COMPARE = Path(__file__).resolve().parents[2] / "Bench" / "compare"
MEASURE = COMPARE / "measure.py"
sys.path.append(str(COMPARE))

from common import fail, script, some_of  # noqa: E402,F401 make_models and the checks import them from here

SECONDS = 900


def check_parser(description, models):
    """Returns a parser of the options that the checks of several networks share. `models`: the networks' names."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=".build/release/pixelascent", help="default: %(default)s")
    parser.add_argument("--folder", type=Path, default=".models", help="for the files (default: %(default)s)")
    parser.add_argument("--models", type=some_of(models), default=models, help="default: all")
    return parser


def check_options(parser):
    """Returns the options that a user gave to a parser of `check_parser`, after checking them."""
    options = parser.parse_args()
    if not options.binary.is_file():
        fail(f"{options.binary}: no such file; run: make build")
    options.binary = options.binary.resolve()
    options.folder.mkdir(parents=True, exist_ok=True)
    return options


class Failure(Exception):
    """The program failed, or gave an answer of the wrong form. `line` is the line that the program printed."""

    def __init__(self, message, line=""):
        super().__init__(message)
        self.line = line


class Program:
    def __init__(self, binary, model, side=None, arguments=()):
        """`side`: the model's input size; None for the size in the file. `arguments`: more of the program's."""
        self.binary, self.model = binary, model
        self.settings = [*(["--input-size", side] if side else []), *(arguments or ())]

    def run(self, command, *arguments):
        """Runs a command; returns the objects that it prints, and its peak of resident memory in MiB."""
        words = [self.binary, command, *arguments, "--model", self.model, *self.settings, "--json", "--quiet"]
        words = [sys.executable, "-I", "-S", MEASURE, *words]
        try:
            result = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            raise Failure(f"{command}: not done after {SECONDS} s") from None
        if result.returncode:
            why = result.stderr.strip().splitlines() or ["no message"]
            raise Failure(f"{command}: exit {result.returncode}: {why[-1]}", why[-1])
        try:
            *answers, measured = [json.loads(line) for line in result.stdout.splitlines()]
        except ValueError:
            raise Failure(f"{command}: expected one JSON object per line, found {result.stdout[:80]!r}") from None
        return answers, measured["mebibytes"]

    def scores(self, images, classes=1000):
        """Returns the scores of each image, float64."""
        answers, _ = self.run("classify", *images, "--top", classes)
        rows = np.full((len(images), classes), np.nan)
        for row, answer in zip(rows, answers, strict=True):
            for prediction in answer["predictions"]:
                row[prediction["class"]] = prediction["score"]
        return rows

    def gradient(self, image, target, folder):
        """Returns the gradient of a class's score at an image, float32, and the peak of resident memory in MiB."""
        raw = Path(folder) / "gradient.npy"
        _, mebibytes = self.run("saliency", image, "--class", target, "--raw", raw, "-o", Path(folder) / "map.png")
        gradient = np.load(raw)
        if gradient.dtype != np.dtype("<f4"):
            raise Failure(f"saliency: expected a gradient of float32, found {gradient.dtype}")
        return gradient, mebibytes


def relative_distance(found, expected):
    """Returns ‖found − expected‖ / ‖expected‖; infinity if they can't be compared."""
    norm = np.linalg.norm(expected)
    distance = np.linalg.norm(found - expected) / norm if found.shape == expected.shape and norm > 0 else np.inf
    return distance if np.isfinite(distance) else np.inf
