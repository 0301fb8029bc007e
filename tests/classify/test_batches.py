"""What share of a batch is real, and when."""

import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.classify.batches import batch_plan
from ssgan_tf.classify.training import ClassifierSettings, ClassifierTraining
from ssgan_tf.device.batches import shuffled_indices
from ssgan_tf.errors import UserError
from tests.training.tiny import painted_squares

REAL, ALL, STEPS = 12, 30, 12


def batches(real=REAL, **settings):
    plan = batch_plan(ClassifierSettings(batch_size=8, **settings), real, ALL, STEPS, seed=3)
    return np.stack([plan(tf.constant(step, tf.int64)) for step in range(STEPS)])


def test_without_a_share_images_come_as_they_are():
    expected = np.stack(
        [shuffled_indices(tf.constant(step, tf.int64), 8, ALL, (3, 0)) for step in range(STEPS)]
    )
    np.testing.assert_array_equal(batches(), expected)
    for settings in ({"added_share": 0.5}, {"schedule": "added-then-real"}):
        np.testing.assert_array_equal(batches(real=ALL, **settings), expected)  # none is added


@pytest.mark.parametrize(("share", "added"), [(0.25, 2), (0.5, 4), (0.01, 1), (0.99, 7)])
def test_each_batch_has_its_share_of_added_images(share, added):
    drawn = batches(added_share=share)
    assert np.all((drawn >= REAL).sum(axis=1) == added)
    real = drawn[drawn < REAL]
    # Shuffled order after shuffled order: no image is seen twice more than another one.
    assert np.ptp(np.bincount(real, minlength=REAL)) <= 1
    assert np.ptp(np.bincount(drawn[drawn >= REAL] - REAL, minlength=ALL - REAL)) <= 1


def test_first_the_added_images_then_the_real_ones():
    drawn = batches(schedule="added-then-real")
    assert np.all(drawn[: STEPS // 2] >= REAL)
    assert np.all(drawn[STEPS // 2 :] < REAL)
    assert np.ptp(np.bincount(drawn[STEPS // 2 :].ravel())) == 0  # 48 draws from 12


def test_a_share_and_a_schedule_do_not_go_together():
    with pytest.raises(UserError, match="--added_share is for batches of both kinds"):
        ClassifierSettings(added_share=0.5, schedule="added-then-real")
    with pytest.raises(UserError, match="--schedule is 'later'; choose one of mixed, added-then-"):
        ClassifierSettings(schedule="later")
    for share in (0, 1):
        with pytest.raises(UserError, match=r"--added_share is [01]; it must be more than 0 and"):
            ClassifierSettings(added_share=share)


def test_labels_of_added_images_alone_are_smoothed(preset):
    images = painted_squares(per_class=4, size=16, classes=("left", "right"))
    settings = ClassifierSettings(weights=preset, added_smoothing=0.2, precision="float32")
    learning = ClassifierTraining(images, settings, 0, steps=1, real=6)
    expected = np.eye(2)[images.labels]
    expected[6:] = [0.1, 0.9]  # both are of the right class
    np.testing.assert_allclose(learning.labels, expected, atol=1e-6)
    np.testing.assert_allclose(
        ClassifierTraining(images, settings, 0, steps=1).labels, np.eye(2)[images.labels]
    )
    learning.indices_of = lambda step: tf.range(8)
    assert np.isfinite(learning.run(1)["loss"])
