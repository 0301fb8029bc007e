"""FastGAN's critic, an auto-encoder, against what can be worked out by hand."""

import keras
import numpy as np
import pytest

from ssgan_tf.layers.spectral import SpectralNormalization
from ssgan_tf.methods.gan.base import CriticOutput
from ssgan_tf.methods.gan.fastgan import (
    Critic,
    Decoder,
    DownBlock,
    FastGAN,
    RandomCrop,
    cut,
    reconstruction_loss,
)
from ssgan_tf.methods.gan.state import variables_of
from tests.training.tiny import make_step, painted_squares, tiny_method


@pytest.fixture(autouse=True)
def fixed_weights():
    keras.utils.set_random_seed(0)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.fixture(scope="module")
def trained():
    """A step after two iterations, its weights before, its losses."""
    step = make_step(tiny_method("fastgan", learning_rate=0.01), "left", painted_squares())
    networks = (step.generator, step.critic)
    before = {weight.path: np.array(weight) for one in networks for weight in one.variables}
    return step, before, step.run_iterations(2)


def test_losses_by_hand():
    ones = np.ones((2, 4, 4, 3), np.float32)
    pairs = ((ones, 3 * ones), (ones, ones - 0.5))
    np.testing.assert_allclose(reconstruction_loss(pairs), 2 + 0.5)
    real = CriticOutput(None, None, (np.float32([[2, -1], [1, 0]]), pairs))
    fake = CriticOutput(None, None, (np.float32([[-2, 0], [1, -1]]),))
    losses = FastGAN().critic_losses(real, fake)
    np.testing.assert_allclose(losses["reconstruction"], 2.5)
    hinge = (0 + 2 + 0 + 1) / 4 + (0 + 1 + 2 + 0) / 4
    np.testing.assert_allclose(losses["critic_loss"], hinge + 2.5)
    np.testing.assert_allclose(FastGAN().generator_losses(fake)["generator_loss"], 2 / 4)


def test_a_cut_is_the_same_part_of_maps_and_images():
    images = np.arange(2 * 64 * 64 * 3, dtype=np.float32).reshape(2, 64, 64, 3)
    maps = np.arange(2 * 16 * 16 * 5, dtype=np.float32).reshape(2, 16, 16, 5)
    cropped, part = cut(maps, images, np.int32([3, 8]))
    np.testing.assert_array_equal(cropped, maps[:, 3:11, 8:16])
    np.testing.assert_array_equal(part, images[:, 12:44, 32:64])


def test_crops_lie_anywhere_and_maps_and_images_agree():
    rows, columns = np.indices((16, 16))
    maps = np.stack([rows, columns], -1)[None].astype(np.float32)
    images = maps.repeat(2, 1).repeat(2, 2)
    crop, corners = RandomCrop(), set()
    for _ in range(100):
        cropped, part = (np.asarray(each) for each in crop(maps, images))
        assert cropped.shape == (1, 8, 8, 2)
        np.testing.assert_array_equal(part, cropped.repeat(2, 1).repeat(2, 2))
        corners.add(tuple(cropped[0, 0, 0].astype(int)))
    assert {row for row, _ in corners} == {column for _, column in corners} == set(range(9))


def test_a_down_block_is_the_mean_of_two_paths():
    block, maps = DownBlock(6, 4), normal(3, 8, 8, 5)
    block(maps)
    kernel = normal(1, 1, 5, 6, seed=1)
    for conv in block.convs:
        conv.layer.kernel.assign(np.zeros(conv.layer.kernel.shape))  # that path is 0
    block.project.layer.kernel.assign(kernel)
    pooled = maps.reshape(3, 4, 2, 4, 2, 5).mean((2, 4))
    direct = pooled @ kernel[0, 0]  # normalisation takes the spectral norm away again
    direct = (direct - direct.mean((0, 1, 2))) / direct.std((0, 1, 2))
    expected = np.where(direct > 0, direct, 0.2 * direct) / 2
    np.testing.assert_allclose(block(maps, training=True), expected, atol=1e-3)


@pytest.mark.parametrize("size", [8, 16, 64, 128])
def test_a_decoder_doubles_its_map_to_the_size(size):
    images = Decoder(size, 32)(normal(2, 8, 8, 4))
    assert images.shape == (2, size, size, 3)
    assert np.abs(images).max() <= 1


@pytest.mark.parametrize(
    ("size", "whole", "part"), [(32, 32, 16), (64, 64, 32), (128, 128, 64), (256, 128, 128)]
)
def test_what_is_reconstructed_by_size(size, whole, part):
    critic, images = Critic(size, 32), normal(1, size, size, 3)
    patches, maps = critic(images)
    assert patches.shape == (1, 25)
    assert [tuple(each.shape[1:3]) for each in maps] == [(16, 16), (8, 8)]
    pairs = critic.reconstruct(images, maps)
    assert [tuple(each.shape) for pair in pairs for each in pair] == [
        (1, side, side, 3) for side in (whole, whole, part, part)
    ]  # fmt: skip
    wanted = images
    if size == 256:
        wanted = images.reshape(1, 128, 2, 128, 2, 3).mean((2, 4))
    np.testing.assert_allclose(pairs[0][1], wanted, atol=1e-6)
    crops = np.lib.stride_tricks.sliding_window_view(images[0, ..., 0], (part, part))
    crops = crops[:: size // 16, :: size // 16]  # where the map has its positions
    assert np.any(np.all(crops == np.asarray(pairs[1][1])[0, ..., 0], (2, 3)))


def test_every_weight_learns_and_the_place_of_the_crop_is_kept(trained):
    step, before, losses = trained
    for network in (step.generator, step.critic):
        for weight in network.trainable_weights:
            assert np.any(np.not_equal(weight, before[weight.path])), weight.path
    assert set(losses) >= set(FastGAN.loss_names)
    assert all(np.isfinite(value) for value in losses.values())
    assert losses["critic_loss"] > losses["reconstruction"] > 0
    variables = variables_of(step)
    assert {id(one) for one in step.critic.variables} <= {id(one) for one in variables.values()}
    (state,) = (name for name in variables if name.startswith("critic/crop/"))
    assert np.any(np.not_equal(variables[state], before[state]))


def test_convolutions_of_the_critic_keep_a_spectral_norm_of_1(trained):
    critic = trained[0].critic
    wrapped = [one for one in critic._flatten_layers() if isinstance(one, SpectralNormalization)]
    assert len(wrapped) == 1 + 2 * 3 + 2  # of two blocks, from 32 to 8
    for layer in wrapped:
        kernel = np.asarray(layer.normalized_kernel())
        norm = np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), 2)
        assert 0.9 < norm < 1.3, layer.path  # the power method is a little behind


def test_real_and_generated_images_are_judged_apart_and_real_ones_decoded():
    method, critic = tiny_method("fastgan"), Critic(32, 32)
    images, labels = normal(4, 32, 32, 3), np.zeros(4, np.int32)
    alone, _ = critic(images, training=True)
    real, fake = method.judge_both(critic, (images, labels), (images + 5, labels))
    np.testing.assert_allclose(real.details[0], alone, rtol=0.2, atol=0.05)
    np.testing.assert_allclose(real.scores, np.mean(real.details[0], axis=1), rtol=1e-5)
    assert len(real.details) == 2 and len(fake.details) == 1
    np.testing.assert_array_equal(real.details[1][0][1], images)
