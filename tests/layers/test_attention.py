import keras
import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.device.precision import dtype_policy
from ssgan_tf.layers.attention import SelfAttention
from ssgan_tf.layers.spectral import SpectralNormalization


def feature_maps():
    return np.random.default_rng(0).normal(size=(2, 3, 4, 16)).astype(np.float32)


def built(gamma=0.0):
    keras.utils.set_random_seed(0)
    layer = SelfAttention()
    layer(feature_maps())
    layer.gamma.assign(gamma)
    return layer


def test_equations_1_to_3_position_by_position():
    layer = built(gamma=0.5)
    f, g, h, v = (
        np.array(conv.normalized_kernel())[0, 0].T
        for conv in (layer.key, layer.query, layer.value, layer.project)
    )
    assert f.shape == g.shape == h.shape == (2, 16)  # an eighth of the channels
    maps = feature_maps()
    expected = np.zeros_like(maps)
    for image in range(2):
        x = [maps[image, row, column] for row in range(3) for column in range(4)]
        for j in range(12):
            scores = np.array([(f @ x[i]) @ (g @ x[j]) for i in range(12)])
            beta = np.exp(scores) / np.exp(scores).sum()
            np.testing.assert_allclose(layer.attention_map(maps)[image, j], beta, rtol=1e-4)
            o = v @ sum(beta[i] * (h @ x[i]) for i in range(12))
            expected[image, j // 4, j % 4] = 0.5 * o + x[j]
    np.testing.assert_allclose(layer(maps), expected, rtol=1e-4, atol=1e-5)


def test_rows_of_the_attention_map_sum_to_1():
    beta = built().attention_map(feature_maps())
    assert beta.shape == (2, 12, 12)
    np.testing.assert_allclose(np.sum(beta, axis=-1), 1, rtol=1e-5)
    assert np.ptp(np.sum(beta, axis=-2)) > 0.01  # columns need not: the softmax is over i


def test_it_begins_as_the_identity_and_gamma_learns():
    layer = built()
    maps = feature_maps()
    np.testing.assert_array_equal(layer(maps), maps)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(maps, training=True) ** 2)
    (gradient,) = tape.gradient(loss, [layer.gamma.value])
    assert abs(float(gradient)) > 0.1


def test_every_weight_learns_once_gamma_is_not_0():
    layer = built(gamma=1.0)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.sin(layer(feature_maps(), training=True)))
    weights = layer.trainable_variables
    assert len(weights) == 5
    for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
        assert np.abs(gradient).max() > 1e-4, weight.path


def test_training_reaches_the_spectral_normalisation():
    layer = built()
    wrapped = [each for each in layer._layers if isinstance(each, SpectralNormalization)]
    assert [each.name for each in wrapped] == ["key", "query", "value", "project"]
    before = [each.u.numpy() for each in wrapped]
    layer(feature_maps(), training=False)
    np.testing.assert_array_equal(wrapped[0].u, before[0])
    layer(feature_maps(), training=True)
    for each, old in zip(wrapped, before, strict=True):
        assert np.any(each.u.numpy() != old), each.name


def test_in_bfloat16_the_attention_map_is_float32():
    with dtype_policy("mixed_bfloat16"):
        layer = built(gamma=0.5)
    assert layer(feature_maps()).dtype == tf.bfloat16
    beta = layer.attention_map(feature_maps())
    assert beta.dtype == tf.float32
    np.testing.assert_allclose(np.sum(beta, axis=-1), 1, rtol=1e-5)
    np.testing.assert_allclose(
        tf.cast(layer(feature_maps()), tf.float32), built(gamma=0.5)(feature_maps()), atol=0.05
    )


@pytest.mark.parametrize("channels", [3, 8])
def test_few_channels_keep_one_inside(channels):
    layer = SelfAttention()
    assert layer(np.ones((1, 2, 2, channels), np.float32)).shape == (1, 2, 2, channels)
    assert layer.key.layer.filters == 1
