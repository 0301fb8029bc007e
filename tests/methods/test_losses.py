import keras
import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.methods.gan.losses import (
    bce_critic_loss,
    bce_generator_loss,
    class_loss,
    d2d_ce,
    hinge_critic_loss,
    hinge_generator_loss,
)

REACGAN = {"temperature": 0.5, "positive_margin": 0.98, "negative_margin": 0.02}


def floats(*values):
    return np.array(values, np.float32)


def test_bce_of_hand_worked_scores():
    # sigmoid(log 3) = 3/4, sigmoid(-log 3) = 1/4.
    real, fake = floats(np.log(3), 0), floats(-np.log(3), 0)
    expected = -np.mean(np.log([3 / 4, 1 / 2])) - np.mean(np.log([1 - 1 / 4, 1 - 1 / 2]))
    np.testing.assert_allclose(bce_critic_loss(real, fake), expected, rtol=1e-6)
    expected = -np.mean(np.log([1 / 4, 1 / 2]))
    np.testing.assert_allclose(bce_generator_loss(fake), expected, rtol=1e-6)


def test_bce_of_scores_that_are_far_off():
    # log(1 - sigmoid(200)) underflows; the loss is linear there.
    np.testing.assert_allclose(bce_critic_loss(floats(-200), floats(200)), 400)
    np.testing.assert_allclose(bce_generator_loss(floats(-200)), 200)


def test_hinge_of_hand_worked_scores():
    # Real scores above 1 and generated ones below -1 cost nothing.
    np.testing.assert_allclose(hinge_critic_loss(floats(2, 0.5, -1), floats(-3, 0)), 2.5 / 3 + 0.5)
    np.testing.assert_allclose(hinge_generator_loss(floats(2, -1, 5)), -2)


def test_class_loss_of_hand_worked_logits():
    logits = np.log(floats([0.7, 0.2, 0.1], [1, 1, 2]))  # the second row is not normalised
    expected = -np.mean(np.log([0.7, 0.5]))
    np.testing.assert_allclose(class_loss(logits, np.int32([0, 2])), expected, rtol=1e-6)
    np.testing.assert_allclose(class_loss(np.zeros((2, 5)), np.int32([0, 4])), np.log(5), rtol=1e-6)


def test_d2d_ce_of_two_images_by_hand():
    embeddings, proxies = floats([1, 0], [0.6, 0.8]), floats([1, 0], [0, 1])
    # The first lies on its proxy: p = 1. The second has 0.8, so p = exp((0.8 - 0.9) / 0.5). They
    # are 0.6 alike: n = exp((0.6 - 0.1) / 0.5) = e for both.
    expected = (np.log(1 + np.e) + np.log(1 + np.e**1.2)) / 2
    loss = d2d_ce(embeddings, proxies, np.int32([0, 1]), 0.5, 0.9, 0.1)
    np.testing.assert_allclose(loss, expected, rtol=1e-6)


def printed_d2d_ce(embeddings, proxies, labels, temperature, positive_margin, negative_margin):
    """ReACGAN's Eq. 6 as it is printed, image by image."""
    losses = []
    for f, proxy, label in zip(embeddings, proxies, labels, strict=True):
        positive = np.exp(min(f @ proxy - positive_margin, 0) / temperature)
        negatives = sum(
            np.exp(max(f @ other - negative_margin, 0) / temperature)
            for other, its_label in zip(embeddings, labels, strict=True)
            if its_label != label
        )
        losses.append(-np.log(positive / (positive + negatives)))
    return np.mean(losses)


def worked_example(labels, width=4):
    generator = np.random.default_rng(0)
    embeddings = generator.normal(size=(len(labels), width))
    proxies = generator.normal(size=(max(labels) + 1, width))[labels]
    embeddings, proxies = (
        (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        for vectors in (embeddings, proxies)
    )
    return embeddings, proxies, np.array(labels, np.int32)


@pytest.mark.parametrize("temperature", [0.5, 0.005])  # exp(1 / 0.005) is too much for float32
def test_d2d_ce_is_the_printed_formula(temperature):
    example = worked_example([0, 1, 2, 0, 1, 1, 2])
    settings = REACGAN | {"temperature": temperature}
    exact = [array.astype(np.float64) for array in example[:2]]
    expected = printed_d2d_ce(*exact, example[2], **settings)
    np.testing.assert_allclose(d2d_ce(*example, **settings), expected, rtol=1e-4)


def test_d2d_ce_of_one_class_is_nothing():
    embeddings, proxies, labels = worked_example([1, 1, 1])
    variable = tf.Variable(embeddings)
    with tf.GradientTape() as tape:
        loss = d2d_ce(variable, proxies, labels, **REACGAN)
    np.testing.assert_allclose(loss, 0, atol=1e-6)
    np.testing.assert_allclose(tape.gradient(loss, variable), np.zeros_like(embeddings), atol=1e-6)


def test_d2d_ce_does_not_pull_at_what_is_close_enough():
    embeddings, proxies = floats([1, 0], [0, 1]), tf.Variable(floats([0.995, 0.0999], [0, 1]))
    with tf.GradientTape() as tape:
        loss = d2d_ce(embeddings, proxies, np.int32([0, 1]), **REACGAN)
    # Both within the margins: p = n = 1.
    np.testing.assert_allclose(loss, np.log(2), rtol=1e-6)
    np.testing.assert_array_equal(tape.gradient(loss, proxies), np.zeros((2, 2)))


def test_d2d_ce_sorts_embeddings_by_class():
    embeddings, proxies, labels = worked_example([0, 0, 0, 1, 1, 1])
    variable, optimizer = tf.Variable(embeddings), keras.optimizers.SGD(0.5)
    for _ in range(100):
        with tf.GradientTape() as tape:
            unit = tf.math.l2_normalize(variable, axis=1)
            loss = d2d_ce(unit, proxies, labels, **REACGAN)
        optimizer.apply_gradients([(tape.gradient(loss, variable), variable)])
    similarities = unit.numpy() @ unit.numpy().T
    same = labels[:, None] == labels[None, :]
    assert similarities[same].min() > 0.5 > similarities[~same].max()
