import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.errors import UserError
from ssgan_tf.methods.gan import critic_augment
from ssgan_tf.methods.gan.base import Settings
from ssgan_tf.methods.gan.critic_augment import ada, diffaugment
from ssgan_tf.methods.gan.critic_augment.ada import ADA, STEPS, colour_maps, recolour, to_source


def images(count=4, size=16, seed=0):
    pixels = np.random.default_rng(seed).uniform(-1, 1, (count, size, size, 3))
    return tf.constant(pixels, tf.float32)


def draws(augment, count=4, seed=0):
    shape = (count, augment.draws)
    return tf.constant(np.random.default_rng(seed).uniform(size=shape), tf.float32)


def numbers(*values):
    return tf.constant(values, tf.float32)[:, None, None, None]


def test_colours_by_hand():
    pixel = tf.constant([[[[0.2, 0.4, 0.9]]]])
    np.testing.assert_allclose(
        diffaugment.brightness(pixel, numbers(-0.3))[0, 0, 0], [-0.1, 0.1, 0.6], atol=1e-6
    )
    np.testing.assert_allclose(  # their mean is 0.5
        diffaugment.saturation(pixel, numbers(2.0))[0, 0, 0], [-0.1, 0.3, 1.3], atol=1e-6
    )
    two = tf.constant([[[[0.0] * 3, [1.0] * 3]]])
    np.testing.assert_allclose(
        diffaugment.contrast(two, numbers(0.5))[0, 0], [[0.25] * 3, [0.75] * 3], atol=1e-6
    )


def test_translation_and_cutout_by_hand():
    picture = tf.reshape(tf.range(1.0, 17.0), (1, 4, 4, 1))
    moved = diffaugment.translate(picture, tf.constant([1]), tf.constant([-2]))
    np.testing.assert_array_equal(
        moved[0, :, :, 0], [[0, 0, 0, 0], [3, 4, 0, 0], [7, 8, 0, 0], [11, 12, 0, 0]]
    )
    cut = diffaugment.cutout(picture, tf.constant([-1]), tf.constant([2]), 2)
    np.testing.assert_array_equal(cut[0, :, :, 0] == 0, [[0, 0, 1, 1], *[[0] * 4] * 3])


def test_diffaugment_draws_within_the_limits_of_the_paper():
    augment, count, size = diffaugment.DiffAugment(), 400, 16
    white = tf.ones((count, size, size, 3))
    made = augment(white, draws(augment, count)).numpy()
    hidden = np.all(made == 0, axis=-1)
    rows, columns = (~hidden).any(axis=2), (~hidden).any(axis=1)
    # Cut out are up to 8 × 8 of 16 × 16 pixels, moved away up to 2 rows and columns.
    assert hidden.sum(axis=(1, 2)).max() <= 64 + 2 * 2 * 16
    assert (~rows).sum(axis=1).max() <= 2 + 2
    assert (~columns).sum(axis=1).max() <= 2 + 2
    values = made.max(axis=(1, 2, 3))  # white ± 0.5; its contrast and saturation are 0
    assert 0.5 <= values.min() < 0.55
    assert 1.45 < values.max() <= 1.5
    assert len(np.unique(values)) == count  # each image its own


@pytest.mark.parametrize("name", critic_augment.AUGMENTS)
def test_gradients_are_those_of_the_transpose(name):
    """Of the linear part: A x is the change that x makes, whatever brightness adds."""
    augment = critic_augment.create(name)
    if name == "ada":
        augment.probability.assign(0.9)
    uniforms = draws(augment)
    x, y = images(seed=1), images(seed=2)
    with tf.GradientTape() as tape:
        tape.watch(x)
        made = augment(x, uniforms)
        value = tf.reduce_sum(made * y)
    transposed = tape.gradient(value, x)
    linear = np.float64(made) - np.float64(augment(tf.zeros_like(x), uniforms))
    left, right = np.sum(linear * y), np.sum(np.float64(x) * transposed)
    assert abs(left - right) < 1e-5 * np.linalg.norm(linear) * np.linalg.norm(y)
    assert np.abs(transposed).max() > 0


@pytest.mark.parametrize("name", critic_augment.AUGMENTS)
def test_images_are_changed_one_by_one(name):
    augment = critic_augment.create(name)
    if name == "ada":
        augment.probability.assign(1.0)
    x, uniforms = images(), draws(augment)
    made = augment(x, uniforms).numpy()
    np.testing.assert_allclose(augment(x[1:2], uniforms[1:2])[0], made[1], atol=1e-5)
    np.testing.assert_array_equal(augment(x, uniforms), made)
    assert np.all(np.abs(made - augment(x, draws(augment, seed=9))).max(axis=(1, 2, 3)) > 0.1)


