"""The diffusion's equations: what the network sees, what it is to answer, how noisy images are.

T. Karras, M. Aittala, T. Aila, S. Laine: "Elucidating the Design Space of Diffusion-Based
Generative Models" (2022), Table 1 and section 5. A noisy image is x = y + σn. The network F sees
c_in x and the denoised image is D(x; σ) = c_skip x + c_out F(c_in x; c_noise): at every σ what it
sees and what it is to answer have unit variance, where images have σ_data.
"""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

SIGMA_DATA = 0.5  # standard deviation of images in [-1, 1]
LOG_MEAN, LOG_DEVIATION = -1.2, 1.2  # of ln σ in training
SIGMA_MIN, SIGMA_MAX, RHO = 0.002, 80.0, 7.0  # of sampling


class Preconditioning(NamedTuple):
    """The four coefficients of a noise level, each of the shape of σ."""

    skip: Any  # c_skip
    out: Any  # c_out
    inside: Any  # c_in
    noise: Any  # c_noise


def preconditioning(sigma):
    """Return the `Preconditioning` of standard deviations of noise, a tensor or an array."""
    total = sigma**2 + SIGMA_DATA**2
    xp = tf.math if tf.is_tensor(sigma) else np
    return Preconditioning(
        skip=SIGMA_DATA**2 / total,
        out=sigma * SIGMA_DATA / total**0.5,
        inside=1 / total**0.5,
        noise=xp.log(sigma) / 4,
    )


def training_sigmas(normals):
    """Return standard deviations of noise for training: ln σ ~ N(-1.2, 1.2²)."""
    return tf.exp(LOG_MEAN + LOG_DEVIATION * normals)


def target(images, noisy, sigma):
    """Return what F is to answer, (y − c_skip x) / c_out, `(batch, size, size, 3)`.

    The mean square error to it is EDM's weighted loss, λ(σ) ‖D(x; σ) − y‖² with λ = 1 / c_out².

    Args:
        images: y, in [-1, 1].
        noisy: x = y + σn.
        sigma: σ, `(batch, 1, 1, 1)`.
    """
    c = preconditioning(sigma)
    return (images - c.skip * noisy) / c.out


def denoised(network, noisy, sigma, *conditions, training=False):
    """Return D(x; σ), float32 `(batch, size, size, 3)`.

    Args:
        network: F; takes images, c_noise and the conditions.
        noisy: x, float32.
        sigma: σ, `(batch, 1, 1, 1)`.
        *conditions: what else the network is told.
        training: whether it is being trained.
    """
    c = preconditioning(sigma)
    told = network(c.inside * noisy, c.noise[:, 0, 0, 0], *conditions, training=training)
    return c.skip * noisy + c.out * tf.cast(told, tf.float32)


def sampling_sigmas(steps, highest=SIGMA_MAX):
    """Return the noise levels of so many steps and a final 0, float64 `(steps + 1,)` (Eq. 5).

    Args:
        steps: how many.
        highest: the first of them.
    """
    share = np.arange(steps) / max(steps - 1, 1)
    ends = highest ** (1 / RHO), SIGMA_MIN ** (1 / RHO)
    return np.append((ends[0] + share * (ends[1] - ends[0])) ** RHO, 0.0)
