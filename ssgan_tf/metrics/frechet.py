"""The Fréchet distance of two sets of features (SSGAN, Eq. 8; Heusel et al., 2017).

    |μ_r - μ_g|² + Tr(Σ_r + Σ_g - 2 (Σ_r Σ_g)^(1/2))

With A and B the centred features over the root of n - 1, Σ_r = AᵀA and Σ_g = BᵀB. Σ_r Σ_g has the
eigenvalues of (ABᵀ)(ABᵀ)ᵀ, beside zeros, so the trace of its root is the sum of the singular values
of ABᵀ. No covariance is formed and no root taken of a singular matrix: with fewer images than
features this stays exact, needs no regularisation, and is fast.
"""

import numpy as np

from ssgan_tf.metrics.distances import feature_pair


def frechet_distance(real, generated):
    """Return the Fréchet distance of two sets of features, a float, 0 or more.

    It is biased upwards, the more the fewer the images: compare only distances of equal counts, and
    see `halves_distance`.

    Args:
        real: features `(n, d)`, any float type; the computation is in float64.
        generated: features `(m, d)`.

    Raises:
        ValueError: fewer than two images, unequal widths, or features that are not finite.
    """
    real, generated = feature_pair(real, generated, at_least=2)
    between_means = np.square(real.mean(axis=0) - generated.mean(axis=0)).sum()
    a, b = _covariance_factor(real), _covariance_factor(generated)
    root_trace = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    between_covariances = np.square(a).sum() + np.square(b).sum() - 2 * root_trace
    return float(between_means + max(between_covariances, 0))  # rounding may leave less than 0


def _covariance_factor(features):
    """Return F with FᵀF the covariance, `(min(n, d), d)`."""
    factor = (features - features.mean(axis=0)) / np.sqrt(len(features) - 1)
    if len(factor) > factor.shape[1]:
        # Q of factor = QR has orthonormal columns: RᵀR is the same, in d rows instead of n.
        factor = np.linalg.qr(factor, mode="r")
    return factor


def halves_distance(features, seed=0):
    """Return the Fréchet distance between two random halves of one set of features.

    The floor: about what a perfect generator reaches at half the count of images.

    Args:
        features: `(n, d)`, any float type.
        seed: of the halves.

    Raises:
        ValueError: fewer than four images, or features that are not finite.
    """
    order = np.random.default_rng(seed).permutation(len(features))
    middle = len(order) // 2
    features = np.asarray(features)
    return frechet_distance(features[order[:middle]], features[order[middle:]])
