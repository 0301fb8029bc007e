import keras
import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.device.batches import DeviceImages
from ssgan_tf.errors import UserError
from ssgan_tf.methods.gan.acgan import ACGAN
from ssgan_tf.methods.gan.base import CriticOutput
from ssgan_tf.methods.gan.state import variables_of
from ssgan_tf.methods.gan.step import TrainingStep
from ssgan_tf.runs.state import assign, export
from tests.training.tiny import painted_squares

TINY = {"image_size": 32, "base_channels": 32, "latent_dim": 8, "batch_size": 8, "ema": 0}
CLASSES = ("left", "right")


@pytest.fixture(scope="module")
def step():
    """Both networks, trained together for a while."""
    keras.utils.set_random_seed(0)
    squares = painted_squares(classes=CLASSES)
    images = DeviceImages(squares.images, labels=squares.labels)
    step = TrainingStep(ACGAN(**TINY, learning_rate=1e-3), images, classes=len(CLASSES))
    step.run_iterations(60)
    return step


def latents(count):
    return np.random.default_rng(0).normal(size=(count, 8)).astype(np.float32)


def test_papers_settings():
    settings = ACGAN().settings
    assert (settings.learning_rate, settings.batch_size, settings.latent_dim) == (2e-4, 100, 100)
    assert settings.critic_steps == 1
    for optimizer in ACGAN().optimizers():
        assert (optimizer.beta_1, optimizer.beta_2) == (0.5, 0.999)


def test_one_class_is_refused():
    with pytest.raises(UserError, match="acgan learns to tell classes apart and there is one"):
        ACGAN(**TINY).jobs(["one"])


def test_the_generator_sees_latents_and_one_hot_labels():
    generator = ACGAN(**TINY).build(3).generator
    noise = latents(2)
    expected = np.concatenate([noise, [[0, 0, 1], [1, 0, 0]]], axis=1)
    np.testing.assert_array_equal(generator.inputs(noise, np.int32([2, 0])), expected)


def test_other_labels_make_other_images():
    generator = ACGAN(**TINY).build(2).generator
    noise = np.tile(latents(4), (2, 1))
    images = np.asarray(generator(noise, np.int32([0] * 4 + [1] * 4), training=True))
    assert images.shape == (8, 32, 32, 3)
    distances = np.abs(images[:4] - images[4:]).mean((1, 2, 3))
    assert distances.min() > 0.1 * images.std()


def test_the_critic_has_two_heads():
    critic = ACGAN(**TINY).build(3).critic
    scores, logits = critic(np.zeros((2, 32, 32, 3), np.float32))
    assert (scores.shape, logits.shape) == ((2,), (2, 3))
    assert scores.dtype == logits.dtype == tf.float32
    assert len(critic.dropouts) == len(critic.convs)


def test_the_classifier_learns_painted_classes(step):
    squares = painted_squares(classes=CLASSES)
    images = squares.images / np.float32(127.5) - 1
    # As it is trained, with a batch's own statistics: the moving ones lag behind so short a run.
    guesses = [np.argmax(step.critic(images, training=True)[1], axis=1) for _ in range(10)]
    assert np.mean(guesses == squares.labels) > 0.9


def test_dropout_thins_out_in_training_only(step):
    images = np.zeros((2, 32, 32, 3), np.float32)
    (first, _), (second, _) = step.critic(images), step.critic(images)
    np.testing.assert_array_equal(first, second)
    (first, _), (second, _) = (step.critic(images, training=True) for _ in range(2))
    assert not np.allclose(first, second)


def test_a_restored_training_continues_bit_by_bit(step):
    state = export(variables_of(step))
    losses, then = step.run_iterations(2), export(variables_of(step))
    assign(variables_of(step), state)
    assert step.run_iterations(2) == losses
    for name, array in export(variables_of(step)).items():
        np.testing.assert_array_equal(array, then[name], err_msg=name)


def test_real_and_generated_images_are_judged_apart():
    def critic(images, labels, training):
        assert training
        batches.append(images.tolist())
        return images, labels

    batches, labels = [], np.zeros(2, np.int32)
    real, fake = ACGAN(**TINY).judge_both(
        critic, (np.float32([1, 2]), labels), (np.float32([3, 4]), labels)
    )
    assert batches == [[1, 2], [3, 4]]
    assert (real.scores.tolist(), fake.scores.tolist()) == ([1, 2], [3, 4])


def judged(scores, labels, logits):
    return CriticOutput(np.float32(scores), np.int32(labels), np.log(np.float32(logits)))


def test_losses_by_hand():
    real = judged([np.log(3)], [0], [[0.8, 0.2]])
    fake = judged([0], [1], [[0.4, 0.6]])
    method = ACGAN(**TINY)
    losses = method.critic_losses(real, fake)
    classes = -np.log(0.8) - np.log(0.6)
    np.testing.assert_allclose(losses["class_loss"], classes, rtol=1e-6)
    expected = -np.log(3 / 4) - np.log(1 / 2) + classes
    np.testing.assert_allclose(losses["critic_loss"], expected, rtol=1e-6)
    losses |= method.generator_losses(fake)
    np.testing.assert_allclose(losses["generator_loss"], -np.log(1 / 2) - np.log(0.6), rtol=1e-6)
    assert set(losses) == set(method.loss_names)
