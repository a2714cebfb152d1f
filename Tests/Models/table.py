# SPDX-License-Identifier: MIT
"""Writes the results of check_models.py and Bench/compare/networks.py as the table of a page:
table.py PAGE RESULTS [SPEED]

The table stands between the lines <!-- models --> and <!-- /models -->.
"""

import json
import sys
from pathlib import Path

FORMATS = {
    "pth": "`.pth`",
    "legacy": "`.pth` before 1.6",
    "safetensors": "safetensors",
    "onnx": "ONNX",
    "dynamo": "ONNX (new exporter)",
}
HEAD = [
    "architecture",
    "formats checked",
    "score error",
    "gradient error, median",
    "gradient error, worst",
    "peak memory, MiB",
    "file, MiB",
    "ms per iteration",
    "PyTorch's ms",
    "ratio",
]


def line(cells):
    return "| " + " | ".join(cells) + " |\n"


def timing(records):
    """Returns three cells: PixelAscent's milliseconds, PyTorch's, and their ratio."""
    formats = {"milliseconds": "{:.1f}", "pytorch_milliseconds": "{:.1f}", "ratio": "{:.1f}×"}
    return [", ".join(format.format(record[key]) for record in records) for key, format in formats.items()]


def row(model, records, speeds):
    passed = [record for record in records if record["ok"]]
    if not passed:
        return line([model, "none", *[""] * (len(HEAD) - 2)])
    formats = "all" if len(passed) == len(FORMATS) else ", ".join(FORMATS[record["format"]] for record in passed)

    def worst(key):
        return max(record[key] for record in passed)

    memory = [f"{worst('peak_mebibytes'):.0f}", f"{min(record['file_mebibytes'] for record in passed):.0f}"]
    errors = [f"{worst(key):.0e}" for key in ("score", "gradient_median", "gradient_worst")]
    return line([model, formats, *errors, *memory, *timing(speeds)])


def write(page, name, table):
    """Writes a table between the lines <!-- NAME --> and <!-- /NAME --> of a page."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    text = Path(page).read_text()
    if begin not in text or end not in text:
        sys.exit(f"error: {page}: expected the lines {begin.strip()} and {end.strip()}")
    before, rest = text.split(begin, 1)
    Path(page).write_text(before + begin + table + end + rest.split(end, 1)[1])


def main(page, results, speed=None):
    records = json.loads(Path(results).read_text())
    speeds = json.loads(Path(speed).read_text()) if speed else []
    table = line(HEAD) + line(["---"] * len(HEAD))
    for model in dict.fromkeys(record["model"] for record in records):
        own = [record for record in records if record["model"] == model]
        table += row(model, own, [record for record in speeds if record["model"] == model])
    write(page, "models", table)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: table.py PAGE RESULTS [SPEED]")
    try:
        main(*sys.argv[1:])
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
