import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from ssgan_tf.layers import small_maps
from ssgan_tf.layers.small_maps import plain_layers, strided_conv, strided_deconv
from ssgan_tf.methods.gan.ssgan import Critic, Generator

FACTORIES = {"conv": strided_conv, "deconv": strided_deconv}
OURS = {"conv": small_maps.Conv2D, "deconv": small_maps.Conv2DTranspose}
PLAIN = {"conv": layers.Conv2D, "deconv": layers.Conv2DTranspose}
both = pytest.mark.parametrize("kind", FACTORIES)
either_way = pytest.mark.parametrize(
    "compiled",
    [lambda call: call, tf.function, tf.function(jit_compile=True)],
    ids=["eager", "graph", "xla"],
)


def uniform(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


def feature_maps(kind, side, batch=3):
    size = 2 * side if kind == "conv" else side
    return uniform(batch, size, size, 6)


def pair(kind, side, kernel_size=5, **options):
    """Our layer and Keras's, with equal weights."""
    ours = FACTORIES[kind](7, kernel_size, side, name="layer", **options)
    with plain_layers():
        plain = FACTORIES[kind](7, kernel_size, side, name="layer", **options)
    for layer in (ours, plain):
        layer(feature_maps(kind, side))
    assert type(ours) is OURS[kind]
    assert type(plain) is PLAIN[kind]
    weights = [uniform(*ours.kernel.shape), uniform(7)]
    ours.set_weights(weights)
    plain.set_weights(weights)
    return ours, plain


def derivatives(layer):
    """A function of feature maps to outputs, first and second derivatives, all by name."""

    def compute(x):
        with tf.GradientTape(persistent=True) as outer:
            outer.watch(x)
            with tf.GradientTape(persistent=True) as inner:
                inner.watch(x)
                outputs = layer(x)
                loss = tf.reduce_sum(tf.math.sin(tf.cast(outputs, tf.float32)))
            to_inputs, to_kernel, to_bias = inner.gradient(loss, [x, *layer.trainable_weights_])
            penalty = tf.reduce_sum(tf.square(tf.cast(to_inputs, tf.float32)))
            kernel_penalty = tf.reduce_sum(tf.square(to_kernel))
        kernel = layer.trainable_weights_[0]
        return {
            "outputs": outputs,
            "inputs": to_inputs,
            "kernel": to_kernel,
            "bias": to_bias,
            "penalty to kernel": outer.gradient(penalty, kernel),
            "penalty to inputs": outer.gradient(penalty, x),
            "kernel penalty to kernel": outer.gradient(kernel_penalty, kernel),
            "kernel penalty to inputs": outer.gradient(kernel_penalty, x),
        }

    layer.trainable_weights_ = [weight.value for weight in layer.trainable_weights]
    return compute


def assert_equal(results, expected, tolerance):
    assert list(results) == list(expected)
    for name, value in expected.items():
        value = tf.cast(value, tf.float32).numpy()
        result = tf.cast(results[name], tf.float32).numpy()
        scale = np.abs(value).max()
        assert scale > 0, name
        np.testing.assert_allclose(result / scale, value / scale, atol=tolerance, err_msg=name)


@both
@either_way
@pytest.mark.parametrize("side", [4, 8])
def test_outputs_and_derivatives_equal_those_of_keras(kind, side, compiled):
    ours, plain = pair(kind, side)
    x = tf.constant(feature_maps(kind, side))
    results = compiled(derivatives(ours))(x)
    small, large = (3, side, side, 7), (3, 2 * side, 2 * side, 7)
    assert results["outputs"].shape == (small if kind == "conv" else large)
    assert_equal(results, tf.function(derivatives(plain))(x), 3e-6)


@both
@pytest.mark.parametrize("kernel_size", [3, 4])
def test_other_kernels(kind, kernel_size):
    ours, plain = pair(kind, 4, kernel_size)
    x = tf.constant(feature_maps(kind, 4))
    assert_equal(derivatives(ours)(x), tf.function(derivatives(plain))(x), 3e-6)


@both
def test_any_number_of_images(kind):
    ours, plain = pair(kind, 4)
    signature = [tf.TensorSpec((None, *feature_maps(kind, 4).shape[1:]))]
    compute = tf.function(derivatives(ours), input_signature=signature)
    for batch in (1, 5):
        x = tf.constant(feature_maps(kind, 4, batch))
        assert_equal(compute(x), tf.function(derivatives(plain))(x), 3e-6)


@both
def test_bfloat16(kind):
    ours, plain = pair(kind, 4, dtype="mixed_bfloat16")
    x = tf.cast(feature_maps(kind, 4), tf.bfloat16)
    results = tf.function(derivatives(ours))(x)
    assert results["outputs"].dtype == tf.bfloat16
    assert results["kernel"].dtype == tf.float32
    assert_equal(results, tf.function(derivatives(plain))(x), 0.03)


@both
def test_bias_and_activation_can_be_chosen(kind):
    ours, plain = pair(kind, 4, activation="relu")
    x = feature_maps(kind, 4)
    np.testing.assert_allclose(ours(x), plain(x), atol=1e-5)
    unbiased = FACTORIES[kind](7, 5, 4, use_bias=False)
    unbiased(x)
    assert len(unbiased.weights) == 1


@both
def test_keras_layers_where_maps_are_large_or_a_gpu_does_the_work(kind, monkeypatch):
    assert type(FACTORIES[kind](7, 5, 8)) is OURS[kind]
    assert type(FACTORIES[kind](7, 5, 16)) is PLAIN[kind]
    monkeypatch.setattr(keras.distribution, "list_devices", lambda *_: ["gpu:0"])
    assert type(FACTORIES[kind](7, 5, 8)) is PLAIN[kind]


def networks():
    keras.utils.set_random_seed(0)
    generator, critic = Generator(base_channels=32), Critic(base_channels=32)
    critic(generator(uniform(1, 8)))
    return generator, critic


def test_networks_use_them_for_small_maps_and_keep_names_and_initial_weights(tmp_path):
    ours = networks()
    with plain_layers():
        plain = networks()
    assert [type(layer) is OURS["deconv"] for layer in ours[0].deconvs] == [
        True,
        True,
        False,
        False,
    ]
    assert [type(layer) is OURS["conv"] for layer in ours[1].convs] == [False, False, True, True]
    assert all(type(layer) is PLAIN["deconv"] for layer in plain[0].deconvs)
    assert all(type(layer) is PLAIN["conv"] for layer in plain[1].convs)
    for number, (one, other) in enumerate(zip(ours, plain, strict=True)):
        assert [weight.path for weight in one.weights] == [weight.path for weight in other.weights]
        for weight, expected in zip(one.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(weight, expected)
        for writer, reader in ((one, other), (other, one)):
            file = tmp_path / f"{number}.weights.h5"
            writer.set_weights([uniform(*weight.shape) for weight in writer.get_weights()])
            writer.save_weights(file)
            reader.set_weights([np.zeros(weight.shape) for weight in reader.get_weights()])
            reader.load_weights(file)
            for weight, expected in zip(reader.get_weights(), writer.get_weights(), strict=True):
                np.testing.assert_array_equal(weight, expected)
