"""Which images are in each batch of a classifier's training."""

import tensorflow as tf

from ssgan_tf.device.batches import shuffled_indices

MIXED, ADDED_THEN_REAL = SCHEDULES = ("mixed", "added-then-real")


def batch_plan(settings, real, count, steps, seed):
    """Return a function from a step, an int64 scalar, to the images of its batch.

    It returns int32 `(batch_size,)`. Each of the sets that a batch is drawn from goes through one
    shuffled order after another, see `shuffled_indices`. Without added images, `added_share` and
    `schedule` change nothing.

    Args:
        settings: the `ClassifierSettings`.
        real: how many images, the first ones, are real; the others were added.
        count: how many images there are in all.
        steps: of the training.
        seed: of the training, an integer.
    """
    size = settings.batch_size
    if real == count or (settings.added_share is None and settings.schedule == MIXED):
        return lambda step: shuffled_indices(step, size, count, (seed, 0))

    def from_real(step, size):
        return shuffled_indices(step, size, real, (seed, 0))

    def from_added(step, size):
        return real + shuffled_indices(step, size, count - real, (seed, 1))

    if settings.schedule == ADDED_THEN_REAL:
        first = steps // 2
        return lambda step: tf.cond(
            step < first, lambda: from_added(step, size), lambda: from_real(step - first, size)
        )
    share = min(max(round(settings.added_share * size), 1), size - 1)
    return lambda step: tf.concat([from_real(step, size - share), from_added(step, share)], 0)
