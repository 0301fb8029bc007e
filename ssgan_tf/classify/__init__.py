"""Does augmentation help a classifier? The comparison, its classifiers, and filtering with them."""

import importlib

# Looked up on first use, so that the parts without TensorFlow do not wait for it.
_HOMES = {
    "Classifier": "ssgan_tf.classify.classifier",
    "Protocol": "ssgan_tf.classify.study",
    "Settings": "ssgan_tf.classify.training",
    "Study": "ssgan_tf.classify.study",
}

__all__ = ["Classifier", "Protocol", "Settings", "Study"]


def __getattr__(name):
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'ssgan_tf.classify' has no attribute {name!r}")
