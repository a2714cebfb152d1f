# SPDX-License-Identifier: MIT
"""Compares the mean and the standard deviation that the built program assumes for a state dict, which carries none, with what
timm and torchvision say about their weights.

    check_normalization.py --binary .build/release/pixelascent [--models …] [--all]

- The architectures are those in docs/models.md that timm or torchvision has. Each is a safetensors file without numbers, one
  hole in the disk.
- Expected are the mean and the deviation of the weights that `timm.create_model` takes if nobody chooses, or of torchvision's.
  If timm's other weights of the architecture need another mean, the program must note each of them.
- `--all` prints the mean, deviation, size, crop and filter of all of timm's weights of each architecture.
"""

import json
import re
import subprocess
from pathlib import Path

import timm
import torch
import torchvision
from timm.models import _registry

from program import check_options, check_parser, script

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models.md"
LARGEST = 4 << 30  # bytes
# torchvision's weights of these networks, and timm's, need the architecture that the note names.
CHOSEN = {"googlenet": "googlenet:transform_input", "inception_v3": "inception_v3:transform_input"}


def architectures():
    """Returns the names in docs/models.md that timm or torchvision has."""
    names = re.findall(r"`([^`]+)`", PAGE.read_text().split("<!-- architectures -->")[1].split("<!-- /architectures -->")[0])
    known = {*timm.list_models(), *torchvision.models.list_models(torchvision.models)}
    return [name for name in names if name in known]


def timm_weights(name):
    """Returns the settings of all of timm's weights of an architecture; those that it takes by default come first."""
    tags = _registry._model_with_tags.get(name, [name]) if timm.is_model(name) else []
    return [settings for tag in tags if (settings := timm.get_pretrained_cfg(tag))]


def torchvision_weights(name):
    """Returns the mean and deviation of torchvision's weights of an architecture; None if it has no weights."""
    if name not in torchvision.models.list_models(torchvision.models):
        return None
    weights = list(torchvision.models.get_model_weights(name))
    return None if not weights else (tuple(weights[0].transforms().mean), tuple(weights[0].transforms().std))


def write(net, path):
    """Writes a safetensors file with a network's names and shapes, and zeros."""
    header, offset = {}, 0
    for key, value in net.state_dict().items():
        end = offset + 4 * value.numel()
        header[key] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + offset)


def inspect(options, path, name):
    """Returns the mean and deviation that the program takes, and its notes."""
    words = [options.binary, "inspect", path, "--architecture", CHOSEN.get(name, name), "--json"]
    result = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if result.returncode:
        return None, result.stderr.strip()
    record = json.loads(result.stdout)
    found = record["preprocessing"]
    return (tuple(found["mean"]), tuple(found["std"])), " ".join(record["notes"])


def same(found, expected):
    return all(abs(a - b) < 1e-6 for left, right in zip(found, expected) for a, b in zip(left, right, strict=True))


def text(numbers):
    return ",".join(f"{number:g}" for number in numbers)


def check(options, name, package, net, expected, others=()):
    """Returns a complaint about what the program takes for a network; None if all is right."""
    if sum(value.numel() for value in net.state_dict().values()) * 4 > LARGEST:
        return None
    path = options.folder / "normalization.safetensors"
    write(net, path)
    found, notes = inspect(options, path, name)
    path.unlink()
    if found is None:
        return f"{package}: {notes}"
    if not same(found, expected):
        return f"{package}: expected mean {text(expected[0])}, std {text(expected[1])}, found {text(found[0])}, {text(found[1])}"
    for mean, _ in others:
        # The program prints whole numbers as 0.0, and all digits of the others.
        if name not in CHOSEN and not re.search(r"--mean " + ",".join(f"{number:.4g}"[:5] + r"\d*(?:\.0)?" for number in mean), notes):
            return f"{package}: expected a note on weights with mean {text(mean)}, found {notes!r}"
    return None


def main():
    parser = check_parser(__doc__, architectures())
    parser.add_argument("--all", action="store_true", help="print the settings of all weights")
    options = check_options(parser)
    print(f"timm {timm.__version__}, torchvision {torchvision.__version__}")
    failed = 0
    for name in options.models:
        settings, complaints = timm_weights(name), []
        kinds = [(one.mean, one.std) for one in settings]
        if options.all:
            sets = {(*kind, one.input_size, one.crop_pct, one.interpolation) for kind, one in zip(kinds, settings)}
            for mean, std, size, crop, interpolation in sorted(sets, key=str):
                print(f"{name}: mean {text(mean)}, std {text(std)}, {size}, crop {crop}, {interpolation}")
        with torch.device("meta"):
            if settings:
                others = set(kinds) - {kinds[0]}
                complaints.append(check(options, name, "timm", timm.create_model(name), kinds[0], others))
            expected = torchvision_weights(name)
            if expected:
                if name in CHOSEN:  # torchvision turns the numbers of its transforms into these
                    expected = (0.5,) * 3, (0.5,) * 3
                options_of_net = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
                net = torchvision.models.get_model(name, weights=None, **options_of_net)
                complaints.append(check(options, name, "torchvision", net, expected))
        complaints = [complaint for complaint in complaints if complaint]
        for complaint in complaints:
            print(f"{name}: {complaint}", flush=True)
        failed += bool(complaints)
    print(f"{len(options.models) - failed} of {len(options.models)} architectures: {'FAILED' if failed else 'ok'}")
    return 1 if failed else 0


if __name__ == "__main__":
    script(main)