def test_ada_begins_as_the_identity():
    augment, x = ADA(), images()
    np.testing.assert_allclose(augment(x, draws(augment)), x, atol=1e-5)


def amounts_of(**chosen):
    """Steps that happen to one image, and how much, with 0.5 for no change of most."""
    happens = {step: tf.constant([step in chosen]) for step in STEPS}
    return happens, {step: tf.constant([chosen.get(step, 0.5)], tf.float32) for step in STEPS}


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, [[1, 0, 0], [0, 1, 0]]),
        ({"flip": 0.7}, [[-1, 0, 0], [0, 1, 0]]),
        ({"flip": 0.3}, [[1, 0, 0], [0, 1, 0]]),  # half of the flips are none
        ({"quarter": 0.3}, [[0, 1, 0], [-1, 0, 0]]),  # one of 0 to 3 quarter turns, undone
        ({"blit_x": 1.0, "blit_y": 0.0}, [[1, 0, 8], [0, 1, -8]]),  # 0.125 × 64
        ({"before": 0.75}, [[0, 1, 0], [-1, 0, 0]]),  # π / 2
        ({"scale": 0.8413447}, [[2**-0.2, 0, 0], [0, 2**-0.2, 0]]),  # one standard deviation
        ({"stretch": 0.8413447}, [[2**-0.2, 0, 0], [0, 2**0.2, 0]]),
        ({"x": 0.8413447, "y": 0.5}, [[1, 0, -8], [0, 1, 0]]),
    ],
    ids=str,
)
def test_ada_maps_by_hand(chosen, expected):
    matrix = to_source(64, *amounts_of(**chosen))[0]
    np.testing.assert_allclose(matrix, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("chosen", "colour", "expected"),
    [
        ({}, [0.1, 0.2, 0.3], [0.1, 0.2, 0.3]),
        ({"brightness": 0.8413447}, [0.1, 0.2, 0.3], [0.3, 0.4, 0.5]),
        ({"contrast": 0.8413447}, [0.1, 0.2, 0.3], np.multiply([0.1, 0.2, 0.3], 2**0.5)),
        ({"luma": 0.9}, [0.1, 0.2, 0.3], [-0.3, -0.2, -0.1]),  # minus twice the mean of 0.2
        ({"luma": 0.1}, [0.1, 0.2, 0.3], [0.1, 0.2, 0.3]),
        ({"saturation": 0.8413447}, [0.1, 0.2, 0.3], [0.0, 0.2, 0.4]),
        ({"hue": 0.5 + 1 / 3}, [0.1, 0.2, 0.3], [0.3, 0.1, 0.2]),  # 120° move red to green
    ],
    ids=str,
)
def test_ada_colours_by_hand(chosen, colour, expected):
    picture = tf.constant(colour, tf.float32)[None, None, None]
    made = recolour(picture, *colour_maps(*amounts_of(**chosen)))
    np.testing.assert_allclose(made[0, 0, 0], expected, atol=1e-4)


def test_each_step_happens_as_often_as_the_probability_says():
    augment, uniforms = ADA(), draws(ADA(), 4000)
    augment.probability.assign(0.36)
    seen = {}

    def record(size, happens, amounts):
        seen.update(happens)
        return tf.repeat(tf.eye(3)[None, :2], 4000, axis=0)

    original = ada.to_source
    ada.to_source = record
    try:
        augment(tf.zeros((4000, 4, 4, 3)), uniforms)
    finally:
        ada.to_source = original
    shares = {step: float(np.mean(happens)) for step, happens in seen.items()}
    for step, share in shares.items():
        # Of the turns before and after, either happens with 0.36: 1 - √(1 - 0.36) = 0.2 each.
        assert share == pytest.approx(0.2 if step in ("before", "after") else 0.36, abs=0.03), step
    np.testing.assert_array_equal(seen["x"], seen["y"])


def test_the_probability_follows_the_critics_signs():
    """Up by images / 500,000 where more than 80 % of scores are positive, down where fewer."""
    augment = ADA()
    sure, unsure = tf.constant([1.0] * 19 + [-1.0]), tf.constant([1.0, -1.0] * 10)
    for _ in range(3):
        augment.observe(sure)
    assert float(augment.probability) == 0.0
    augment.observe(sure)
    assert float(augment.probability) == pytest.approx(80 / 500_000)
    for _ in range(8):
        augment.observe(sure)
    assert float(augment.probability) == pytest.approx(240 / 500_000)
    for _ in range(4):
        augment.observe(unsure)
    assert float(augment.probability) == pytest.approx(160 / 500_000)
    for _ in range(40):
        augment.observe(unsure)
    assert float(augment.probability) == 0.0  # never below


def test_unknown_names():
    with pytest.raises(UserError, match="--augment_critic is x; it must be one of none, diffaug"):
        Settings(augment_critic="x")
    assert critic_augment.create("none") is None
