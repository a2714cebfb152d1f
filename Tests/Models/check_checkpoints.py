# SPDX-License-Identifier: MIT
"""Compares the scores of the built program with PyTorch in float64, for the forms in which training programs save a network.

    check_checkpoints.py [--binary .build/release/pixelascent] [--folder .models]

Each form is a small torchvision network with random weights (make_models.py), inside the checkpoint that a library or a
script writes. The file holds what such a checkpoint holds, options, optimizers and objects of classes that the program can't
know. Bound: |s − s₆₄| / max(1, |s₆₄|) ≤ 1e-4 for every class. The last forms hold weights that the program must refuse, with a
line that names the class.
"""

import argparse
import collections
import copy
import datetime
import enum
import functools
import pathlib
import pickle
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import prune
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

import make_models
from check_models import score_error
from program import Failure, Program, fail, script

NAME = "shufflenet_v2_x0_5"
SCORE_BOUND = 1e-4


class Phase(enum.Enum):
    TRAIN = 1


class Trainer:
    def __init__(self):
        self.phase, self.callbacks, self.owner = Phase.TRAIN, [lambda x: x][:0], self


class Config(collections.OrderedDict):
    pass


def under(prefix, state):
    return collections.OrderedDict((prefix + name, tensor) for name, tensor in state.items())


def arrays(state):
    return {name: tensor.numpy() for name, tensor in state.items()}


def extras(net):
    """Returns what training programs save beside the weights."""
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    for parameter in net.parameters():
        optimizer.state[parameter] = {"step": torch.tensor(3.0), "exp_avg": torch.ones_like(parameter)}
    return {
        "epoch": np.int64(3),
        "best_acc1": torch.tensor(71.5),
        "args": argparse.Namespace(lr=0.1, output=pathlib.PosixPath("out"), phase=Phase.TRAIN),
        "optimizer": optimizer.state_dict(),
        "lr_scheduler": torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10).state_dict(),
        "scaler": {"scale": 65536.0},
        "rng": [torch.get_rng_state(), np.random.get_state(), np.random.default_rng(3).bit_generator.state],
        "trainer": Trainer(),
        "config": Config(width=0.5, nested=Config(depth=[1, 2])),
        "time": datetime.datetime.now(datetime.timezone.utc),
        "collate": functools.partial(max, default=0),
        "criterion": nn.CrossEntropyLoss(weight=torch.ones(1000)),
    }


