# SPDX-License-Identifier: MIT
"""Checks that saved fooling images fool PyTorch, too: check_fooling.py MODEL BINARY PHOTOS

Runs the built program on 5 photographs x 3 targets, decodes each saved PNG with Pillow, and classifies it with PyTorch
in float64. The check passes only if every picture is classified as its target.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from squeezenet import SqueezeNet, load_image, load_weights, normalise, softmax

TARGETS = [76, 187, 366]
PHOTOS = 5


def fool(options, photo, target, output):
    """Returns the program's JSON answer and None, or None and its error line."""
    command = [options.binary, "fool", photo, "--target", target, "-o", output, "--model", options.model, "--json"]
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode:
        return None, result.stderr.strip()
    return json.loads(result.stdout), None


def check(options, net, photo, target, folder):
    """Prints one line; returns whether the saved file fools PyTorch."""
    output = folder / f"{photo.stem}-as-{target}.png"
    label = f"{photo.name:22} -> {target:3}"
    answer, error = fool(options, photo, target, output)
    if answer is None:
        print(f"{label}  FAIL  {error}")
        return False
    scores = net.scores(normalise(load_image(output)))
    best = int(scores.argmax())
    passed = best == target and answer["fooled"] and answer["survives_8bit"]
    print(
        f"{label}  {'ok  ' if passed else 'FAIL'}  class {best:3}  probability {softmax(scores)[target]:.3f}"
        f"  lead {scores[target] - max(s for c, s in enumerate(scores) if c != target):+.4f}"
        f"  iterations {answer['iterations']:3}  l2 {answer['l2']:.2f}  linf_8bit {answer['linf_8bit']}",
        flush=True,
    )
    return passed


def main():
    parser = argparse.ArgumentParser(description="Classify saved fooling images with PyTorch.")
    parser.add_argument("model")
    parser.add_argument("binary")
    parser.add_argument("photos", type=Path, help="folder of the sample photographs (imagenet_NN_LABEL.jpg)")
    options = parser.parse_args()
    photos = sorted(options.photos.glob("imagenet_*.jpg"))[:PHOTOS]
    if len(photos) < PHOTOS:
        sys.exit(f"error: {options.photos}: expected {PHOTOS} or more imagenet_*.jpg, found {len(photos)}")
    net = SqueezeNet(load_weights(options.model))
    with tempfile.TemporaryDirectory() as folder:
        results = [check(options, net, photo, target, Path(folder)) for photo in photos for target in TARGETS]
    passed = all(results)
    print(f"{sum(results)} of {len(results)} fool PyTorch: {'PASS' if passed else 'FAIL'}")
    sys.exit(not passed)


if __name__ == "__main__":
    main()
