# SPDX-License-Identifier: MIT
"""Writes docs/techniques.md: write_table.py ROWS FILE TIMES

ROWS has a JSON object per line, with the keys technique, peer and error. TIMES is a row of the table of times.
"""

import json
import re
import sys
from pathlib import Path

TEXT = """# Techniques and their peers

`make check-techniques` wrote this page. It makes the peers' numbers again (Lucent 0.1.8, PyTorch, Keras), runs the tests that compare PixelAscent with them,
and notes the largest difference: of a value for images, transforms and optimizers, and relative to the length of the whole for gradients and recipes.

| part of an ascent | peer | difference |
|---|---|---|
{rows}

Lucid's loop on random transforms can't be compared picture by picture: the two draw other random numbers, and an ascent is chaotic. So the recipe is compared
without its transforms, from a given image.

| time | peer | PixelAscent | peer | ratio |
|---|---|---|---|---|
{times}
"""


def natural(row):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", row["technique"])]


def main():
    if len(sys.argv) != 4:
        sys.exit(f"usage: {sys.argv[0]} ROWS FILE TIMES")
    rows = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]
    lines = [f"| {r['technique']} | {r['peer']} | {r['error']:.1e} |" for r in sorted(rows, key=natural)]
    Path(sys.argv[2]).write_text(TEXT.format(rows="\n".join(lines), times=sys.argv[3]))


if __name__ == "__main__":
    main()
