"""StyleGAN2 and its transition to classes, against what can be worked out by hand."""

import shutil
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.data import ImageSet
from ssgan_tf.errors import UserError
from ssgan_tf.methods import create, recreate
from ssgan_tf.methods.contract import ALL_CLASSES, Job, Phase, Trained
from ssgan_tf.methods.gan.base import CriticOutput
from ssgan_tf.methods.gan.build import follow
from ssgan_tf.methods.gan.penalties import R1, CriticBatch, GeneratorBatch, PathLength
from ssgan_tf.methods.gan.stylegan2 import StyleGAN2, channels_at
from ssgan_tf.methods.gan.transitional import share
from ssgan_tf.runs.metrics_log import read_metrics
from ssgan_tf.runs.run_directory import RunDirectory
from ssgan_tf.runs.state import assign, export
from ssgan_tf.training import fit
from tests.training.tiny import make_step, painted_squares, saved_arrays, tiny_method

START, END = 2, 4  # of the transition in the training below
PLAIN = {"penalty": "none", "augment_critic": "none"}  # compiles sooner


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def softplus(x):
    return np.log1p(np.exp(x))


@pytest.fixture(scope="module")
def method():
    return tiny_method("transitional")


@pytest.fixture(scope="module")
def networks(method):
    """A generator and a critic for three classes, untrained."""
    keras.utils.set_random_seed(0)
    made = method.build(3)
    made.critic(made.generator(normal(2, 8), np.int32([0, 1])), np.int32([0, 1]))
    return made


class Training(NamedTuple):
    """Six iterations across the transition, and what they left after three and after all."""

    phase: Phase
    images: ImageSet
    losses: list  # of each iteration
    states: dict  # iteration -> arrays by name


@pytest.fixture(scope="module")
def trained():
    images = painted_squares(classes=("left", "right"))
    method = tiny_method("transitional", transition=f"{START},{END}", **PLAIN)
    phase = next(method.phases(Job(ALL_CLASSES, images)))
    losses, states = [], {0: export(phase.variables())}
    for iteration in range(1, 7):
        losses.append(phase.run(1))
        states[iteration] = export(phase.variables())
    return Training(phase, images, losses, states)


def test_lambda_by_hand():
    found = [float(share(t, 2000, 4000)) for t in (0, 2000, 2500, 3000, 4000, 10**7)]
    np.testing.assert_allclose(found, [0, 0, 0.25, 0.5, 1, 1])
    # No transition: at once, or conditional from the start.
    assert [float(share(t, 5, 5)) for t in (0, 4, 5, 6)] == [0, 0, 1, 1]
    assert [float(share(t, 0, 0)) for t in (0, 1)] == [1, 1]


@pytest.mark.parametrize("wrong", ["5000", "10,5", "-1,5", "a,b", "1,2,3", "", "1.5,2"])
def test_impossible_transitions(wrong):
    with pytest.raises(UserError, match=r"--transition is .*; it must be two iterations such as"):
        create("transitional", transition=wrong)


def test_settings_are_those_of_the_papers():
    method = create("transitional")
    (penalty,) = method.penalties()
    assert penalty.weight == pytest.approx(0.0002 * 64**2 / 16 / 2)
    assert create("stylegan2", r1_gamma=3.0).penalties()[0].weight == 1.5
    of_generator, of_critic = method.optimizers()
    assert (of_generator.beta_1, of_generator.beta_2) == (0, 0.99)
    assert of_critic.beta_2 == pytest.approx(0.99 ** (16 / 17))
    assert float(of_critic.learning_rate) == pytest.approx(0.0025 * 16 / 17)
    of_generator, _ = create("stylegan2", penalty="path_length").optimizers()
    assert float(of_generator.learning_rate) == pytest.approx(0.0025 * 4 / 5)
    assert [channels_at(side, 256) for side in (4, 16, 32, 64, 256)] == [256, 256, 128, 64, 16]
    again = recreate({"method": "transitional", **method.as_flags()})
    assert again.settings == method.settings
    assert "ema_images" not in create("dcgan").as_flags()


def test_sizes_at_64_pixels_are_those_that_the_channels_give():
    cost = create("stylegan2").cost(1)
    assert cost.parameters["generator"] == pytest.approx(4.4e6, rel=0.1)
    assert cost.parameters["critic"] == pytest.approx(4.9e6, rel=0.05)


def test_one_class_is_refused_and_the_other_method_named():
    with pytest.raises(UserError, match=r"there is one; .* or choose stylegan2"):
        create("transitional").jobs(["roses"])
    assert create("stylegan2").jobs(["roses"]) == {"roses": ("roses",)}


def test_path_length_needs_styles():
    with pytest.raises(UserError, match="path_length is for generators with styles, and that of"):
        create("dcgan", penalty="path_length")


