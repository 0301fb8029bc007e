"""From the paper's noise rate to a step of Stable Diffusion 3's schedule.

SGID's rate 0.3 is that of Stable Diffusion 1.5. A flow model of the same strength begins with far
more noise, so the rate is carried over by the ratio of noise to signal.
"""

import math
from typing import NamedTuple

import numpy as np

SHIFT, TRAINED_STEPS = 3.0, 1000  # of all presets of Stable Diffusion 3


class Start(NamedTuple):
    """Where image-to-image diffusion begins.

    Attributes:
        step: the first step that is run, counted from 0.
        steps: of the whole schedule; `steps - step` are run.
        sigma: share of noise there, in (0, 1]: latents are σ·noise + (1 − σ)·image.
    """

    step: int
    steps: int
    sigma: float

    @property
    def run(self):
        """The number of steps that are run."""
        return self.steps - self.step


def flow_sigmas(steps, shift=SHIFT, trained=TRAINED_STEPS):
    """Return σ of each step of Stable Diffusion 3, falling, float64 `(steps,)` in (0, 1].

    As KerasHub has it (Esser et al., arXiv 2403.03206, Eq. 23): the shift is applied to the ends
    of the range and again to what lies between.
    """

    def shifted(share):
        return shift * share / (1 + (shift - 1) * share)

    return shifted(np.linspace(shifted(1.0), shifted(1 / trained), steps))


def stable_diffusion_ratio(rate, steps):
    """Return noise / signal where Stable Diffusion 1.5 begins with a noise rate.

    Its variances rise from 0.00085 to 0.012, their roots evenly, over 1,000 steps; `steps` of
    these are taken, evenly from step 1, of which the last `int(rate · steps)` are run.

    Args:
        rate: in (0, 1].
        steps: of the whole schedule, from 1 to 1,000.
    """
    betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    run = max(int(steps * rate), 1)
    signal = np.cumprod(1 - betas)[min((run - 1) * (1000 // steps) + 1, 999)]
    return math.sqrt((1 - signal) / signal)


def starting(steps, rate=None, strength=None, shift=SHIFT, trained=TRAINED_STEPS):
    """Return the `Start` for a rate of Stable Diffusion 1.5, or for a literal strength.

    Args:
        steps: of the whole schedule.
        rate: the step whose noise / signal is nearest to that of Stable Diffusion 1.5.
        strength: instead, the share of the steps that are run, as in KerasHub's `generate`.
        shift: of the model's schedule.
        trained: steps that it was trained with.
    """
    sigmas = flow_sigmas(steps, shift, trained)
    if strength is not None:
        step = min(int(steps * (1 - strength)), steps - 1)
    else:
        with np.errstate(divide="ignore"):
            ratios = sigmas / (1 - sigmas)
        step = int(np.argmin(np.abs(ratios - stable_diffusion_ratio(rate, steps))))
    return Start(step, steps, float(sigmas[step]))
