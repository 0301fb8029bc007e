import keras
import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf import methods
from ssgan_tf.data import load_dataset
from ssgan_tf.device.batches import draw_labels
from ssgan_tf.methods import METHODS
from ssgan_tf.methods.contract import Trained
from ssgan_tf.methods.gan.base import Settings
from ssgan_tf.methods.gan.build import build_generator
from ssgan_tf.methods.gan.latents import draw_latents
from ssgan_tf.methods.gan.sampling import SampledGenerator
from ssgan_tf.methods.gan.standing import SEED, StandingStatistics
from ssgan_tf.methods.gan.state import assign_generator, variables_of
from ssgan_tf.runs.run_directory import RunDirectory
from ssgan_tf.runs.state import export
from ssgan_tf.training import fit, load
from tests.training.tiny import GANS, make_step, painted_squares, tiny_method, untrained


class Normalised(keras.Model):
    """Two normalisations in a row with a rectifier between, and labels added to the latents."""

    def __init__(self):
        super().__init__()
        self.first = keras.layers.BatchNormalization(epsilon=1e-5, momentum=0.9)
        self.second = keras.layers.BatchNormalization(epsilon=1e-5, momentum=0.7)

    def call(self, latents, labels, training=None):
        x = latents + tf.cast(labels, tf.float32)[:, None]
        return self.second(tf.nn.relu(self.first(x, training=training)), training=training)


def test_statistics_are_those_of_all_batches_by_hand():
    settings = Settings(latent_dim=3, batch_size=40, noise="uniform")
    labels = np.repeat([0, 5], [30, 10]).astype(np.int32)
    generator = Normalised()
    generator(tf.zeros((1, 3)), tf.zeros(1, tf.int32))
    standing = StandingStatistics(generator, settings, labels)
    standing.measure()

    first, second = [], []
    for number in range(standing.batches):
        x = draw_latents("uniform", (40, 3), (SEED, number)).numpy()
        x += draw_labels(tf.constant(labels), 40, (SEED - 1, number)).numpy()[:, None]
        first.append(x)
        second.append(np.maximum((x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5), 0))
    assert len(first) == 40  # 1,600 images
    for layer, batches in ((generator.first, first), (generator.second, second)):
        means, variances = (np.array([getattr(x, kind)(0) for x in batches]) for kind in
                            ("mean", "var"))  # fmt: skip
        np.testing.assert_allclose(layer.moving_mean, means.mean(0), atol=1e-5)
        expected = (variances + means**2).mean(0) - means.mean(0) ** 2
        np.testing.assert_allclose(layer.moving_variance, expected, rtol=1e-4)
    assert (generator.first.momentum, generator.second.momentum) == (0.9, 0.7)
    # The first is a mixture of 3/4 zeros and 1/4 fives, spread by the latents' variance of 1.
    assert generator.first.moving_mean.numpy() == pytest.approx(1.25, abs=0.2)
    assert generator.first.moving_variance.numpy() == pytest.approx(1 + 25 * 3 / 16, rel=0.1)


def test_a_short_training_is_sampled_with_the_contrast_that_it_trains_with(tmp_path):
    """As stored, the variances are still near 1 and the images nearly grey."""
    daisies = load_dataset("demo", 32, classes=["daisy"], progress=False)
    method = methods.create("dcgan", image_size=32, base_channels=32, batch_size=16)
    fit(method, daisies, run_dir=tmp_path / "run", iterations=100, progress=False)
    _, arrays, _ = RunDirectory(tmp_path / "run").checkpoints("daisy").load()
    latents, stored = draw_latents("uniform", (256, 100), (5, 5)), build_generator(method)
    for average in (True, False):
        sampler = load(tmp_path / "run", average=average)
        contrast = sampler.sample("daisy", 256).astype(np.float32).std() / 255
        in_training = sampler.generator("daisy").network(latents, training=True).numpy().std() / 2
        assert contrast == pytest.approx(in_training, rel=0.1)
        assign_generator(stored, arrays, average)
        assert stored(latents, training=False).numpy().std() / 2 < 0.5 * in_training


@pytest.mark.parametrize("name", ["sagan", "reacgan"])
def test_the_moving_average_is_of_weights_only(name):
    images = painted_squares(classes=("left", "right"))
    step = make_step(tiny_method(name, ema=0.9), "all", images)
    for weight, value in zip(step.average.variables, step.generator.variables, strict=True):
        np.testing.assert_array_equal(weight, value)  # a copy, not other random weights
    first = [value.numpy() for value in step.generator.non_trainable_variables]
    step.run_iterations(1)
    kept = {name for name in export(variables_of(step)) if name.startswith("average/")}
    assert len(kept) == len(step.generator.trainable_variables)
    assert not any(name.endswith(("/u", "moving_mean", "moving_variance")) for name in kept)

    sampled = SampledGenerator(step.method, images.counts())
    assign_generator(sampled.network, export(variables_of(step)))
    now = step.generator.non_trainable_variables
    for found, value in zip(sampled.network.non_trainable_variables, now, strict=True):
        np.testing.assert_array_equal(found, value)
    assert any(np.any(one != other) for one, other in zip(first, now, strict=True))
    for found, value in zip(
        sampled.network.trainable_variables, step.average.trainable_variables, strict=True
    ):
        np.testing.assert_array_equal(found, value)

    trained = {"all": Trained(images.counts(), 1, lambda *_: export(variables_of(step)))}
    one, other = (step.method.sampler(trained, None).sample("left", 3) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_classes_of_one_network_draw_latents_of_their_own():
    method = untrained(tiny_method("acgan"), {"a": 4, "b": 4, "c": 4})
    a, b = (method.sample(name, 200).reshape(200, -1).astype(np.float64) for name in "ab")
    a, b = a - a.mean(0), b - b.mean(0)
    correlation = (a * b).sum(1) / np.sqrt((a**2).sum(1) * (b**2).sum(1))
    assert abs(correlation.mean()) < 0.1
    np.testing.assert_array_equal(method.sample("a", 5), method.sample("a", 200)[:5])


def test_labels_of_generated_images_are_as_frequent_as_real_ones():
    labels = tf.constant(np.repeat([0, 1, 2], [70, 20, 10]), tf.int32)
    drawn = draw_labels(labels, 20_000, (1, 2)).numpy()
    np.testing.assert_allclose(np.bincount(drawn) / 20_000, [0.7, 0.2, 0.1], atol=0.015)
    np.testing.assert_array_equal(drawn, draw_labels(labels, 20_000, (1, 2)))

    images = painted_squares(per_class=20, classes=("left", "right"))
    images = images.select([*range(20), 20, 21])  # 20 of the one, 2 of the other
    step = make_step(tiny_method("acgan", batch_size=50), "all", images)
    seen = np.concatenate([step._draw(number, step.images.tensors)[3] for number in range(20)])
    assert np.mean(seen == 1) == pytest.approx(2 / 22, abs=0.03)


@pytest.mark.parametrize("name", GANS)
def test_a_loaded_generator_makes_no_critic(name, monkeypatch):
    def refuse(self, classes=1):
        raise AssertionError("a critic was made")

    monkeypatch.setattr(METHODS[name], "build_critic", refuse)
    assert SampledGenerator(tiny_method(name), {"a": 1, "b": 2}).network.built
