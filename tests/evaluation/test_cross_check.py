import json
import os
import subprocess
import sys

import numpy as np
import pytest

from ssgan_tf.errors import UserError
from ssgan_tf.evaluation import cross_check
from ssgan_tf.evaluation.cross_check import tfgan_distance
from ssgan_tf.evaluation.scores import feature_scores
from ssgan_tf.metrics.features import Features
from ssgan_tf.metrics.frechet import frechet_distance


def features(count, dimension=6, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(seed, 1 + seed, (count, dimension)).astype(np.float32)


def scores_of(real, generated):
    empty = Features(real[:0], None)
    return feature_scores(lambda name: name, Features(generated, None), Features(real, None), empty)


def test_tensorflow_gan_agrees_where_it_is_defined():
    real, generated = features(40), features(30, seed=1)
    fid = scores_of(real, generated)["FID"]
    assert fid["training"] == frechet_distance(real, generated) > 5
    check = json.loads(json.dumps(fid["tfgan"]))
    assert check["reason"] is None
    assert check["distance"] == pytest.approx(fid["training"], rel=1e-5)
    assert check["difference"] == fid["training"] - check["distance"]
    assert check["distance"] != fid["training"]  # another computation, not ours once more


def test_the_difference_has_its_sign():
    real, generated = features(40), features(30, seed=1)
    ours = frechet_distance(real, generated)
    assert tfgan_distance(real, generated, ours + 2)["difference"] == pytest.approx(2, abs=1e-4)


@pytest.mark.parametrize(("count", "other"), [(6, 30), (30, 6), (5, 4)])
def test_without_more_images_than_features_it_says_why_not(count, other):
    fid = scores_of(features(count), features(other, seed=1))["FID"]
    assert fid["training"] > 0
    assert fid["tfgan"] == {
        "distance": None,
        "difference": None,
        "reason": "needs more images than the 6 features on both sides; there are "
        f"{other} generated and {count} training images",
    }


def test_one_image_more_than_features_is_enough():
    assert scores_of(features(7), features(7, seed=1))["FID"]["tfgan"]["reason"] is None


def test_a_missing_tensorflow_gan_is_no_failure(monkeypatch):
    def fail(name):
        raise UserError("TensorFlow-GAN cannot be imported; run: pip install")

    monkeypatch.setattr(cross_check.importlib, "import_module", fail)
    check = tfgan_distance(features(40), features(30, seed=1), 5.0)
    assert check["distance"] is None
    assert "cannot be imported" in check["reason"]


def test_tensorflow_gan_is_imported_only_where_it_is_needed():
    program = (
        "import sys, numpy as np\n"
        "from ssgan_tf.evaluation import evaluate\n"
        "from ssgan_tf.evaluation.cross_check import tfgan_distance\n"
        "few, many = np.random.default_rng(0).normal(size=(2, 5, 5)), np.eye(9, 3)\n"
        "tfgan_distance(*few, 1.0)\n"
        "assert 'tensorflow_gan' not in sys.modules\n"
        "tfgan_distance(many, many, 0.0)\n"
        "assert 'tensorflow_gan' in sys.modules\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
