"""TensorFlow-GAN's Fréchet distance beside ours, where it is defined."""

import importlib

import numpy as np

from ssgan_tf.errors import UserError


def tfgan_distance(real, generated, ours):
    """Return TensorFlow-GAN's Fréchet distance of two sets of features, as a dict for JSON.

    It takes roots of covariances, which with as many features as images or more are singular: then
    rounding decides its last digits, and there is nothing to check ours against.

    Args:
        real: features `(n, d)`.
        generated: features `(m, d)`.
        ours: their `ssgan_tf.metrics.frechet.frechet_distance`, or None.

    Returns:
        `distance`, `difference` (ours minus this one) and `reason` (None); where TensorFlow-GAN
        cannot be asked, `reason` says why and the others are None.
    """
    reason = _obstacle(real, generated)
    if reason is None:
        try:
            # Not before it is needed: the import takes seconds.
            tfgan = importlib.import_module("ssgan_tf.tfgan")
        except UserError as error:
            reason = str(error)
    if reason is not None:
        return {"distance": None, "difference": None, "reason": reason}
    theirs = float(
        tfgan.eval.frechet_classifier_distance_from_activations(
            np.asarray(real, np.float64), np.asarray(generated, np.float64)
        )
    )
    return {"distance": theirs, "difference": ours - theirs, "reason": None}


def _obstacle(real, generated):
    """Return why the two sets cannot be compared by TensorFlow-GAN, or None."""
    dimension = real.shape[1]
    if min(len(real), len(generated)) > dimension:
        return None
    return (
        f"needs more images than the {dimension} features on both sides; there are "
        f"{len(generated)} generated and {len(real)} training images"
    )
