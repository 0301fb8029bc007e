"""Augmentation that the network is told of, so that it does not show in what it makes.

Karras et al. (2022), section 5: training images are mirrored, turned, moved and scaled at random,
and the network gets what was done as an input, which is zero when images are made.
"""

import tensorflow as tf

LABELS = 6  # mirrored; cos θ − 1, sin θ of the turn; shift right and down; log₂ of the scale
DRAWS = 8  # uniform numbers for each image
SHIFT = 1 / 8  # of the image's side, at most
SCALE = 0.3  # log₂, at most
MARGIN = 4  # an image's side over the mirrored margin around it


def augment(images, uniforms, probability):
    """Return images of which each change befalls a share, and labels that say what was done.

    Args:
        images: `(batch, size, size, 3)`, float32.
        uniforms: `(batch, DRAWS)` in [0, 1).
        probability: of each of the four changes.

    Returns:
        as many images, and float32 `(batch, LABELS)`, zero for an image that was left alone.
    """
    befalls = tf.cast(uniforms[:, :4] < probability, tf.float32)
    flip, turn, shift, scale = tf.unstack(befalls, axis=1)
    images = tf.where(flip[:, None, None, None] > 0, images[:, :, ::-1], images)
    quarters = tf.cast(1 + tf.floor(3 * uniforms[:, 4]), tf.int32) * tf.cast(turn, tf.int32)
    images = _turned(images, quarters)
    right, down = (shift * SHIFT * (2 * uniforms[:, place] - 1) for place in (5, 6))
    zoom = scale * SCALE * (2 * uniforms[:, 7] - 1)
    angle = tf.cast(quarters, tf.float32) * 1.5707963
    labels = [flip, tf.cos(angle) - 1, tf.sin(angle), right / SHIFT, down / SHIFT, zoom / SCALE]
    return _framed(images, right, down, zoom), tf.stack(labels, axis=1)


def _turned(images, quarters):
    """Return images turned counter-clockwise by so many quarter turns each."""
    across = tf.transpose(images, (0, 2, 1, 3))
    turns = [images, across[:, ::-1], images[:, ::-1, ::-1], across[:, :, ::-1]]
    index = tf.stack([quarters, tf.range(tf.shape(images)[0])], axis=1)
    return tf.gather_nd(tf.stack(turns), index)


def _framed(images, right, down, zoom):
    """Return images moved by shares of their side and enlarged by 2^zoom, mirrored at edges."""
    size = images.shape[1]
    margin = size // MARGIN
    around = [[0, 0], [margin, margin], [margin, margin], [0, 0]]
    padded = tf.pad(images, around, mode="REFLECT")
    half = 2.0**-zoom * (size - 1) / 2
    centre = margin + (size - 1) / 2
    last = size + 2 * margin - 1
    y, x = centre - down * size, centre - right * size
    boxes = tf.stack([y - half, x - half, y + half, x + half], axis=1) / last
    return tf.image.crop_and_resize(padded, boxes, tf.range(tf.shape(images)[0]), (size, size))
