"""Class-balanced loss: weights worked out by hand, and balanced classes that feel nothing."""

import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.augment import POLICIES
from ssgan_tf.augment.balanced import BalancedLoss, class_weights
from ssgan_tf.classify.training import ClassifierSettings, ClassifierTraining
from ssgan_tf.errors import UserError
from tests.training.tiny import painted_squares

IMAGES = painted_squares(per_class=8, size=16, classes=("left", "right"))
UNEVEN = IMAGES.select(range(3, 16))  # 5 and 8


def train(preset, images=IMAGES, policies=(), **settings):
    settings = ClassifierSettings(
        weights=preset, batch_size=4, precision="float32", learning_rate=1e-2, **settings
    )
    learning = ClassifierTraining(images, settings, seed=0, steps=3, policies=policies)
    loss = learning.run(3)["loss"]
    return loss, learning.network.get_weights()


def test_weights_by_hand():
    # E = 1 and 1.5, so 1/E = 1 and 2/3, of which the mean is 5/6.
    np.testing.assert_allclose(class_weights([1, 2], 0.5), [1.2, 0.8])
    np.testing.assert_allclose(
        class_weights([20, 400, 400, 400, 400], 0.999), [4.03, *[0.242] * 4], atol=5e-3
    )
    np.testing.assert_array_equal(class_weights([3, 50], 0), [1, 1])
    assert np.isfinite(class_weights([0, 5], 0.9)).all()


def test_images_have_the_mean_weight_of_their_labels():
    batch = {"images": np.zeros((3, 4, 4, 3), np.float32),
             "labels": np.float32([[1, 0], [0, 1], [0.5, 0.5]])}  # fmt: skip
    weighted = BalancedLoss([1, 2], 0.5)(batch, training=True)
    np.testing.assert_allclose(weighted["weights"], [1.2, 0.8, 1.0], rtol=1e-6)
    np.testing.assert_array_equal(weighted["labels"], batch["labels"])
    assert "weights" not in BalancedLoss([1, 2], 0.5)(batch, training=False)


def test_equal_weights_change_nothing(preset):
    plain = train(preset)[1]
    for uneven, settings in ((False, {}), (True, {"balanced_beta": 0.0})):
        images = UNEVEN if uneven else IMAGES
        expected = train(preset, images)[1] if uneven else plain
        balanced = train(preset, images, ("balanced-loss",), **settings)[1]
        for ours, theirs in zip(balanced, expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_the_loss_of_a_rare_class_counts_more(preset):
    settings = ClassifierSettings(weights=preset, precision="float32", balanced_beta=0.9)
    learning = ClassifierTraining(UNEVEN, settings, 0, steps=2, policies=("balanced-loss",))
    logits = learning.network(UNEVEN.images.astype(np.float32), training=True)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(UNEVEN.labels, logits).numpy()
    learning.indices_of = lambda step: tf.range(len(UNEVEN))
    expected = np.mean(class_weights([5, 8], 0.9)[UNEVEN.labels] * losses)
    assert float(learning._update()[0]) == pytest.approx(expected, rel=1e-4)
    assert expected != pytest.approx(np.mean(losses), rel=1e-3)


def test_it_comes_after_what_mixes_labels(preset):
    settings = ClassifierSettings(weights=preset, precision="float32")
    learning = ClassifierTraining(
        UNEVEN, settings, 0, steps=1, policies=("balanced-loss", "cutmix")
    )
    assert [type(one).__name__ for one in learning.policies] == ["CutMix", "BalancedLoss"]


def test_policies_take_what_they_need():
    for make in POLICIES.values():
        assert callable(make(0, counts=[2, 3], balanced_beta=0.5))
    with pytest.raises(UserError, match="--balanced_beta is 1; it must be at least 0 and less"):
        ClassifierSettings(balanced_beta=1)
