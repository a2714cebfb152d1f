# SPDX-License-Identifier: MIT
"""The class visualization recipes without jitter, step by step in float64, with scipy's Gaussian blur."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from squeezenet import BOX_HIGH, BOX_LOW


@dataclass(frozen=True)
class Recipe:
    learning_rate: float = 25
    normalised_step: bool = False
    l2: float = 1e-3
    l2_slope: float = 2  # the L2 term's gradient is l2 * l2_slope * I
    clamp: bool = True
    blur_every: int = 10
    blur_sigma: float = 0.5


RECIPES = {
    "cs231n-pytorch-normalized": Recipe(normalised_step=True),
    "cs231n-pytorch": Recipe(),
    "cs231n-tensorflow": Recipe(l2_slope=1),
    "simonyan": Recipe(learning_rate=5, l2=1e-2, clamp=False, blur_every=0),
    "soft": Recipe(learning_rate=8, normalised_step=True, l2=0, clamp=False, blur_every=4, blur_sigma=0.7),
}


def ascend(net, image, target, recipe, steps, blur_every=None):
    """Returns the image after `steps` iterations from a (3,H,W) image. `blur_every` replaces the recipe's own; 0 never
    blurs."""
    blur_every = recipe.blur_every if blur_every is None else blur_every
    image = image.astype(net.weights["conv1"][0].numpy().dtype)
    for t in range(steps):
        score_gradient = net.gradient(image, target)
        if not score_gradient.any():
            raise ValueError(f"class {target} has a zero gradient at step {t}")
        g = score_gradient - recipe.l2 * recipe.l2_slope * image
        image = image + recipe.learning_rate * (g / np.linalg.norm(g) if recipe.normalised_step else g)
        if recipe.clamp:
            image = np.clip(image, BOX_LOW[:, None, None], BOX_HIGH[:, None, None]).astype(image.dtype)
        if blur_every and t % blur_every == 0:
            for axis in (1, 2):
                image = gaussian_filter1d(image, recipe.blur_sigma, axis=axis)
    return image
