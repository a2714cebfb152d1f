# SPDX-License-Identifier: MIT
"""Times a class visualization (recipe cs231n-pytorch-normalized) in pixelascent and in two PyTorch loops in float32:
`course`, written the way course notebooks teach it, and `tuned`, as fast as PyTorch can do it.
"""

import statistics
import time

import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d

from common import OURS, SIDE, fail, report, run
from squeezenet import BOX_HIGH, BOX_LOW, SqueezeNet, load_weights

TARGET = 76
LEARNING_RATE, L2, MAX_JITTER, BLUR_EVERY, SIGMA = 25.0, 1e-3, 16, 10, 0.5
LEAST_PROBABILITY = 0.5


def blur(image):
    """Blurs the image in place with scipy, along the height, then along the width."""
    values = image.numpy()
    blurred = gaussian_filter1d(gaussian_filter1d(values, SIGMA, axis=2), SIGMA, axis=3)
    image.copy_(torch.from_numpy(blurred))


def course(net, iterations, seed):
    """Runs the plain loop: a roll, backward() into .grad, and a clamp channel by channel."""
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    image = torch.randn(1, 3, SIDE, SIDE).requires_grad_(True)
    for t in range(iterations):
        oy, ox = (int(offset) for offset in random.integers(0, MAX_JITTER + 1, 2))
        image.data.copy_(torch.roll(image.data, (oy, ox), (2, 3)))
        objective = net(image)[0, TARGET] - L2 * (image**2).sum()
        objective.backward()
        with torch.no_grad():
            image += LEARNING_RATE * image.grad / image.grad.norm()
        image.grad.zero_()
        image.data.copy_(torch.roll(image.data, (-oy, -ox), (2, 3)))
        for channel in range(3):
            image.data[:, channel].clamp_(BOX_LOW[channel], BOX_HIGH[channel])
        if t % BLUR_EVERY == 0:
            blur(image.data)
    return image.detach()


def tuned(net, iterations, seed):
    """Runs the same computation with less work: autograd computes only the gradient of the rolled copy, the gradient of
    the L2 term is written out, and most of the rest is in place."""
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    low, high = (torch.tensor(box, dtype=torch.float32)[None, :, None, None] for box in (BOX_LOW, BOX_HIGH))
    image = torch.randn(1, 3, SIDE, SIDE).contiguous(memory_format=torch.channels_last)
    for t in range(iterations):
        oy, ox = (int(offset) for offset in random.integers(0, MAX_JITTER + 1, 2))
        x = torch.roll(image, (oy, ox), (2, 3)).contiguous(memory_format=torch.channels_last).requires_grad_(True)
        (g,) = torch.autograd.grad(net(x)[0, TARGET], x)
        with torch.no_grad():
            g.add_(x, alpha=-2 * L2)
            x.add_(g.mul_(LEARNING_RATE / g.norm()))
            image = torch.roll(x, (-oy, -ox), (2, 3))
            torch.minimum(torch.maximum(image, low, out=image), high, out=image)
            if t % BLUR_EVERY == 0:
                blur(image)
    return image


def time_torch(loop, net, options, seed):
    """Returns the seconds of the loop and the target's probability in the final image."""
    start = time.perf_counter()
    image = loop(net, options.iterations, seed)
    seconds = time.perf_counter() - start
    with torch.no_grad():
        return seconds, torch.softmax(net(image), 1)[0, TARGET].item()


def time_pixelascent(options, seed, folder):
    """Returns the seconds of the loop and the target's probability, as the program reports them."""
    command = [options.binary, "visualize", "--class", TARGET, "--recipe", "cs231n-pytorch-normalized", "--seed", seed]
    command += ["--iterations", options.iterations, "--threads", options.threads, "--model", options.model]
    (answer,) = run(OURS, [*command, "-o", folder / "image.png", "--json", "--quiet"])
    return answer["seconds"], answer["probability"]


def compare(options, folder):
    torch.set_num_threads(options.threads)
    weights = load_weights(options.model)
    # The weights are plain tensors that require no gradient, so they are frozen in both loops.
    course_net = SqueezeNet(weights, torch.float32)
    tuned_net = SqueezeNet(weights, torch.float32, torch.channels_last)
    print(f"class visualization: class {TARGET}, {SIDE}x{SIDE}, {options.iterations} iterations")
    print("seconds (probability) of each round:")
    course(course_net, 3, 0)
    tuned(tuned_net, 3, 0)
    seconds, probabilities = [], []
    for seed in range(options.rounds):
        results = {
            OURS: time_pixelascent(options, seed, folder),
            "PyTorch course": time_torch(course, course_net, options, seed),
            "PyTorch tuned": time_torch(tuned, tuned_net, options, seed),
        }
        seconds.append({name: s for name, (s, _) in results.items()})
        probabilities.append({name: p for name, (_, p) in results.items()})
        print("  " + "  ".join(f"{name} {s:.3f} ({p:.3f})" for name, (s, p) in results.items()), flush=True)
    print("all rounds:")
    report(seconds, " s", 3)
    for name in probabilities[0]:
        if statistics.median(values[name] for values in probabilities) < LEAST_PROBABILITY:
            fail(f"expected half of {name}'s final images to reach probability {LEAST_PROBABILITY}, found fewer")
