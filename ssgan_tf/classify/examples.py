"""What a comparison has to show beside its scores: examples of added images, and curves."""

import keras
import numpy as np

from ssgan_tf.augment import POLICIES
from ssgan_tf.classify.member import CURVES
from ssgan_tf.runs.metrics_log import read_metrics

SHOWN = 10  # images of a row, about as many of each class


def examples(study):
    """Return images that each row adds or learns from, by the row's name.

    Args:
        study: the `Study`.

    Returns:
        dict from row to uint8 `(n, height, width, 3)`: the added images of the first seed, as the
        policies change them; for policies alone, real images so changed; and real images.
    """
    shown = {}
    for member in (member for member in study.members if member.seed == 0):
        images = study.added(member) if member.size else study.division.training
        images = images.select(_some(images))
        shown[member.row] = _changed(images, member.condition.policies)
    return shown


def curves(study):
    """Return the records of each row's trainings so far, dict from row to a list over seeds."""
    logs = {}
    for member in study.members:
        if records := read_metrics(member.folder(study.out) / CURVES):
            logs.setdefault(member.row, []).append(records)
    return logs


def _some(images):
    """Return places of the first images of each class."""
    each = -(-SHOWN // len(images.class_names))
    of_class = [
        np.flatnonzero(images.labels == label)[:each] for label in range(len(images.class_names))
    ]
    return np.concatenate(of_class)[:SHOWN]


def _changed(images, policies):
    batch = {
        "images": images.images.astype(np.float32),
        "labels": np.eye(len(images.class_names), dtype=np.float32)[images.labels],
    }
    for name in policies:
        batch = POLICIES[name](0)(batch, training=True)
    return np.rint(keras.ops.convert_to_numpy(batch["images"])).astype(np.uint8)
