"""SSGAN and its companions: image augmentation for people with too few images."""

import importlib

from ssgan_tf.errors import UserError
from ssgan_tf.version import __version__

# Looked up on first use, so that `import ssgan_tf` does not wait for TensorFlow.
_HOMES = {
    "ImageSet": "ssgan_tf.data",
    "create": "ssgan_tf.methods",
    "load": "ssgan_tf.training",
    "load_dataset": "ssgan_tf.data",
    "split": "ssgan_tf.data",
}

__all__ = [
    "ImageSet",
    "UserError",
    "__version__",
    "augment",
    "classify",
    "create",
    "evaluation",
    "load",
    "load_dataset",
    "methods",
    "split",
]


def __getattr__(name):
    if name in ("augment", "classify", "evaluation", "methods"):
        return importlib.import_module(f"ssgan_tf.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'ssgan_tf' has no attribute {name!r}")
