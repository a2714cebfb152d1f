#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the inner loops of the NEON convolutions in the disassembly of their table of kernels.

Prints each loop's instructions, multiplications, and the cycles that llvm-mca predicts, and from these cycles those of
the 3×3 convolutions, directly and by Winograd's method. Fails if a loop spills, calls a function or copies a vector, or
if a loop of the network's tiles is predicted to stay too far below the FMA bound. No limit holds for the loops of
Winograd's transforms.

    Bench/neon/loops.py .build-neon/release/table_1.o
"""

import argparse
import re
import subprocess
import sys
from collections import deque, namedtuple
from pathlib import Path

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
# `arithmetic` is the number of instructions that multiply, add or compare four lanes.
Loop = namedtuple("Loop", "function instructions arithmetic cycles")
# A dict from names to loops, and a dict from tile functions to the cycles of a call in which the loop takes one turn.
Code = namedtuple("Code", "loops calls")


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


def shortest_path(body, begin, end, fmlas, maxima=0):
    """Returns the instructions from body[begin] to body[end], or to the return if `end` is len(body).

    Of all paths with exactly so many fmla and fmax this is the shortest. If `begin` is `end`, it is a turn of a loop.
    """
    indices = {i.address: n for n, i in enumerate(body)}
    start, goal = (begin, 0, 0), (end, fmlas, maxima)
    before, queue = {start: None}, deque([start])
    while queue and goal not in before:
        state = queue.popleft()
        at, fmla, fmax = state
        if at == len(body):
            continue
        operation = body[at].text.split()[0]
        fmla, fmax = fmla + (operation == "fmla"), fmax + (operation == "fmax")
        following = {"b": [], "ret": [len(body)]}.get(operation, [at + 1]) + [indices.get(body[at].target)]
        for n in following:
            if n is not None and fmla <= fmlas and fmax <= maxima and (n, fmla, fmax) not in before:
                before[n, fmla, fmax] = state
                queue.append((n, fmla, fmax))
    if goal not in before:
        raise Refusal(f"expected a path with {fmlas} fmla and {maxima} fmax from 0x{body[begin].address:x}, found none")
    path, state = [], before[goal]
    while state:
        path.append(body[state[0]])
        state = before[state]
    return path[::-1]


def cycles(loop, model):
    """Returns the cycles that llvm-mca predicts for one turn."""
    lines = [i.text if i.target is None else i.text[: i.text.rindex("0x")] + "loop" for i in loop]
    text = run("llvm-mca-19", "-mtriple=aarch64", f"-mcpu={model}", f"-iterations={ITERATIONS}",
               input="\n".join(["loop:", *lines]))
    return int(re.search(r"Total Cycles:\s+(\d+)", text)[1]) / ITERATIONS


def all_cycles(loop):
    return {core.model: cycles(loop, core.model) for core in CORES}


def count_fmas(loop):
    return sum(i.text.startswith("fmla") for i in loop)


def loops_of(function, body, fmas):
    """Returns the inner loops with `fmas` multiplications: several if a function has one for each stride."""
    found = [loop for loop in inner_loops(body) if count_fmas(loop) == fmas]
    if not found:
        counts = [count_fmas(loop) for loop in inner_loops(body)]
        raise Refusal(f"{function}: expected an inner loop with {fmas} fmla per turn, found {counts}")
    return [Loop(function, [i.text for i in loop], fmas, all_cycles(loop)) for loop in found]


# The loops of wino_tiles in the order of winograd.h, each with the fmla and fmax of one turn. They transform columns of
# inputs, rows of a tile's inputs, columns of a tile's sums, and rows of its outputs, which go through the ReLU.
TRANSFORMS = {"wino_transform, down": (24, 0), "wino_transform, across": (24, 0),
              "wino_store, down": (16, 0), "wino_store, across": (16, 16)}


def transforms_of(body):
    """Returns the loops of Winograd's transforms. A turn takes the shortest way through the branches in them."""
    places = [n for n, i in enumerate(body) if i.text.startswith("fmla")]
    if len(places) != sum(fmlas for fmlas, _ in TRANSFORMS.values()):
        raise Refusal(f"wino_tiles: expected the loops {TRANSFORMS}, found {len(places)} fmla")
    loops = {}
    for name, (fmlas, maxima) in TRANSFORMS.items():
        turn = shortest_path(body, places[0], places[0], fmlas, maxima)
        arithmetic = sum(re.match(r"f(mla|mul|add|sub|max)\s", i.text) is not None for i in turn)
        loops[name] = Loop(name, [i.text for i in turn], arithmetic, all_cycles(turn))
        places = places[fmlas:]
    return loops


def share(loop, core):
    """Returns the percentage of the speed that the arithmetic alone would reach."""
    return 100 * loop.arithmetic / core.fmas / loop.cycles[core.model]


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
TYPES = Path(__file__).resolve().parents[2] / "CSupport/Kernels/include/pxa_types.h"
STRIP = int(re.search(r"PXA_WINOGRAD_TILES (\d+)", TYPES.read_text())[1])
FIRES = [(55, 64, 16, 64), (55, 128, 16, 64), (27, 128, 32, 128), (27, 256, 32, 128), (13, 256, 48, 192),
         (13, 384, 48, 192), (13, 384, 64, 256), (13, 512, 64, 256)]
# The fractions of dY that are not zero, as in the benchmark suite's sparse data.
NONZERO_STEM, NONZERO_3X3 = 0.15, 0.2


