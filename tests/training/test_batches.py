import keras
import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.device.batches import DeviceImages, shuffled_indices, to_uint8, to_unit

SEED = (3, 4)


def orders(batches, batch_size, count, seed=SEED):
    """Return the first batches one after the other, cut into epochs."""
    drawn = [
        np.asarray(shuffled_indices(tf.constant(number, tf.int64), batch_size, count, seed))
        for number in range(batches)
    ]
    assert all(batch.shape == (batch_size,) and batch.dtype == np.int32 for batch in drawn)
    whole = np.concatenate(drawn)
    return whole[: len(whole) // count * count].reshape(-1, count)


@pytest.mark.parametrize(
    ("batch_size", "count"),
    [(4, 10), (5, 10), (10, 10), (7, 10), (8, 3), (9, 3), (13, 3), (4, 1), (1, 6)],
)
def test_every_image_once_an_epoch(batch_size, count):
    epochs = orders(4 * count, batch_size, count)
    assert len(epochs) == 4 * batch_size
    np.testing.assert_array_equal(
        np.sort(epochs, axis=1), np.tile(np.arange(count), (len(epochs), 1))
    )


def test_orders_differ_between_epochs_and_seeds():
    epochs = orders(20, 10, 20)
    assert len(np.unique(epochs, axis=0)) == len(epochs) == 10
    assert np.all(np.ptp(epochs, axis=0) > 0)  # no image keeps its place
    assert np.any(orders(2, 10, 20) != orders(2, 10, 20, seed=(3, 5)))


def test_batches_are_a_pure_function_of_their_number():
    compiled = tf.function(lambda number: shuffled_indices(number, 6, 10, SEED))
    straight = [np.asarray(compiled(tf.constant(number, tf.int64))) for number in range(8)]
    for number in (7, 2, 5):  # out of order, as after a resume, and not compiled
        again = shuffled_indices(tf.constant(number, tf.int64), 6, 10, SEED)
        np.testing.assert_array_equal(again, straight[number])


def test_late_batches_are_in_range():
    number = tf.constant(10**12, tf.int64)
    indices = np.asarray(shuffled_indices(number, 64, 50, SEED))
    assert indices.min() >= 0
    assert indices.max() < 50


@pytest.fixture
def photos():
    """70 images, so that features are computed in two portions."""
    return np.random.default_rng(0).integers(0, 256, (70, 4, 6, 3), np.uint8)


@pytest.fixture
def perceptual():
    """A network that sees left and right differently."""
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.Input((4, 6, 3)), keras.layers.Conv2D(5, 3, strides=2)])
    network.trainable = False
    return network


def test_gather_without_features(photos):
    images = DeviceImages(photos)
    assert images.count == 70
    batch, labels, features = images.gather(images.tensors, tf.constant([3, 69, 3]), SEED)
    assert features is None
    np.testing.assert_array_equal(labels, [0, 0, 0])
    assert batch.dtype == tf.float32
    np.testing.assert_array_equal(batch, to_unit(photos[[3, 69, 3]]))


def test_gather_with_labels(photos):
    images = DeviceImages(photos, labels=np.arange(70, dtype=np.int32))
    _, labels, _ = images.gather(images.tensors, tf.constant([3, 69, 3]), SEED)
    assert labels.dtype == tf.int32
    np.testing.assert_array_equal(labels, [3, 69, 3])


def test_gather_with_features(photos, perceptual):
    images = DeviceImages(photos, perceptual)
    batch, _, features = images.gather(images.tensors, tf.range(69, -1, -1), SEED)
    np.testing.assert_array_equal(batch, to_unit(photos[::-1]))
    np.testing.assert_allclose(features, perceptual(batch), atol=1e-5)


def test_mirror_images_come_with_their_own_features(photos, perceptual):
    images = DeviceImages(photos, perceptual, flip=True)
    batch, _, features = images.gather(images.tensors, tf.range(70), SEED)
    batch, unit = np.asarray(batch), np.asarray(to_unit(photos))
    mirrored = np.array(
        [np.array_equal(*pair) for pair in zip(batch, unit[:, :, ::-1], strict=True)]
    )
    straight = np.array([np.array_equal(*pair) for pair in zip(batch, unit, strict=True)])
    assert np.all(mirrored ^ straight)
    assert 20 < mirrored.sum() < 50
    np.testing.assert_allclose(features, perceptual(batch), atol=1e-5)
    assert not np.allclose(features, perceptual(unit), atol=1e-2)


def test_mirroring_is_decided_by_the_seed(photos):
    images = DeviceImages(photos, flip=True)
    first, again, other = (
        np.asarray(images.gather(images.tensors, tf.range(70), seed)[0])
        for seed in (SEED, SEED, (3, 5))
    )
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


def test_gather_works_compiled(photos, perceptual):
    images = DeviceImages(photos, perceptual, flip=True)
    indices = tf.constant([1, 5, 66])
    compiled = tf.function(lambda: images.gather(images.tensors, indices, SEED))
    for fast, plain in zip(compiled(), images.gather(images.tensors, indices, SEED), strict=True):
        np.testing.assert_allclose(fast, plain, atol=1e-5)


def test_unit_and_back_for_all_values():
    values = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    unit = np.asarray(to_unit(values))
    assert (unit.min(), unit.max()) == (-1, 1)
    np.testing.assert_allclose(np.diff(unit.ravel()), 2 / 255, rtol=1e-4)
    np.testing.assert_array_equal(to_uint8(unit), values)


def test_uint8_is_clipped_and_rounded_to_nearest():
    pixels = np.array([-3.0, 0.4, 0.6, 99.6, 254.4, 254.6, 300.0], np.float32)
    np.testing.assert_array_equal(to_uint8(pixels / 127.5 - 1), [0, 0, 1, 100, 254, 255, 255])
