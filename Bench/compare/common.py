# SPDX-License-Identifier: MIT
"""Functions that the comparisons share: they run programs, read versions and summarise rounds."""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

SIDE = 224
OURS = "pixelascent"
PACKAGES = ["OpenVINO", "ncnn", "MNN", "NumPy", "SciPy", "Pillow", "onnx"]


def fail(message):
    sys.exit(f"error: {message}")


def script(main):
    """Runs a script's main function. Prints one line for an error of a file or folder, and none for Ctrl-C."""
    try:
        sys.exit(main())
    except OSError as error:
        fail(error)
    except KeyboardInterrupt:
        sys.exit(130)


def some_of(known):
    """Returns the type of an option that takes some of the known names, separated by commas."""

    def parse(text):
        names = text.split(",")
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"expected one of {', '.join(known)}, found {name!r}")
        return [name for name in known if name in names]

    return parse


def run(name, command):
    """Runs a program that prints one JSON object per line, and returns the objects. Fails if the program does."""
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode:
        why = result.stderr.strip().splitlines() or [f"exit code {result.returncode}"]
        fail(f"{name}: {why[-1].removeprefix('error: ')}")
    try:
        return [json.loads(line) for line in result.stdout.splitlines()]
    except ValueError:
        fail(f"{name}: expected one JSON object per line, found {result.stdout[:80]!r}")


def require_files(paths):
    for path in paths:
        if not Path(path).is_file():
            fail(f"{path}: no such file")


def versions(options):
    """Returns two lines: the machine, and the programs with their versions."""
    import torch

    (info,) = run(OURS, [options.binary, "info", "--json", "--model", options.model])
    programs = [
        f"pixelascent {info['version']} ({info['simd']})",
        f"Python {platform.python_version()}",
        f"PyTorch {torch.__version__}",
        f"ONNX Runtime {version('onnxruntime')}",
        *(f"{package} {version(package)}" for package in PACKAGES),
    ]
    machine = [processor(), f"{platform.system()} {platform.machine()}", f"threads: {options.threads}"]
    return f"{', '.join(machine)}, load average: {os.getloadavg()[0]:.2f}\n{', '.join(programs)}"


def processor():
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("model name", "Model")):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def available_threads():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def summary(values, unit, digits):
    median, least, most = (f"{f(values):.{digits}f}" for f in (statistics.median, min, max))
    return f"median {median}{unit}  ({least} to {most})"


def ratios(rounds, name):
    """Returns a program's figure divided by pixelascent's, for each round."""
    return [values[name] / values[OURS] for values in rounds]


def report(rounds, unit, digits):
    """Prints each program's summary and the other programs' ratios to pixelascent.

    rounds: a dict per round, with one value per program."""
    names = list(rounds[0])
    for name in names:
        print(f"  {name:14} {summary([values[name] for values in rounds], unit, digits)}")
    for name in names:
        if name != OURS:
            print(f"  {name} / {OURS}: {summary(ratios(rounds, name), 'x', 2)}")
