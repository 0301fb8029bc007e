"""The training of a classifier as one would first write it, for `classify.py` to compare with."""

import keras
import tensorflow as tf

from ssgan_tf.classify.network import build_network
from ssgan_tf.device.precision import dtype_policy


class PlainTraining:
    """Keras's `compile` and `fit` on a `tf.data` pipeline, in float32.

    Network, loss and optimiser are those of `ClassifierTraining`.

    Args:
        training: the `ImageSet` to learn from.
        settings: the `Settings`; their precision is left aside.
        steps: how many gradient steps there are going to be.
    """

    def __init__(self, training, settings, steps):
        with dtype_policy("float32"):
            self.network = build_network(
                settings.weights, training.image_size, len(training.class_names)
            )
        self.network.compile(
            optimizer=keras.optimizers.Adam(
                keras.optimizers.schedules.CosineDecay(settings.rate, steps)
            ),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        # Repeated before it is cut into batches, so that every step learns from a whole one.
        self.batches = (
            tf.data.Dataset.from_tensor_slices((training.images, training.labels))
            .shuffle(len(training))
            .repeat()
            .batch(settings.batch_size)
            .prefetch(tf.data.AUTOTUNE)
        )

    def run(self, count):
        """Take `count` steps; return their mean `loss` and `accuracy`, a dict of floats."""
        fitted = self.network.fit(self.batches, steps_per_epoch=count, shuffle=False, verbose=0)
        return {name: float(values[-1]) for name, values in fitted.history.items()}
