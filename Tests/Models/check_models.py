# SPDX-License-Identifier: MIT
"""Compares scores and input gradients of the built program with PyTorch in float64, for torchvision's networks in every
format.

    check_models.py --binary .build/release/pixelascent [--models …] [--formats …] [--results FILE.json]

The networks are those of make_models.py. Their files are made one after the other in the folder .models and removed
after their check, unless --keep is given. The images are PNG files of the network's input size, so that resizing adds
no difference. Bounds:

- scores: |s − s₆₄| / max(1, |s₆₄|) ≤ 1e-4 for every class of every image;
- gradients of one class's score: ‖g − g₆₄‖ / ‖g₆₄‖ ≤ 1e-4 in the median of the images, ≤ 5e-2 for each.

In float32 a ReLU or a max pool near a tie may decide differently than in float64. One such decision changes a gradient by
1e-3 or so. This happens in PyTorch's own float32, too, so PyTorch's errors are printed beside the program's. Of 48 random
images the check takes the five with the fewest decisions that rounding is likely to flip.
"""

import copy
import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

import make_models
from make_models import MODELS, SMALL_MODELS, SUFFIXES
from program import Failure, Program, check_options, check_parser, relative_distance, script, some_of

SCORE_BOUND, MEDIAN_BOUND, EACH_BOUND = 1e-4, 1e-4, 5e-2
CANDIDATES, RANKS = 48, (0, 1, 3, 10, 30)
# The sizes of the errors that decisions are tried with, in standard deviations of PyTorch's float32 error in a channel. With
# batch norms folded, the error is up to three times as large. The second size decides between images that have the same
# number of flipped decisions with the first.
REACHES = (4, 12)


class Decisions(TorchFunctionMode):
    """Records the input of every ReLU and max pool of a pass, with the function that makes its decisions."""

    KINKS = {F.relu: (0,), F.relu6: (0, 6), F.hardtanh: (0, 6), F.hardswish: (-3, 3), F.hardsigmoid: (-3, 3)}
    POOLS = (F.max_pool2d, F._max_pool2d)

    def __init__(self):
        super().__init__()
        self.inputs = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function in self.KINKS:
            self.inputs.append((self._sides(self.KINKS[function]), args[0].double().clone()))
        elif function in self.POOLS:
            self.inputs.append((self._winners(args[1:], kwargs), args[0].double().clone()))
        return function(*args, **kwargs)

    @staticmethod
    def _sides(kinks):
        return lambda x, _: torch.stack([x > kink for kink in kinks])

    @staticmethod
    def _winners(args, kwargs):
        def winners(x, value):
            # Values are compared, not indices: after a pool with overlapping windows, neighbours may be copies of one value.
            _, indices = F.max_pool2d_with_indices(x, *args, **kwargs)
            return value.flatten(2).gather(2, indices.flatten(2))

        return winners


@dataclasses.dataclass
class Case:
    """An image, and PyTorch's results for it."""

    file: Path
    target: int
    scores: np.ndarray
    gradient: np.ndarray
    float32_scores: np.ndarray
    float32_gradient: np.ndarray


def deviation(error, value):
    """Returns the standard deviation of an error in the element's channel, for each element of the value. An element that a
    ReLU made zero gets 0, because it is zero in float32, too."""
    axes = (0, *range(2, value.dim()))
    count = (value != 0).sum(axes, keepdim=True).clamp_min(1)
    return ((error**2).sum(axes, keepdim=True) / count).sqrt() * (value != 0)


def near_ties(net, exact, x):
    """Counts the decisions of a pass that flip in float32, and those that flip with a random error of the same standard
    deviation times each of REACHES."""
    traces = []
    for network, dtype in ((net, torch.float32), (exact, torch.float64)):
        with torch.no_grad(), Decisions() as decisions:
            network(x.to(dtype))
        traces.append(decisions.inputs)
    random = torch.Generator().manual_seed(0)
    counts = [0] * (1 + len(REACHES))
    for (_, rounded), (decide, value) in zip(*traces, strict=True):
        error = deviation(rounded - value, value) * torch.randn(value.shape, generator=random, dtype=value.dtype)
        for index, wrong in enumerate([rounded, *(value + reach * error for reach in REACHES)]):
            counts[index] += int((decide(value, value) != decide(wrong, value)).sum())
    return counts


def score_and_gradient(net, x, target=None, rank=0):
    """Returns the scores and the gradient of the target's score as NumPy arrays, and the target. If `target` is None, it
    is the class whose score has this rank."""
    x = x.clone().requires_grad_(True)
    scores = net(x)[0]
    if target is None:
        target = int(scores.argsort(descending=True)[rank])
    (gradient,) = torch.autograd.grad(scores[target], x)
    return scores.detach().double().numpy(), gradient[0].double().numpy(), target


def reference(
    name, net, folder, side, prepare=make_models.normalise, candidates=CANDIDATES, ranks=RANKS, exact=None
):
    """Returns a case for each of `ranks`: the images with the fewest near ties, with the class of that rank as target.
    `side` is that of the images, and `prepare` makes the network's input of an image's pixels. `exact` is the network in
    float64; None if it can be made from `net`."""
    exact = exact or copy.deepcopy(net).double()
    images = [make_models.image(side, seed) for seed in range(candidates)]
    inputs = [torch.from_numpy(prepare(image))[None] for image in images]
    order = sorted(range(candidates), key=[near_ties(net, exact, x) for x in inputs].__getitem__)
    cases = []
    for rank, index in zip(ranks, order):
        file = folder / f"{name}-{index}.png"
        Image.fromarray(images[index]).save(file)
        scores, gradient, target = score_and_gradient(exact, inputs[index], rank=rank)
        scores32, gradient32, _ = score_and_gradient(net, inputs[index].float(), target)
        cases.append(Case(file, target, scores, gradient, scores32, gradient32))
    return cases


