import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.layers.warp import SYM6, rotation, scaling, translation, warp


def noise(count=2, size=12, seed=0):
    return np.random.default_rng(seed).normal(size=(count, size, size, 3)).astype(np.float32)


def smooth(size=32):
    """A picture without anything near the finest frequencies."""
    y, x = np.mgrid[:size, :size] * 2 * np.pi / size
    channels = [np.sin(x) + np.cos(2 * y), np.sin(x + y), np.cos(3 * x - y)]
    return np.stack(channels, axis=-1)[None].astype(np.float32)


def apply(images, *matrices):
    matrix = np.eye(3, dtype=np.float32)[None]
    for one in matrices:
        matrix = tf.matmul(matrix, one)
    matrix = tf.repeat(matrix, len(images), axis=0)[:, :2]
    return warp(tf.constant(images), matrix).numpy()


def one(value):
    return tf.constant([value], tf.float32)


def test_the_filter_is_orthonormal():
    """Σ h[n] h[n + 2k] is 1 for k = 0 and else 0, and Σ h is √2 (Daubechies)."""
    for shift in range(0, 12, 2):
        assert np.sum(SYM6[shift:] * SYM6[: 12 - shift]) == pytest.approx(
            float(shift == 0), abs=1e-10
        )
    assert SYM6.sum() == pytest.approx(2**0.5)


def test_the_identity_changes_nothing():
    images = noise()
    np.testing.assert_allclose(apply(images), images, atol=1e-5)


def test_whole_pixels_mirrors_and_quarter_turns():
    images = noise()
    inside = slice(3, -3)
    moved = apply(images, translation(one(2.0), one(-1.0)))  # from 2 to the right and 1 up
    expected = np.roll(images, (1, -2), axis=(1, 2))
    np.testing.assert_allclose(moved[:, inside, inside], expected[:, inside, inside], atol=1e-4)
    big = smooth()
    np.testing.assert_allclose(
        apply(big, scaling(one(-1.0), one(1.0)))[:, 4:-4, 4:-4], big[:, :, ::-1][:, 4:-4, 4:-4],
        atol=0.02,
    )  # fmt: skip
    turned = apply(big, rotation(one(np.pi / 2)))
    # The point right of the centre comes from below it: what was below is now on the right.
    np.testing.assert_allclose(
        turned[:, 4:-4, 4:-4], np.rot90(big, 1, axes=(1, 2))[:, 4:-4, 4:-4], atol=0.02
    )


def test_half_a_pixel_lies_between():
    """A wave of 16 pixels, moved by half a pixel, is the wave at places half a pixel further."""
    size = 32
    x = np.arange(size)
    wave = np.broadcast_to(np.sin(2 * np.pi * x / 16)[None, None, :, None], (1, size, size, 3))
    moved = apply(wave.astype(np.float32), translation(one(0.5), one(0.0)))
    expected = np.sin(2 * np.pi * (x + 0.5) / 16)
    np.testing.assert_allclose(moved[0, 16, 4:-4, 0], expected[4:-4], atol=0.03)


def test_beyond_the_edges_is_a_mirror():
    images = smooth()
    moved = apply(images, translation(one(10.0), one(0.0)))
    np.testing.assert_allclose(moved[:, :, -6], images[:, :, 31 - (26 + 10 - 31)], atol=0.1)
    far = apply(images, translation(one(500.0), one(-300.0)))
    assert np.all(np.isfinite(far))
    assert np.abs(far).max() < 3


@pytest.mark.parametrize("degrees", [0.0, 20.0, 133.0])
def test_the_gradient_is_the_transpose(degrees):
    """<A x, y> = <x, Aᵀ y>, where Aᵀ y is the gradient of the left side."""
    x, y = tf.constant(noise(seed=1)), tf.constant(noise(seed=2))
    matrix = tf.matmul(
        rotation(one(np.deg2rad(degrees))),
        tf.matmul(scaling(one(1.3), one(0.8)), translation(one(1.7), one(-2.2))),
    )
    matrix = tf.repeat(matrix, 2, axis=0)[:, :2]
    with tf.GradientTape() as tape:
        tape.watch(x)
        left = tf.reduce_sum(tf.cast(warp(x, matrix) * y, tf.float64))
    transposed = tape.gradient(left, x)
    right = np.sum(x.numpy().astype(np.float64) * transposed.numpy())
    scale = np.linalg.norm(x) * np.linalg.norm(transposed)
    assert abs(float(left) - right) < 1e-5 * scale
    # And A is linear: the gradient does not depend on where it is taken.
    with tf.GradientTape() as tape:
        other = tf.constant(noise(seed=3))
        tape.watch(other)
        again = tf.reduce_sum(warp(other, matrix) * y)
    np.testing.assert_allclose(tape.gradient(again, other), transposed, atol=1e-5)
