"""Ways from noise to an image: Heun's, DDIM's and DDPM's, on one denoiser.

Each is a generator that yields the number of network evaluations left and ends by returning the
images, so that the caller can show progress. Noise levels are EDM's.
"""

import itertools

from ssgan_tf.methods.diffusion import ddpm, edm

SOLVERS = ("heun", "ddim", "ddpm")


def heun(denoise, noisy, sigmas):
    """Second-order steps along the probability flow (EDM, Algorithm 1).

    Args:
        denoise: D; takes images and one σ.
        noisy: images with noise of the first σ, `(batch, ...)`.
        sigmas: noise levels, falling to a last 0; the network is asked twice at each but the last
            two.
    """
    x, left = noisy, 2 * (len(sigmas) - 1) - 1
    for here, there in itertools.pairwise(sigmas):
        slope = (x - denoise(x, here)) / here
        left -= 1
        yield left
        ahead = x + (there - here) * slope
        if there > 0:
            slope = (slope + (ahead - denoise(ahead, there)) / there) / 2
            ahead = x + (there - here) * slope
            left -= 1
            yield left
        x = ahead
    return x


def ancestral(denoise, noise, steps, eta, fresh):
    """DDIM's generalised steps along the cosine schedule (Song et al. 2021, Eq. 12).

    Args:
        denoise: D; takes images and one σ.
        noise: standard normal, `(batch, ...)`.
        steps: kept of the schedule's 1000, one evaluation each.
        eta: 0 is DDIM; 1 is DDPM.
        fresh: takes the number of a step and returns standard normal noise like `noise`.
    """
    signals = ddpm.cosine_signal()
    signals = signals[ddpm.sigma_of(signals) <= edm.SIGMA_MAX]  # noisier ones were hardly seen
    signals = ddpm.respaced(signals, steps)[::-1].tolist()
    x = noise * (1 - signals[0]) ** 0.5
    for number, signal in enumerate(signals):
        earlier = signals[number + 1] if number + 1 < len(signals) else 1.0
        clean = denoise(x / signal**0.5, float(ddpm.sigma_of(signal)))
        yield len(signals) - 1 - number
        if earlier == 1.0:
            return clean
        step = ddpm.posterior(signal, earlier, eta)
        x = step.clean * clean + step.noisy * x
        if eta:
            x = x + step.variance**0.5 * fresh(number)
    raise AssertionError("a schedule ends with the clean image")


def solve(name, denoise, noise, steps, fresh):
    """Return the generator of a solver, by its name in `SOLVERS`."""
    if name == "heun":
        sigmas = edm.sampling_sigmas(steps).tolist()
        return heun(denoise, noise * sigmas[0], sigmas)
    return ancestral(denoise, noise, steps, {"ddim": 0.0, "ddpm": 1.0}[name], fresh)


def evaluations(name, steps):
    """Return how often a solver asks the network."""
    return 2 * steps - 1 if name == "heun" else steps
