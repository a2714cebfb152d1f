#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the inner loops of the NEON convolutions in the disassembly of their table of kernels.

Prints each loop's instructions, multiplications, and the cycles that llvm-mca predicts. Fails if a loop spills, calls a
function or copies a vector, or if a loop of the network's tiles is predicted to stay too far below the FMA bound.

    Bench/neon/loops.py .build-neon/release/table_1.o
"""

import argparse
import re
import subprocess
import sys
from collections import namedtuple

# The CPU's name, its model in llvm-mca, the FMAs of four lanes that it can begin per cycle, the least percentage of
# this bound that a loop must reach, a board with this CPU, and the board's clock.
Core = namedtuple("Core", "name model fmas least board gigahertz")
CORES = [
    Core("Cortex-A72", "cortex-a72", 1, 70, "Raspberry Pi 4", 1.8),
    # LLVM 19 uses Cortex-A57's model for an A76. Neoverse N1 is the same core with other caches.
    Core("Cortex-A76 / Neoverse N1", "neoverse-n1", 2, 80, "Raspberry Pi 5", 2.4),
]

LANES = 4
ITERATIONS = 500

Instruction = namedtuple("Instruction", "address text target")
Loop = namedtuple("Loop", "function instructions fmas cycles")


class Refusal(Exception):
    pass


def run(*command, **options):
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout
    except FileNotFoundError:
        raise Refusal(f"{command[0]} is not installed (Debian's package llvm-19)") from None
    except subprocess.CalledProcessError as error:
        raise Refusal(f"{command[0]} failed: {error.stderr.strip()}") from None


def disassemble(path):
    """Returns a dict from each function's name to its instructions."""
    functions = {}
    body = None
    for line in run("llvm-objdump-19", "-d", "--no-show-raw-insn", path).splitlines():
        if begin := re.fullmatch(r"[0-9a-f]+ <(\w+)>:", line):
            body = functions.setdefault(begin[1], [])
        elif code := re.fullmatch(r"\s*([0-9a-f]+):\s+(.*?)\s*(?://.*)?", line):
            text = re.sub(r"\s*<[^<>]*>$", "", code[2])
            branch = re.match(r"(?:b|b\.\w+|cbn?z|tbn?z)\s(?:.*\s)?0x([0-9a-f]+)$", text)
            body.append(Instruction(int(code[1], 16), text, int(branch[1], 16) if branch else None))
    return functions


def inner_loops(body):
    """Yields the instructions of each loop that contains no other loop. A branch backwards ends a loop."""
    spans = [(i.target, i.address) for i in body if i.target is not None and body[0].address <= i.target <= i.address]
    for begin, end in spans:
        if not any((b, e) != (begin, end) and begin <= b and e <= end for b, e in spans):
            yield [i for i in body if begin <= i.address <= end]


def cycles(loop, model):
    """Returns the cycles that llvm-mca predicts for one turn."""
    lines = [i.text if i.target is None else i.text[: i.text.rindex("0x")] + "loop" for i in loop]
    text = run("llvm-mca-19", "-mtriple=aarch64", f"-mcpu={model}", f"-iterations={ITERATIONS}",
               input="\n".join(["loop:", *lines]))
    return int(re.search(r"Total Cycles:\s+(\d+)", text)[1]) / ITERATIONS


def count_fmas(loop):
    return sum(i.text.startswith("fmla") for i in loop)


def loops_of(function, body, fmas):
    """Returns the inner loops with `fmas` multiplications: several if a function has one for each stride."""
    found = [loop for loop in inner_loops(body) if count_fmas(loop) == fmas]
    if not found:
        counts = [count_fmas(loop) for loop in inner_loops(body)]
        raise Refusal(f"{function}: expected an inner loop with {fmas} fmla per turn, found {counts}")
    return [Loop(function, [i.text for i in loop], fmas, {c.model: cycles(loop, c.model) for c in CORES})
            for loop in found]


def share(loop, core):
    """Returns the percentage of the speed that the multiplications alone would reach."""
    return 100 * loop.fmas / core.fmas / loop.cycles[core.model]


def faults(loop, is_tile_of_network):
    reads_planes = not loop.function.startswith("image")  # a loop on an image loads each float into all lanes
    for text in loop.instructions:
        operation = text.split()[0]
        if operation.startswith("st") or re.search(r"\[(sp|x29)\b", text):
            yield f"spills: {text}"
        if operation in ("bl", "blr"):
            yield f"calls: {text}"
        if operation in ("dup", "ins", "umov") or operation == "mov" and re.search(r"\bv\d+\.", text):
            yield f"copies a vector: {text}"
        if reads_planes and operation == "fmla" and not re.search(r"\.s\[\d\]$", text):
            yield f"multiplies without a lane index: {text}"
    for core in CORES:
        if is_tile_of_network and share(loop, core) < core.least:
            yield f"{core.name}: {share(loop, core):.0f} % of the FMA bound, expected {core.least} % or more"


