# SPDX-License-Identifier: MIT
"""Noise images and random positions from an integer hash that is easy to write in any language."""

import numpy as np


def splitmix64(x):
    """Returns the SplitMix64 finaliser of x + 0x9E3779B97F4A7C15, for a uint64 array."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def hashes(seed, count):
    """Returns splitmix64(seed * 2^32 + i) for i = 0 ..< count."""
    return splitmix64((np.uint64(seed) << np.uint64(32)) + np.arange(count, dtype=np.uint64))


def noise_image(seed, height, width):
    """Returns a uint8 image (H,W,3): value i in row-major order is the top byte of hash i."""
    return (hashes(seed, height * width * 3) >> np.uint64(56)).astype(np.uint8).reshape(height, width, 3)


def positions(seed, count, size):
    """Returns `count` indices below `size`: the hashes of seed + 65536, modulo size."""
    return (hashes(seed + 65536, count) % np.uint64(size)).astype(np.int64)
