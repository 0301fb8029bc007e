"""t-SNE: features of images as points in the plane, to look at (SSGAN, Eq. 4-6)."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from ssgan_tf.errors import UserError

PRINCIPAL_COMPONENTS = 50  # as van der Maaten & Hinton 2008 do: less noise, quicker distances


def embed(features, seed=0):
    """Return a point for each feature vector, float `(n, 2)`; near vectors become near points.

    Vectors that are all equal are all at the origin.

    The axes have no meaning, nor have the sizes of clusters and the gaps between them. Real and
    generated images must be embedded in one call.

    Args:
        features: float `(n, d)`, n at least 4, d at least 2.
        seed: the same seed gives the same points on the same machine.

    Raises:
        UserError: there are fewer than four.
    """
    (points,) = embed_each([features], seed)
    return points


def embed_each(sets, seed=0):
    """Yield what `embed` returns for each of several sets of features, computed side by side."""
    # One thread a set: sums do not depend on the number of processors, and threads that wait for
    # one another on a busy machine took five times as long for 1000 points, 30 times for 50. BLAS
    # has one limit for all threads; each thread has its own for OpenMP.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(lambda features: _embed(features, seed), sets)


def _embed(features, seed):
    count, dimensions = features.shape
    if count < 4:
        raise UserError(f"t-SNE needs at least four images, not {count}")
    if not np.ptp(features, axis=0).any():
        return np.zeros((count, 2))  # all alike; scikit-learn would divide by their spread
    # About three perplexities of neighbours set a point's place; there must be that many others.
    perplexity = min(30, (count - 1) / 3)
    with threadpool_limits(1, "openmp"):
        if dimensions > PRINCIPAL_COMPONENTS:
            components = min(PRINCIPAL_COMPONENTS, count)
            features = PCA(components, random_state=seed).fit_transform(features)
        tsne = TSNE(2, perplexity=perplexity, init="pca", random_state=seed)
        return tsne.fit_transform(features)


def thin(count, most, seed=0):
    """Return the places of at most `most` of `count` things, chosen at random, in order.

    The same seed chooses the same.
    """
    return np.sort(np.random.default_rng(seed).permutation(count)[:most])