# MARK: An iteration of class visualization

Layer = namedtuple("Layer", "kernel inputs outputs size")
FIRES = [(55, 64, 16, 64), (55, 128, 16, 64), (27, 128, 32, 128), (27, 256, 32, 128), (13, 256, 48, 192),
         (13, 384, 48, 192), (13, 384, 64, 256), (13, 512, 64, 256)]
# The fractions of dY that are not zero, as in the benchmark suite's sparse data.
NONZERO_STEM, NONZERO_3X3 = 0.15, 0.2


def layers():
    for size, inputs, squeeze, expand in FIRES:
        yield Layer(1, inputs, squeeze, size)
        yield Layer(1, squeeze, expand, size)
        yield Layer(3, squeeze, expand, size)
    yield Layer(1, 512, 16, 13)  # one block of classes


def row_cycles(loops, name, width, model):
    """Returns the cycles of one turn of each tile of a row. The row is cut into tiles as evenly as possible."""
    tiles = -(-width // 5)
    widths = [width // tiles + (i < width % tiles) for i in range(tiles)]
    return sum(loops[f"{name}_1x{w}"].cycles[model] for w in widths)


def iteration_cycles(loops, model):
    """Returns the cycles that the convolutions' inner loops take in an iteration at 224 × 224 pixels, on one core."""
    total = 111 * (64 / 16) * 27 * row_cycles(loops, "image_stride2", 111, model)
    total += 111 * 111 * 64 * NONZERO_STEM * loops["stem_input_grad"].cycles[model]
    for layer in layers():
        taps, blocks = layer.kernel**2, -(-layer.inputs // 16) * -(-layer.outputs // 16)
        dense = layer.size * taps * blocks * 4 * row_cycles(loops, "blocked_stride1", layer.size, model)
        total += dense
        if layer.kernel == 1:
            total += dense
        else:
            values = layer.size**2 * layer.outputs * NONZERO_3X3 * layer.kernel
            pairs, one = divmod(layer.inputs // 16, 2)
            turn = pairs * loops["sparse_row_all"].cycles[model] + one * loops["sparse_row_1"].cycles[model]
            total += values * turn
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("object", help="CSupport/Kernels/tables/table_1.c, compiled for aarch64 as for a release")
    functions = disassemble(parser.parse_args().object)

    # The multiplications of one turn. blocked: four channels of w pixels. image: one channel of w pixels. sparse_row_1
    # and sparse_row_all: a value times a row of the kernel, for one block and for two. stem_input_grad: a value times
    # the kernel's three rows.
    tiles = {f"blocked_{stride}_1x{w}": 4 * 4 * w for stride in ("stride1", "stride2") for w in range(1, 6)}
    tiles |= {f"image_{stride}_1x{w}": 4 * w for stride in ("stride1", "stride2") for w in range(1, 6)}
    turns = tiles | {"sparse_row_1": 12, "sparse_row_all": 24, "stem_input_grad": 12}
    if missing := [name for name in turns if name not in functions]:
        raise Refusal(f"not in the object: {', '.join(missing)}")
    found = {name: loops_of(name, functions[name], fmas) for name, fmas in turns.items()}
    # The slowest of a function's loops stands for the function.
    loops = {name: max(same, key=lambda loop: max(loop.cycles.values())) for name, same in found.items()}

    print("| inner loop | instructions | fmla | instructions per MAC | " +
          " | ".join(f"{c.name}: cycles | of the bound" for c in CORES) + " |")
    print("|---|" + "---:|" * (3 + 2 * len(CORES)))
    wrong = []
    for loop in loops.values():
        count = len(loop.instructions)
        cells = [f"`{loop.function}`", count, loop.fmas, f"{count / loop.fmas / LANES:.3f}"]
        for core in CORES:
            cells += [f"{loop.cycles[core.model]:.1f}", f"{share(loop, core):.0f} %"]
        print("| " + " | ".join(map(str, cells)) + " |")
        # Rows of the network's widths are cut into tiles of 4 and 5 pixels.
        is_tile = loop.function in tiles and loop.function[-1] in "45"
        wrong += [f"{loop.function} {fault}" for one in found[loop.function] for fault in faults(one, is_tile)]
    print()
    for core in CORES:
        total = iteration_cycles(loops, core.model)
        print(f"{core.name}: {total / 1e6:.0f} million cycles per iteration at 224×224 in these loops on one core: "
              f"{total / core.gigahertz / 1e6:.0f} ms at {core.gigahertz} GHz ({core.board}). Computed, not measured.")
    for line in wrong:
        print(f"error: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Refusal as refusal:
        sys.exit(f"error: {refusal}")
