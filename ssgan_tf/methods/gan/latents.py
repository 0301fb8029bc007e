"""The noise that a generator starts from (SSGAN, section 3.1 and Table 6)."""

import tensorflow as tf


def draw_latents(noise, shape, seed):
    """Return latents, a pure function of the arguments.

    Every distribution but the sum has mean 0 and variance 1, so that Table 6 compares shapes of
    distributions and not scales.

    Args:
        noise: "normal" N(0, 1); "poisson" Poisson(1) − 1; "uniform" U(−√3, √3), the paper's
            "random"; "normal+uniform" N(0, 1) + U(−√3, √3), the paper's "normal + random".
        shape: `(batch, latent_dim)`.
        seed: two integers.

    Returns:
        float32 tensor of that shape.
    """
    if noise == "poisson":
        return tf.random.stateless_poisson(shape, seed, lam=1.0, dtype=tf.float32) - 1.0
    latents = tf.zeros(shape)
    if "normal" in noise:
        latents += tf.random.stateless_normal(shape, seed, alg="philox")
    if "uniform" in noise:
        seed = tf.random.experimental.stateless_fold_in(seed, 1, alg="philox")
        edge = 3.0**0.5
        latents += tf.random.stateless_uniform(shape, seed, -edge, edge, alg="philox")
    return latents
