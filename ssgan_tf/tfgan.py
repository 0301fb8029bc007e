"""TensorFlow-GAN 2.1, made to import beside Keras 3: its `eval` and its `losses`.

TF-GAN looks for `tf.estimator` in two places while it is imported, and TensorFlow has none since
2.16: a subpackage of estimators is built on it, and a training hook derives from its
`SessionRunHook`. Neither is of use here. So, while the import lasts, an empty module stands in for
the subpackage, and `tf.estimator` holds that class, which TensorFlow keeps under `tf.compat.v1`.
Both are taken away again.

TF-GAN brings TensorFlow Probability and TensorFlow Hub with it, which need tf-keras (Keras 2 under
another name) and a setuptools before 81 (`pkg_resources`). `keras` and `tf.keras` stay Keras 3.

Importing this module is what imports TF-GAN, a few seconds; nothing else may import it.

Raises:
    UserError: TF-GAN, or something that it needs, is not installed.
"""

import importlib
import sys
import types
import warnings

import tensorflow as tf

from ssgan_tf.errors import UserError

ESTIMATORS = "tensorflow_gan.python.estimator"


def _tensorflow_gan():
    sys.modules[ESTIMATORS] = types.ModuleType(ESTIMATORS)
    tf.estimator = types.SimpleNamespace(SessionRunHook=tf.compat.v1.train.SessionRunHook)
    try:
        with warnings.catch_warnings():
            # Of how these packages compare version numbers.
            warnings.filterwarnings("ignore", "distutils Version classes are deprecated")
            warnings.filterwarnings("ignore", "pkg_resources is deprecated")
            return importlib.import_module("tensorflow_gan")
    except ImportError as error:
        raise UserError(
            f"TensorFlow-GAN cannot be imported ({error}); run: pip install -r requirements.txt"
        ) from error
    finally:
        del sys.modules[ESTIMATORS], tf.estimator


_module = _tensorflow_gan()
eval = _module.eval
losses = _module.losses
