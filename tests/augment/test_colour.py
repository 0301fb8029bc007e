import numpy as np
import pytest
from matplotlib.colors import rgb_to_hsv

from ssgan_tf.augment.colour import HUE, add_noise, blur, colour, erase, jitter_hsv

SIZE = 32


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def plain(red, green, blue):
    return np.broadcast_to(np.array([red, green, blue], float), (SIZE, SIZE, 3))


def test_colours_move_within_their_limits(rng):
    start = plain(0.5, 0.4, 0.3)
    hue, saturation, value = rgb_to_hsv(start[0, 0])
    drawn = np.array([rgb_to_hsv(jitter_hsv(start, rng)[0, 0]) for _ in range(500)])
    moved = np.abs((drawn[:, 0] - hue + 0.5) % 1 - 0.5)
    assert 0.9 * HUE < moved.max() <= HUE + 1e-9
    for column, before in ((1, saturation), (2, value)):
        factors = drawn[:, column] / before
        assert 0.7 - 1e-9 <= factors.min() < 0.75 and 1.25 < factors.max() <= 1.3 + 1e-9


def test_an_image_changes_colour_as_a_whole(rng):
    assert np.ptp(jitter_hsv(plain(0.5, 0.4, 0.3), rng), axis=(0, 1)).max() < 1e-12


def test_red_stays_near_red_across_the_seam_of_the_circle(rng):
    for _ in range(50):
        red, green, blue = jitter_hsv(plain(0.9, 0.1, 0.1), rng)[0, 0]
        assert red > 2 * max(green, blue)


def test_blur_spreads_a_point_and_keeps_its_sum(rng):
    point = np.zeros((SIZE, SIZE, 3))
    point[16, 16] = 1
    for _ in range(20):
        blurred = blur(point, rng)
        np.testing.assert_allclose(blurred.sum(axis=(0, 1)), 1)
        rows = np.arange(SIZE) - 16
        variance = (blurred[..., 0].sum(axis=1) * rows**2).sum()
        assert variance <= (0.012 * SIZE) ** 2 + 1e-6
    np.testing.assert_allclose(blur(plain(1, 0, 0), rng), plain(1, 0, 0), atol=1e-12)


def test_noise_has_the_strength_asked_for(rng):
    strengths = [np.std(add_noise(plain(0.5, 0.5, 0.5), rng)) for _ in range(100)]
    assert 0.009 < min(strengths) < 0.015 and 0.045 < max(strengths) < 0.052
    assert np.mean(add_noise(plain(0.5, 0.5, 0.5), rng)) == pytest.approx(0.5, abs=0.01)


def test_erasing_erases_one_rectangle(rng):
    areas = []
    for _ in range(200):
        erased = np.any(erase(plain(2, 2, 2), rng) != 2, axis=-1)  # 2 is no random pixel
        rows, columns = np.flatnonzero(erased.any(axis=1)), np.flatnonzero(erased.any(axis=0))
        assert erased[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert erased.sum() == len(rows) * len(columns)
        areas.append(erased.mean())
    assert 0.01 < min(areas) < 0.04 and 0.18 < max(areas) < 0.22


def test_erasing_leaves_its_input_alone(rng):
    image = np.zeros((SIZE, SIZE, 3))
    erase(image, rng)
    assert not image.any()


def test_the_family_on_black_and_white(rng):
    images = np.stack([np.zeros((SIZE, SIZE, 3)), np.full((SIZE, SIZE, 3), 255)]).astype(np.uint8)
    made = colour(images, 60, rng)
    assert made.dtype == np.uint8 and made.shape == (60, SIZE, SIZE, 3)
    # No value wraps round: outside of the boxes black stays dark and white stays bright.
    middles = np.median(made, axis=(1, 2, 3))
    assert np.sum(middles < 20) == np.sum(middles > 160) == 30


def test_half_of_the_images_are_erased(rng):
    flat = np.full((1, SIZE, SIZE, 3), 128, np.uint8)
    made = colour(flat, 400, rng)
    erased = np.ptp(made.astype(int), axis=(1, 2, 3)) > 160  # noise alone has 13 standard levels
    assert 160 < erased.sum() < 240
