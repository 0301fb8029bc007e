"""Latents of a class: a normal distribution for each, fitted to its encoded images (BAGAN).

G. Mariani, F. Scheidegger, R. Istrate, C. Bekas, C. Malossi: "BAGAN: Data Augmentation with
Balancing GAN" (2018), section 3. Five images of a class give a covariance of rank 4 of 100
numbers, so that its images hardly differ; shrinkage towards the other classes' is our remedy.
"""

import numpy as np
from keras import layers, ops

from ssgan_tf.errors import UserError

AUTO = "auto"


class ClassLatents(layers.Layer):
    """Turns noise into latents of a class: the class's mean plus its factor times the noise.

    Call with noise `(batch, d)` of mean 0 and covariance 1 and labels, int32 `(batch,)`; returns
    latents `(batch, d)`, float32. Nothing of it is trained. It begins with means 0 and factors 1,
    which leave the noise as it is.

    Args:
        classes: how many classes there are.
        latent_dim: d.
    """

    def __init__(self, classes, latent_dim, name="class_latents"):
        super().__init__(name=name, dtype="float32", trainable=False)
        self.means = self.add_weight(
            shape=(classes, latent_dim), initializer="zeros", trainable=False, name="means"
        )
        self.factors = self.add_weight(
            shape=(classes, latent_dim, latent_dim), initializer=_ones, trainable=False,
            name="factors",
        )  # fmt: skip

    def call(self, noise, labels):
        """Return the latents."""
        factors = ops.take(self.factors, labels, axis=0)
        return ops.take(self.means, labels, axis=0) + ops.einsum("bij,bj->bi", factors, noise)

    def compute_output_shape(self, noise_shape, labels_shape=None):
        """Return the shape of the noise."""
        return noise_shape


def _ones(shape, dtype=None):
    """Return unit matrices."""
    return ops.broadcast_to(ops.eye(shape[-1], dtype=dtype), shape)


def parse_shrinkage(text):
    """Return `--latent_shrinkage` as a number from 0 to 1, or as "auto".

    Raises:
        UserError: it is neither.
    """
    try:
        value = AUTO if text == AUTO else float(text)
    except (TypeError, ValueError):
        value = None
    if value is None or (value != AUTO and not 0 <= value <= 1):
        raise UserError(f"--latent_shrinkage is {text}; it must be a number from 0 to 1, or {AUTO}")
    return value


def class_statistics(encoded, labels, classes, shrinkage):
    """Return mean and factor of each class, and how much its covariance was shrunk.

    Each covariance S is replaced by (1 − δ) S + δ T, with T the pooled within-class covariance.
    A class with one image has no covariance: S is 0, and under "auto" it is given T.

    Args:
        encoded: latents of images `(count, d)`.
        labels: int `(count,)`, their classes; each class has an image.
        classes: how many classes there are.
        shrinkage: δ from 0 to 1, or "auto": see `shrinkage_intensity`.

    Returns:
        means `(classes, d)` and factors `(classes, d, d)`, float32; δ of each class, a list.
    """
    groups = [np.asarray(encoded, np.float64)[labels == label] for label in range(classes)]
    means = np.stack([group.mean(0) for group in groups])
    rests = [group - mean for group, mean in zip(groups, means, strict=True)]
    free = np.array([len(rest) - 1 for rest in rests])  # degrees of freedom
    sums = np.stack([rest.T @ rest for rest in rests])
    pooled = sums.sum(0) / max(free.sum(), 1)
    factors, used = [], []
    for rest, scatter, own in zip(rests, sums, free, strict=True):
        covariance = scatter / max(own, 1)
        delta = shrinkage
        if shrinkage == AUTO:
            delta = shrinkage_intensity(rest, covariance, pooled, own / max(free.sum(), 1))
        factors.append(covariance_factor((1 - delta) * covariance + delta * pooled))
        used.append(float(delta))
    return means.astype(np.float32), np.stack(factors).astype(np.float32), used


def shrinkage_intensity(centred, covariance, target, share=0.0):
    """Return the share δ of the target T that makes (1 − δ) S + δ T err least, from 0 to 1.

    O. Ledoit and M. Wolf (2003), "Improved estimation of the covariance matrix of stock returns",
    find the minimum of E‖(1 − δ) S + δ T − Σ‖² (Frobenius) where S has no bias:

        δ = Σ_ij (Var(s_ij) − Cov(t_ij, s_ij)) / Σ_ij E(s_ij − t_ij)².

    Here T = w S + (1 − w) R, where R is made of other classes and independent of S, so that
    Cov(t_ij, s_ij) = w Var(s_ij). The variance of S, a mean over n images, is estimated without
    bias as in J. Schäfer and K. Strimmer (2005), "A Shrinkage Approach to Large-Scale Covariance
    Matrix Estimation", section 2.3: with W_k = x_k x_kᵀ and W their mean,

        Σ_ij Var(s_ij) = n / (n − 1)³ Σ_k ‖W_k − W‖².

    Args:
        centred: x, latents of a class without their mean `(n, d)`.
        covariance: S `(d, d)`, with n − 1 in the denominator.
        target: T `(d, d)`.
        share: w, that of S in T.
    """
    count = len(centred)
    if count < 2:
        return 1.0
    distance = np.square(covariance - target).sum()
    if distance == 0:
        return 1.0
    mean = covariance * (count - 1) / count
    # ‖W_k‖ is |x_k|², and the W_k lie about their mean.
    spread = np.square(np.square(centred).sum(1)).sum() - count * np.square(mean).sum()
    variance = count / (count - 1) ** 3 * spread
    return float(np.clip((1 - share) * variance / distance, 0.0, 1.0))


def covariance_factor(covariance):
    """Return F with F Fᵀ the covariance `(d, d)`: its eigenvectors times the roots of its values.

    A singular covariance has such a factor too, of the same rank; it has no Cholesky factor.
    """
    values, vectors = np.linalg.eigh(covariance)
    least = max(values[-1], 0.0) * len(values) * np.finfo(np.float64).eps
    return vectors * np.sqrt(np.where(values > least, values, 0.0))
