# SPDX-License-Identifier: MIT
"""Writes Tests/Golden/checkpoints/: checkpoints of a tiny network with VGG's names, as torch.save, pickle and safetensors
write them, and in scores.json the scores that PyTorch (2.15) computes from them in float64.

Usage: python3 Tests/Golden/make_checkpoint_fixtures.py

A checkpoint holds, beside the weights, what checkpoints hold: options, enums, dates, paths, an optimizer, objects that contain
each other. Their classes are defined here, so no other program has them.
"""

import argparse
import collections
import copy
import datetime
import enum
import functools
import json
import pathlib
import pickle
import warnings

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import prune
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

warnings.filterwarnings("ignore")
folder = pathlib.Path(__file__).parent / "checkpoints"
CLASSES = 5


class Split(enum.Enum):
    TRAIN = "train"


class Metric:
    """Contains an object that contains it again."""

    def __init__(self):
        self.owner = argparse.Namespace(metric=self, values=[1, (2, self)])


class Options(dict):
    """A dictionary with the attributes of an object."""

    def __init__(self, **entries):
        super().__init__(**entries)
        self.__dict__ = self

    def __reduce__(self):
        return Options, (), None, None, iter(dict.items(self))


class History(collections.OrderedDict):
    pass


class Weights(collections.OrderedDict):
    """A kind of dictionary that no other program knows; here it holds the weights."""


def network(seed):
    torch.manual_seed(seed)
    features = [nn.Conv2d(3, 2, 3, padding=1), nn.ReLU(), nn.Conv2d(2, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    classifier = [nn.Linear(98, 3), nn.ReLU(), nn.Dropout(), nn.Linear(3, 4), nn.ReLU(), nn.Dropout(), nn.Linear(4, CLASSES)]
    net = nn.Module()
    net.features, net.classifier = nn.Sequential(*features), nn.Sequential(*classifier)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(3)
    return net.eval()


def scores(net):
    """Returns a float64 network's scores of the image whose element i is ((7919·i) mod 101) / 50 − 1."""
    x = ((7919 * torch.arange(3 * 8 * 8)) % 101).double().reshape(1, 3, 8, 8) / 50 - 1
    features = nn.functional.adaptive_avg_pool2d(net.features(x), 7)
    return net.classifier(features.flatten(1))[0].tolist()


def prefixed(prefix, net):
    return collections.OrderedDict((prefix + name, tensor) for name, tensor in net.state_dict().items())


def arrays(net):
    return {name: tensor.numpy() for name, tensor in net.state_dict().items()}


raw, average = network(1), network(2)
expected = {"raw": scores(copy.deepcopy(raw).double()), "average": scores(copy.deepcopy(average).double())}

optimizer = torch.optim.SGD(raw.parameters(), lr=0.1, momentum=0.9)
beside = {
    "epoch": np.int64(3),
    "best": np.float64(71.5),
    "loss": torch.tensor(0.25),
    "options": argparse.Namespace(lr=0.1, seen={1, 2}, frozen=frozenset([3]), z=2j, big=1 << 100),
    "config": Options(name="tiny", nested=Options(split=Split.TRAIN)),
    "split": Split.TRAIN,
    "metric": Metric(),
    "history": History(loss=[1.0, 0.5]),
    "date": datetime.datetime(2026, 11, 30),
    "path": pathlib.PurePosixPath("/data"),
    "transform": functools.partial(int, base=2),
    "function": network,
    "names": np.array(["a", "b"]),
    "random": np.random.default_rng(1).bit_generator.state,
    "device": torch.device("cpu"),
    "dtype": torch.complex64,
    "spectrum": torch.zeros(2, dtype=torch.complex64),
    "optimizer": optimizer.state_dict(),
    "scheduler": torch.optim.lr_scheduler.StepLR(optimizer, 2).state_dict(),
    "criterion": nn.CrossEntropyLoss(weight=torch.ones(CLASSES)),
}

folder.mkdir(exist_ok=True)
both = beside | {
    "model": prefixed("module.", raw),
    "model_ema": collections.OrderedDict(n_averaged=torch.tensor(7), **prefixed("module.", average)),
}
torch.save(both, folder / "both.pth")
torch.save(both, folder / "both-legacy.pth", _use_new_zipfile_serialization=False)
torch.save({"run": [{"weights": Weights(prefixed("net.backbone.", raw))}], "date": beside["date"]}, folder / "deep.pth")
torch.save({"net": arrays(raw), "split": Split.TRAIN}, folder / "arrays.pth")
for protocol in (2, 5):
    value = {"model": arrays(raw), "names": beside["names"], "split": Split.TRAIN, "author": "nobody"}
    (folder / f"arrays-{protocol}.pkl").write_bytes(pickle.dumps(value, protocol))

# Two networks in one state dict, a normaliser, and what training leaves: the names of the package robustness.
robust = prefixed("module.model.", raw)
robust |= {name.replace("module.", "module.attacker.", 1): tensor for name, tensor in robust.items()}
for place in ("module.normalizer", "module.attacker.normalize"):
    robust |= {f"{place}.new_mean": torch.rand(3, 1, 1), f"{place}.new_std": torch.rand(3, 1, 1)}
torch.save({"model": robust, "epoch": 90}, folder / "robust.pth")
lightning = prefixed("net.", raw) | {
    "loss.weight": torch.rand(CLASSES), "accuracy.total": torch.tensor(3), "head.weight": torch.rand(7, 3)
}
save_file({name: tensor.contiguous() for name, tensor in lightning.items()}, folder / "extra.safetensors")

changed = network(3)
prune.random_unstructured(changed.features[0], "weight", 0.5)
prune.random_unstructured(changed.features[0], "bias", 0.5)
nn.utils.spectral_norm(changed.features[2])
nn.utils.weight_norm(changed.classifier[0])
weight_norm(changed.classifier[3], dim=None)
spectral_norm(changed.classifier[6])
with torch.no_grad():
    changed.classifier[0].weight_g.mul_(torch.tensor([[1.5], [-2.0], [0.5]]))
    changed.classifier[3].parametrizations.weight.original0.fill_(3.5)
changed.eval()
torch.save({"state_dict": changed.state_dict()}, folder / "reparametrized.pth")
expected["reparametrized"] = scores(changed.double())
(folder / "scores.json").write_text(json.dumps(expected, indent=2) + "\n")
