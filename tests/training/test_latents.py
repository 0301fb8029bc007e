import numpy as np
import pytest

from ssgan_tf.methods.gan.latents import draw_latents
from ssgan_tf.methods.gan.settings import NOISES

SHAPE = (1000, 128)


def draw(noise, seed=(1, 2), shape=SHAPE):
    return np.asarray(draw_latents(noise, shape, seed))


@pytest.mark.parametrize(
    ("noise", "variance", "excess"),
    [
        ("normal", 1, 0),
        ("poisson", 1, 1),
        ("uniform", 1, -1.2),
        ("normal+uniform", 2, -0.3),  # fourth cumulants add: -1.2 / 2²
    ],
)
def test_moments(noise, variance, excess):
    latents = draw(noise)
    assert latents.mean() == pytest.approx(0, abs=0.02)
    assert latents.var() == pytest.approx(variance, rel=0.02)
    standard = (latents - latents.mean()) / latents.std()
    assert (standard**4).mean() - 3 == pytest.approx(excess, abs=0.1)


def test_ranges():
    poisson, uniform = draw("poisson"), draw("uniform")
    assert set(np.unique(poisson)) >= {-1, 0, 1, 2, 3}
    np.testing.assert_array_equal(poisson, np.round(poisson))
    assert poisson.min() == -1
    assert -np.sqrt(3) <= uniform.min() < -1.73 < 1.73 < uniform.max() <= np.sqrt(3)


@pytest.mark.parametrize("noise", NOISES)
def test_a_pure_function_of_its_arguments(noise):
    latents = draw(noise)
    assert latents.shape == SHAPE
    assert latents.dtype == np.float32
    np.testing.assert_array_equal(latents, draw(noise))
    for other in ((1, 3), (2, 2), (2, 1)):
        correlation = np.corrcoef(latents.ravel(), draw(noise, other).ravel())[0, 1]
        assert abs(correlation) < 0.02
    assert len(np.unique(latents, axis=0)) == len(latents)


def test_the_parts_of_the_sum_are_independent():
    both, normal = draw("normal+uniform"), draw("normal")
    uniform = both - normal
    assert np.abs(uniform).max() <= np.sqrt(3) + 1e-5
    assert abs(np.corrcoef(uniform.ravel(), normal.ravel())[0, 1]) < 0.02
