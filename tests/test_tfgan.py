import importlib
import os
import subprocess
import sys

import pytest

from ssgan_tf.errors import UserError

# TF-GAN first, then Keras: what tf-keras might have taken over, a network of Keras 3 shows.
BESIDE_KERAS = """
import os
from ssgan_tf import tfgan
import keras, numpy as np, tensorflow as tf
assert keras.__version__.startswith("3."), keras.__version__
assert tf.keras.__version__ == keras.__version__, tf.keras.__version__
assert "TF_USE_LEGACY_KERAS" not in os.environ
assert not hasattr(tf, "estimator")
network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
network.compile(keras.optimizers.Adam(), "mse")
network.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
network.save("network.keras")
again = keras.models.load_model("network.keras")
assert type(again).__module__.startswith("keras."), type(again)
np.testing.assert_array_equal(again(np.ones((1, 3))), network(np.ones((1, 3))))
assert callable(tfgan.losses.wargs.wasserstein_generator_loss)
assert callable(tfgan.eval.kernel_classifier_distance_from_activations)
print("beside each other")
"""


def test_keras_3_stays_keras_3(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "TF_USE_LEGACY_KERAS"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    result = subprocess.run(
        [sys.executable, "-W", "always", "-c", BESIDE_KERAS],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == "beside each other\n"
    assert "distutils Version" not in result.stderr
    assert "pkg_resources is deprecated" not in result.stderr


def test_without_tensorflow_gan(monkeypatch):
    import tensorflow as tf

    for name in [name for name in sys.modules if name.split(".")[0] == "tensorflow_gan"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorflow_gan", None)  # as if it were not installed
    monkeypatch.delitem(sys.modules, "ssgan_tf.tfgan", raising=False)
    with pytest.raises(UserError, match=r"pip install -r requirements\.txt") as caught:
        importlib.import_module("ssgan_tf.tfgan")
    assert len(str(caught.value).splitlines()) == 1
    assert not hasattr(tf, "estimator")
    assert "tensorflow_gan.python.estimator" not in sys.modules
