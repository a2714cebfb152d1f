#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the results of two builds: scores, input gradients, saliency maps and short ascents.

    Scripts/compare_results.py FOLDER OTHER

Both folders hold scores.jsonl (classify --top 1000 --json), and .npy files of gradients (*-saliency.npy) and of images
after a few iterations (ascent-*.npy). The bounds allow two machines to round differently, so that a ReLU may flip on
some inputs. A wrong gradient exceeds them.
"""

import array
import ast
import json
import math
import pathlib
import statistics
import struct
import sys

# Twice the distance that each build's scores may have from the exact scores.
SCORE_BOUND = 2e-4
# Relative L2 distances.
MEDIAN_BOUND = {"gradient": 1e-5, "map": 1e-5, "ascent": 1e-4}
EACH_BOUND = 5e-2


def scores(folder):
    result = {}
    for line in (folder / "scores.jsonl").read_text().splitlines():
        record = json.loads(line)
        result[record["image"]] = {p["class"]: p["score"] for p in record["predictions"]}
    return result


def floats(path):
    """Returns the values of a .npy file of little-endian floats."""
    data = path.read_bytes()
    length = struct.unpack("<H", data[8:10])[0]
    header = ast.literal_eval(data[10 : 10 + length].decode())
    assert data[:6] == b"\x93NUMPY" and header["descr"] == "<f4", path
    values = array.array("f", data[10 + length :])
    if sys.byteorder == "big":
        values.byteswap()
    return values


def saliency(gradient):
    """Returns the greatest absolute value over the three channels of each pixel."""
    plane = len(gradient) // 3
    return [max(abs(gradient[c * plane + i]) for c in range(3)) for i in range(plane)]


def distance(a, b):
    """Returns ‖a − b‖ / ‖b‖; infinite if the arrays can't be compared."""
    norm = math.fsum(y * y for y in b)
    if len(a) != len(b) or not 0 < norm < math.inf:
        return math.inf
    return math.sqrt(math.fsum((x - y) ** 2 for x, y in zip(a, b)) / norm)


def main(folder, other):
    failed = False

    def expect(holds, line):
        nonlocal failed
        failed |= not holds
        print(("ok      " if holds else "FAILED  ") + line)

    here, there = scores(folder), scores(other)
    same = bool(here) and all(here[image].keys() == there.get(image, {}).keys() for image in here)
    expect(same, f"{len(here)} photographs in both folders, with the same classes")
    if not same:
        return 1
    distances = [abs(here[image][k] - there[image][k]) for image in here for k in here[image]]
    worst = max(distances)
    expect(all(d <= SCORE_BOUND for d in distances), f"scores: worst distance {worst:.1e}, bound {SCORE_BOUND:.0e}")
    first = sum(max(here[image], key=here[image].get) == max(there[image], key=there[image].get) for image in here)
    expect(first == len(here), f"top classes: {first} of {len(here)} are the same")

    names = sorted(path.name for path in folder.glob("*.npy"))
    same = names == sorted(path.name for path in other.glob("*.npy"))
    expect(same, f"{len(names)} arrays in both folders")
    if not same:
        return 1
    pairs = {name: (floats(folder / name), floats(other / name)) for name in names}
    gradients = [pair for name, pair in pairs.items() if name.endswith("-saliency.npy")]
    kinds = {"gradient": gradients, "map": [(saliency(a), saliency(b)) for a, b in gradients],
             "ascent": [pair for name, pair in pairs.items() if name.startswith("ascent-")]}
    for kind, arrays in kinds.items():
        distances = [distance(*pair) for pair in arrays]
        median, worst = statistics.median(distances), max(distances)
        expect(all(d <= EACH_BOUND for d in distances) and median <= MEDIAN_BOUND[kind],
               f"{len(arrays)} {kind}s: median relative distance {median:.1e}, bound {MEDIAN_BOUND[kind]:.0e}; "
               f"worst {worst:.1e}, bound {EACH_BOUND:.0e}")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: compare_results.py FOLDER OTHER")
    sys.exit(main(*map(pathlib.Path, sys.argv[1:])))
