import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from ssgan_tf.device.precision import dtype_policy
from ssgan_tf.layers.small_maps import strided_conv, strided_deconv
from ssgan_tf.layers.spectral import SpectralNormalization
from ssgan_tf.metrics.complexity import layer_costs

LAYERS = {
    "dense": (lambda: layers.Dense(7, name="inner"), (3, 6)),
    "conv": (lambda: layers.Conv2D(7, 3, name="inner"), (3, 5, 5, 6)),
    "deconv": (lambda: layers.Conv2DTranspose(7, 3, strides=2, name="inner"), (3, 5, 5, 6)),
    "small conv": (lambda: strided_conv(7, 5, 4, name="inner"), (3, 8, 8, 6)),
    "small deconv": (lambda: strided_deconv(7, 5, 4, name="inner"), (3, 4, 4, 6)),
}
each_layer = pytest.mark.parametrize("kind", LAYERS)

# A compiled step of two replicas on two virtual CPUs, which a process has to ask for as it starts.
REPLICAS = """
import json
import keras
import tensorflow as tf
from ssgan_tf.layers.spectral import SpectralNormalization

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["cpu:0", "cpu:1"])
with strategy.scope():
    keras.utils.set_random_seed(0)
    layer = SpectralNormalization(keras.layers.Dense(5))
    layer.build((None, 4))

@tf.function
def step():
    def in_replica():
        inputs = tf.eye(4)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(inputs, training=True) ** 2)
        return tape.gradient(loss, layer.layer.kernel.value)
    for _ in tf.range(3):
        strategy.run(in_replica)
    return strategy.run(in_replica)

def held():
    return [value.numpy().tolist() for value in strategy.experimental_local_results(layer.u.value)]

before = held()[0]
norms = [float(tf.norm(gradient)) for gradient in strategy.experimental_local_results(step())]
print(json.dumps([before, *held(), norms]))
"""


def uniform(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


def made(kind, **options):
    """A wrapped layer of some weights, and an input for it."""
    keras.utils.set_random_seed(0)
    make, shape = LAYERS[kind]
    wrapped = SpectralNormalization(make(), **options)
    inputs = uniform(*shape)
    wrapped(inputs)
    wrapped.layer.set_weights([uniform(*weight.shape) for weight in wrapped.layer.weights])
    return wrapped, inputs


def rows(kind, kernel):
    """W of Miyato et al.: one row per output channel."""
    return np.moveaxis(kernel, -2 if "deconv" in kind else -1, 0).reshape(7, -1)


def largest_singular_value(kind, kernel):
    return np.linalg.svd(rows(kind, np.asarray(kernel)), compute_uv=False)[0]


@each_layer
def test_the_spectral_norm_becomes_1(kind):
    wrapped, inputs = made(kind)
    kernel = wrapped.layer.kernel.numpy()
    for _ in range(60):
        wrapped(inputs, training=True)
    assert largest_singular_value(kind, wrapped.normalized_kernel()) == pytest.approx(1, abs=1e-2)
    np.testing.assert_array_equal(wrapped.layer.kernel, kernel)  # not overwritten
    sigma = largest_singular_value(kind, kernel)
    assert sigma > 2
    np.testing.assert_allclose(wrapped.normalized_kernel(), kernel / sigma, rtol=1e-2)


@each_layer
def test_the_output_is_that_of_the_divided_kernel_and_the_whole_bias(kind):
    wrapped, inputs = made(kind)
    result = np.array(wrapped(inputs, training=False))
    normalized = np.array(wrapped.normalized_kernel())
    wrapped.layer.kernel.assign(normalized)
    np.testing.assert_allclose(result, wrapped.layer(inputs), rtol=1e-5, atol=1e-6)


def test_one_iteration_of_algorithm_1():
    wrapped, inputs = made("dense")
    w = wrapped.layer.kernel.numpy().T
    u = np.arange(1.0, 8.0)
    wrapped.u.assign(u)
    v = w.T @ u / np.linalg.norm(w.T @ u)
    expected = w @ v / np.linalg.norm(w @ v)
    sigma = expected @ w @ v
    result = wrapped(inputs, training=True)
    np.testing.assert_allclose(wrapped.u, expected, rtol=1e-5)
    bias = wrapped.layer.bias.numpy()
    np.testing.assert_allclose(result, inputs @ w.T / sigma + bias, rtol=1e-4, atol=1e-5)


def test_only_training_moves_u():
    wrapped, inputs = made("conv")
    before = wrapped.u.numpy()
    wrapped(inputs)
    wrapped(inputs, training=False)
    np.testing.assert_array_equal(wrapped.u, before)
    wrapped(inputs, training=True)
    assert np.any(wrapped.u.numpy() != before)


@each_layer
def test_gradients_flow_through_sigma_with_u_and_v_constant(kind):
    wrapped, inputs = made(kind)
    kernel = wrapped.layer.kernel
    w = rows(kind, kernel.numpy())
    u = wrapped.u.numpy()
    v = w.T @ u / np.linalg.norm(w.T @ u)
    u = w @ v / np.linalg.norm(w @ v)
    target = uniform(*wrapped.compute_output_shape(inputs.shape))

    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.sin(wrapped(inputs, training=True)) * target)
    result = tape.gradient(loss, kernel.value).numpy()

    # The plain layer at W / σ, where Miyato's Eq. 12 turns the gradient G for the normalised
    # kernel into (G - <G, W / σ> u vᵀ) / σ.
    sigma = u @ w @ v
    kernel.assign(kernel / sigma)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.sin(wrapped.layer(inputs)) * target)
    g = rows(kind, tape.gradient(loss, kernel.value).numpy())
    expected = (g - np.sum(g * w / sigma) * np.outer(u, v)) / sigma
    np.testing.assert_allclose(rows(kind, result), expected, rtol=1e-3, atol=1e-5)
    assert not np.allclose(expected, g / sigma, rtol=0.01, atol=0.001)  # σ's part is felt


