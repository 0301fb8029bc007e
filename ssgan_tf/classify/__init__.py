"""Does augmentation help a classifier? Studies of conditions, and their classifiers."""

import importlib

# Looked up on first use, so that the parts without TensorFlow do not wait for it.
_HOMES = {
    "Classifier": "ssgan_tf.classify.classifier",
    "ClassifierSettings": "ssgan_tf.classify.training",
    "Protocol": "ssgan_tf.classify.protocol",
    "Study": "ssgan_tf.classify.study",
}

__all__ = ["Classifier", "ClassifierSettings", "Protocol", "Study"]


def __getattr__(name):
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'ssgan_tf.classify' has no attribute {name!r}")
