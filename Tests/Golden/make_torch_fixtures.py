# SPDX-License-Identifier: MIT
"""Writes Tests/Golden/torch-*.pth: a small state dict in the forms in which torch.save writes it (PyTorch 2.15), and
a whole module, which PixelAscent must refuse.

Usage: python3 Tests/Golden/make_torch_fixtures.py

Tests/PixelAscentTests/ModelFiles/PyTorch/PyTorchFileTests.swift computes the same numbers with the same formulas.
"""

import argparse
import collections
import pathlib

import torch

folder = pathlib.Path(__file__).parent


def state_dict(prefix=""):
    weight = torch.arange(24.0).reshape(2, 3, 2, 2) / 4 - 3
    tensors = {
        "conv.weight": weight,
        "conv.last": weight.contiguous(memory_format=torch.channels_last),
        "shared": weight.flatten()[4:10],
        "transposed": torch.arange(6.0).reshape(2, 3).t(),
        "half": (torch.arange(5) / 2 - 1).half(),
        "bfloat": (torch.arange(5) / 2 - 1).bfloat16(),
        "double": torch.tensor([0.1, -3], dtype=torch.float64),
        "bn.num_batches_tracked": torch.tensor(17),
    }
    result = collections.OrderedDict((prefix + name, tensor) for name, tensor in tensors.items())
    result._metadata = collections.OrderedDict([("", {"version": 1})])
    return result


checkpoint = {
    "epoch": 3,
    "best": torch.tensor(71.5),
    "args": argparse.Namespace(lr=0.1, seen={1, 2}),
    "state_dict": state_dict("module."),
    "optimizer": {"state": {0: {"momentum_buffer": torch.zeros(2)}}, "param_groups": [{"lr": 0.1}]},
}
torch.save(state_dict(), folder / "torch-zip.pth")
torch.save(checkpoint, folder / "torch-zip-checkpoint.pth")
torch.save(state_dict(), folder / "torch-legacy.pth", _use_new_zipfile_serialization=False)
torch.save(checkpoint, folder / "torch-legacy-checkpoint.pth", _use_new_zipfile_serialization=False)
torch.save(torch.nn.Linear(1, 1), folder / "torch-module.pth")
