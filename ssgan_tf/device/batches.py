"""Real images on the device, and batches gathered from them inside the compiled step."""

import numpy as np
import tensorflow as tf

BALANCED = 100  # apart from other uses of a batch's seed


class DeviceImages:
    """All training images of one network on the device, with labels and perceptual features.

    Args:
        images: uint8 `(count, height, width, 3)`.
        perceptual: network of features that never change and are therefore computed once, or None.
        flip: let batches hold mirror images too.
        strategy: whose replicas get a copy each.
        labels: int32 `(count,)`, the classes of the images; by default all 0.
    """

    def __init__(self, images, perceptual=None, flip=False, strategy=None, labels=None):
        self.count = len(images)
        labels = np.zeros(self.count, np.int32) if labels is None else labels
        self._of_classes = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        self.flip = flip
        features = self._features(images, perceptual) if perceptual else np.zeros((0,), "float32")
        strategy = strategy or tf.distribute.get_strategy()
        self.tensors = strategy.experimental_distribute_values_from_function(
            lambda _: (tf.constant(images), tf.constant(labels), tf.constant(features))
        )

    def _features(self, images, perceptual):
        sides = [images, images[:, :, ::-1]] if self.flip else [images]
        compute = tf.function(lambda batch: perceptual(to_unit(batch), training=False))
        return np.concatenate(
            [
                compute(tf.constant(side[start : start + 64])).numpy()
                for side in sides
                for start in range(0, self.count, 64)
            ]
        )

    def labels_of(self, tensors):
        """Return the labels of all images, int32 `(count,)`, from a replica's `self.tensors`."""
        return tensors[1]

    def indices(self, number, batch_size, seed, balanced=False):
        """Return which images are in a batch, see `shuffled_indices` and `balanced_indices`."""
        if balanced:
            return balanced_indices(number, batch_size, self._of_classes, seed)
        return shuffled_indices(number, batch_size, self.count, seed)

    def gather(self, tensors, indices, seed):
        """Return real images in [-1, 1], their labels and their features, inside a replica.

        Args:
            tensors: this replica's `self.tensors`.
            indices: int32 `(batch,)`, which images.
            seed: two integers, deciding which of them are mirrored.

        Returns:
            images float32 `(batch, height, width, 3)`, labels int32 `(batch,)`, and features
            `(batch, ...)` or None.
        """
        images, labels, features = tensors
        batch, labels = tf.gather(images, indices), tf.gather(labels, indices)
        if self.flip:
            mirrored = tf.random.stateless_uniform(tf.shape(indices), seed, alg="philox") < 0.5
            batch = tf.where(mirrored[:, None, None, None], batch[:, :, ::-1], batch)
            indices += self.count * tf.cast(mirrored, indices.dtype)
        features = tf.gather(features, indices) if features.shape[0] else None
        return to_unit(batch), labels, features


def draw_labels(labels, count, seed):
    """Return labels of `count` generated images, int32, as frequent as those of the real ones.

    ACGAN's c ~ p_c. Were they uniform and the classes unequal, a critic could tell generated
    images by how often their class comes.

    Args:
        labels: int32 tensor, those of the training images.
        count: how many to draw.
        seed: two integers.
    """
    images = tf.random.stateless_uniform(
        (count,), seed, maxval=tf.shape(labels)[0], dtype=tf.int32, alg="philox"
    )
    return tf.gather(labels, images)


def draw_uniform_labels(classes, count, seed):
    """Return labels of `count` generated images, int32, each class equally likely.

    Args:
        classes: how many there are.
        count: how many to draw.
        seed: two integers.
    """
    return tf.random.stateless_uniform((count,), seed, maxval=classes, dtype=tf.int32, alg="philox")


def to_unit(images):
    """Return uint8 images, 0-255, as float32 in [-1, 1]."""
    return tf.cast(images, tf.float32) / 127.5 - 1.0


def to_uint8(images):
    """Return images in [-1, 1] as uint8, 0-255, rounded to nearest."""
    return tf.cast(tf.clip_by_value(tf.round((images + 1.0) * 127.5), 0.0, 255.0), tf.uint8)


def shuffled_indices(number, batch_size, count, seed):
    """Return which images are in a batch, a pure function of the arguments.

    Batches follow each other through one shuffled order after another, so that every image is
    seen once before any is seen twice.

    Args:
        number: int64 scalar, how many batches came before.
        batch_size: images a batch.
        count: images there are.
        seed: two integers.

    Returns:
        int32 tensor `(batch_size,)` of values below `count`.
    """
    first = number * batch_size
    epoch = first // count
    span = (batch_size - 1) // count + 2  # the most epochs that one batch can touch
    orders = [
        tf.argsort(
            tf.random.stateless_uniform(
                (count,),
                tf.random.experimental.stateless_fold_in(seed, epoch + later, alg="philox"),
                alg="philox",
            )
        )
        for later in range(span)
    ]
    places = tf.range(batch_size, dtype=tf.int64) + (first - epoch * count)
    return tf.gather(tf.concat(orders, 0), places)


def balanced_indices(number, batch_size, of_classes, seed):
    """Return which images are in a batch of as many images of each class, a pure function.

    Classes take turns, from one batch to the next as well, so that their counts never differ by
    more than 1. An image is drawn from those of its class, independently of the others.

    Args:
        number: int64 scalar, how many batches came before.
        batch_size: images a batch.
        of_classes: for each class, which images are of it, int `(count,)`.
        seed: two integers.

    Returns:
        int32 tensor `(batch_size,)`.
    """
    counts = np.array([len(each) for each in of_classes], np.int32)
    first = number * batch_size % len(counts)
    turns = tf.cast(tf.range(batch_size, dtype=tf.int64) + first, tf.int32) % len(counts)
    for value in (number, BALANCED):
        seed = tf.random.experimental.stateless_fold_in(seed, value, alg="philox")
    draws = tf.random.stateless_uniform((batch_size,), seed, alg="philox")
    counted = tf.gather(counts, turns)
    places = tf.cast(draws * tf.cast(counted, tf.float32), tf.int32)
    starts = (np.cumsum(counts) - counts).astype(np.int32)
    places = tf.minimum(places, counted - 1) + tf.gather(starts, turns)
    return tf.gather(np.concatenate(of_classes).astype(np.int32), places)
