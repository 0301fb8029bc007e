import numpy as np
import pytest

from ssgan_tf.layers.pyramid import PyramidDown, PyramidUp


def pass_through(layer):
    """Give a built PyramidUp weights that hand one channel on unchanged (where it is positive)."""
    layer.squeeze.set_weights([np.ones((1, 1, 1, 1)), np.zeros(1)])
    kernel = np.zeros((3, 3, 1, 1))
    kernel[1, 1] = 1
    layer.expand.set_weights([kernel, np.zeros(1)])


@pytest.mark.parametrize("factor", [2, 4])
def test_up_shapes(factor):
    result = PyramidUp(width=5, channels=7, factor=factor)(np.ones((2, 4, 3, 6), np.float32))
    assert result.shape == (2, 4 * factor, 3 * factor, 7)


@pytest.mark.parametrize("factor", [2, 4])
def test_down_shapes(factor):
    result = PyramidDown(channels=7, factor=factor)(np.ones((2, 8, 16, 6), np.float32))
    assert result.shape == (2, 8 // factor, 16 // factor, 7)


def test_up_enlarges_bilinearly():
    layer = PyramidUp(width=1, channels=1)
    ramp = np.tile(np.arange(1, 7, dtype=np.float32), (6, 1))[None, :, :, None]
    layer(ramp)
    pass_through(layer)
    result = np.asarray(layer(ramp))[0, :, :, 0]
    # The centre of pixel i comes to 4 i + 1.5, so between the outer centres the ramp climbs by a
    # quarter a pixel, and outside of them it stays level.
    expected = np.clip(1 + (np.arange(24) - 1.5) / 4, 1, 6)
    np.testing.assert_allclose(result, np.tile(expected, (24, 1)), atol=1e-5)


def test_up_has_its_relu_in_the_bottleneck():
    layer = PyramidUp(width=1, channels=1)
    maps = np.full((1, 4, 4, 1), -2, np.float32)
    layer(maps)
    pass_through(layer)
    assert np.all(np.asarray(layer(maps)) == 0)
    layer.squeeze.set_weights([-np.ones((1, 1, 1, 1)), np.zeros(1)])
    np.testing.assert_allclose(layer(maps), np.full((1, 16, 16, 1), 2.0))


def test_down_averages_blocks_and_projects_them():
    maps = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype(np.float32)
    layer = PyramidDown(channels=5)
    layer(maps)
    kernel = np.random.default_rng(1).normal(size=(3, 5))
    bias = np.arange(5.0)
    layer.project.set_weights([kernel[None, None], bias])
    blocks = maps.reshape(2, 2, 4, 2, 4, 3).mean((2, 4))
    np.testing.assert_allclose(layer(maps), blocks @ kernel + bias, rtol=1e-4, atol=1e-5)


def test_weights_are_those_of_two_convolutions_and_of_one():
    up, down = PyramidUp(width=5, channels=7), PyramidDown(channels=7)
    up(np.ones((1, 4, 4, 6), np.float32))
    down(np.ones((1, 4, 4, 6), np.float32))
    assert up.count_params() == (6 * 5 + 5) + (9 * 5 * 7 + 7)
    assert down.count_params() == 6 * 7 + 7