def score_error(found, expected):
    error = (np.abs(found - expected) / np.maximum(1, np.abs(expected))).max()
    return float(error) if np.isfinite(error) else np.inf


def gradient_errors(gradients, cases):
    errors = [relative_distance(gradient, case.gradient) for gradient, case in zip(gradients, cases, strict=True)]
    return {"gradient_median": float(np.median(errors)), "gradient_worst": float(max(errors))}


def check(name, format, path, cases, options, side, arguments=()):
    """Returns the record of one file, and the scores that the program computes with it (None if the program fails).
    `side` is the network's input size; None for the one in the file. `arguments` are more of the program's."""
    record = {"model": name, "format": format, "ok": False, "images": len(cases)}
    files = path.iterdir() if path.is_dir() else make_models.files(path)
    record["file_mebibytes"] = sum(file.stat().st_size for file in files) / 2**20
    record["float32"] = {"score": max(score_error(case.float32_scores, case.scores) for case in cases)}
    record["float32"] |= gradient_errors([case.float32_gradient for case in cases], cases)
    program = Program(options.binary, path, side, arguments)
    try:
        scores = program.scores([case.file for case in cases], len(cases[0].scores))
        found = [program.gradient(case.file, case.target, options.folder) for case in cases]
    except Failure as failure:
        return record | {"error": str(failure), "line": failure.line}, None
    record["score"] = max(score_error(row, case.scores) for row, case in zip(scores, cases))
    record |= gradient_errors([gradient for gradient, _ in found], cases)
    record["peak_mebibytes"] = max(mebibytes for _, mebibytes in found)
    record["ok"] = (
        record["score"] <= SCORE_BOUND
        and record["gradient_median"] <= MEDIAN_BOUND
        and record["gradient_worst"] <= EACH_BOUND
    )
    return record, scores


def row(record):
    words = f"{'ok' if record['ok'] else 'FAILED':7} {record['model']:19} {record['format']:12}"
    if "error" in record:
        return f"{words} {record['error']}"
    theirs = record["float32"]
    return (
        f"{words} {record['score']:.1e} ({theirs['score']:.1e})"
        f"  {record['gradient_median']:.1e} ({theirs['gradient_median']:.1e})"
        f"  {record['gradient_worst']:.1e} ({theirs['gradient_worst']:.1e})"
        f"  {record['peak_mebibytes']:5.0f} {record['file_mebibytes']:5.0f}"
    )


def check_model(name, options):
    """Checks every format of a network, and prints a row for each; returns the records."""
    net = make_models.make(name)
    cases = reference(name, net, options.folder, make_models.side(name))
    records, all_scores = [], []
    for format in options.formats:
        path = make_models.write(net, format, name, options.folder)
        record, scores = check(name, format, path, cases, options, make_models.side(name))
        if not options.keep:
            for file in make_models.files(path):
                file.unlink()
        records.append(record)
        print(row(record), flush=True)
        if scores is not None:
            all_scores.append(scores)
    if len(all_scores) > 1:
        spread = float(np.ptp(np.stack(all_scores), axis=0).max())
        print(f"{'':7} {name:19} largest difference of a score between formats: {spread:.1e}", flush=True)
        records[0]["spread"] = spread
    if not options.keep:
        for case in cases:
            case.file.unlink()
    return records


def arguments():
    parser = check_parser(__doc__, MODELS)
    parser.add_argument("--formats", type=some_of(list(SUFFIXES)), default=list(SUFFIXES), help="default: all")
    parser.add_argument("--small", action="store_true", help="only five small networks, as pth and onnx")
    parser.add_argument("--keep", action="store_true", help="don't remove the files")
    parser.add_argument("--results", type=Path, help="write the figures to this file, as JSON")
    parser.add_argument("--threads", type=int, help="PyTorch's threads (default: as many as PyTorch chooses)")
    options = check_options(parser)
    if options.small:
        options.models, options.formats = SMALL_MODELS, ["pth", "onnx"]
    return options


def main():
    options = arguments()
    if options.threads:
        torch.set_num_threads(options.threads)
    versions = f"PyTorch {torch.__version__}, torchvision {make_models.torchvision.__version__}"
    print(f"{versions}; in brackets PyTorch's own float32")
    print(f"{'':7} {'':19} {'':12} score error        gradient: median   worst              MiB: peak, file")
    records = []
    for name in options.models:
        records += check_model(name, options)
        if options.results:
            merge(options.results, records)
    failed = sum(not record["ok"] for record in records)
    print(f"{len(records) - failed} of {len(records)} files: {'FAILED' if failed else 'ok'}")
    return 1 if failed else 0


def merge(path, records):
    """Writes records to a file of results, in place of the records of the same networks and formats."""
    kept = json.loads(path.read_text()) if path.exists() else []
    new = {(record["model"], record["format"]) for record in records}
    kept = [record for record in kept if (record["model"], record["format"]) not in new]
    scratch = path.with_name(path.name + ".new")
    order = sorted(kept + records, key=lambda r: (MODELS.index(r["model"]), list(SUFFIXES).index(r["format"])))
    scratch.write_text(json.dumps(order, indent=1) + "\n")
    os.replace(scratch, path)


if __name__ == "__main__":
    script(main)
