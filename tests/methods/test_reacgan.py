import keras
import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.errors import UserError
from ssgan_tf.layers.spectral import SpectralNormalization
from ssgan_tf.methods.gan.base import CriticOutput
from ssgan_tf.methods.gan.losses import d2d_ce
from ssgan_tf.methods.gan.reacgan import ReACGAN
from tests.training.tiny import painted_squares

TINY = {"image_size": 32, "base_channels": 32, "latent_dim": 8, "learning_rate": 3e-3}


@pytest.fixture(scope="module")
def networks():
    """A generator and a critic for two classes, untrained."""
    keras.utils.set_random_seed(0)
    return ReACGAN(**TINY).build(2)


def latents(count):
    return np.random.default_rng(0).normal(size=(count, 8)).astype(np.float32)


def test_authors_settings():
    method = ReACGAN()
    assert (method.settings.learning_rate, method.settings.critic_steps) == (2e-4, 5)
    assert (method.class_weight, method.temperature) == (0.5, 0.5)
    assert method.positive_margin == 0.98
    assert method.negative_margin == pytest.approx(0.02)
    for optimizer in method.optimizers():
        assert (optimizer.beta_1, optimizer.beta_2) == (0.5, 0.999)


def test_one_class_is_refused():
    with pytest.raises(UserError, match="reacgan learns to tell classes apart and there is one"):
        ReACGAN(**TINY).jobs(["one"])


def test_every_layer_with_a_kernel_is_spectrally_normalised(networks):
    generator, critic = networks
    wrapped = [generator.project, *generator.deconvs, *critic.convs, critic.score, critic.embed]
    assert all(isinstance(layer, SpectralNormalization) for layer in wrapped)
    # The class-conditional shifts stand in for biases.
    assert generator.biased == [False, False, True]


def test_labels_come_in_through_the_normalisations(networks):
    generator = networks.generator
    noise = np.tile(latents(2), (2, 1))
    labels = np.int32([0, 0, 1, 1])
    # Untrained, they say the same of every class.
    images = np.asarray(generator(noise, labels))
    assert images.shape == (4, 32, 32, 3)
    np.testing.assert_allclose(images[:2], images[2:], atol=1e-6)
    for norm in generator.norms:
        former = norm.betas.numpy()
        norm.betas.assign(former + np.array([[0], [1]]))
        images = np.asarray(generator(noise, labels))
        assert np.abs(images[:2] - images[2:]).mean() > 0.1 * images.std()
        norm.betas.assign(former)


def test_embeddings_and_proxies_have_norm_1(networks):
    images = np.random.default_rng(0).uniform(-1, 1, (3, 32, 32, 3)).astype(np.float32)
    scores, embeddings, proxies = networks.critic(images, np.int32([1, 0, 1]))
    assert scores.shape == (3,)
    assert embeddings.shape == proxies.shape == (3, 16)
    assert scores.dtype == embeddings.dtype == proxies.dtype == tf.float32
    for vectors in (embeddings, proxies):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(proxies[0], proxies[2])
    assert not np.allclose(proxies[0], proxies[1])


def test_the_critic_learns_painted_classes(networks):
    method, critic = ReACGAN(**TINY), networks.critic
    squares = painted_squares(classes=("left", "right"))
    images = squares.images / np.float32(127.5) - 1
    noise = np.random.default_rng(0).uniform(-1, 1, images.shape).astype(np.float32)
    critic(images, squares.labels)
    optimizer = method.optimizers()[1]
    optimizer.build(critic.trainable_variables)

    @tf.function
    def update():
        with tf.GradientTape() as tape:
            judged = method.judge_both(critic, (images, squares.labels), (noise, squares.labels))
            losses = method.critic_losses(*judged)
        gradients = tape.gradient(losses["critic_loss"], critic.trainable_variables)
        optimizer.apply(gradients)
        return losses

    for _ in range(90):
        losses = update()
    # Within both margins each image meets six of the other class: p = n = 1.
    np.testing.assert_allclose(losses["class_loss"], np.log(1 + 6), rtol=1e-3)
    own, other = (
        np.sum(np.multiply(*critic(images, labels)[1:]), axis=1)
        for labels in (squares.labels, 1 - squares.labels)
    )
    assert own.min() > 0.95 and other.max() < 0.2


def judged(scores, embeddings, proxies):
    labels = np.arange(len(scores), dtype=np.int32)
    return CriticOutput(np.float32(scores), labels, (np.float32(embeddings), np.float32(proxies)))


def test_losses_by_hand():
    here, there = [1, 0], [0, 1]
    real = judged([2, 0], [here, there], [here, there])  # everything within the margins: log 2
    fake = judged([0, -3], [here, here], [here, there])
    method = ReACGAN(**TINY)
    losses = method.critic_losses(real, fake)
    np.testing.assert_allclose(losses["class_loss"], np.log(2), rtol=1e-6)
    np.testing.assert_allclose(losses["critic_loss"], 0.5 + 0.5 + np.log(2) / 2, rtol=1e-6)
    losses |= method.generator_losses(fake)
    classes = d2d_ce(*fake.details, fake.labels, 0.5, 0.98, 0.02)
    np.testing.assert_allclose(losses["generator_loss"], 1.5 + classes / 2, rtol=1e-6)
    assert set(losses) == set(method.loss_names)
