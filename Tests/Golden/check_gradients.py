# SPDX-License-Identifier: MIT
"""Compares scores and input gradients of the built program with PyTorch in float64:
check_gradients.py MODEL BINARY [--photos DIR]

The short side of every image is 224 already when the program reads it, so that resizing adds no difference. Pillow
resizes the photos here, and the program gets PNG files. Then the program classifies the original files, so that decoding
and resizing are compared, too.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from noise import noise_image
from squeezenet import SqueezeNet, load_image, load_weights, normalise

SCORE_BOUND, MEDIAN_BOUND, EACH_BOUND = 1e-4, 1e-5, 5e-2
NOISE_SIZES = [(224, 224)] * 5 + [(224, 300), (320, 224), (224, 448), (672, 224)]
RIGHT_FIRST, RIGHT_AMONG_FIVE = 11, 19


class Program:
    def __init__(self, binary, model):
        self.binary, self.model = binary, model

    def run(self, command, image, *options):
        arguments = [self.binary, command, image, "--model", self.model, "--json", "--quiet", *options]
        result = subprocess.run([str(argument) for argument in arguments], capture_output=True, text=True)
        if result.returncode:
            sys.exit(f"{command} {image}: exit {result.returncode}: {result.stderr.strip()}")
        return json.loads(result.stdout)

    def scores(self, image):
        scores = np.full(1000, np.nan)
        for prediction in self.run("classify", image, "--top", 1000)["predictions"]:
            scores[prediction["class"]] = prediction["score"]
        return scores

    def gradient(self, image, target, folder):
        raw = folder / "gradient.npy"
        self.run("saliency", image, "--class", target, "--raw", raw, "-o", folder / "map.png")
        gradient = np.load(raw)
        if gradient.dtype != np.dtype("<f4"):
            sys.exit(f"{raw}: {gradient.dtype}, expected float32")
        return gradient


def images(photos, folder):
    """Yields the name and the RGB array of every image to compare."""
    for seed, (height, width) in enumerate(NOISE_SIZES):
        yield f"noise {seed} {height}x{width}", noise_image(seed, height, width)
    for photo in photos:
        yield photo.name, load_image(photo)


def compare(net, program, name, rgb, folder):
    """Prints one line; returns (score error, relative L2 error of the gradient)."""
    file = folder / "image.png"
    Image.fromarray(rgb).save(file)
    x = normalise(rgb)
    expected = net.scores(x)
    target = int(expected.argmax())
    gradient = net.gradient(x, target)
    score_error = np.abs(program.scores(file) - expected).max()
    found = program.gradient(file, target, folder)
    if found.shape != gradient.shape:
        sys.exit(f"{name}: gradient of shape {found.shape}, expected {gradient.shape}")
    gradient_error = np.linalg.norm(found - gradient) / np.linalg.norm(gradient)
    print(f"{name:28} class {target:3}  score error {score_error:.1e}  gradient error {gradient_error:.1e}", flush=True)
    return score_error, gradient_error


def count_right(program, net, photos):
    """Classifies the original files; returns whether the number of correct ones is the expected one."""
    first = among_five = 0
    worst = 0.0
    for photo in photos:
        right = int(photo.stem.rsplit("_", 1)[1])
        scores = program.scores(photo)
        rank = int((scores > scores[right]).sum())
        first, among_five = first + (rank == 0), among_five + (rank < 5)
        worst = max(worst, np.abs(scores - net.scores(normalise(load_image(photo)))).max())
    print(f"original photos: right first {first}, among five {among_five} of {len(photos)};", end=" ")
    print(f"largest score difference with Pillow's decoding and resizing {worst:.2g}")
    return (first, among_five) == (RIGHT_FIRST, RIGHT_AMONG_FIVE)


def main():
    parser = argparse.ArgumentParser(description="Compare scores and gradients with PyTorch in float64.")
    parser.add_argument("model")
    parser.add_argument("binary")
    parser.add_argument("--photos", type=Path, help="folder of the 20 sample photographs (imagenet_NN_LABEL.jpg)")
    options = parser.parse_args()
    net = SqueezeNet(load_weights(options.model))
    program = Program(options.binary, options.model)
    photos = sorted(options.photos.glob("imagenet_*.jpg")) if options.photos else []
    if options.photos and not photos:
        sys.exit(f"error: {options.photos}: no imagenet_*.jpg")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        errors = np.array([compare(net, program, *image, folder) for image in images(photos, folder)])
    score_worst, median, worst = errors[:, 0].max(), np.median(errors[:, 1]), errors[:, 1].max()
    print(f"score: worst {score_worst:.1e} (bound {SCORE_BOUND:.0e})")
    print(f"gradient: median {median:.1e} (bound {MEDIAN_BOUND:.0e}), worst {worst:.1e} (bound {EACH_BOUND:.0e})")
    passed = score_worst <= SCORE_BOUND and median <= MEDIAN_BOUND and worst <= EACH_BOUND
    if photos:
        passed = count_right(program, net, photos) and passed
    print("PASS" if passed else "FAIL")
    sys.exit(not passed)


if __name__ == "__main__":
    main()
