# SPDX-License-Identifier: MIT
"""Prints Tests/PixelAscentTests/ModelFiles/Pickle/NumPyPickles.swift: one value, pickled by Python and NumPy (2.4.6) with
each protocol.

Usage: python3 Tests/Golden/numpy_pickles.py > Tests/PixelAscentTests/ModelFiles/Pickle/NumPyPickles.swift
"""

import base64
import pickle
import textwrap

import numpy as np


def value():
    shared = [1, 2]
    integers = [-1, 255, 65535, 2**31, -(2**40), 2**62]
    return {
        "plain": [None, True, False, *integers, 1.5, "h\u00e9llo\n\\", b"\x00\xff", (), (1,), (1, 2, 3, 4)],
        "shared": [shared, shared],
        "f4": np.arange(6, dtype="<f4").reshape(2, 3) / 4,
        "fortran": np.asfortranarray(np.arange(24, dtype="<f4").reshape(2, 3, 4)),
        "big": np.array([1.5, -2], ">f4"),
        "f8": np.array([0.1, -3.0]),
        "f2": np.array([1.5, -0.25, 6e-8, np.inf], "<f2"),
        "i2": np.array([[-2], [300]], "<i2"),
        "u1": np.array([0, 255], "u1"),
        "empty": np.zeros((0, 3), "<f4"),
        "scalar": np.float32(2.5),
    }


print("// SPDX-License-Identifier: MIT\n")
print("// Written by Tests/Golden/numpy_pickles.py.\n")
print("/// One value that Python and NumPy have pickled with each of the protocols 0 to 5, in base 64.")
print("let numPyPickles = [")
for protocol in range(6):
    lines = textwrap.wrap(base64.b64encode(pickle.dumps(value(), protocol)).decode(), 110)
    print('  """\n  ' + "\\\n  ".join(lines) + '\n  """,')
print("]")