def reparametrized(net):
    net = copy.deepcopy(net).requires_grad_(True)
    layers = [module for module in net.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    torch.manual_seed(0)
    for index, layer in enumerate(layers[:-1]):
        if index % 5 == 0:
            prune.l1_unstructured(layer, "weight", 0.2)
        elif index % 5 == 1:
            nn.utils.weight_norm(layer)
        elif index % 5 == 2:
            weight_norm(layer)
    # Spectral norms change the weights, so only the scores after them count.
    nn.utils.spectral_norm(layers[3])
    spectral_norm(layers[-1], n_power_iterations=5)
    net(torch.zeros(1, 3, 64, 64))
    return net.eval()


def forms(net, average):
    """Yields the name of each form, a function that writes the file, the network whose scores count, and options."""
    raw, ema = net.state_dict(), average.state_dict()
    beside = extras(net)
    averaged = torch.optim.swa_utils.AveragedModel(average).state_dict()

    def torch_file(value, **options):
        return lambda path: torch.save(value, path, **options)

    def tensors_file(state):
        return lambda path: save_file({name: tensor.contiguous().clone() for name, tensor in state.items()}, path)

    def pickle_file(value):
        return lambda path: path.write_bytes(pickle.dumps(value))

    timm = beside | {"arch": NAME, "state_dict": raw, "state_dict_ema": ema, "version": 2}
    yield "timm", torch_file(timm), average, []
    yield "timm, raw", torch_file(timm), net, ["--weights", "raw"]
    references = beside | {"model": under("module.", raw), "model_ema": averaged}
    yield "torchvision references", torch_file(references), average, []
    yield "torchvision references, model", torch_file(references), net, ["--weights", "model"]
    yield "before PyTorch 1.6", torch_file(references, _use_new_zipfile_serialization=False), average, []
    lightning = {
        "pytorch-lightning_version": "2.5.0",
        "state_dict": under("model.", raw) | {"loss.weight": torch.ones(1000), "train_acc.tp": torch.zeros(1000)},
        "hyper_parameters": Config(net=net, loss=beside["criterion"], lr=1e-3),
        "callbacks": {"ModelCheckpoint{'monitor': 'val'}": {"best_model_score": torch.tensor(0.5)}},
        "optimizer_states": [beside["optimizer"]],
    }
    yield "Lightning", torch_file(lightning), net, []
    swapped = lightning | {"state_dict": under("model.", ema), "current_model_state": under("model.", raw)}
    yield "Lightning, averaged", torch_file(swapped), average, []
    yield "Lightning, averaged, raw", torch_file(swapped), net, ["--weights", "raw"]
    mmengine = {"meta": {"time": "now"}, "message_hub": Config(), "state_dict": ema, "ema_state_dict": under("module.", raw)}
    yield "mmengine", torch_file(mmengine), average, []
    inside = under("net.", raw) | under("ema_net.module.", ema) | {"ema_net.n_averaged": torch.tensor(9)}
    yield "raw and averaged in one module", torch_file({"state_dict": inside}), average, []
    yield "raw and averaged in one safetensors", tensors_file(inside), average, []
    yield "raw of one safetensors", tensors_file(inside), net, ["--weights", "net"]
    yield "DataParallel and torch.compile", torch_file({"net": under("module._orig_mod.", raw)}), net, []
    robust = under("module.model.", raw) | under("module.attacker.model.", raw)
    robust |= {"module.normalizer.new_mean": torch.zeros(3, 1, 1), "module.normalizer.new_std": torch.ones(3, 1, 1)}
    yield "robustness", torch_file({"model": robust, "epoch": 90}), net, []
    yield "fastai", torch_file({"model": raw, "opt": beside["optimizer"]}), net, []
    yield "a list", torch_file([3, raw]), net, []
    yield "an unknown dictionary", torch_file(Config(weights=Config(raw))), net, []
    yield "parameters with attributes", torch_file(_with_attributes(raw)), net, []
    yield "NumPy arrays, torch.save", torch_file({"weights": arrays(raw), "phase": Phase.TRAIN}), net, []
    yield "NumPy arrays, pickle", pickle_file({"model": arrays(raw), "__author__": "nobody"}), net, []
    student = under("student.", raw) | under("teacher.", ema)
    yield "student", torch_file(student), net, ["--weights", "student"]
    changed = reparametrized(net)
    yield "reparametrized", torch_file({"state_dict": changed.state_dict()}), changed, []
    yield "REFUSED __main__.Trainer", torch_file({"trainer": _trainer(net)}), None, []
    yield "REFUSED torchvision.models.shufflenetv2.ShuffleNetV2", torch_file({"model": net, "ema": None}), None, []
    yield "REFUSED 2 networks: student, teacher", torch_file(student), None, []
    sparse = raw | {"fc.weight": raw["fc.weight"].to_sparse()}
    yield "REFUSED torch._utils._rebuild_sparse_tensor", torch_file(sparse), None, []


def _with_attributes(state):
    result = {}
    for name, tensor in state.items():
        result[name] = nn.Parameter(tensor, requires_grad=False) if tensor.is_floating_point() else tensor.clone()
        result[name].note = "kept"
    return result


def _trainer(net):
    trainer = Trainer()
    trainer.weights = net.state_dict()
    return trainer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=".build/release/pixelascent", help="default: %(default)s")
    options = parser.parse_args()
    if not options.binary.is_file():
        fail(f"{options.binary}: no such file; run: make build")
    net = make_models.make(NAME)
    average = copy.deepcopy(net)
    for parameter in average.parameters():
        parameter.mul_(1 + 0.1 * torch.rand(parameter.shape, generator=torch.Generator().manual_seed(parameter.numel())))
    side = make_models.side(NAME)
    image = make_models.image(side, 0)
    x = torch.from_numpy(make_models.normalise(image))[None]
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        picture, path = Path(name) / "image.png", Path(name) / "checkpoint"
        Image.fromarray(image).save(picture)
        for form, write, counts, choice in forms(net, average):
            write(path)
            program = Program(options.binary.resolve(), path, side)
            program.settings += choice
            try:
                found = program.scores([picture])
                expected = counts.double()(x).detach().numpy() if counts else None
                if counts:
                    counts.float()
                error = score_error(found, expected) if counts else np.inf
                passed, line = error <= SCORE_BOUND, f"{error:.1e}"
            except Failure as failure:
                line = str(failure)
                passed = form.startswith("REFUSED ") and form.removeprefix("REFUSED ") in line
            failed += not passed
            print(f"{'ok' if passed else 'FAILED':7} {form:38} {line}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    script(main)
