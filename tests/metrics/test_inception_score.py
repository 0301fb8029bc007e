import math

import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf import tfgan
from ssgan_tf.metrics.inception_score import InceptionScore, inception_score


def confident(classes, width=1008, logit=1000.0):
    """Return logits `(n, width)` that leave no doubt of the given classes."""
    logits = np.zeros((len(classes), width))
    logits[np.arange(len(classes)), classes] = logit
    return logits


def test_one_where_nothing_is_recognised():
    assert inception_score(np.zeros((50, 1008))) == (pytest.approx(1), pytest.approx(0), 50)


def test_one_where_all_images_are_of_one_class():
    assert inception_score(confident([3] * 50)).mean == pytest.approx(1)


@pytest.mark.parametrize("k", [2, 10, 1008])
def test_k_for_k_classes_without_doubt(k):
    # All other classes have probability 0 in every image.
    assert inception_score(confident(np.tile(np.arange(k), 2)), splits=1).mean == pytest.approx(k)


def test_by_hand():
    # p = (3/4, 1/4) and (1/4, 3/4); the marginal is even.
    logits = np.log([[3.0, 1], [1, 3]])
    divergence = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)
    assert inception_score(logits, splits=1).mean == pytest.approx(math.exp(divergence))


def test_adding_a_constant_to_an_images_logits_changes_nothing():
    logits = np.random.default_rng(0).normal(size=(30, 7))
    shifted = logits + np.linspace(-1000, 1000, 30)[:, None]
    assert inception_score(shifted) == pytest.approx(inception_score(logits))


def test_tensorflow_gan_agrees():
    logits = np.random.default_rng(1).normal(0, 3, (80, 20))
    theirs = tfgan.eval.classifier_score_from_logits(tf.constant(logits))
    assert inception_score(logits, splits=1).mean == pytest.approx(float(theirs), rel=1e-12)


def test_mean_and_spread_over_the_parts():
    # Three images of two classes in two parts, {a, b} and {a}: scores of 2 and 1; or, where the
    # shuffle leaves b alone, {a, a} and {b}: 1 and 1.
    scores = [inception_score(confident([0, 0, 1], width=2), 2, seed) for seed in range(20)]
    assert {round(score.mean, 6) for score in scores} == {1.0, 1.5}
    for score in scores:
        assert isinstance(score, InceptionScore)
        assert score.std == pytest.approx(score.mean - 1)  # of 2 and 1, ddof 0: 0.5
        assert score.count == 3


def test_images_sorted_by_class_are_shuffled():
    in_order = confident(np.repeat(np.arange(5), 100))
    score = inception_score(in_order)  # unshuffled, each tenth would be of one class and score 1
    assert 4.5 < score.mean <= 5
    assert score == inception_score(in_order, seed=0) != inception_score(in_order, seed=1)


def test_float32_gives_what_float64_gives():
    logits = np.random.default_rng(2).normal(0, 3, (40, 10)).astype(np.float32)
    assert inception_score(logits) == pytest.approx(inception_score(np.float64(logits)), rel=1e-6)


def test_refusals():
    assert inception_score(np.zeros((3, 4)), splits=3).mean == pytest.approx(1)
    with pytest.raises(ValueError, match="2 images in 3 splits"):
        inception_score(np.zeros((2, 4)), splits=3)
    for wrong in (np.zeros(20), np.full((20, 4), np.nan), np.full((20, 4), -np.inf)):
        with pytest.raises(ValueError, match="finite"):
            inception_score(wrong)
