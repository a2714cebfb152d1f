# SPDX-License-Identifier: MIT
"""Makes torchvision's networks with random weights, in the formats that are in use:
make_models.py FOLDER [--models …] [--formats …]

No weights are downloaded and nothing is trained. A network's name is the seed of its numbers, so that they are the same
wherever PyTorch's generator is the same. Activations neither vanish nor explode, and no batch norm is trivial:

- Kernels and matrices are N(0, 2/fan-in) (He et al. 2015), biases N(0, 0.1²).
- A batch norm's weight is uniform in [0.7, 1.3]. Its bias is 2 to 3 times the weight: positive in three of four
  channels, negative in the fourth; in networks with more than one max pool, negative in three of four. Its running mean
  and variance are those of its input on eight images, the mean moved by up to 0.3 standard deviations, the variance
  times a factor in [0.7, 1.4]. They are set in the order of the layers, so that every layer's inputs are normalised.
- A layer norm's weight is uniform in [0.7, 1.3], its bias N(0, 0.1²); ConvNeXt's layer scale is uniform in [0.3, 1].
- In a network without batch norms such batch norms are folded into the convolutions.
- The last layer is scaled so that the standard deviation of its outputs on these images is 3.

If the input of a ReLU is as near to zero as its rounding error, or the two greatest values of a max pool are as near
to each other, the gradient of any float32 program may jump. Such ties can't be avoided altogether. They are rarer if a
bias keeps most of a channel's values on one side of zero, if most values before a max pool are zero, if images are
small, and if images are noisy: if neighbouring pixels are similar, so are the values in a pool's window.
"""

import argparse
import zlib
from pathlib import Path

import numpy as np
import torch
import torchvision
from PIL import Image
from torch import nn

from program import script, some_of

MODELS = [
    "squeezenet1_0",
    "squeezenet1_1",
    "alexnet",
    "vgg11",
    "vgg16",
    "vgg16_bn",
    "resnet18",
    "resnet50",
    "googlenet",
    "inception_v3",
    "densenet121",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "mnasnet0_5",
    "shufflenet_v2_x0_5",
    "efficientnet_b0",
    "regnet_y_400mf",
    "resnext50_32x4d",
    "convnext_tiny",
]
SMALL_MODELS = ["squeezenet1_1", "mobilenet_v3_small", "mnasnet0_5", "shufflenet_v2_x0_5", "regnet_y_400mf"]
SUFFIXES = {
    "pth": ".pth",
    "legacy": "-legacy.pth",
    "safetensors": ".safetensors",
    "onnx": ".onnx",
    "dynamo": "-dynamo.onnx",
}
MEAN = np.array([0.485, 0.456, 0.406])
STD = np.array([0.229, 0.224, 0.225])
SCORE_DEVIATION = 3


def side(name):
    """Returns the side of a network's images. Small images have fewer ties. Networks with an adaptive pool to
    6×6 or 7×7 before linear layers need the usual size, as the ONNX exporters can't write a pool that enlarges."""
    return 224 if name == "alexnet" or name.startswith("vgg") else 128