def test_losses_by_hand(method):
    weight = np.float32([0.25, 0.25])
    real = CriticOutput(np.float32([2, -1]), None, (np.float32([0.5, 1]), weight))
    fake = CriticOutput(np.float32([-1, 3]), None, (np.float32([-2, 0]), weight))
    losses = method.critic_losses(real, fake)
    alone = softplus(np.array([-2, 1])).mean() + softplus(np.array([-1, 3])).mean()
    of_class = softplus(np.array([-0.5, -1])).mean() + softplus(np.array([-2, 0])).mean()
    np.testing.assert_allclose(losses["critic_loss"], alone + of_class / 4, rtol=1e-6)
    np.testing.assert_allclose(losses["class_loss"], of_class, rtol=1e-6)
    assert losses["transition"] == 0.25
    losses = method.generator_losses(fake)
    expected = softplus(np.array([1, -3])).mean() + softplus(np.array([2, 0])).mean() / 4
    np.testing.assert_allclose(losses["generator_loss"], expected, rtol=1e-6)
    np.testing.assert_allclose(StyleGAN2().critic_losses(real, fake)["critic_loss"], alone)


def gradients_at(method, networks, iteration):
    """The gradients of both losses by the weights that know of classes, two lists of norms."""
    for network in networks:
        follow(network, tf.constant(iteration, tf.int64))
    labels, images = tf.constant([0, 1, 2, 1]), normal(4, 32, 32, 3)
    generator, critic = networks
    with tf.GradientTape(persistent=True) as tape:
        made = generator(normal(4, 8), labels, training=True)
        real, fake = method.judge_both(critic, (images, labels), (made, labels))
        of_critic = method.critic_losses(real, fake)["critic_loss"]
        of_generator = method.generator_losses(fake)["generator_loss"]

    def norms(loss, layers):
        weights = [weight.value for layer in layers for weight in layer.trainable_weights]
        return [float(tf.norm(gradient)) for gradient in tape.gradient(loss, weights)]

    mapping = generator.mapping
    return (
        norms(of_critic, [critic.project, critic.vectors, *critic.class_layers]),
        norms(of_generator, [mapping.vectors, mapping.project]),
    )


def test_classes_count_for_nothing_before_the_transition_and_for_something_after(method, networks):
    generator, latents = networks.generator, np.tile(normal(1, 8), (3, 1))
    labels, start = np.int32([0, 1, 2]), 2
    follow(generator, tf.constant(start, tf.int64))
    images = np.asarray(generator(latents, labels))
    assert np.ptp(images, axis=0).max() == 0
    assert set(np.concatenate(gradients_at(method, networks, start))) == {0.0}

    norms = np.concatenate(gradients_at(method, networks, start + 1))
    assert np.all(norms > 0)
    images = np.asarray(generator(latents, labels))
    assert np.ptp(images, axis=0).max() > 0.01


def test_the_class_score_is_a_product_of_image_and_class(networks):
    critic, images = networks.critic, normal(2, 32, 32, 3)
    scores, first = critic(images, np.int32([0, 0]))
    other, second = critic(images, np.int32([1, 0]))
    np.testing.assert_array_equal(scores, other)
    assert first[0] != second[0] and first[1] == second[1]
    assert [len(stage) for stage in critic.layers_by_stage()] == [1, 1, 1, 1]


def test_r1_of_a_linear_critic_is_the_squared_norm_and_its_slope_the_weight():
    slope = tf.Variable(normal(4, 4, 3))
    images = tf.constant(normal(5, 4, 4, 3, seed=1))
    penalty = R1(weight=0.7)  # γ/2

    def gradients():
        with tf.GradientTape() as tape:
            tape.watch(images)
            scores = tf.reduce_sum(images * slope, (1, 2, 3))
        return tape.gradient(scores, images)

    with tf.GradientTape() as tape:
        value = penalty(CriticBatch(None, None, gradients, None))
        loss = penalty.weight * value
    np.testing.assert_allclose(value, np.square(slope).sum(), rtol=1e-5)
    np.testing.assert_allclose(tape.gradient(loss, slope), 1.4 * slope, rtol=1e-5)


def test_path_length_by_hand():
    gradients = np.zeros((2, 3, 4), np.float32)
    gradients[0, :, 0] = 3.0  # a length of 3 in each of three layers
    gradients[1, 0, :] = 3**0.5  # √12 in one of three: a length of 2
    penalty = PathLength()
    value = penalty(GeneratorBatch(lambda: tf.constant(gradients)))
    assert float(penalty.average) == pytest.approx(0.01 * 2.5)
    assert float(value) == pytest.approx(((3 - 0.025) ** 2 + (2 - 0.025) ** 2) / 2, rel=1e-5)
    assert (penalty.weight, penalty.every, penalty.role) == (2.0, 4, "generator")