def test_in_bfloat16_the_power_iteration_stays_float32():
    keras.utils.set_random_seed(0)
    with dtype_policy("mixed_bfloat16"):
        wrapped = SpectralNormalization(layers.Dense(7))
        network = keras.Sequential([wrapped])
        network(uniform(3, 6))
    for _ in range(20):
        outputs = network(uniform(3, 6), training=True)
    assert outputs.dtype == tf.bfloat16
    assert wrapped.u.dtype == "float32"
    kernel = wrapped.layer.kernel.numpy()
    normalized = kernel / np.linalg.svd(kernel, compute_uv=False)[0]
    np.testing.assert_allclose(wrapped.normalized_kernel(), normalized, rtol=1e-5)
    expected = uniform(3, 6) @ normalized
    np.testing.assert_allclose(tf.cast(outputs, tf.float32), expected, rtol=0.03, atol=0.01)


def test_a_compiled_step_does_what_calls_do():
    eager, inputs = made("conv")
    compiled, _ = made("conv")
    step = tf.function(lambda x: compiled(x, training=True))
    for _ in range(3):
        np.testing.assert_allclose(step(inputs), eager(inputs, training=True), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(compiled.u, eager.u, rtol=1e-5, atol=1e-6)


def test_costs_are_those_of_the_layer_inside():
    def network(wrap):
        return keras.Sequential(
            [
                keras.Input((8, 8, 3)),
                wrap(layers.Conv2D(4, 3, strides=2, name="conv")),
                wrap(layers.Conv2DTranspose(2, 5, strides=2, name="deconv")),
            ]
        )

    assert len(layer_costs(network(SpectralNormalization))) == 2
    assert layer_costs(network(SpectralNormalization)) == layer_costs(network(lambda layer: layer))


def test_variables_have_names_of_their_own():
    network = keras.Sequential(
        [SpectralNormalization(layers.Dense(2, name=name)) for name in ("first", "second")],
        name="network",
    )
    network(uniform(3, 4))
    assert sorted(variable.path for variable in network.variables) == [
        f"network/{name}/{end}"
        for name in ("first", "second")
        for end in (f"{name}/bias", f"{name}/kernel", "u")
    ]
    assert len(network.trainable_variables) == 4


def test_wrapping_is_deterministic():
    first, second = (made("dense")[0] for _ in range(2))
    np.testing.assert_array_equal(first.u, second.u)


def test_replicas_hold_the_same_u(tmp_path):
    script = tmp_path / "replicas.py"  # a file, because AutoGraph reads the source
    script.write_text(REPLICAS)
    done = subprocess.run(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    before, first, second, gradient_norms = json.loads(done.stdout.splitlines()[-1])
    assert first == second != before
    assert gradient_norms[0] == gradient_norms[1] > 0
