"""The discrete diffusion of DDPM, as a second way through the same noise levels.

J. Ho, A. Jain, P. Abbeel: "Denoising Diffusion Probabilistic Models" (2020); A. Nichol, P.
Dhariwal: "Improved Denoising Diffusion Probabilistic Models" (2021), whose schedule is the cosine;
J. Song, C. Meng, S. Ermon: "Denoising Diffusion Implicit Models" (2021), whose Eq. 12 and 16 hold
both ways of sampling. There a noisy image is x_t = √ᾱ_t y + √(1 − ᾱ_t) n; divided by √ᾱ_t it is one
of EDM's, with σ² = (1 − ᾱ_t) / ᾱ_t. All of it is float64.
"""

from typing import NamedTuple

import numpy as np

STEPS = 1000  # of the whole diffusion


def linear_signal(steps=STEPS):
    """Return ᾱ_t of DDPM's schedule, β from 1e-4 to 0.02, `(steps,)`."""
    return np.cumprod(1 - np.linspace(1e-4, 0.02, steps))


def cosine_signal(steps=STEPS):
    """Return ᾱ_t of the cosine schedule, each β at most 0.999, `(steps,)`."""
    level = np.cos((np.arange(steps + 1) / steps + 0.008) / 1.008 * np.pi / 2) ** 2
    return np.cumprod(1 - np.minimum(1 - level[1:] / level[:-1], 0.999))


def respaced(signal, count):
    """Return ᾱ of `count` steps that are kept of a schedule, evenly spaced with both ends."""
    kept = np.linspace(0, len(signal) - 1, count).round().astype(int)
    return signal[np.unique(kept)]


def sigma_of(signal):
    """Return EDM's σ of ᾱ."""
    return np.sqrt((1 - signal) / signal)


class Posterior(NamedTuple):
    """q(x_s | x_t, y) for s < t: Gaussian of mean `clean · y + noisy · x_t`."""

    clean: float
    noisy: float
    variance: float


def posterior(signal, earlier, eta=1.0):
    """Return the step from ᾱ_t to ᾱ_s.

    Args:
        signal: ᾱ_t.
        earlier: ᾱ_s of the less noisy step; 1 is the clean image.
        eta: 1 is DDPM's posterior; 0 adds no noise, which is DDIM.
    """
    variance = eta**2 * (1 - earlier) / (1 - signal) * (1 - signal / earlier)
    along = np.sqrt((1 - earlier - variance) / (1 - signal))  # of the noise in x_t
    clean = np.sqrt(earlier) - along * np.sqrt(signal)
    return Posterior(float(clean), float(along), float(variance))
