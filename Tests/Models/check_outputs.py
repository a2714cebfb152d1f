# SPDX-License-Identifier: MIT
"""Compares probabilities, gradients and fooling images with PyTorch in float64, for networks with one output and with
sigmoid outputs: state dicts with a retrained head, and ONNX files of both exporters.

    check_outputs.py --binary .build/release/pixelascent

The weights are random. Bounds: scores and probabilities 1e-4; gradients 1e-4 in the median of all, 5e-2 each, because in
float32 a ReLU near a tie may decide differently than in float64. With five sigmoids one does, in PyTorch's own float32 too.
"""

import argparse
import copy
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
import torchvision
from PIL import Image
from torch import nn

from program import Failure, Program, relative_distance, script

SIDE, BOUND, EACH_BOUND = 64, 1e-4, 5e-2
MEAN, STD = (np.array(v).reshape(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))


def networks():
    """Yields a name, a network that returns logits, and its last layer (None for bare logits)."""
    for name, outputs, end in (
        ("one logit", 1, None),
        ("one sigmoid", 1, nn.Sigmoid()),
        ("five sigmoids", 5, nn.Sigmoid()),
        ("two of a softmax", 2, nn.Softmax(1)),
    ):
        torch.manual_seed(3)
        yield name, torchvision.models.resnet18(num_classes=outputs).eval(), end


def files(net, end, folder):
    """Yields the files in which the network is saved: a state dict only if the network ends in logits."""
    if end is None:
        path = folder / "net.pth"
        torch.save(net.state_dict(), path)
        yield "state dict", path
    whole, x = (net if end is None else nn.Sequential(net, end)), torch.zeros(1, 3, SIDE, SIDE)
    for dynamo in (False, True):
        path = folder / f"net-{dynamo}.onnx"
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            options = {"verbose": False} if dynamo else {}
            torch.onnx.export(whole.eval(), (x,), str(path), dynamo=dynamo, **options)
        yield f"ONNX, {'new' if dynamo else 'old'} exporter", path


def logits(exact, image):
    """Returns PyTorch's logits of an image file, and the input, which needs a gradient."""
    pixels = np.asarray(Image.open(image).convert("RGB")).transpose(2, 0, 1)[None] / 255
    x = torch.tensor((pixels - MEAN) / STD).requires_grad_()
    return exact(x)[0], x


def check(exact, end, program, image, folder, distances):
    """Yields whether each fact holds, and a line about it. Appends the errors of gradients to `distances`."""
    found, x = logits(exact, image)
    one = len(found) == 1
    scores = torch.stack((-found[0], found[0])) if one else found
    expected = (scores.softmax(0) if isinstance(end, nn.Softmax) else scores.sigmoid()).detach().numpy()
    (answer,), _ = program.run("classify", image, "--top", len(scores))
    by_class = {p["class"]: p for p in answer["predictions"]}
    error = max(abs(by_class[c]["score"] - float(s)) / max(1, abs(float(s))) for c, s in enumerate(scores.detach()))
    yield error <= BOUND, f"scores: {error:.1e}"
    error = max(abs(by_class[c]["probability"] - p) for c, p in enumerate(expected))
    yield error <= BOUND, f"probabilities: {error:.1e}"
    for target in range(len(scores)):
        (gradient,) = torch.autograd.grad(scores[target], x, retain_graph=True)
        distance = relative_distance(program.gradient(image, target, folder)[0], gradient[0].numpy())
        distances.append(distance)
        yield distance <= EACH_BOUND, f"gradient of class {target}: {distance:.1e}"
    target = int(np.argmin(expected))
    output = folder / "fooled.png"
    (answer,), _ = program.run("fool", image, "--target", target, "-o", output)
    changed = logits(exact, output)[0].detach()
    changed = torch.stack((-changed[0], changed[0])) if one else changed
    is_changed = int(changed.argmax()) == target if isinstance(end, nn.Softmax) else bool(changed[target] > 0)
    before = by_class[target]["probability"]
    yield (
        answer["survives_8bit"] and is_changed,
        f"fool: class {target} from {before:.4f} to {answer['target']['probability']:.4f}; PyTorch {float(changed[target]):.4f}",
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=".build/release/pixelascent", help="default: %(default)s")
    options = parser.parse_args()
    failed, distances = False, []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        image = folder / "image.png"
        smooth = np.random.default_rng(7).random((8, 8, 3)) * 255
        Image.fromarray(smooth.astype(np.uint8)).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(image)
        for name, net, end in networks():
            exact = copy.deepcopy(net).double()
            for form, path in files(net, end, folder):
                program = Program(options.binary.resolve(), path, SIDE)
                try:
                    for passed, line in check(exact, end, program, image, folder, distances):
                        failed |= not passed
                        print(f"{'ok' if passed else 'FAILED':7} {name}, {form}: {line}", flush=True)
                except Failure as failure:
                    failed = True
                    print(f"FAILED  {name}, {form}: {failure}", flush=True)
    median = np.median(distances) if distances else np.inf
    print(f"{'ok' if median <= BOUND else 'FAILED':7} gradients: {median:.1e} in the median of {len(distances)}")
    return 1 if failed or median > BOUND else 0


if __name__ == "__main__":
    script(main)
