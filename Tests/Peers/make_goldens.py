# SPDX-License-Identifier: MIT
"""Writes the goldens in Tests/Golden/peers: what PyTorch, Keras' rules and Lucent compute.

make_goldens.py WEIGHTS: the weights of SqueezeNet 1.1, as Tests/Golden/squeezenet.py reads them.
"""

import json
import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import scipy.ndimage as nd
import torch
import torch.nn.functional as F
from horama.maco_fv import maco_preconditioner
from lucent.optvis.param import spatial
from lucent.optvis.param.color import color_correlation_normalized, to_valid_rgb
from lucent.optvis.param.spatial import fft_image, rfft2d_freqs

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "Golden" / "peers"
sys.path.insert(0, str(ROOT / "Golden"))

from squeezenet import MEAN, STD, SqueezeNet, load_weights  # noqa: E402

STEPS = 5


def save(name, array):
    np.save(FOLDER / f"{name}.npy", np.ascontiguousarray(array, dtype="<f4"))


# Optimizers: the parameters after each step, along given gradients. PyTorch descends, so it gets the opposite gradients.
TORCH = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, lr=0.05),
    "nadam": lambda p: torch.optim.NAdam(p, lr=0.05),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.05),
}


def keras_rule(name):
    if name == "keras-nadam":
        return keras.optimizers.Nadam(learning_rate=0.05)
    return keras.optimizers.RMSprop(learning_rate=0.05)


def run_keras(name, start, gradients):
    optimizer = keras_rule(name)
    variable = keras.Variable(start.astype(np.float32), dtype="float32")
    optimizer.build([variable])
    states = []
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(-gradient.astype(np.float32))], [variable])
        states.append(keras.ops.convert_to_numpy(variable).copy())
    return states


def run_numpy(name, start, gradients):
    x, states = start.astype(np.float64), []
    for g in gradients.astype(np.float64):
        size = {"normalized": np.linalg.norm(g), "mean-normalized": np.abs(g).mean(), "sign": np.where(g == 0, 1, np.abs(g))}
        x = x + 0.05 * g / size[name]
        states.append(x)
    return states


def run_torch(name, start, gradients):
    p = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer, states = TORCH[name]([p]), []
    for gradient in gradients:
        p.grad = torch.tensor(-gradient, dtype=torch.float64)
        optimizer.step()
        states.append(p.detach().numpy().copy())
    return states


def make_optimizers():
    random = np.random.default_rng(1)
    start = random.standard_normal(40).astype(np.float32)
    gradients = random.standard_normal((STEPS, 40)).astype(np.float32)
    gradients[:, 3] = 0  # a parameter that no step changes
    save("optimizer-start", start)
    save("optimizer-gradients", gradients)
    for name in TORCH:
        save(f"optimizer-{name}", run_torch(name, start, gradients))
    for name in ("normalized", "mean-normalized", "sign"):
        save(f"optimizer-{name}", run_numpy(name, start, gradients))
    for name in ("keras-nadam", "keras-rmsprop"):
        save(f"optimizer-{name}", run_keras(name, start, gradients))


# Lucent's Fourier parametrization: an image from coefficients, and the gradient of a weighted sum of its pixels.
def lucent_image(shape):
    params, image = fft_image(shape)
    return params[0], to_valid_rgb(image, decorrelate=True)