def image(side, seed):
    """Returns a random image, uint8 (side,side,3): clouds of colour, and much noise."""
    random = np.random.default_rng([side, seed])
    clouds = np.zeros((side, side, 3))
    for cells in (4, 9, 23):
        coarse = Image.fromarray(random.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        clouds += np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), dtype=np.float64) - 127.5
    noisy = 127.5 + 0.3 * clouds + random.normal(0, 60, clouds.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def normalise(rgb, mean=MEAN, std=STD):
    """Returns uint8 pixels (H,W,3) as float64 (3,H,W) in normalised space."""
    return np.ascontiguousarray(((rgb / 255.0 - mean) / std).transpose(2, 0, 1))


def make(name, offset=(2, 3)):
    """Returns the network in float32, in evaluation mode, with frozen parameters.

    `offset`: the range of |bias| / weight of the batch norms; with (0, 0) a ReLU passes about half of the values on.
    """
    # Without these options torchvision warns that its own initialisation of these two networks takes long.
    options = {"init_weights": False, "transform_input": False} if name in ("googlenet", "inception_v3") else {}
    return randomise(torchvision.models.get_model(name, weights=None, **options), name, side(name), offset)


def randomise(net, name, side, offset=(2, 3)):
    """Gives a network random weights with which activations neither vanish nor explode for images of side × side; returns
    it in evaluation mode, with frozen parameters. The name seeds the random numbers."""
    net = net.eval().requires_grad_(False)
    random = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    positive = 0.25 if sum(isinstance(module, nn.MaxPool2d) for module in net.modules()) > 1 else 0.75
    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.weight.normal_(0, (2 / module.weight[0].numel()) ** 0.5, generator=random)
            if module.bias is not None:
                module.bias.normal_(0, 0.1, generator=random)
        elif isinstance(module, nn.BatchNorm2d):
            _fill(module, offset, positive, random)
        elif isinstance(module, nn.GroupNorm):
            _fill_affine(module, offset, positive, random)
        elif isinstance(module, nn.LayerNorm):
            module.weight.uniform_(0.7, 1.3, generator=random)
            module.bias.normal_(0, 0.1, generator=random)
        elif type(module).__name__ == "GlobalResponseNorm":
            module.weight.uniform_(-1, 1, generator=random)
            module.bias.normal_(0, 0.1, generator=random)
        for scale in ("layer_scale", "layer_scale_parameter", "gamma"):
            if isinstance(getattr(module, scale, None), nn.Parameter):
                getattr(module, scale).uniform_(0.3, 1, generator=random)
    _calibrate(net, side, offset, positive, random)
    return net


def _fill(norm, offset, positive, random):
    """Gives a batch norm random numbers. `positive` is the share of channels with a positive bias."""
    _fill_affine(norm, offset, positive, random)
    norm.running_mean.uniform_(-0.3, 0.3, generator=random)
    norm.running_var.uniform_(0.7, 1.4, generator=random)


def _fill_affine(norm, offset, positive, random):
    """Gives the weights and biases of a norm random numbers."""

    def uniform(low, high):
        return torch.empty_like(norm.weight).uniform_(low, high, generator=random)

    norm.weight.copy_(uniform(0.7, 1.3))
    norm.bias.copy_(norm.weight * uniform(*offset) * (positive - uniform(0, 1)).sign())


def _calibrate(net, side, offset, positive, random):
    """Sets the parameters that depend on activations, in the order of the layers."""

    def set_statistics(norm, inputs):
        variance, mean = _statistics(inputs[0])
        norm.running_mean.mul_(variance.sqrt()).add_(mean)
        norm.running_var.mul_(variance)

    def normalise_convolution(layer, _, output):
        norm = nn.BatchNorm2d(layer.out_channels).requires_grad_(False)
        _fill(norm, offset, positive, random)
        set_statistics(norm, [output])
        scale = norm.weight / norm.running_var.sqrt()
        shift = norm.bias - norm.running_mean * scale
        layer.weight.mul_(scale.view(-1, 1, 1, 1))
        layer.bias.mul_(scale).add_(shift)
        return output * scale.view(-1, 1, 1) + shift.view(-1, 1, 1)

    def scale_scores(layer, _, output):
        scale = SCORE_DEVIATION / output.std()
        layer.weight.mul_(scale)
        layer.bias.mul_(scale)

    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    weighted = [
        module for name, module in net.named_modules() if hasattr(module, "weight") and "aux" not in name.lower()
    ]
    hooks = [norm.register_forward_pre_hook(set_statistics) for norm in norms]
    if not norms:
        convolutions = [layer for layer in weighted[:-1] if isinstance(layer, nn.Conv2d) and layer.bias is not None]
        hooks += [layer.register_forward_hook(normalise_convolution) for layer in convolutions]
    hooks.append(weighted[-1].register_forward_hook(scale_scores))
    net(torch.from_numpy(np.stack([normalise(image(side, seed)) for seed in range(1000, 1008)])).float())
    for hook in hooks:
        hook.remove()


def _statistics(x):
    """Returns the variance and the mean of each channel."""
    if x.shape[2:] == (1, 1):
        # The means of a few images are almost equal. Scaled up to a variance of 1, they would be mostly rounding errors.
        return (x**2).mean((0, 2, 3)), torch.zeros(x.shape[1])
    variance, mean = torch.var_mean(x, (0, 2, 3))
    # A channel that hardly varies, such as one computed from dead channels, must not be scaled up.
    return variance.clamp_min(variance.mean() / 4), mean


def write(net, format, name, folder):
    """Writes the network to a file in a folder; returns the file's path."""
    path = Path(folder) / (name + SUFFIXES[format])
    if format in ("pth", "legacy"):
        torch.save(net.state_dict(), path, _use_new_zipfile_serialization=format == "pth")
    elif format == "safetensors":
        import safetensors.torch

        safetensors.torch.save_file({key: value.contiguous() for key, value in net.state_dict().items()}, path)
    else:
        example = (torch.zeros(1, 3, side(name), side(name)),)
        torch.onnx.export(net, example, path, dynamo=format == "dynamo", verbose=False)
    return path


def files(path):
    """Returns a model's file, and the file beside it in which ONNX keeps large weights, if it exists."""
    return [file for file in (path, path.with_name(path.name + ".data")) if file.exists()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=some_of(MODELS), default=MODELS, help="default: all")
    parser.add_argument("--formats", type=some_of(list(SUFFIXES)), default=["pth"], help="default: pth")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in options.models:
        net = make(name)
        for format in options.formats:
            print(write(net, format, name, options.folder), flush=True)


if __name__ == "__main__":
    script(main)
