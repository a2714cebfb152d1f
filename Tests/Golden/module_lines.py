# SPDX-License-Identifier: MIT
"""The lines in which architectures.txt and names.txt list a network's modules."""


def lines(rows):
    """Yields a line for each name and kind: the number of leading parts that the name shares with the name before, the
    rest of the name, and the kind."""
    before = []
    for name, rest in rows:
        parts = name.split(".")
        depth = 0
        while depth < min(len(parts) - 1, len(before)) and parts[depth] == before[depth]:
            depth += 1
        yield f"{depth} {'.'.join(parts[depth:])} {rest}"
        before = parts