def blocks(channels):
    return -(-channels // 16)


def layers():
    for size, inputs, squeeze, expand in FIRES:
        yield Layer(1, inputs, squeeze, size)
        yield Layer(1, squeeze, expand, size)
        yield Layer(3, squeeze, expand, size)
    yield Layer(1, 512, 16, 13)  # one block of classes


def parts(count, most):
    """Divides `count` into parts of at most `most`, as evenly as possible."""
    number = -(-count // most)
    return [count // number + (i < count % number) for i in range(number)]


def row_cycles(code, name, width, turns, model):
    """Returns the cycles of a row's tiles, each of which takes so many turns of its loop."""
    tiles = [f"{name}_1x{w}" for w in parts(width, 5)]
    return sum(code.calls[tile][model] + (turns - 1) * code.loops[tile].cycles[model] for tile in tiles)


def direct_cycles(code, layer, model):
    turns = layer.kernel**2 * blocks(layer.inputs) * 4
    return layer.size * blocks(layer.outputs) * row_cycles(code, "blocked_stride1", layer.size, turns, model)


def winograd_cycles(code, layer, model):
    """Returns the cycles of wino_tiles for a whole 3×3 convolution."""
    in_down, in_across, out_down, out_across = (code.loops[name].cycles[model] for name in TRANSFORMS)
    across = -(-layer.size // 4)
    inputs, outputs = blocks(layer.inputs), blocks(layer.outputs)
    total = first = 0
    for count in parts(across**2, STRIP):
        rows_of_tiles = (first + count - 1) // across - first // across + 1
        total += inputs * ((4 * count + 2 * rows_of_tiles) * in_down + 6 * count * in_across)
        total += outputs * 36 * row_cycles(code, "blocked_stride1", count, inputs * 4, model)
        first += count
    return total + outputs * across * (6 * across * out_down + layer.size * out_across)


def iteration_cycles(code, model):
    """Returns the cycles that the convolutions' loops take in an iteration at 224 × 224 pixels, on one core."""
    total = 111 * (64 / 16) * row_cycles(code, "image_stride2", 111, 27, model)
    total += 111 * 111 * 64 * NONZERO_STEM * code.loops["stem_input_grad"].cycles[model]
    for layer in layers():
        if layer.kernel == 1:
            total += 2 * direct_cycles(code, layer, model)
        else:
            total += winograd_cycles(code, layer, model)  # pxa_winograd_pays holds for all these layers
            values = layer.size**2 * layer.outputs * NONZERO_3X3 * layer.kernel
            pairs, one = divmod(blocks(layer.inputs), 2)
            turn = pairs * code.loops["sparse_row_all"].cycles[model] + one * code.loops["sparse_row_1"].cycles[model]
            total += values * turn
    return total


def print_row(*cells):
    print("| " + " | ".join(map(str, cells)) + " |")


def cycles_and_shares(loop):
    return [cell for c in CORES for cell in (f"{loop.cycles[c.model]:.1f}", f"{share(loop, c):.0f} %")]


def print_header(texts, numbers):
    print_row(*texts, *numbers)
    print("|" + "---|" * len(texts) + "---:|" * len(numbers))


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
    if missing := [name for name in [*turns, "wino_tiles"] if name not in functions]:
        raise Refusal(f"not in the object: {', '.join(missing)}")
    found = {name: loops_of(name, functions[name], fmas) for name, fmas in turns.items()}
    # The slowest of a function's loops stands for the function.
    loops = {name: max(same, key=lambda loop: max(loop.cycles.values())) for name, same in found.items()}

    transforms = transforms_of(functions["wino_tiles"])
    calls = {name: all_cycles(shortest_path(functions[name], 0, len(functions[name]), fmas))
             for name, fmas in tiles.items()}
    code = Code(loops | transforms, calls)

    of_cores = [title for c in CORES for title in (f"{c.name}: cycles", "of the bound")]
    print_header(["inner loop"], ["instructions", "fmla", "instructions per MAC", *of_cores])
    wrong = []
    for loop in loops.values():
        count = len(loop.instructions)
        print_row(f"`{loop.function}`", count, loop.arithmetic, f"{count / loop.arithmetic / LANES:.3f}",
                  *cycles_and_shares(loop))
        # Rows of the network's widths are cut into tiles of 4 and 5 pixels.
        is_tile = loop.function in tiles and loop.function[-1] in "45"
        wrong += [f"{loop.function} {fault}" for one in found[loop.function] for fault in faults(one, is_tile)]
    print()
    print_header(["Winograd's transform"], ["instructions", "arithmetic", *of_cores])
    for loop in transforms.values():
        print_row(f"`{loop.function}`", len(loop.instructions), loop.arithmetic, *cycles_and_shares(loop))
    print()
    print_header(["3×3 convolution, million cycles"],
                 [f"{c.name}: {way}" for c in CORES for way in ("direct", "Winograd", "ratio")])
    for layer in dict.fromkeys(layer for layer in layers() if layer.kernel == 3):
        cells = [f"{layer.inputs} → {layer.outputs}, {layer.size}×{layer.size}"]
        for core in CORES:
            direct, winograd = direct_cycles(code, layer, core.model), winograd_cycles(code, layer, core.model)
            cells += [f"{direct / 1e6:.2f}", f"{winograd / 1e6:.2f}", f"{direct / winograd:.2f}"]
        print_row(*cells)
    print()
    for core in CORES:
        total = iteration_cycles(code, core.model)
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
