import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.errors import UserError
from ssgan_tf.methods import create, recreate
from ssgan_tf.methods.gan import penalties
from ssgan_tf.methods.gan.base import Settings
from ssgan_tf.methods.gan.penalties import R1, CriticBatch, GradientPenalty, LeCam


def test_lecam_by_hand():
    penalty = LeCam()
    batch = CriticBatch(tf.constant([2.0, 4.0]), tf.constant([-1.0, -1.0]), None, None)
    # Averages of 0.01 × 3 and 0.01 × -1: ((2.01)² + (4.01)²) / 2 + (1.03)²
    expected = (2.01**2 + 4.01**2) / 2 + 1.03**2
    assert penalty.weight == 0.3
    assert float(penalty(batch)) == pytest.approx(expected, rel=1e-5)
    assert float(penalty.real) == pytest.approx(0.03)
    assert float(penalty.fake) == pytest.approx(-0.01)
    penalty(batch)
    assert float(penalty.real) == pytest.approx(0.99 * 0.03 + 0.03)


def test_lecam_pulls_scores_and_not_averages():
    penalty, scores = LeCam(), tf.Variable([1.0, 1.0])
    with tf.GradientTape() as tape:
        value = penalty(CriticBatch(scores, tf.constant([0.0, 0.0]), None, None))
    # E[D²]: the slope is 2 × D / 2 for each of two, at averages of 0 for generated ones.
    np.testing.assert_allclose(tape.gradient(value, scores), [1.0, 1.0], rtol=1e-5)


def test_r1_by_hand():
    gradients = np.zeros((2, 2, 2, 3), np.float32)
    gradients[0, 0, 0] = [1.0, 2.0, 2.0]  # norm 3
    penalty = R1()
    value = penalty(CriticBatch(None, None, lambda: tf.constant(gradients), None))
    assert float(value) == pytest.approx(9 / 2)
    assert (penalty.weight, penalty.every) == (5.0, 16)  # γ/2 with γ = 10


def test_the_gradient_penalty_is_at_points_between():
    gradients = np.zeros((2, 2, 2, 3), np.float32)
    gradients[0, 0, 0] = [1.0, 2.0, 2.0]  # norms 3 and 0
    penalty = GradientPenalty(10.0)
    value = penalty(CriticBatch(None, None, None, lambda: tf.constant(gradients)))
    assert float(value) == pytest.approx((2.0**2 + 1.0) / 2, rel=1e-5)
    assert penalty.weight == 10.0
    wgan_gp = create("wgan-gp", penalty="lecam").penalties()
    assert [(one.name, one.weight) for one in wgan_gp] == [("penalty", 10.0), ("lecam", 0.3)]


def test_names():
    assert penalties.parse("none") == []
    assert [penalty.name for penalty in penalties.create("r1,lecam")] == ["r1", "lecam"]
    for wrong in ("r2", "r1,r1", "", "none,r1"):
        with pytest.raises(UserError, match="choose none, or some of lecam, r1, path_length, "):
            Settings(penalty=wrong)


def test_components_that_are_off_are_no_part_of_a_run():
    """Else runs begun before there were any could not go on."""
    off = create("ssgan")
    assert not {"augment_critic", "penalty"} & off.as_flags().keys()
    on = create("dcgan", augment_critic="ada", penalty="lecam")
    again = recreate({"method": "dcgan", **on.as_flags()})
    assert again.settings == on.settings
    assert recreate({"method": "ssgan", **off.as_flags()}).settings == off.settings
