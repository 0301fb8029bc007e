"""Losses that more than one method uses: pure functions on what a critic says."""

import keras
from keras import ops


def wasserstein_estimate(real_scores, fake_scores):
    """Return E[D(x)] − E[D(G(z))], the estimate of the distance (WGAN, Eq. 2), a scalar.

    The critic maximises it.

    Args:
        real_scores: `(batch,)`, D(x), unbounded.
        fake_scores: `(batch,)`, those of generated images.
    """
    return ops.mean(real_scores) - ops.mean(fake_scores)


def gradient_penalty(gradients):
    """Return E[(‖∇D(x̂)‖₂ − 1)²] (WGAN-GP, Eq. 3), a scalar, without its weight λ.

    Args:
        gradients: float32 `(batch, height, width, channels)`, one gradient an image.
    """
    squares = ops.sum(ops.square(gradients), axis=(1, 2, 3))
    norms = ops.sqrt(squares + 1e-12)  # the root's slope at 0 is infinite
    return ops.mean(ops.square(norms - 1.0))


def bce_critic_loss(real_scores, fake_scores):
    """Return −E[log D(x)] − E[log(1 − D(G(z)))] (Goodfellow et al., 2014, Eq. 1).

    Args:
        real_scores: `(batch,)`, logits: D(x) = sigmoid(score).
        fake_scores: `(batch,)`, those of generated images.

    Returns:
        a scalar, 2 log 2 where every score is 0.
    """
    return ops.mean(ops.softplus(-real_scores)) + ops.mean(ops.softplus(fake_scores))


def bce_generator_loss(fake_scores):
    """Return −E[log D(G(z))], the non-saturating loss (Goodfellow et al., 2014, section 3).

    Args:
        fake_scores: `(batch,)`, logits of generated images.

    Returns:
        a scalar, log 2 where every score is 0.
    """
    return ops.mean(ops.softplus(-fake_scores))


def hinge_critic_loss(real_scores, fake_scores):
    """Return E[max(0, 1 − D(x))] + E[max(0, 1 + D(G(z)))] (SAGAN, Eq. 4).

    Args:
        real_scores: `(batch,)`, D(x), unbounded.
        fake_scores: `(batch,)`, those of generated images.

    Returns:
        a scalar, 2 where every score is 0.
    """
    return ops.mean(ops.relu(1.0 - real_scores)) + ops.mean(ops.relu(1.0 + fake_scores))


def hinge_generator_loss(fake_scores):
    """Return −E[D(G(z))] (SAGAN, Eq. 4), a scalar.

    Args:
        fake_scores: `(batch,)`, D(G(z)), unbounded.
    """
    return -ops.mean(fake_scores)


def class_loss(logits, labels):
    """Return −E[log P(C = c | x)], the cross-entropy of the labels (ACGAN, Eq. 2, negated).

    Args:
        logits: `(batch, classes)`, before the softmax.
        labels: int32 `(batch,)`, the true classes.

    Returns:
        a scalar, log(classes) where all logits are equal.
    """
    return ops.mean(keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True))


def d2d_ce(embeddings, proxies, labels, temperature, positive_margin, negative_margin):
    """Return the data-to-data cross-entropy (ReACGAN, Eq. 6).

    With f_i the embedding of image i, v_{y_i} the proxy of its class and N(i) the images of other
    classes in the batch, it is the mean over i of

        −log( p_i / (p_i + Σ_{j ∈ N(i)} n_ij) ),
        p_i = exp(min(f_iᵀ v_{y_i} − m_p, 0) / τ),  n_ij = exp(max(f_iᵀ f_j − m_n, 0) / τ).

    An image is drawn to its class's proxy up to a similarity of m_p and pushed away from images of
    other classes down to m_n. In a batch of one class it is 0.

    Args:
        embeddings: float32 `(batch, width)`, f, each of norm 1.
        proxies: float32 `(batch, width)`, the proxy of each image's class, each of norm 1.
        labels: int32 `(batch,)`.
        temperature: τ, more than 0.
        positive_margin: m_p, the similarity to its proxy that suffices.
        negative_margin: m_n, the similarity to an image of another class that is tolerated.

    Returns:
        a scalar.
    """
    to_proxy = ops.sum(embeddings * proxies, axis=1, keepdims=True) - positive_margin
    to_images = ops.matmul(embeddings, ops.transpose(embeddings)) - negative_margin
    positive = ops.minimum(to_proxy, 0.0) / temperature
    negative = ops.maximum(to_images, 0.0) / temperature
    others = labels[:, None] != labels[None, :]
    negative = ops.where(others, negative, -float("inf"))
    total = ops.logsumexp(ops.concatenate([positive, negative], axis=1), axis=1, keepdims=True)
    return ops.mean(total - positive)