def make_fourier():
    spatial.device = "cpu"
    for height, width in ((12, 10), (9, 16), (7, 2)):
        random = np.random.default_rng(height)
        theta, image = lucent_image((1, 3, height, width))
        coefficients = random.standard_normal((3, height, width // 2 + 1, 2)).astype(np.float32)
        with torch.no_grad():
            theta.copy_(torch.from_numpy(coefficients)[None])
        pixels = image()
        weights = random.standard_normal((3, height, width)).astype(np.float32)
        (pixels[0] * torch.from_numpy(weights)).sum().backward()
        name = f"fourier-{height}x{width}"
        save(f"{name}-coefficients", np.moveaxis(coefficients, -1, 0))
        save(f"{name}-image", pixels[0].detach().numpy())
        save(f"{name}-weights", weights)
        save(f"{name}-gradient", np.moveaxis(theta.grad[0].numpy(), -1, 0))


# MaCo's image from phases and magnitudes, as xplique 2.0.2 computes it in `maco_image_parametrization`, and the gradient of a
# weighted sum of its pixels, in float64. Horama's `maco_preconditioner` differs in the standard deviation alone.
def make_phases():
    colours = torch.tensor(
        [
            [0.56282854, 0.5844758, 0.5844758],
            [0.19482528, 0.0, -0.19482528],
            [0.0432945, -0.10823626, 0.06494176],
        ],
        dtype=torch.float64,
    )

    def standardized(x, unbiased, least):
        return (x - x.mean()) / (x.std(unbiased=unbiased) + least)

    def picture(magnitude, phase, unbiased, least):
        phase = standardized(phase, unbiased, least)
        image = torch.fft.irfft2(magnitude * torch.exp(1j * phase))
        return torch.sigmoid(torch.einsum("ihw,ij->jhw", standardized(image, unbiased, least), colours))

    for height, width in ((12, 10), (9, 16)):
        random = np.random.default_rng(height)
        magnitude = torch.from_numpy(random.uniform(0.1, 2, (3, height, width // 2 + 1)))
        phase = torch.from_numpy(random.standard_normal((3, height, width // 2 + 1)))
        horama = maco_preconditioner(magnitude.float(), phase.float(), (0.0, 1.0), "cpu").double()
        ours = picture(magnitude, phase, True, 1e-4)
        # Two computations of one formula, one of them in float32.
        if (horama - ours).abs().max() > 1e-6:
            sys.exit(f"Horama's image differs by {(horama - ours).abs().max()}")
        phase.requires_grad_()
        image = picture(magnitude, phase, False, 1e-5)
        weights = torch.from_numpy(random.standard_normal((3, height, width)))
        (image * weights).sum().backward()
        name = f"phase-{height}x{width}"
        save(f"{name}-magnitudes", magnitude.numpy())
        save(f"{name}-phases", phase.detach().numpy())
        save(f"{name}-image", image.detach().numpy())
        save(f"{name}-weights", weights.numpy())
        save(f"{name}-gradient", phase.grad.numpy())


# Transforms, on values of a grey mean: Tests/PixelAscentTests gives the network mean 0.5 and standard deviation 0.25.
def make_transforms():
    random = np.random.default_rng(3)
    image = random.uniform(0, 1, (3, 13, 18)).astype(np.float32)
    x = torch.from_numpy(image).double()[None]
    save("transform-image", image)
    for factor in (0.9, 1.1, 2.5, 0.3):
        size = (int(factor * 13), int(factor * 18))
        scaled = F.interpolate(x, size=size, mode="bilinear", align_corners=False)
        save(f"transform-scale-{factor}", scaled[0].numpy())
    for degrees in (7, -10, 90, 133):
        # PyTorch's coordinates go from -1 to 1 along each axis, so the angle is in pixels.
        a, (h, w) = np.deg2rad(degrees), image.shape[1:]
        theta = torch.tensor([[[np.cos(a), -np.sin(a) * h / w, 0], [np.sin(a) * w / h, np.cos(a), 0]]])
        grid = F.affine_grid(theta, x.shape, align_corners=False)
        rotated = F.grid_sample(x - 0.5, grid, mode="bilinear", padding_mode="zeros", align_corners=False) + 0.5
        save(f"transform-rotate-{degrees}", rotated[0].numpy())


# Regularizers: value and gradient by PyTorch.
def terms(x):
    down, right = x[:, 1:] - x[:, :-1], x[:, :, 1:] - x[:, :, :-1]
    common = down[:, :, :-1] ** 2 + right[:, :-1] ** 2
    return {
        "tv": down.abs().sum() + right.abs().sum(),
        "smoothness-2": common.sum(),
        "smoothness-1": (common + 1e-8).sqrt().sum(),
        "l1": x.abs().sum(),
        "alpha-norm": (x.abs() ** 6).sum(),
    }


def make_regularizers():
    image = np.random.default_rng(4).standard_normal((3, 6, 7)).astype(np.float32)
    save("regularizer-image", image)
    values = {}
    for name in terms(torch.zeros(3, 6, 7)):
        x = torch.tensor(image, dtype=torch.float64, requires_grad=True)
        term = terms(x)[name]
        term.backward()
        values[name] = float(term.detach())
        save(f"regularizer-{name}", x.grad.numpy())
    (FOLDER / "regularizers.json").write_text(json.dumps([values]) + "\n")


# The recipe lucid without transforms: one step on SqueezeNet 1.1 in float64, with Lucent's image and PyTorch's Adam.
def make_lucid(net):
    torch.set_default_dtype(torch.float64)
    image = np.load(ROOT / "Golden" / "strict-64x64-input.npy").astype(np.float64)
    pixels = np.clip(image * STD[:, None, None] + MEAN[:, None, None], 1e-3, 1 - 1e-3)
    size = image.shape[1:]
    scale = torch.tensor(1 / np.maximum(rfft2d_freqs(*size), 1 / max(size)))
    colours = torch.tensor(color_correlation_normalized.astype(np.float64))
    logits = torch.tensor(np.log(pixels / (1 - pixels)))
    colourless = torch.einsum("ij,jhw->ihw", torch.linalg.inv(colours), logits)
    theta = torch.view_as_real(4 * torch.fft.rfft2(colourless, norm="ortho") / scale).clone().requires_grad_()
    mean, std = torch.tensor(MEAN)[:, None, None], torch.tensor(STD)[:, None, None]

    def make_image():
        t = torch.fft.irfft2(torch.view_as_complex(theta) * scale, s=size, norm="ortho") / 4
        return (torch.sigmoid(torch.einsum("ij,jhw->ihw", colours, t)) - mean) / std

    optimizer = torch.optim.Adam([theta], lr=0.05)
    for step in range(3):
        x = make_image()
        (-net(x[None])[0, 187]).backward()
        optimizer.step()
        optimizer.zero_grad()
        save(f"lucid-image-{step + 1}", make_image().detach().numpy())


# DeepDream without jitter, in float64: SciPy's zoom between the octaves, steps of a mean magnitude of 1.5 on colours from 0 to
# 255, and the layer fire6, which torchvision calls `features.9`.
def make_dream(net):
    torch.set_default_dtype(torch.float64)
    random = np.random.default_rng(11)
    rough = random.uniform(0, 255, (3, 7, 9))
    photo = np.clip(nd.zoom(rough, (1, 10, 10), order=1), 0, 255).round()
    save("dream-photo", photo)
    mean, std = torch.tensor(MEAN)[:, None, None], torch.tensor(STD)[:, None, None]
    octaves = [photo]
    for _ in range(2):
        octaves.append(nd.zoom(octaves[-1], (1, 1 / 1.4, 1 / 1.4), order=1))
    detail = np.zeros_like(octaves[-1])
    for base in octaves[::-1]:
        detail = nd.zoom(detail, (1, base.shape[1] / detail.shape[1], base.shape[2] / detail.shape[2]), order=1)
        image = base + detail
        for _ in range(3):
            x = torch.tensor(image, requires_grad=True)
            activation = net(((x / 255 - mean) / std)[None], until="fire6")
            (activation**2).mean().backward()
            gradient = x.grad.numpy()
            image = np.clip(image + 1.5 * gradient / np.abs(gradient).mean(), 0, 255)
        detail = image - base
    save("dream-image", image)


# The inversion of a layer with the losses of utkuozbulak's `inverted_representation.py` and torch's SGD, in float64. Its total
# variation is meant for an image of shape (C,H,W).
def make_inversion(net):
    torch.set_default_dtype(torch.float64)
    random = np.random.default_rng(12)
    photo = torch.from_numpy(np.load(ROOT / "Golden" / "strict-64x64-input.npy").astype(np.float64))
    start = (0.1 * random.standard_normal(photo.shape)).astype(np.float32)
    save("inversion-start", start)
    with torch.no_grad():
        target = net(photo[None], until="fire4")
    image = torch.from_numpy(start.astype(np.float64)).requires_grad_()
    optimizer = torch.optim.SGD([image], lr=1e4, momentum=0.9)
    for step in range(3):
        optimizer.zero_grad()
        distance = torch.norm(net(image[None], until="fire4") - target) ** 2 / torch.norm(target) ** 2
        below, right = image[:, 1:, :-1] - image[:, :-1, :-1], image[:, :-1, 1:] - image[:, :-1, :-1]
        (0.1 * distance + 1e-7 * (image**6).sum() + 1e-8 * (below**2 + right**2).sum()).backward()
        optimizer.step()
        if step % 40 == 0:
            for group in optimizer.param_groups:
                group["lr"] /= 10
        save(f"inversion-image-{step + 1}", image.detach().numpy())


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} WEIGHTS")
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*"):
        old.unlink()
    make_optimizers()
    make_fourier()
    make_phases()
    make_transforms()
    make_regularizers()
    net = SqueezeNet(load_weights(sys.argv[1]))
    make_lucid(net)
    make_dream(net)
    make_inversion(net)


if __name__ == "__main__":
    main()
