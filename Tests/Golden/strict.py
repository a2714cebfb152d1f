# SPDX-License-Identifier: MIT
"""Measures how far an input is from a tie: from a ReLU or a max pool that float32 rounding could decide differently.

The tolerance of a unit z = b + sum(w*x) comes from the *measured* difference of float32 and float64 in two evaluations
of the whole network: PyTorch's own, and one that adds the products one after the other, the worst order in use. With
A = |b| + sum|w*x|, and r = the layer's largest |z32 - z64| / A in either evaluation,

    tolerance = max(20 * |z32 - z64| at the unit itself, 4 * r * A).

r is the largest ratio of thousands of units, so another order of summation stays far below 4r. A ReLU is safe if
|z64| >= tolerance. A pool's window is safe if its maximum exceeds every other value by the sum of the two tolerances, or
if it is 0 (then the ReLUs before it, which are all safe, pass no gradient on).
"""

import numpy as np
import torch
import torch.nn.functional as F

from squeezenet import SqueezeNet

OWN_FACTOR = 20
LAYER_FACTOR = 4


class SequentialSqueezeNet(SqueezeNet):
    """The network with every product added to its sum one after the other."""

    @staticmethod
    def convolve(x, kernel, bias, stride, padding):
        outputs, _, kh, kw = kernel.shape
        height, width = ((side + 2 * padding - k) // stride + 1 for side, k in zip(x.shape[2:], (kh, kw)))
        columns = F.unfold(x, (kh, kw), padding=padding, stride=stride)[0].numpy()
        rows = kernel.reshape(outputs, -1).numpy()
        z = np.repeat(bias.numpy()[:, None], height * width, 1)
        for k in range(columns.shape[0]):
            z += rows[:, k, None] * columns[k]
        return torch.from_numpy(z).reshape(1, outputs, height, width)


class StrictnessMeter:
    def __init__(self, weights):
        self.exact = SqueezeNet(weights)
        self.magnitude = SqueezeNet({name: (abs(kernel), abs(bias)) for name, (kernel, bias) in weights.items()})
        self.rounded = [SqueezeNet(weights, torch.float32), SequentialSqueezeNet(weights, torch.float32)]

    def slack(self, image):
        """Returns the smallest ratio of distance to tolerance of all ReLUs and pool windows. If it is at least 1, all are
        safe."""
        traces = [self._trace(net, image) for net in [self.exact] + self.rounded]
        slack, unit_tolerance = np.inf, []
        for exact, *rounded in zip(*traces):
            if exact[0] == "conv":
                z, tolerance = exact[3], self._tolerance(exact, rounded)
                slack = min(slack, (z.abs() / tolerance).min().item())
                unit_tolerance.append(torch.where(z > 0, tolerance, torch.zeros_like(z)))
            else:
                x = exact[2]
                # The pool's input is the output of one convolution (conv1), or of two that are concatenated (a fire module).
                parts = unit_tolerance[-1:] if x.shape[1] == unit_tolerance[-1].shape[1] else unit_tolerance[-2:]
                slack = min(slack, pool_slack(x, torch.cat(parts, 1)))
        return slack

    def _tolerance(self, exact, rounded):
        _, name, x, z = exact
        stride, padding = (2 if name == "conv1" else 1), (1 if name.endswith("3x3") else 0)
        size = self.magnitude.convolve(x.abs(), *self.magnitude.weights[name], stride, padding)
        deviation = torch.stack([(other[3].double() - z).abs() for other in rounded]).amax(0)
        return torch.maximum(OWN_FACTOR * deviation, LAYER_FACTOR * (deviation / size).max() * size)

    @staticmethod
    def _trace(net, image):
        trace = []
        with torch.no_grad():
            net(net.batch(image), trace=trace)
        return trace


def pool_slack(x, tolerance):
    windows, tolerances = pool_windows(x, -np.inf), pool_windows(tolerance, 0.0)
    first = windows.argmax(-1, keepdim=True)
    lead = windows.gather(-1, first) - windows
    limit = tolerances.gather(-1, first) + tolerances
    ratio = (lead / limit).scatter(-1, first, np.inf)
    live = windows.amax(-1) > 0
    return ratio[live].min().item()


def pool_windows(x, fill):
    """Returns the windows (C,h,w,9) of a 3x3 pool with stride 2 in ceil mode on (1,C,H,W)."""
    height, width = x.shape[2:]
    padded = F.pad(x[0], (0, (width + 1) % 2, 0, (height + 1) % 2), value=fill)
    return padded.unfold(1, 3, 2).unfold(2, 3, 2).flatten(3)
