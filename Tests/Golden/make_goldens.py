# SPDX-License-Identifier: MIT
"""Writes the goldens beside this script: make_goldens.py WEIGHTS (README.md defines every number)."""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from ascent import RECIPES, ascend
from noise import noise_image, positions
from squeezenet import BOX_HIGH, BOX_LOW, load_weights, normalise, softmax
from strict import StrictnessMeter

FOLDER = Path(__file__).parent
LEAST_SLACK = 2.0
LARGEST_ROUNDED = 3e-6
STEP_TARGET = 187
STRICT_SIZES = [(64, 64), (33, 48), (17, 33)]
DEAD_SIZES = [(33, 48), (17, 33)]
MEDIAN_SIZES = [(224, 224)] * 5 + [(224, 320)] * 2 + [(300, 256)] * 2
MEDIAN_POSITIONS = 4096
THREE_STEP_SEEDS = range(5)


def save(name, array):
    np.save(FOLDER / f"{name}.npy", np.ascontiguousarray(array, dtype="<f4"))


def save_json(name, value):
    lines = ",\n".join("  " + json.dumps(item) for item in value)
    (FOLDER / f"{name}.json").write_text(f"[\n{lines}\n]\n")


def smooth_noise(seed, height, width):
    """Returns coloured clouds and some white noise inside the box: (3,H,W) float32."""
    random = np.random.default_rng(seed)
    clouds = np.stack([gaussian_filter(random.standard_normal((height, width)), 4, mode="wrap") for _ in range(3)])
    image = 0.4 * clouds / clouds.std() + 0.3 * random.standard_normal((3, height, width))
    box = (bound[:, None, None] for bound in (BOX_LOW, BOX_HIGH))
    return np.clip(image, *box).astype(np.float32)


def find_strict(meter, height, width):
    """Returns the first seed whose image is strict and suits all goldens, with the image, its scores, its slack and the
    error of its gradients in float32. An image suits the goldens if its scores are below 32, as float32 stores such
    scores within 1e-6; if no class has nearly all of the probability; if the score of STEP_TARGET is above 1; if another
    score is 0; and if the gradients are well conditioned (a cross-entropy whose classes nearly cancel magnifies the
    rounding of the scores, even without ties)."""
    for seed in range(10_000):
        image = smooth_noise(seed, height, width)
        scores = meter.exact.scores(image)
        undecided = scores.max() < 32 and 0.2 < softmax(scores).max() < 0.8
        if not (undecided and scores[STEP_TARGET] > 1 and (scores == 0).any()):
            continue
        slack = meter.slack(image)
        if slack < LEAST_SLACK:
            continue
        rounded = max(rounded_error(meter, image, int(scores.argmax()), kind) for kind in ("score", "cross-entropy"))
        if rounded <= LARGEST_ROUNDED:
            return seed, image, scores, slack, rounded
    sys.exit(f"error: no strict {height}x{width} image found")


def rounded_error(meter, image, target, objective):
    """Returns the relative L2 error of PyTorch's own float32 gradient."""
    exact = meter.exact.gradient(image, target, objective)
    return np.linalg.norm(meter.rounded[0].gradient(image, target, objective) - exact) / np.linalg.norm(exact)


def make_strict(meter):
    index = []
    for height, width in STRICT_SIZES:
        seed, image, scores, slack, rounded = find_strict(meter, height, width)
        best, name = int(scores.argmax()), f"strict-{height}x{width}"
        save(f"{name}-input", image)
        save(f"{name}-scores", scores)
        for target in (best, STEP_TARGET):
            save(f"{name}-score-gradient-class{target}", meter.exact.gradient(image, target))
        save(f"{name}-cross-entropy-gradient-class{best}", meter.exact.gradient(image, best, "cross-entropy"))
        entry = {"height": height, "width": width, "best": best, "other": STEP_TARGET}
        if (height, width) in DEAD_SIZES:
            dead = int(np.flatnonzero(scores == 0)[0])
            entry["dead"] = dead
            save(f"{name}-pre-relu-gradient-class{dead}", meter.exact.gradient(image, dead, "pre-relu"))
        index.append(entry)
        print(f"{name}: seed {seed}, slack {slack:.2f}, float32 gradients within {rounded:.1e}, {entry}")
    save_json("strict", index)


def make_steps(net):
    init = np.load(FOLDER / "strict-64x64-input.npy")
    for name, recipe in RECIPES.items():
        save(f"one-step-{name}-blurred", ascend(net, init, STEP_TARGET, recipe, 1, blur_every=1))
        save(f"one-step-{name}-unblurred", ascend(net, init, STEP_TARGET, recipe, 1, blur_every=0))
    for seed in THREE_STEP_SEEDS:
        init = np.random.default_rng(seed).standard_normal((3, 32, 32)).astype(np.float32)
        save(f"three-steps-init{seed}", init)
        for name, recipe in RECIPES.items():
            save(f"three-steps-{name}-from{seed}", ascend(net, init, STEP_TARGET, recipe, 3))


def make_median(net):
    index = []
    for seed, (height, width) in enumerate(MEDIAN_SIZES):
        image = normalise(noise_image(seed, height, width))
        scores = net.scores(image)
        top = np.argsort(-scores, kind="stable")[:5]
        gradient = net.gradient(image, int(top[0]))
        save(f"median-{seed}-gradient", gradient.flat[positions(seed, MEDIAN_POSITIONS, gradient.size)])
        index.append(
            {
                "seed": seed,
                "height": height,
                "width": width,
                "class": int(top[0]),
                "norm": float(np.linalg.norm(gradient)),
                "top": [{"class": int(c), "score": float(scores[c])} for c in top],
            }
        )
    save_json("median", index)


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} WEIGHTS")
    for family in ("strict", "one-step", "three-steps", "median"):
        for old in FOLDER.glob(f"{family}-*.npy"):
            old.unlink()
    meter = StrictnessMeter(load_weights(sys.argv[1]))
    make_strict(meter)
    make_steps(meter.exact)
    make_median(meter.exact)


if __name__ == "__main__":
    main()