def test_styles_are_mixed_in_training_only_and_alike_for_the_same_latents():
    keras.utils.set_random_seed(0)
    generator = tiny_method("stylegan2", style_mixing=0.5).build_generator()
    crossovers = []
    for seed in range(60):
        latents = normal(4, 8, seed=seed)
        plain = np.asarray(generator.styles(latents))
        mixed = np.asarray(generator.styles(latents, training=True))
        np.testing.assert_array_equal(mixed, generator.styles(latents, training=True))
        own = np.all(mixed == plain, axis=(0, 2))
        np.testing.assert_allclose(mixed[:, ~own], np.roll(plain, 1, 0)[:, ~own], atol=1e-5)
        crossovers.append(int(own.sum()))
    assert set(crossovers) <= set(range(1, 9)) and len(set(crossovers)) > 5
    assert 15 <= crossovers.count(8) <= 45  # of 60 batches, half of which are not mixed


def test_a_training_across_the_transition_goes_on_to_the_same_bits(trained):
    phase, states = trained.phase, trained.states
    assign(phase.variables(), states[3])
    phase.run(3)
    found = export(phase.variables())
    assert found.keys() == states[6].keys()
    for key, array in states[6].items():
        np.testing.assert_array_equal(found[key], array, err_msg=key)
    assert [losses["transition"] for losses in trained.losses] == [0, 0, 0, 0.5, 1, 1]


def test_weights_of_classes_begin_to_learn_with_the_transition(trained):
    first, half, whole = (trained.states[iteration] for iteration in (0, 3, 6))
    critics = ("critic/project", "critic/vectors", "critic/class")
    mappings = ("generator/mapping/project", "generator/mapping/vectors")
    of_classes = [
        name for name in whole if name.startswith((*critics, *mappings)) and "kernel" in name
    ]
    assert len(of_classes) == 4 + 2
    for name in of_classes:  # λ was 0 in each of the first three iterations
        np.testing.assert_array_equal(half[name], first[name], err_msg=name)
        assert np.any(whole[name] != half[name]), name
    assert np.any(half["critic/score/kernel"] != first["critic/score/kernel"])


def test_images_of_a_checkpoint_have_the_lambda_of_its_iteration(trained):
    """At iteration 2 λ is 0, at 3 it is 1/2, at 6 it is 1."""
    method, counts = trained.phase.method, trained.images.counts()
    images = {}
    for iteration in (2, 3, 6):
        # The weights are the same each time, so that only λ makes a difference.
        of_job = Trained(counts, iteration, lambda phase, only: trained.states[3])
        sampler = method.sampler({ALL_CLASSES: of_job}, None)
        generators = [sampler.generator(name) for name in ("left", "right")]
        latents = normal(2, 8)
        images[iteration] = [np.asarray(generator(latents)) for generator in generators]
    np.testing.assert_array_equal(*images[2])  # no class yet
    for earlier, later in ((2, 3), (3, 6)):
        assert np.abs(images[earlier][0] - images[later][0]).max() > 1e-3
    assign(trained.phase.variables(), trained.states[3])
    present = trained.phase.sampler().generator("right")
    np.testing.assert_array_equal(present(normal(2, 8)), images[3][1])


@pytest.mark.long
def test_penalties_of_both_networks_and_mixed_styles_go_on_to_the_same_bits(tmp_path):
    images = painted_squares(classes=("left", "right"))
    options = {"checkpoint_every": 10, "sample_every": 20, "log_every": 1, "progress": False}

    def train(folder):
        chosen = {"penalty": "r1,lecam,path_length", "style_mixing": 0.9, "ema_images": 10}
        method = tiny_method("transitional", transition="5,15", **chosen)
        fit(method, images, run_dir=tmp_path / folder, iterations=20, **options)
        return saved_arrays(tmp_path / folder, ALL_CLASSES)

    expected = train("whole")
    shutil.copytree(tmp_path / "whole", tmp_path / "stopped")
    (tmp_path / "stopped" / ALL_CLASSES / "checkpoints" / "000020.npz").unlink()
    found = train("stopped")
    assert found.keys() == expected.keys()
    for key, array in expected.items():
        np.testing.assert_array_equal(found[key], array, err_msg=key)
    assert found["penalty/path_length/average"] > 0
    records = read_metrics(RunDirectory(tmp_path / "whole").metrics_path(ALL_CLASSES))
    for name, every in (("r1", 16), ("path_length", 4)):
        due = [record["step"] for record in records if record[name] > 0]
        assert due == list(range(every, 21, every)), name


def test_the_average_forgets_half_in_so_many_images():
    step = make_step(tiny_method("stylegan2", ema_images=10), "left", painted_squares())
    (average, *_), (weight, *_) = (
        network.trainable_variables for network in (step.average, step.generator)
    )
    weight.assign(tf.ones(weight.shape))
    # 5 % of the images seen, while that is less: of 5 batches of 4 it is 1 image.
    for iteration, decay in ((1000, 0.5 ** (4 / 10)), (5, 0.5 ** (4 / 1)), (0, 0.0)):
        average.assign(tf.zeros(weight.shape))
        step.iteration.assign(iteration)
        step._update_average()
        np.testing.assert_allclose(average, np.full(weight.shape, 1 - decay), rtol=1e-5)
